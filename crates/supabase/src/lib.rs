//! Typed clients for the hub's Supabase project: the ledger's functions behind PostgREST, and the bucket of pictures.
//!
//! Owns: what is said to PostgREST and to Storage, and what their answers mean. The secret key is used in here and
//! nowhere else (`secret.rs`).
//! Must not: decide about credits, which is the database's, or about the functions' answers, which is the edge's.

mod address;
mod ledger;
mod outcome;
mod secret;
mod storage;
mod token;

pub use address::{AddressKey, SealedAddress};
pub use ledger::{Asking, Ledger, LedgerError, Part, Roster};
pub use outcome::{
    Balance, Claim, Claimed, EngineSight, Generation, PassedOver, Progress, Pulse, Queued, Reservation, Settlement,
    Standing, StoredPicture, Turn,
};
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
