//! Everything that a function answers instead of what was asked for.
//!
//! Owns: the HTTP status of each code, and the sentence for a person: what happened, what it cost (nothing, or that it
//! is not known yet) and what to do.
//! Must not: carry a detail that is not for the client. Those are logged where the error is made.

mod sentence;

use crate::http;
use domain::code::Code;
use domain::id::RequestId;
use domain::request::InvalidRequest;
use sentence::{exhausted, failed, of_payment, span};
use serde::Serialize;
use supabase::{Balance, LedgerError};
use web_sys::Response;

/// An error, with what its sentence and its extra fields need.
#[cfg_attr(
    not(all(feature = "pictures", feature = "payments")),
    expect(dead_code, reason = "each module answers its own errors, and the table of them is one")
)]
#[derive(Clone, Debug, PartialEq)]
pub enum ApiError {
    /// A field is wrong.
    InvalidRequest(InvalidRequest),
    /// Nobody is signed in.
    Unauthorized,
    /// No such session of this customer.
    SessionNotFound,
    /// The session is over.
    SessionExpired,
    /// The plan's hours never hold that many.
    NotInPlan(Balance),
    /// The same request is being worked on.
    RequestInProgress {
        /// Seconds.
        retry_after: u32,
    },
    /// The id stands for another request.
    RequestIdReused,
    /// The body is larger than any valid one.
    TooLarge,
    /// The body is not JSON by its own account.
    UnsupportedMediaType,
    /// Too many requests, of this customer, from his address, or of all who wait.
    RateLimited {
        /// Seconds.
        retry_after: u32,
        /// What is left, where it was looked up.
        balance: Option<Balance>,
    },
    /// The owner's list does not let this be drawn.
    PromptRefused(Balance),
    /// No such request of this customer.
    RequestNotFound,
    /// The hour does not hold that many any more.
    CreditsExhausted {
        /// What is left.
        balance: Balance,
        /// Seconds to the next hour; none in the last one.
        retry_after: Option<u32>,
    },
    /// No such purchase of this customer.
    PurchaseNotFound,
    /// Nothing was bought, or nothing can be said of a payment now.
    Payment {
        /// The reason.
        code: Code,
        /// Seconds, where asking again then makes sense.
        retry_after: Option<u32>,
    },
    /// The ledger did not say whether the pictures were recorded.
    Unconfirmed,
    /// No picture came of it, for a reason that lies with the engine or with the hub.
    Failed {
        /// The reason.
        code: Code,
        /// Seconds, where the engine named them.
        retry_after: Option<u32>,
        /// What is left, the released hold included; none where the ledger could not be asked.
        balance: Option<Balance>,
    },
}

/// An error as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    error: String,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limited: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loading: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_time: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_remaining: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resets_at: Option<&'a str>,
}

impl ApiError {
    /// The hub itself failed. The detail goes to the log and nowhere else.
    pub fn internal(detail: &str) -> Self {
        crate::log(detail);
        Self::Failed { code: Code::Internal, retry_after: None, balance: None }
    }

    /// The ledger did not do what was asked of it.
    pub fn ledger(error: &LedgerError) -> Self {
        match error {
            LedgerError::Unauthorized(code) => {
                // A token that is merely old is the customer's matter; anything else may be a wrong key or a missing grant.
                if !code.starts_with("PGRST30") {
                    crate::log(&error.to_string());
                }
                Self::Unauthorized
            }
            other => Self::internal(&other.to_string()),
        }
    }

    /// An engine failed. Its class decides; its words are in the log already.
    #[cfg(feature = "pictures")]
    pub fn engine(failure: engine::Failure, balance: Option<Balance>) -> Self {
        let retry_after = match failure {
            engine::Failure::RateLimited(after) => after,
            engine::Failure::Warming(estimate) => Some(estimate),
            _ => None,
        };
        let seconds = retry_after.map(|wait| u32::try_from(wait.as_secs_f64().ceil() as u64).unwrap_or(u32::MAX));
        Self::Failed { code: failure.code(), retry_after: seconds, balance }
    }

    /// About money, with nothing to add to the reason.
    #[cfg(feature = "payments")]
    pub const fn payment(code: Code) -> Self {
        Self::Payment { code, retry_after: None }
    }

