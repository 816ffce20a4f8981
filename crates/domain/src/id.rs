//! The ids of things, one type each, so that no id can stand where another belongs.
//!
//! Owns: their text form (a UUID in lower case with hyphens). Must not: make new ones, which takes randomness.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// An id from 16 bytes that the caller drew at random (RFC 9562, version 4).
            #[must_use]
            pub fn from_random_bytes(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

id! {
    /// A customer: the `sub` of his token.
    CustomerId
}
id! {
    /// The hours that a customer bought at once.
    SessionId
}
id! {
    /// A conversation in the chat.
    ConversationId
}
id! {
    /// A request, made by the client before it is sent. The same id is the same request, however often it arrives.
    RequestId
}
id! {
    /// What a worker holds of a running generation: each claim is another one.
    LeaseId
}
id! {
    /// One picture, from the hold on its credit on.
    GenerationId
}
id! {
    /// A purchase: a session, or more hours for one.
    PurchaseId
}
id! {
    /// A refund; for the payment provider it is the refund's idempotency key as well.
    RefundId
}
