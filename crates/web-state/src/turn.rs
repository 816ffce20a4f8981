//! A conversation as it is shown: what was said, and under each the pictures that came of it.
//!
//! Owns: which request belongs to which message, and how a request stands. Must not: know where rows come from.

use domain::code::Code;
use domain::generation::Status;

use crate::order::sorted;

/// What the customer said: a row of `chat_messages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, which is the id of the first request for it as well.
    pub id: String,
    /// The prompt.
    pub content: String,
    /// When it was said.
    pub created_at_ms: u64,
}

/// A picture, made or to be made: a row of `image_generations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its id.
    pub id: String,
    /// The request, the same for all pictures of a batch.
    pub request_id: String,
    /// The conversation; none where the request named none, or it is gone.
    pub conversation_id: Option<String>,
    /// The session that paid.
    pub session_id: String,
    /// Which of the batch, from 0.
    pub batch_index: u32,
    /// How many the request asked for.
    pub batch_count: u32,
    /// The hour of the session whose credit it took, from 0.
    pub hour_index: u32,
    /// How it stands.
    pub status: Status,
    /// What was asked for.
    pub prompt: String,
    /// What was to be left out; empty for nothing.
    pub negative_prompt: String,
    /// Pixels: asked for until it is there, then as it is.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Denoising steps.
    pub steps: u32,
    /// Guidance, in tenths.
    pub cfg_scale_tenths: u32,
    /// Where the engine's noise began.
    pub seed: u32,
    /// Where the picture is; none until it is there.
    pub url: Option<String>,
    /// Its name in Storage.
    pub object_name: Option<String>,
    /// The model that drew it.
    pub model: Option<String>,
    /// Why there is none, where it failed.
    pub failure_code: Option<Code>,
    /// Why it waits, where it was put back into the queue.
    pub wait_code: Option<Code>,
    /// Before when it is not tried (again).
    pub not_before_ms: Option<u64>,
    /// When it was asked for.
    pub created_at_ms: u64,
    /// The same to the microsecond, as the database writes it: what paging goes by.
    pub created_at: String,
    /// When it was settled.
    pub settled_at_ms: Option<u64>,
    /// Whether the customer has deleted it.
    pub deleted: bool,
}

impl Picture {
    /// Whether there is something to look at.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.url.is_some() && !self.deleted
    }
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Waits for a worker.
    Waiting,
    /// Is being drawn, or partly there.
    Running,
    /// What could be made of it is there.
    Done,
    /// Nothing came of it.
    Failed(Code),
    /// Its worker never came back.
    Expired,
    /// The customer has deleted all of it.
    Deleted,
}

impl Standing {
    /// Whether it may still change by itself.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// All pictures that were asked for at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// When it was asked for.
    pub created_at_ms: u64,
    /// Its pictures in the order of the batch, the deleted ones left out.
    pub pictures: Vec<Picture>,
    /// How it stands.
    pub standing: Standing,
}

/// Something that was said, and every request that was made for it, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The message's id; of a request that no message was found for, its own.
    pub id: String,
    /// The prompt.
    pub prompt: String,
    /// When it was said.
    pub created_at_ms: u64,
    /// What was made of it. None where nothing was ever drawn, or it is gone.
    pub variants: Vec<Request>,
}

impl Turn {
    /// Whether something of it may still change by itself.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.variants.iter().any(|request| request.standing.is_open())
    }

    /// Which variant is shown first: the newest that is not deleted.
    #[must_use]
    pub fn newest(&self) -> Option<usize> {
        self.variants.iter().rposition(|request| request.standing != Standing::Deleted)
    }
}

/// The status of a name, as the database has it.
#[must_use]
pub fn status_of(name: &str) -> Option<Status> {
    Some(match name {
        "queued" => Status::Queued,
        "running" => Status::Running,
        "completed" => Status::Completed,
        "failed" => Status::Failed,
        "expired" => Status::Expired,
        _ => return None,
    })
}

/// The requests of a list of pictures, the oldest first.
#[must_use]
pub fn requests(pictures: &[Picture]) -> Vec<Request> {
    let ordered =
        sorted(pictures, |one, other| (&one.request_id, one.batch_index) < (&other.request_id, other.batch_index));
    let requests = ordered.chunk_by(|one, other| one.request_id == other.request_id).filter_map(|batch| {
        let first = batch.first()?;
        Some(Request {
            id: first.request_id.clone(),
            created_at_ms: batch.iter().map(|picture| picture.created_at_ms).min()?,
            standing: standing(batch),
            pictures: batch.iter().filter(|picture| !picture.deleted).map(|picture| (*picture).clone()).collect(),
        })
    });
    sorted(requests, |one, other| (one.created_at_ms, &one.id) < (other.created_at_ms, &other.id))
}

fn standing(batch: &[&Picture]) -> Standing {
    let any = |status: Status| batch.iter().any(|picture| !picture.deleted && picture.status == status);
    // A picture that came too late is given although its row stays expired.
    let there = batch.iter().any(|picture| picture.is_there());
    if batch.iter().all(|picture| picture.deleted) {
        Standing::Deleted
    } else if any(Status::Running) || any(Status::Queued) && there {
        Standing::Running
    } else if any(Status::Queued) {
        Standing::Waiting
    } else if there || any(Status::Completed) {
        Standing::Done
    } else if any(Status::Failed) {
        let code = batch.iter().filter(|picture| !picture.deleted).find_map(|picture| picture.failure_code);
        Standing::Failed(code.unwrap_or(Code::Internal))
    } else {
        Standing::Expired
    }
}

/// A conversation's turns, the oldest first. A request belongs to the message of its own id; else it is a variant of the
/// newest turn before it with the same prompt; else (the message was lost, or another client asked) it is a turn itself.
#[must_use]
pub fn turns(messages: &[Message], pictures: &[Picture]) -> Vec<Turn> {
    let said = messages.iter().map(|message| Turn {
        id: message.id.clone(),
        prompt: message.content.clone(),
        created_at_ms: message.created_at_ms,
        variants: Vec::new(),
    });
    let mut turns = in_order(said);
    turns.dedup_by(|one, other| one.id == other.id);
    for request in requests(pictures) {
        let prompt = prompt_of(&request, pictures);
        let own = turns.iter().position(|turn| turn.id == request.id);
        let place = own.or_else(|| {
            turns
                .iter()
                .rposition(|turn| turn.created_at_ms <= request.created_at_ms && turn.prompt.trim() == prompt.trim())
        });
        match place.and_then(|place| turns.get_mut(place)) {
            Some(turn) => turn.variants.push(request),
            None => {
                turns.push(Turn {
                    id: request.id.clone(),
                    prompt: prompt.to_owned(),
                    created_at_ms: request.created_at_ms,
                    variants: vec![request],
                });
                turns = in_order(turns);
            }
        }
    }
    turns
}

fn prompt_of<'a>(request: &Request, pictures: &'a [Picture]) -> &'a str {
    let any = pictures.iter().find(|picture| picture.request_id == request.id);
    any.map(|picture| picture.prompt.as_str()).unwrap_or_default()
}

fn in_order(turns: impl IntoIterator<Item = Turn>) -> Vec<Turn> {
    sorted(turns, |one, other| (one.created_at_ms, &one.id) < (other.created_at_ms, &other.id))
}

#[cfg(test)]
mod tests;
