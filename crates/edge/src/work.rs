//! Making pictures whose credits are held: drawing, storing, recording, or giving the credits back.
//!
//! Owns: the order of it, what follows when a step fails, and that a request which is taken back leaves nothing behind.
//! Must not: count credits (the ledger's), know an engine's protocol, or know how the work came to be: from a client who
//! waits for it, or from the queue.

mod gate;
mod lease;

pub use gate::{LedgerGate, failure_of};

use crate::context::{Backend, Context};
use crate::error::ApiError;
use domain::code::Code;
use domain::id::LeaseId;
use engine::{AnyEngine, Commission, Engine, Failure, Job, Recall, Verdict, draw};
use futures_util::future::{Either, join_all, select};
use std::cell::RefCell;
use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;
use supabase::{Balance, Generation, LedgerError, Part, PictureStore, Settlement, StorageError, StoredPicture};
use transport::Timer;

/// Pictures that are the caller's to make.
pub struct Work<'a> {
    /// The clients.
    pub context: &'a Context,
    /// The project.
    pub backend: &'a Backend,
    /// Who draws.
    pub engines: &'a [AnyEngine],
    /// What is known of who draws.
    pub gate: LedgerGate<'a>,
    /// Which rows they are.
    pub part: Part,
    /// What they are held by.
    pub lease: LeaseId,
    /// How long drawing may take.
    pub patience: Duration,
}

/// What came of it.
pub struct Made {
    /// Pictures that lie in the bucket.
    pub stored: Vec<StoredPicture>,
    /// Why there are not more.
    pub lost: Option<Lost>,
}

/// At which step a picture was lost.
#[derive(Clone, Copy)]
pub enum Lost {
    /// The engines did not draw it.
    Drawing(Failure),
    /// It was drawn, and Storage did not take it.
    Uploading,
    /// It was stored, and the ledger did not take it.
    Recording,
    /// The customer took it back.
    Cancelled,
}

impl Lost {
    /// The reason that is recorded.
    pub const fn code(self) -> Code {
        match self {
            Self::Drawing(failure) => failure.code(),
            Self::Uploading | Self::Recording => Code::Internal,
            Self::Cancelled => Code::Cancelled,
        }
    }

    fn into_error(self, balance: Option<Balance>) -> ApiError {
        match self {
            Self::Drawing(failure) => ApiError::engine(failure, balance),
            lost => ApiError::Failed { code: lost.code(), retry_after: None, balance },
        }
    }
}

/// What is on its way while pictures are made: what a request that is taken back must clean up.
#[derive(Default)]
struct UnderWay {
    stored: RefCell<Vec<StoredPicture>>,
    /// Names of objects that Storage may or may not have by now.
    uploading: RefCell<Vec<String>>,
}

