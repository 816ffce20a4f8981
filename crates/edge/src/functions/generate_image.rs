//! `generate-image`: a prompt in, a stored picture out, for a credit.
//!
//! Owns: the order of the four calls (hold, draw, store, record) and what follows when one of them fails.
//! Must not: count credits (the ledger's), or know an engine's protocol.

mod answer;

use crate::context::{Backend, Context};
use crate::error::ApiError;
use crate::http::{self, Incoming};
use crate::random;
use domain::code::Code;
use domain::id::{CustomerId, RequestId};
use domain::request::{ImageRequest, InvalidRequest};
use engine::{AnyEngine, Failure, Job};
use futures_util::future::join_all;
use std::fmt::Display;
use supabase::{Balance, Generation, LedgerError, PictureStore, Reservation, Settlement, StorageError, StoredPicture};
use transport::Timer;
use web_sys::Response;

/// Answers a request for pictures.
///
/// # Errors
/// Every row of the error table. Whatever ends in an error has released the hold it took, or leaves it to its lease
/// where the ledger could not be reached. Only [`ApiError::Unconfirmed`] may have cost a credit, and then the picture is
/// there: the same request again says so.
pub async fn handle(incoming: &Incoming, context: &Context) -> Result<Response, (ApiError, Option<RequestId>)> {
    let (request, request_id) = read(incoming).await.map_err(|error| (error, None))?;
    generate(incoming, context, &request, request_id).await.map_err(|error| (error, Some(request_id)))
}

async fn read(incoming: &Incoming) -> Result<(ImageRequest, RequestId), ApiError> {
    let refuse = |field: &str, sentence: &str| ApiError::InvalidRequest(InvalidRequest::new(field, sentence));
    if incoming.method() != "POST" {
        return Err(refuse("method", "Send a POST request to make a picture."));
    }
    incoming.customer()?;
    if incoming.header("prefer").is_some_and(|prefer| prefer.to_ascii_lowercase().contains("respond-async")) {
        return Err(refuse("Prefer", "This hub does not answer asynchronously yet. Leave respond-async out."));
    }
    let request = ImageRequest::from_json(&incoming.json_body().await?).map_err(ApiError::InvalidRequest)?;
    let from_header = incoming
        .header("idempotency-key")
        .map(|text| text.trim().parse::<RequestId>())
        .transpose()
        .map_err(|_| refuse("Idempotency-Key", "The Idempotency-Key is not a UUID."))?;
    let request_id = match (request.request_id, from_header) {
        (Some(in_body), Some(in_header)) if in_body != in_header => {
            return Err(refuse("requestId", "The requestId and the Idempotency-Key name different requests."));
        }
        (Some(id), _) | (None, Some(id)) => id,
        (None, None) => RequestId::from_random_bytes(random::bytes()),
    };
    Ok((request, request_id))
}

async fn generate(
    incoming: &Incoming,
    context: &Context,
    request: &ImageRequest,
    request_id: RequestId,
) -> Result<Response, ApiError> {
    let customer_token = incoming.customer()?;
    let backend = context.backend.as_ref().map_err(|missing| ApiError::internal(missing))?;
    let engines = context.engines.as_ref().map_err(|wrong| {
        crate::log(wrong);
        ApiError::Failed { code: Code::EngineMisconfigured, retry_after: None, balance: None }
    })?;
    let reservation = backend.ledger.reserve(&context.transport, &customer_token, request_id, request).await;
    let (customer, generations) = match reservation.map_err(|error| ledger_error(&error))? {
        Reservation::Reserved { user_id, generations, .. } => (user_id, generations),
        replayed_or_refused => return without_hold(replayed_or_refused, request_id),
    };
    let work = Work { context, backend, engines, customer, request_id };
    let settlement = work.settle(&generations).await?;
    Ok(success(request_id, &settlement))
}

/// What is answered when no hold was taken: what was answered before, or why not.
fn without_hold(reservation: Reservation, request_id: RequestId) -> Result<Response, ApiError> {
    match reservation {
        Reservation::Completed(settlement) => Ok(success(request_id, &settlement)),
        Reservation::Failed(settlement) => {
            let code = settlement.failure_code.as_deref().and_then(|name| name.parse().ok());
            let code = code.unwrap_or(Code::Internal);
            Err(ApiError::Failed { code, retry_after: None, balance: Some(settlement.balance) })
        }
        Reservation::Expired(settlement) => Err(expired(settlement.balance)),
        Reservation::Unauthorized => Err(ApiError::Unauthorized),
        Reservation::InvalidRequest { field } => {
            let sentence = match field.as_str() {
                "conversationId" => "There is no such conversation of yours.".to_owned(),
                _ => format!("The {field} cannot be used."),
            };
            Err(ApiError::InvalidRequest(InvalidRequest::new(field, sentence)))
        }
        Reservation::SessionNotFound => Err(ApiError::SessionNotFound),
        Reservation::RequestIdReused => Err(ApiError::RequestIdReused),
        Reservation::RequestInProgress { retry_after } => {
            Err(ApiError::RequestInProgress { retry_after: retry_after.unwrap_or(1).max(1) })
        }
        Reservation::SessionExpired { .. } => Err(ApiError::SessionExpired),
        Reservation::NotInPlan { balance } => Err(ApiError::NotInPlan(balance)),
        Reservation::CreditsExhausted { balance, retry_after } => {
            Err(ApiError::CreditsExhausted { balance, retry_after })
        }
        // Handled by the caller; a hold that nobody works on ends with its lease.
        Reservation::Reserved { .. } => Err(ApiError::internal("a hold was taken and not worked on")),
    }
}

