//! What the ledger's functions answer.
//!
//! Owns: the JSON of the ledger's functions, read into types. Times stay the text that the database wrote (ISO 8601):
//! nobody here does sums with them. Must not: call anything.

mod answered;

use answered::Answered;
use domain::generation::Status;
use domain::id::{CustomerId, GenerationId, LeaseId, RequestId};
use serde::{Deserialize, Serialize};

/// What `reserve_generation` answers: a hold, an answer that was given before, or a refusal that changed nothing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Answered")]
pub enum Reservation {
    /// The credits are held until the lease of the rows runs out.
    Reserved {
        /// Who asks.
        user_id: CustomerId,
        /// What the hold is renewed by.
        lease_id: LeaseId,
        /// What is known of the engines.
        engines: EngineSight,
        /// One row a picture, in the order of the batch.
        generations: Vec<Generation>,
        /// What is left after the hold.
        balance: Balance,
    },
    /// The credits are held, and the pictures wait in the queue.
    Queued(Queued),
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
    /// Too many requests of this customer or from his address, or too many pictures before his in the queue.
    RateLimited {
        /// Seconds.
        retry_after: u32,
        /// What is left, where it was looked up.
        balance: Option<Balance>,
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
    /// The owner's list does not let this be drawn.
    PromptRefused {
        /// What is left.
        balance: Balance,
    },
    /// None of the engines is worth asking now.
    EnginesPassedOver {
        /// Why not.
        engines: EngineSight,
        /// What is left.
        balance: Balance,
    },
}

/// Where a request waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    /// 1 is the next.
    pub position: u32,
    /// When it is begun, as far as can be told.
    pub estimated_start_at: String,
    /// What is left after the hold.
    pub balance: Balance,
}

/// What all workers know of the engines that were named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineSight {
    /// Those that are not worth asking now.
    pub passed_over: Vec<PassedOver>,
    /// Accounts of which a turn must be taken before each attempt.
    pub budgeted: Vec<String>,
}

/// An engine that nobody should ask for a while.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    /// Its name.
    pub engine: String,
    /// What a customer is told meanwhile.
    pub failure_code: String,
    /// Seconds.
    pub retry_after: u32,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Answered")]
pub struct Settlement {
    /// Every row of the request, in the order of the batch.
    pub generations: Vec<Generation>,
    /// Why rows of it failed.
    pub failure_code: Option<String>,
    /// What is left.
    pub balance: Balance,
}

impl Settlement {
    /// The rows that got their picture for a credit.
    pub fn completed(&self) -> impl Iterator<Item = &Generation> {
        self.generations.iter().filter(|generation| generation.status == Status::Completed)
    }

    /// The rows that got their picture at all; one that came after its lease costs nothing.
    pub fn delivered(&self) -> impl Iterator<Item = &Generation> {
        self.generations.iter().filter(|generation| generation.url.is_some())
    }
}

/// Where a request stands, as `generation_status` and `cancel_generation` answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Answered")]
pub enum Standing {
    /// Nobody is signed in.
    Unauthorized,
    /// No such request, or another customer's.
    RequestNotFound,
    /// It waits.
    Queued(Progress),
    /// It is being drawn, or the rest of its batch is.
    Running(Progress),
    /// It got its pictures.
    Completed(Progress),
    /// It failed.
    Failed(Progress),
    /// Its worker gave it up; late pictures may be there all the same.
    Expired(Progress),
}

/// The particulars of a request's standing.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Whether its worker has yet to hear that the customer took it back.
    pub cancelling: bool,
    /// 1 is the next; none unless it waits.
    pub position: Option<u32>,
    /// When it is begun, as far as can be told; none unless it waits.
    pub estimated_start_at: Option<String>,
    /// What it waits for, as the code of the failure that would have ended it if it could not wait.
    pub waiting_for: Option<String>,
    /// Until when; there whenever something is waited for.
    pub not_before: Option<String>,
    /// Rows, reason and balance.
    pub settlement: Settlement,
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

/// What `claim_generations` answers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// What is known of the engines.
    pub engines: EngineSight,
    /// The pictures that are the caller's to draw now.
    pub generations: Vec<Claimed>,
    /// Where there are none but some wait: milliseconds after which to ask again.
    pub wait_ms: Option<u64>,
}

/// A picture that a worker claimed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claimed {
    /// Whose it is.
    pub user_id: CustomerId,
    /// The request that it belongs to.
    pub request_id: RequestId,
    /// What it is held by.
    pub lease_id: LeaseId,
    /// How often it was begun, this time included.
    pub attempts: u32,
    /// What to draw.
    pub generation: Generation,
}

/// What `renew_lease` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pulse {
    /// Whether the lease still is.
    pub held: bool,
    /// Whether the customer wants the picture no more.
    pub cancel_requested: bool,
}

/// A picture that its customer deleted, as `claim_removals` answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    /// The row.
    pub id: GenerationId,
    /// The object's name in the bucket.
    pub object_name: String,
}

/// What `take_engine_turn` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// Whether one was taken.
    pub granted: bool,
    /// Milliseconds until there is one, where none was.
    pub wait_ms: Option<u64>,
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
    /// The engine that drew it, as `IMAGE_ENGINES` names it.
    pub engine: String,
    /// The model that drew it.
    pub model: String,
    /// Pixels, as the file says; none where only its far end would say.
    pub width: Option<u32>,
    /// Pixels, like the width.
    pub height: Option<u32>,
    /// How long the engine took.
    pub generation_time_ms: u32,
}
