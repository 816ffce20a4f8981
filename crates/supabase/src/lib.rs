//! Typed clients for the hub's Supabase project: the ledger's functions behind PostgREST, about pictures
//! and about money, and the bucket of pictures.
//!
//! Owns: what is said to PostgREST and to Storage, and what their answers mean. The secret key is used in here and
//! nowhere else (`secret.rs`).
//! Must not: decide about credits, which is the database's, or about the functions' answers, which is the edge's.

mod address;
mod ledger;
mod outcome;
mod purchase;
mod secret;
mod storage;
mod token;

pub use address::{AddressKey, SealedAddress};
pub use ledger::{Alert, Asking, EventReport, Ledger, LedgerError, Part, PaymentReport, Roster};
pub use outcome::{
    Balance, Claim, Claimed, EngineSight, Generation, PassedOver, Progress, Pulse, Queued, Removal, Reservation,
    Settlement, Standing, StoredPicture, Turn,
};
pub use purchase::{Due, Inbox, Purchase, PurchaseAnswer, Recorded, Refund, RefundAnswer, Start};
pub use secret::SecretKey;
pub use storage::{PictureStore, StorageError};
pub use token::CustomerToken;

/// Where the project is and the key that names it; neither is secret.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its address, without a slash at the end.
    pub url: String,
    /// The publishable key: who the caller is takes a customer's token besides.
    pub publishable_key: String,
}