/// A request that holds its credits.
struct Work<'a> {
    context: &'a Context,
    backend: &'a Backend,
    engines: &'a [AnyEngine],
    customer: CustomerId,
    request_id: RequestId,
}

/// At which step one picture of a request was lost.
#[derive(Clone, Copy)]
enum Lost {
    /// The engines did not draw it.
    Drawing(Failure),
    /// It was drawn, and Storage did not take it.
    Uploading,
    /// It was stored, and the ledger did not take it.
    Recording,
}

impl Lost {
    const fn code(self) -> Code {
        match self {
            Self::Drawing(failure) => failure.code(),
            Self::Uploading | Self::Recording => Code::Internal,
        }
    }

    fn into_error(self, balance: Option<Balance>) -> ApiError {
        match self {
            Self::Drawing(failure) => ApiError::engine(failure, balance),
            Self::Uploading | Self::Recording => ApiError::Failed { code: Code::Internal, retry_after: None, balance },
        }
    }
}

impl Work<'_> {
    /// Draws, stores and records the pictures. Those of a batch succeed or fail each for itself.
    async fn settle(&self, generations: &[Generation]) -> Result<Settlement, ApiError> {
        let results = join_all(generations.iter().map(|generation| self.make(generation))).await;
        let mut stored = Vec::with_capacity(results.len());
        let mut reason = None;
        for result in results {
            match result {
                Ok(picture) => stored.push(picture),
                Err(lost) => reason = reason.or(Some(lost)),
            }
        }
        let reason = reason.unwrap_or(Lost::Recording);
        if stored.is_empty() {
            return Err(self.release(reason).await);
        }
        let (transport, timer, ledger) = (&self.context.transport, &self.context.timer, &self.backend.ledger);
        match ledger.complete(transport, timer, self.customer, self.request_id, &stored, reason.code()).await {
            Ok(settlement) => {
                let is_recorded = |picture: &&StoredPicture| settlement.completed().any(|row| row.id == picture.id);
                // A picture whose lease had run out was not charged for and is not kept.
                self.delete(stored.iter().filter(|picture| !is_recorded(picture))).await;
                if settlement.completed().next().is_some() { Ok(settlement) } else { Err(expired(settlement.balance)) }
            }
            // A definite no: nothing is recorded, so nothing is kept and nothing charged.
            Err(error @ (LedgerError::Rejected(..) | LedgerError::Unauthorized(_))) => {
                self.log(&error);
                let failure = self.release(Lost::Recording).await;
                self.delete(stored.iter()).await;
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
    async fn release(&self, reason: Lost) -> ApiError {
        let (transport, timer, ledger) = (&self.context.transport, &self.context.timer, &self.backend.ledger);
        let released = ledger.fail(transport, timer, self.customer, self.request_id, reason.code()).await;
        let balance = released.map_err(|error| self.log(&error)).ok();
        reason.into_error(balance.map(|settlement| settlement.balance))
    }

    async fn make(&self, generation: &Generation) -> Result<StoredPicture, Lost> {
        let (transport, timer, store) = (&self.context.transport, &self.context.timer, &self.backend.store);
        let job = Job {
            prompt: &generation.prompt,
            negative_prompt: generation.negative_prompt.as_deref(),
            width: generation.width,
            height: generation.height,
            steps: generation.steps,
            cfg_scale: generation.cfg_scale,
            seed: generation.seed,
        };
        let started_ms = timer.now_ms();
        let drawn =
            engine::draw(self.engines, transport, timer, &job, self.context.image_budget).await.map_err(|error| {
                self.log(&error);
                Lost::Drawing(error.failure)
            })?;
        let generation_time_ms = u32::try_from(timer.now_ms().saturating_sub(started_ms)).unwrap_or(u32::MAX);
        let format = drawn.picture.format;
        let object_name = PictureStore::object_name(self.customer, generation, format);
        if let Err(error) = store.upload(transport, timer, &object_name, format, &drawn.bytes).await {
            self.log(&error);
            if matches!(error, StorageError::Unreachable(_)) {
                // It may be there all the same, and nobody will be charged for it.
                let _ = store.delete(transport, &object_name).await;
            }
            return Err(Lost::Uploading);
        }
        let size = drawn.picture.size;
        Ok(StoredPicture {
            id: generation.id,
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            image_url: store.public_address(&object_name),
            object_name,
            model: drawn.model,
            generation_time_ms,
        })
    }

    async fn delete(&self, pictures: impl Iterator<Item = &StoredPicture>) {
        for picture in pictures {
            if let Err(error) = self.backend.store.delete(&self.context.transport, &picture.object_name).await {
                self.log(&format_args!("an unrecorded picture stays in storage: {error}"));
            }
        }
    }

    fn log(&self, what: &dyn Display) {
        crate::log(&format!("request {}: {what}", self.request_id));
    }
}

fn success(request_id: RequestId, settlement: &Settlement) -> Response {
    http::json(200, &answer::Success::new(request_id, settlement), None)
}

fn expired(balance: Balance) -> ApiError {
    ApiError::Failed { code: Code::EngineTimeout, retry_after: None, balance: Some(balance) }
}

fn ledger_error(error: &LedgerError) -> ApiError {
    match error {
        LedgerError::Unauthorized(code) => {
            // A token that is merely old is the customer's matter; anything else may be a wrong key or a missing grant.
            if !code.starts_with("PGRST30") {
                crate::log(&error.to_string());
            }
            ApiError::Unauthorized
        }
        other => ApiError::internal(&other.to_string()),
    }
}
