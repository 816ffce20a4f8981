//! The stable names of what can go wrong, as clients read them in `code` and the ledger keeps them in `failure_code`.
//!
//! Owns: the names. Must not: know their HTTP status (that is the edge's) or the sentence for a person.

use std::fmt;
use std::str::FromStr;

/// Why a request got no picture. A name, once published, is never changed and never means something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// A field is missing, of the wrong type or out of its limits.
    InvalidRequest,
    /// Nobody is signed in, or the token is forged or expired.
    Unauthorized,
    /// There is no such session, or it is somebody else's.
    SessionNotFound,
    /// The session's hours are over.
    SessionExpired,
    /// The plan does not hold what was asked for, now or in any later hour.
    NotInPlan,
    /// The same request is being worked on.
    RequestInProgress,
    /// The id was used before, for something else.
    RequestIdReused,
    /// There is no such request, or it is somebody else's.
    RequestNotFound,
    /// There is no such purchase, or it is somebody else's.
    PurchaseNotFound,
    /// What the browser brought back from the payment does not prove one for this purchase.
    PaymentNotVerified,
    /// The payment did not go through.
    PaymentFailed,
    /// A payment arrived that does not fit the purchase: its owner has to look at it.
    PaymentHeld,
    /// Nothing has been paid for this purchase.
    PurchaseNotPaid,
    /// The session has been started, and is not refunded any more.
    SessionStarted,
    /// The payment provider refuses to give the money back.
    RefundRefused,
    /// The payment provider cannot be reached.
    PaymentsUnavailable,
    /// The payment provider refuses the hub itself, or nobody has set one up.
    PaymentsMisconfigured,
    /// The customer took the request back.
    Cancelled,
    /// The request is larger than any valid one can be.
    TooLarge,
    /// The request is not JSON by its own account.
    UnsupportedMediaType,
    /// The engine, or the hub, does not draw this.
    PromptRefused,
    /// This hour's pictures are made.
    CreditsExhausted,
    /// Too much at once for the engine or for the hub.
    RateLimited,
    /// The engine answered, but not with a picture.
    EngineFailed,
    /// The engine refuses the hub itself: its key, its bill, or the model's name.
    EngineMisconfigured,
    /// The engine is waking up.
    ModelLoading,
    /// The engine cannot be reached.
    EngineUnavailable,
    /// The engine took longer than the request could wait.
    EngineTimeout,
    /// The hub itself failed.
    Internal,
}

impl Code {
    /// Every code, in the order in which a request meets them.
    pub const ALL: [Self; 29] = [
        Self::Unauthorized,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::InvalidRequest,
        Self::RateLimited,
        Self::RequestNotFound,
        Self::PurchaseNotFound,
        Self::SessionNotFound,
        Self::RequestIdReused,
        Self::RequestInProgress,
        Self::SessionExpired,
        Self::NotInPlan,
        Self::CreditsExhausted,
        Self::PromptRefused,
        Self::PaymentNotVerified,
        Self::PaymentFailed,
        Self::PaymentHeld,
        Self::PurchaseNotPaid,
        Self::SessionStarted,
        Self::RefundRefused,
        Self::PaymentsMisconfigured,
        Self::PaymentsUnavailable,
        Self::Cancelled,
        Self::EngineFailed,
        Self::EngineMisconfigured,
        Self::ModelLoading,
        Self::EngineUnavailable,
        Self::EngineTimeout,
        Self::Internal,
    ];

    /// The name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthorized => "unauthorized",
            Self::SessionNotFound => "session_not_found",
            Self::SessionExpired => "session_expired",
            Self::NotInPlan => "not_in_plan",
            Self::RequestInProgress => "request_in_progress",
            Self::RequestIdReused => "request_id_reused",
            Self::RequestNotFound => "request_not_found",
            Self::Cancelled => "cancelled",
            Self::PurchaseNotFound => "purchase_not_found",
            Self::PaymentNotVerified => "payment_not_verified",
            Self::PaymentFailed => "payment_failed",
            Self::PaymentHeld => "payment_held",
            Self::PurchaseNotPaid => "purchase_not_paid",
            Self::SessionStarted => "session_started",
            Self::RefundRefused => "refund_refused",
            Self::PaymentsUnavailable => "payments_unavailable",
            Self::PaymentsMisconfigured => "payments_misconfigured",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::PromptRefused => "prompt_refused",
            Self::CreditsExhausted => "credits_exhausted",
            Self::RateLimited => "rate_limited",
            Self::EngineFailed => "engine_failed",
            Self::EngineMisconfigured => "engine_misconfigured",
            Self::ModelLoading => "model_loading",
            Self::EngineUnavailable => "engine_unavailable",
            Self::EngineTimeout => "engine_timeout",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A name that no version of the hub has published.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|code| code.as_str() == name).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_from_its_name() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
        assert_eq!("oops".parse::<Code>(), Err(UnknownCode));
    }

    #[test]
    fn no_two_codes_share_a_name() {
        let names: std::collections::HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