    /// The stable name.
    pub const fn code(&self) -> Code {
        match self {
            Self::InvalidRequest(_) => Code::InvalidRequest,
            Self::Unauthorized => Code::Unauthorized,
            Self::SessionNotFound => Code::SessionNotFound,
            Self::SessionExpired => Code::SessionExpired,
            Self::NotInPlan(_) => Code::NotInPlan,
            Self::RequestInProgress { .. } => Code::RequestInProgress,
            Self::RequestIdReused => Code::RequestIdReused,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::PromptRefused(_) => Code::PromptRefused,
            Self::RequestNotFound => Code::RequestNotFound,
            Self::TooLarge => Code::TooLarge,
            Self::UnsupportedMediaType => Code::UnsupportedMediaType,
            Self::CreditsExhausted { .. } => Code::CreditsExhausted,
            Self::Unconfirmed => Code::Internal,
            Self::PurchaseNotFound => Code::PurchaseNotFound,
            Self::Failed { code, .. } | Self::Payment { code, .. } => *code,
        }
    }

    /// The answer. `request_id` is the one that the server worked under.
    pub fn response(&self, request_id: Option<RequestId>) -> Response {
        let body = self.body(request_id);
        http::json(status(self.code()), &body, body.retry_after)
    }

    fn body(&self, request_id: Option<RequestId>) -> Body<'_> {
        let code = self.code();
        let (retry_after, balance) = match self {
            Self::NotInPlan(balance) | Self::PromptRefused(balance) => (None, Some(balance)),
            Self::RateLimited { retry_after, balance } => (Some(*retry_after), balance.as_ref()),
            Self::RequestInProgress { retry_after } => (Some(*retry_after), None),
            Self::CreditsExhausted { balance, retry_after } => (*retry_after, Some(balance)),
            Self::Failed { retry_after, balance, .. } => (*retry_after, balance.as_ref()),
            Self::Payment { retry_after, .. } => (*retry_after, None),
            _ => (None, None),
        };
        let is_limited = matches!(code, Code::CreditsExhausted | Code::RateLimited);
        let is_loading = code == Code::ModelLoading;
        Body {
            error: self.sentence(),
            code: code.as_str(),
            request_id,
            field: if let Self::InvalidRequest(refusal) = self { Some(&refusal.field) } else { None },
            retry_after,
            expired: (code == Code::SessionExpired).then_some(true),
            rate_limited: is_limited.then_some(true),
            loading: is_loading.then_some(true),
            estimated_time: if is_loading { retry_after } else { None },
            credits_remaining: balance.map(|balance| balance.credits_remaining),
            resets_at: balance.and_then(|balance| balance.resets_at.as_deref()),
        }
    }

    /// What a person is told.
    pub fn sentence(&self) -> String {
        match self {
            Self::InvalidRequest(refusal) => refusal.sentence.clone(),
            Self::Unauthorized => "Sign in again.".to_owned(),
            Self::SessionNotFound => "There is no such session of yours. Choose one, or buy an hour.".to_owned(),
            Self::SessionExpired => "This session is over. Buy another hour to go on.".to_owned(),
            Self::NotInPlan(balance) => match balance.credits_per_hour {
                0 => "This plan makes no pictures. Choose another plan for that.".to_owned(),
                most => {
                    format!("This plan makes {most} pictures an hour at most. Ask for fewer, or choose another plan.")
                }
            },
            Self::RequestInProgress { .. } => "This picture is being made already. Ask again in a moment.".to_owned(),
            Self::RequestIdReused => {
                "This request id was used for another picture. Send this one under a new id.".to_owned()
            }
            Self::RateLimited { retry_after, .. } => {
                format!("That is too many requests for now. Try again in {}; it cost you nothing.", span(*retry_after))
            }
            Self::PromptRefused(_) => failed(Code::PromptRefused, None),
            Self::RequestNotFound => "There is no such request of yours. Nothing was charged for it.".to_owned(),
            Self::TooLarge => "The request is too large. A prompt has 2000 characters at most.".to_owned(),
            Self::UnsupportedMediaType => "Send the request as JSON (content-type: application/json).".to_owned(),
            Self::CreditsExhausted { balance, retry_after } => exhausted(balance, *retry_after),
            Self::PurchaseNotFound => "There is no such purchase of yours. Nothing was charged for it.".to_owned(),
            Self::Payment { code, .. } => of_payment(*code).to_owned(),
            Self::Unconfirmed => {
                "We could not confirm your picture. Send the same request again, under its requestId: it \
                costs nothing to ask, and you are not charged unless the picture is there."
                    .to_owned()
            }
            Self::Failed { code, retry_after, .. } => failed(*code, *retry_after),
        }
    }
}

