//! What went wrong, in whose words, what it cost, and the one thing to do about it.
//!
//! Owns: the key of the sentence and the remedy for every code. Must not: know a status of HTTP, or the words themselves.

use domain::code::Code;

/// Why something that was asked for is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The ledger has written down that it failed: the same request again would be told the same.
    Recorded(Code),
    /// The hub has answered so.
    Answered(Code),
    /// Its worker never came back; the hold is free again.
    Expired,
    /// No answer came, so nobody knows.
    NoAnswer,
    /// There is no network.
    Offline,
}

/// The one button beside the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The same request under the same id: it costs nothing to ask.
    AskAgainSameId,
    /// The same wish under a new id.
    TryAgainNewId,
    /// Another hour for this session.
    AddHour,
    /// The plans.
    ChoosePlan,
    /// The prompt, to be changed.
    EditPrompt,
    /// Signing in.
    SignIn,
    /// Starting the session that is ready.
    StartSession,
    /// Nothing that the customer could do.
    None,
}

impl Remedy {
    /// Every remedy that has a button.
    pub const ALL: [Self; 7] = [
        Self::AskAgainSameId,
        Self::TryAgainNewId,
        Self::AddHour,
        Self::ChoosePlan,
        Self::EditPrompt,
        Self::SignIn,
        Self::StartSession,
    ];

    /// The key of the button's words; none where there is no button.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        Some(match self {
            Self::AskAgainSameId => "remedy.ask_again",
            Self::TryAgainNewId => "remedy.try_again",
            Self::AddHour => "remedy.add_hour",
            Self::ChoosePlan => "remedy.choose_plan",
            Self::EditPrompt => "remedy.edit_prompt",
            Self::SignIn => "remedy.sign_in",
            Self::StartSession => "remedy.start_session",
            Self::None => return None,
        })
    }
}

/// What is said of a failure, and done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The key of the sentence.
    pub key: &'static str,
    /// Whether `failure.not_charged` follows: where that is certain, and the sentence does not speak of money itself.
    pub uncharged: bool,
    /// The one button.
    pub remedy: Remedy,
}

const fn free(key: &'static str, remedy: Remedy) -> Words {
    Words { key, uncharged: true, remedy }
}

const fn open(key: &'static str, remedy: Remedy) -> Words {
    Words { key, uncharged: false, remedy }
}

/// What is said of a picture that did not come.
#[must_use]
pub const fn of_picture(failure: Failure) -> Words {
    match failure {
        // An answer of that kind may have been lost behind the picture: only asking tells.
        Failure::Answered(Code::Internal) => open("failure.unconfirmed", Remedy::AskAgainSameId),
        Failure::Answered(Code::RequestNotFound) => free("failure.request_not_found", Remedy::AskAgainSameId),
        Failure::Recorded(code) | Failure::Answered(code) => of_code(code),
        Failure::Expired => free("failure.expired", Remedy::TryAgainNewId),
        Failure::NoAnswer => open("failure.no_answer", Remedy::AskAgainSameId),
        Failure::Offline => open("failure.offline", Remedy::AskAgainSameId),
    }
}

/// What is said of a purchase that did not go through. Where money is concerned the sentence says where it is.
#[must_use]
pub const fn of_purchase(failure: Failure) -> Words {
    match failure {
        Failure::Answered(Code::Internal) | Failure::Recorded(Code::Internal) | Failure::NoAnswer => {
            open("purchase.no_answer", Remedy::AskAgainSameId)
        }
        Failure::Offline => open("purchase.offline", Remedy::AskAgainSameId),
        Failure::Expired => open("purchase.expired", Remedy::TryAgainNewId),
        Failure::Answered(code) | Failure::Recorded(code) => match code {
            Code::RateLimited => open("purchase.rate_limited", Remedy::AskAgainSameId),
            Code::InvalidRequest => open("purchase.invalid_request", Remedy::ChoosePlan),
            Code::SessionNotFound | Code::SessionExpired => open("purchase.session_over", Remedy::ChoosePlan),
            Code::RequestIdReused => open("purchase.request_id_reused", Remedy::TryAgainNewId),
            Code::Unauthorized => open("failure.unauthorized", Remedy::SignIn),
            other => Words { uncharged: false, ..of_code(other) },
        },
    }
}

