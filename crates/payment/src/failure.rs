//! How a provider can fail, in classes that call for different things.
//!
//! Owns: the classes, and whether what was asked may have happened all the same. Must not: decide about retries.

use std::fmt;
use std::time::Duration;
use transport::TransportError;

/// A class of failure. What is told in each is for the owner's log, and never for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer, a provider that broke, or an answer that cannot be read. What was asked for may have happened.
    Unreachable {
        /// Which of them.
        reason: String,
    },
    /// Too many requests (429). Nothing happened; try again after, where the provider said so.
    Busy {
        /// At most an hour.
        retry_after: Option<Duration>,
    },
    /// The provider finds fault with the request, or it was not even sent. Nothing happened, and nothing will until
    /// something changes at the owner's end.
    Rejected {
        /// The provider's code, its reason and the field, parted by colons, as `BAD_REQUEST_ERROR:input_validation_failed`.
        reason: String,
    },
    /// The provider does not accept the owner's key, or is not at the owner's address. Nothing happened.
    Misconfigured {
        /// What it said.
        reason: String,
    },
    /// The provider has no such order or payment; also where the id is of a form that none has. Nothing happened.
    NotFound,
    /// The same refund is being made by an earlier request (409), or was asked for with other contents under the same
    /// key: the provider does not say which. It may have happened; ask `Provider::refunds_of`, or again later.
    InProgress,
}

impl Failure {
    /// Whether a request that would change something may have done so. Where it may, ask before asking for it again:
    /// `Provider::find_order` for an order, `Provider::refunds_of` or the same idempotency key for a refund.
    #[must_use]
    pub const fn may_have_happened(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::InProgress => true,
            Self::Busy { .. } | Self::Rejected { .. } | Self::Misconfigured { .. } | Self::NotFound => false,
        }
    }

    /// Whether the same request can succeed later without anybody doing anything.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Busy { .. } | Self::InProgress => true,
            Self::Rejected { .. } | Self::Misconfigured { .. } | Self::NotFound => false,
        }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Unreachable { reason: error.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { reason } => write!(formatter, "the payment provider cannot be reached: {reason}"),
            Self::Busy { retry_after: None } => formatter.write_str("the payment provider has too many requests"),
            Self::Busy { retry_after: Some(wait) } => {
                write!(formatter, "the payment provider has too many requests for {} s", wait.as_secs())
            }
            Self::Rejected { reason } => write!(formatter, "the payment provider rejected the request: {reason}"),
            Self::Misconfigured { reason } => {
                write!(formatter, "the payment provider does not accept the key or its address is wrong: {reason}")
            }
            Self::NotFound => formatter.write_str("the payment provider has no such order or payment"),
            Self::InProgress => formatter.write_str("the payment provider is at it already"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_means_for_a_request_that_changes_something() {
        let unreachable = Failure::from(TransportError::Timeout);
        let busy = Failure::Busy { retry_after: Some(Duration::from_secs(7)) };
        let rejected = Failure::Rejected { reason: "BAD_REQUEST_ERROR".to_owned() };
        let misconfigured = Failure::Misconfigured { reason: "401".to_owned() };
        let rows = [
            (unreachable, true, true, "the payment provider cannot be reached: no answer in time"),
            (busy, false, true, "the payment provider has too many requests for 7 s"),
            (rejected, false, false, "the payment provider rejected the request: BAD_REQUEST_ERROR"),
            (misconfigured, false, false, "the payment provider does not accept the key or its address is wrong: 401"),
            (Failure::NotFound, false, false, "the payment provider has no such order or payment"),
            (Failure::InProgress, true, true, "the payment provider is at it already"),
        ];
        for (failure, may_have_happened, may_pass, sentence) in rows {
            assert_eq!(failure.may_have_happened(), may_have_happened, "{failure:?}");
            assert_eq!(failure.may_pass(), may_pass, "{failure:?}");
            assert_eq!(failure.to_string(), sentence);
        }
    }
}