impl Work<'_> {
    /// Draws and stores the pictures, under the lease. Those of a batch succeed or fail each for itself.
    pub async fn make(&self, generations: &[Generation]) -> Made {
        let under_way = UnderWay::default();
        let recalls: Vec<Recall> = generations.iter().map(|_| Recall::default()).collect();
        let making = async {
            self.judge(generations).await?;
            let each = generations.iter().zip(&recalls).map(|(row, recall)| self.make_one(row, recall, &under_way));
            join_all(each).await.into_iter().find_map(Result::err).map_or(Ok(()), Err)
        };
        let cancelled = pin!(lease::until_cancelled(self.context, self.backend, self.lease));
        let lost = match select(Box::pin(making), cancelled).await {
            Either::Left((made, _)) => made.err(),
            Either::Right(((), making)) => {
                // Hangs up on engines and Storage.
                drop(making);
                join_all(recalls.iter().map(|recall| recall.send(&self.context.transport))).await;
                self.delete(under_way.uploading.take().iter().map(String::as_str)).await;
                Some(Lost::Cancelled)
            }
        };
        Made { stored: under_way.stored.take(), lost }
    }

    /// Records what was made, and gives back the credits of what was not.
    ///
    /// # Errors
    /// [`ApiError`] when nothing was made, or it is not known whether it was recorded.
    pub async fn settle(&self, made: Made) -> Result<Settlement, ApiError> {
        let Made { stored, lost } = made;
        let reason = lost.unwrap_or(Lost::Recording);
        if stored.is_empty() {
            return Err(self.release(reason).await);
        }
        let (transport, timer, ledger) = (&self.context.transport, &self.context.timer, &self.backend.ledger);
        match ledger.complete(transport, timer, self.part, &stored, reason.code()).await {
            Ok(settlement) => {
                let is_recorded = |picture: &&StoredPicture| settlement.delivered().any(|row| row.id == picture.id);
                // What was settled otherwise meanwhile, by its customer for instance, is not kept.
                let refused = stored.iter().filter(|picture| !is_recorded(picture));
                self.delete(refused.map(|picture| picture.object_name.as_str())).await;
                if settlement.delivered().next().is_some() { Ok(settlement) } else { Err(ended(settlement)) }
            }
            // A definite no: nothing is recorded, so nothing is kept and nothing charged.
            Err(error @ (LedgerError::Rejected(..) | LedgerError::Unauthorized(_))) => {
                self.log(&error);
                let failure = self.release(Lost::Recording).await;
                self.delete(stored.iter().map(|picture| picture.object_name.as_str())).await;
                Err(failure)
            }
            // No answer: the pictures may be recorded, and so must stay where they are. Asking again tells.
            Err(error) => {
                self.log(&error);
                Err(ApiError::Unconfirmed)
            }
        }
    }

    /// Gives the credits back. The client hears of the failure either way; without an answer the lease ends the hold.
    pub async fn release(&self, reason: Lost) -> ApiError {
        let (transport, timer, ledger) = (&self.context.transport, &self.context.timer, &self.backend.ledger);
        let released = ledger.fail(transport, timer, self.part, reason.code()).await;
        let balance = released.map_err(|error| self.log(&error)).ok();
        reason.into_error(balance.map(|settlement| settlement.balance))
    }

    /// Asks whether the prompt, which all pictures of a request share, may be drawn. Where nobody can say, it may not: the
    /// owner asked for a judge.
    async fn judge(&self, generations: &[Generation]) -> Result<(), Lost> {
        let (Some(moderation), Some(first)) = (&self.context.studio.moderation, generations.first()) else {
            return Ok(());
        };
        match moderation.judge(&self.context.transport, &self.context.timer, &first.prompt).await {
            Ok(Verdict::Allowed) => Ok(()),
            Ok(Verdict::Flagged { categories }) => {
                self.log(&format_args!("the prompt was refused: {}", categories.join(", ")));
                Err(Lost::Drawing(Failure::Refused))
            }
            Err(error) => {
                self.log(&format_args!("no verdict on the prompt: {error}"));
                Err(Lost::Drawing(Failure::Unavailable))
            }
        }
    }

    async fn make_one(&self, row: &Generation, recall: &Recall, under_way: &UnderWay) -> Result<(), Lost> {
        let (transport, timer, store) = (&self.context.transport, &self.context.timer, &self.backend.store);
        let job = Job {
            id: &row.id.to_string(),
            prompt: &row.prompt,
            negative_prompt: row.negative_prompt.as_deref(),
            width: row.width,
            height: row.height,
            steps: row.steps,
            cfg_scale: row.cfg_scale,
            seed: row.seed,
        };
        let (engines, gate, job, budget) = (self.engines, &self.gate, &job, self.patience);
        let started_ms = timer.now_ms();
        let commission = Commission { engines, gate, transport, timer, job, budget, recall };
        let (engine, drawn) = draw(&commission).await.map_err(|error| {
            self.log(&error);
            Lost::Drawing(error.failure)
        })?;
        let generation_time_ms = u32::try_from(timer.now_ms().saturating_sub(started_ms)).unwrap_or(u32::MAX);
        let format = drawn.picture.format;
        let object_name = PictureStore::object_name(self.part.customer, row, format);
        under_way.uploading.borrow_mut().push(object_name.clone());
        let uploaded = store.upload(transport, timer, &object_name, format, &drawn.bytes).await;
        if let Err(error) = uploaded {
            self.log(&error);
            if matches!(error, StorageError::Unreachable(_)) {
                // It may be there all the same, and nobody will be charged for it.
                let _ = store.delete(transport, &object_name).await;
            }
            return Err(Lost::Uploading);
        }
        let size = drawn.picture.size;
        under_way.uploading.borrow_mut().retain(|name| *name != object_name);
        under_way.stored.borrow_mut().push(StoredPicture {
            id: row.id,
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            image_url: store.public_address(&object_name),
            object_name,
            engine: engine.name().to_owned(),
            model: drawn.model,
            generation_time_ms,
        });
        Ok(())
    }

    async fn delete(&self, object_names: impl Iterator<Item = &str>) {
        for object_name in object_names {
            if let Err(error) = self.backend.store.delete(&self.context.transport, object_name).await {
                self.log(&format_args!("an unrecorded picture stays in storage: {error}"));
            }
        }
    }

    fn log(&self, what: &dyn Display) {
        crate::log(&format!("request {}: {what}", self.part.request));
    }
}

/// What a request is answered that was settled by somebody else.
pub fn ended(settlement: Settlement) -> ApiError {
    let code = settlement.failure_code.as_deref().map(|name| name.parse().unwrap_or(Code::Internal));
    let code = code.unwrap_or(Code::EngineTimeout);
    ApiError::Failed { code, retry_after: None, balance: Some(settlement.balance) }
}