const fn of_code(code: Code) -> Words {
    match code {
        Code::InvalidRequest => free("failure.invalid_request", Remedy::EditPrompt),
        Code::Unauthorized => free("failure.unauthorized", Remedy::SignIn),
        Code::SessionNotFound => free("failure.session_not_found", Remedy::ChoosePlan),
        Code::SessionExpired => free("failure.session_expired", Remedy::ChoosePlan),
        Code::NotInPlan => free("failure.not_in_plan", Remedy::ChoosePlan),
        Code::RequestInProgress => open("failure.request_in_progress", Remedy::AskAgainSameId),
        Code::RequestIdReused => free("failure.request_id_reused", Remedy::TryAgainNewId),
        Code::RequestNotFound => free("failure.request_not_found", Remedy::TryAgainNewId),
        Code::PurchaseNotFound => open("failure.purchase_not_found", Remedy::ChoosePlan),
        Code::PaymentNotVerified => open("failure.payment_not_verified", Remedy::AskAgainSameId),
        Code::PaymentFailed => open("failure.payment_failed", Remedy::AskAgainSameId),
        Code::PaymentHeld => open("failure.payment_held", Remedy::None),
        Code::PurchaseNotPaid => open("failure.purchase_not_paid", Remedy::ChoosePlan),
        Code::SessionStarted => open("failure.session_started", Remedy::None),
        Code::RefundRefused => open("failure.refund_refused", Remedy::None),
        Code::PaymentsUnavailable => open("failure.payments_unavailable", Remedy::AskAgainSameId),
        Code::PaymentsMisconfigured => open("failure.payments_misconfigured", Remedy::None),
        Code::Cancelled => free("failure.cancelled", Remedy::TryAgainNewId),
        Code::TooLarge => free("failure.too_large", Remedy::EditPrompt),
        Code::UnsupportedMediaType => free("failure.unsupported_media_type", Remedy::None),
        Code::PromptRefused => free("failure.prompt_refused", Remedy::EditPrompt),
        Code::CreditsExhausted => free("failure.credits_exhausted", Remedy::AddHour),
        Code::RateLimited => free("failure.rate_limited", Remedy::TryAgainNewId),
        Code::EngineFailed => free("failure.engine_failed", Remedy::TryAgainNewId),
        Code::EngineMisconfigured => free("failure.engine_misconfigured", Remedy::None),
        Code::ModelLoading => free("failure.model_loading", Remedy::TryAgainNewId),
        Code::EngineUnavailable => free("failure.engine_unavailable", Remedy::TryAgainNewId),
        Code::EngineTimeout => free("failure.engine_timeout", Remedy::TryAgainNewId),
        Code::Internal => free("failure.internal", Remedy::TryAgainNewId),
        // A code from a newer hub than this page knows.
        _ => open("failure.unknown", Remedy::TryAgainNewId),
    }
}

/// Every remedy's worth of asking again: how long to wait before it is offered as done by itself, in milliseconds, after so
/// many tries that got no answer; none once the customer is asked instead.
#[must_use]
pub const fn asks_by_itself_after_ms(tries: u32) -> Option<u64> {
    match tries {
        0 => Some(1_000),
        1 => Some(3_000),
        2 => Some(9_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_of_its_own() {
        let mut keys: Vec<&str> = Code::ALL.iter().map(|code| of_picture(Failure::Recorded(*code)).key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), Code::ALL.len());
        assert!(!keys.contains(&"failure.unknown"));
    }

    #[test]
    fn a_failure_that_is_written_down_takes_a_new_id_and_an_open_one_the_same() {
        for code in Code::ALL {
            let words = of_picture(Failure::Recorded(code));
            if words.remedy == Remedy::AskAgainSameId {
                assert!(!words.uncharged, "{code}: asked again because nobody knows");
            }
        }
        for failure in [Failure::NoAnswer, Failure::Offline, Failure::Answered(Code::Internal)] {
            let words = of_picture(failure);
            assert_eq!((words.remedy, words.uncharged), (Remedy::AskAgainSameId, false), "{failure:?}");
        }
        let internal = of_picture(Failure::Recorded(Code::Internal));
        assert_eq!((internal.remedy, internal.uncharged), (Remedy::TryAgainNewId, true));
    }

    #[test]
    fn no_purchase_is_said_to_have_cost_nothing_by_the_way() {
        for code in Code::ALL {
            for failure in [Failure::Recorded(code), Failure::Answered(code), Failure::NoAnswer, Failure::Offline] {
                assert!(!of_purchase(failure).uncharged, "{failure:?}");
            }
        }
    }

    #[test]
    fn every_remedy_has_a_button_but_none() {
        assert!(Remedy::ALL.iter().all(|remedy| remedy.key().is_some()));
        assert_eq!(Remedy::None.key(), None);
        assert_eq!([0, 1, 2, 3].map(asks_by_itself_after_ms), [Some(1_000), Some(3_000), Some(9_000), None]);
    }
}