/// The HTTP status of a code.
pub const fn status(code: Code) -> u16 {
    match code {
        Code::InvalidRequest | Code::PaymentNotVerified => 400,
        Code::Unauthorized => 401,
        Code::PaymentFailed => 402,
        Code::SessionNotFound | Code::SessionExpired | Code::NotInPlan => 403,
        Code::RequestNotFound | Code::PurchaseNotFound => 404,
        Code::RequestInProgress | Code::RequestIdReused | Code::Cancelled => 409,
        Code::PaymentHeld | Code::PurchaseNotPaid | Code::SessionStarted | Code::RefundRefused => 409,
        Code::TooLarge => 413,
        Code::UnsupportedMediaType => 415,
        Code::PromptRefused => 422,
        Code::CreditsExhausted | Code::RateLimited => 429,
        Code::EngineFailed | Code::EngineMisconfigured | Code::PaymentsMisconfigured => 502,
        Code::ModelLoading | Code::EngineUnavailable | Code::PaymentsUnavailable => 503,
        Code::EngineTimeout => 504,
        // `Internal`, and any code that a later version adds and forgets here.
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Failure;
    use std::time::Duration;

    fn balance(credits_remaining: u32) -> Balance {
        Balance {
            credits_per_hour: 8,
            credits_remaining,
            credits_held: 0,
            resets_at: Some("2026-11-22T14:20:00Z".to_owned()),
            expires_at: Some("2026-11-22T15:20:00Z".to_owned()),
        }
    }

    fn json(error: &ApiError) -> serde_json::Value {
        serde_json::to_value(error.body(None)).unwrap()
    }

    #[test]
    fn every_code_has_the_status_of_the_documentation() {
        let statuses = Code::ALL.map(|code| (status(code), code.as_str()));
        assert_eq!(
            statuses,
            [
                (401, "unauthorized"),
                (415, "unsupported_media_type"),
                (413, "too_large"),
                (400, "invalid_request"),
                (429, "rate_limited"),
                (404, "request_not_found"),
                (404, "purchase_not_found"),
                (403, "session_not_found"),
                (409, "request_id_reused"),
                (409, "request_in_progress"),
                (403, "session_expired"),
                (403, "not_in_plan"),
                (429, "credits_exhausted"),
                (422, "prompt_refused"),
                (400, "payment_not_verified"),
                (402, "payment_failed"),
                (409, "payment_held"),
                (409, "purchase_not_paid"),
                (409, "session_started"),
                (409, "refund_refused"),
                (502, "payments_misconfigured"),
                (503, "payments_unavailable"),
                (409, "cancelled"),
                (502, "engine_failed"),
                (502, "engine_misconfigured"),
                (503, "model_loading"),
                (503, "engine_unavailable"),
                (504, "engine_timeout"),
                (500, "internal"),
            ]
        );
    }

    #[test]
    fn the_documentation_has_every_code_with_its_status_in_this_order() {
        let documentation = include_str!("../../../docs/ERROR_CODES.md");
        let rows = documentation.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| {
            let mut cells = row.split(" | ");
            Some((cells.next()?.parse().ok()?, cells.next()?.trim_matches('`')))
        });
        assert!(rows.eq(Code::ALL.map(|code| (status(code), code.as_str()))));
    }

    #[test]
    fn the_extras_are_those_of_the_original_and_of_the_documentation() {
        let exhausted = json(&ApiError::CreditsExhausted { balance: balance(0), retry_after: Some(700) });
        assert_eq!(
            exhausted,
            serde_json::json!({
                "error": "All 8 pictures of this hour are made. New ones in 12 minutes, or add an hour.",
                "code": "credits_exhausted", "retryAfter": 700, "rateLimited": true,
                "creditsRemaining": 0, "resetsAt": "2026-11-22T14:20:00Z",
            })
        );
        let loading = json(&ApiError::engine(Failure::Warming(Duration::from_millis(17_200)), Some(balance(5))));
        assert_eq!(
            loading,
            serde_json::json!({
                "error": "The engine is waking up. You were not charged. Try again in about 18 seconds.",
                "code": "model_loading", "loading": true, "estimatedTime": 18, "retryAfter": 18,
                "creditsRemaining": 5, "resetsAt": "2026-11-22T14:20:00Z",
            })
        );
        assert_eq!(json(&ApiError::SessionExpired)["expired"], true);
        let field = json(&ApiError::InvalidRequest(InvalidRequest::new("steps", "The steps …")));
        assert_eq!((&field["field"], &field["code"]), (&"steps".into(), &"invalid_request".into()));
    }

    #[test]
    fn a_wait_is_told_in_the_words_of_a_person() {
        let rows = [(0, "1 second"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (1_801, "31 minutes")];
        assert_eq!(rows.map(|(seconds, _)| span(seconds)), rows.map(|(_, words)| words));
    }

    #[test]
    fn a_failure_says_that_it_cost_nothing() {
        for code in Code::ALL.into_iter().filter(|code| status(*code) >= 500 || *code == Code::PromptRefused) {
            let sentence = ApiError::Failed { code, retry_after: None, balance: None }.sentence();
            assert!(sentence.contains("not charged"), "{code}: {sentence}");
        }
    }
}
