//! What the ledger's functions answer.
//!
//! Owns: the JSON of `reserve_generation`, `complete_generation` and `fail_generation`, read into types. Times stay the
//! text that the database wrote (ISO 8601): nobody here does sums with them.
//! Must not: call anything.

use domain::generation::Status;
use domain::id::{CustomerId, GenerationId};
use serde::{Deserialize, Serialize};

/// What `reserve_generation` answers: a hold, an answer that was given before, or a refusal that changed nothing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Reservation {
    /// The credits are held until the lease of the rows runs out.
    Reserved {
        /// Who asks.
        user_id: CustomerId,
        /// One row a picture, in the order of the batch.
        generations: Vec<Generation>,
        /// What is left after the hold.
        balance: Balance,
    },
    /// The same request got its pictures before.
    Completed(Settlement),
    /// The same request failed before.
    Failed(Settlement),
    /// The same request was given up by its worker before.
    Expired(Settlement),
    /// Nobody is signed in.
    Unauthorized,
    /// A field that only the database can check is wrong.
    InvalidRequest {
        /// Its name in JSON.
        field: String,
    },
    /// No such session, or another customer's.
    SessionNotFound,
    /// The id stands for another request.
    RequestIdReused,
    /// The same request is being worked on.
    RequestInProgress {
        /// Seconds.
        retry_after: Option<u32>,
    },
    /// The session is over.
    SessionExpired {
        /// When it ended; none when it was never started.
        expires_at: Option<String>,
    },
    /// No hour of the plan holds that many.
    NotInPlan {
        /// What the plan holds.
        balance: Balance,
    },
    /// This hour does not hold that many any more.
    CreditsExhausted {
        /// What is left.
        balance: Balance,
        /// Seconds to the next hour; none in the last one.
        retry_after: Option<u32>,
    },
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Every row of the request, in the order of the batch.
    pub generations: Vec<Generation>,
    /// Why rows of it failed.
    pub failure_code: Option<String>,
    /// What is left.
    pub balance: Balance,
}

impl Settlement {
    /// The rows that got their picture.
    pub fn completed(&self) -> impl Iterator<Item = &Generation> {
        self.generations.iter().filter(|generation| generation.status == Status::Completed)
    }
}

/// What is left of a session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// What each hour of the plan holds.
    pub credits_per_hour: u32,
    /// What is left of this hour; a credit that is held is not left.
    pub credits_remaining: u32,
    /// How many of this hour's are held for pictures that are being made.
    pub credits_held: u32,
    /// When the next hour begins; none in the last one, or before the first.
    pub resets_at: Option<String>,
    /// When the session ends; none before it starts.
    pub expires_at: Option<String>,
}

/// A row of `image_generations`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// Its id.
    pub id: GenerationId,
    /// Where it stands.
    pub status: Status,
    /// The unguessable part of the object's name.
    pub storage_key: String,
    /// The picture's address, once there is one.
    pub url: Option<String>,
    /// Where the noise begins.
    pub seed: u32,
    /// The prompt.
    pub prompt: String,
    /// What to leave out.
    pub negative_prompt: Option<String>,
    /// Pixels: what was asked for, and once it is completed what was drawn.
    pub width: u32,
    /// Pixels, like the width.
    pub height: u32,
    /// Denoising steps.
    pub steps: u32,
    /// Guidance.
    pub cfg_scale: f64,
    /// The model that drew it, once it has.
    pub model: Option<String>,
    /// How long the engine took.
    pub generation_time_ms: Option<u32>,
    /// When the credit was held.
    pub created_at: String,
}

/// A picture that lies in the bucket, for `complete_generation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredPicture {
    /// The row.
    pub id: GenerationId,
    /// The object's name in the bucket.
    pub object_name: String,
    /// Its public address.
    pub image_url: String,
    /// The model that drew it.
    pub model: String,
    /// Pixels, as the file says; none where only its far end would say.
    pub width: Option<u32>,
    /// Pixels, like the width.
    pub height: Option<u32>,
    /// How long the engine took.
    pub generation_time_ms: u32,
}
