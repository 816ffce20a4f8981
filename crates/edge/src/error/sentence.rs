//! The longer sentences of errors.
//!
//! Owns: the words. Must not: know which error is answered with which status.

use domain::code::Code;
use supabase::Balance;

/// What is said when an hour's pictures are made.
pub(super) fn exhausted(balance: &Balance, retry_after: Option<u32>) -> String {
    let next = match retry_after {
        Some(seconds) if seconds >= 120 => format!("New ones in {}, or add an hour.", span(seconds)),
        Some(seconds) => format!("New ones in {}.", span(seconds)),
        None => "Buy another hour to go on.".to_owned(),
    };
    match balance.credits_remaining {
        0 if balance.credits_held > 0 => {
            format!("All {} pictures of this hour are made or being made. {next}", balance.credits_per_hour)
        }
        0 => format!("All {} pictures of this hour are made. {next}", balance.credits_per_hour),
        left => format!("Only {left} of this hour's {} pictures are left. {next}", balance.credits_per_hour),
    }
}

/// A wait in words.
pub(super) fn span(seconds: u32) -> String {
    match seconds {
        0 | 1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// What is said about money: first of all where it is.
pub(super) const fn of_payment(code: Code) -> &'static str {
    match code {
        Code::PaymentNotVerified => {
            "This does not prove a payment for your purchase. If money left your account, your hours appear by themselves \
                within minutes, or it is returned to you."
        }
        Code::PaymentFailed => {
            "The payment did not go through. You were not charged. Try again, or pay in another way."
        }
        Code::PaymentHeld => {
            "Your payment arrived, and does not fit this purchase. Nothing is lost: the owner of this hub has been told and \
                will sort it out. Do not pay again."
        }
        Code::PurchaseNotPaid => "Nothing has been paid for this purchase.",
        Code::SessionStarted => {
            "This session has been started, or is being drawn on. It cannot be given back any more."
        }
        Code::RefundRefused => "The payment provider refuses this refund. The session is the customer's again.",
        Code::PaymentsMisconfigured => {
            "Hours cannot be bought right now; the owner of this hub has to see to it. You were not charged."
        }
        Code::PaymentsUnavailable => {
            "The payment provider cannot be reached. Nothing that you paid is lost. Send the same request again in a moment."
        }
        _ => {
            "Something went wrong on our side. Nothing that you paid is lost. Send the same request again in a moment."
        }
    }
}

/// What is said when no picture came of a request.
pub(super) fn failed(code: Code, retry_after: Option<u32>) -> String {
    let happened = match code {
        Code::PromptRefused => "The engine does not draw this. You were not charged. Say it in other words.",
        Code::RateLimited => "Too many pictures are being made right now. You were not charged.",
        Code::EngineFailed => "That picture did not arrive. You were not charged. Try again.",
        Code::EngineMisconfigured => {
            "Pictures cannot be made right now; the owner of this hub has to see to it. You were not charged."
        }
        Code::ModelLoading => "The engine is waking up. You were not charged.",
        Code::EngineUnavailable => "The engine cannot be reached. You were not charged.",
        Code::Cancelled => "You took this picture back. You were not charged.",
        Code::EngineTimeout => "The picture took too long. You were not charged. Try again.",
        _ => "Something went wrong on our side. You were not charged.",
    };
    match (code, retry_after) {
        (Code::RateLimited | Code::ModelLoading | Code::EngineUnavailable, Some(seconds)) => {
            format!("{happened} Try again in about {}.", span(seconds))
        }
        (Code::RateLimited | Code::ModelLoading | Code::EngineUnavailable, None) => {
            format!("{happened} Try again in a minute.")
        }
        _ => happened.to_owned(),
    }
}
