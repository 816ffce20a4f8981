//! Whether a prompt may be drawn, as a moderation service sees it: OpenAI's endpoint, or whatever speaks its protocol.
//!
//! Owns: that request, and what its answers mean. Must not: decide what happens to a flagged prompt, or to one of which
//! nothing could be learnt.

use crate::answer::Rejection;
use crate::attempt::json;
use crate::deadline::Deadline;
use crate::{EngineError, Failure};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use transport::{Body, Method, Payload, Request, Timer, Transport};

/// Where OpenAI moderates.
pub const MODERATION_URL: &str = "https://api.openai.com/v1/moderations";

/// A customer waits for this before his picture is begun.
const BUDGET: Duration = Duration::from_secs(10);
/// One try, so that a second fits.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Between the tries, where the service does not say for how long.
const PAUSE: Duration = Duration::from_millis(500);
/// Answers are a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 65_536;

/// What the service says of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing against it.
    Allowed,
    /// It should not be drawn.
    Flagged {
        /// As the service names them.
        categories: Vec<String>,
    },
}

/// A moderation service.
#[derive(Clone)]
pub struct Moderation {
    url: String,
    key: Option<String>,
    model: Option<String>,
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    input: &'a str,
}

impl Moderation {
    /// The service at that whole address; its own choice of model where none is named.
    #[must_use]
    pub fn new(url: &str, key: Option<&str>, model: Option<&str>) -> Self {
        Self { url: url.to_owned(), key: key.map(str::to_owned), model: model.map(str::to_owned) }
    }

    /// Asks about a prompt, and once more where that may help; ten seconds at most. Asking is free and changes nothing.
    ///
    /// # Errors
    /// [`EngineError`] when there is no verdict. The prompt is then neither allowed nor flagged.
    pub async fn judge<T: Transport>(
        &self,
        transport: &T,
        timer: &impl Timer,
        prompt: &str,
    ) -> Result<Verdict, EngineError> {
        let deadline = Deadline::new(timer, BUDGET);
        let error = match self.ask(transport, prompt, TIMEOUT).await {
            Err(error) => error,
            verdict => return verdict,
        };
        let pause = match error.failure {
            Failure::RateLimited(Some(after)) | Failure::Warming(after) => after,
            Failure::RateLimited(None)
            | Failure::Unavailable
            | Failure::Broken
            | Failure::Unreachable
            | Failure::TimedOut => PAUSE.mul_f64(1.0 + timer.jitter().clamp(0.0, 1.0)),
            Failure::BadInput
            | Failure::Refused
            | Failure::Unauthorized
            | Failure::Unpaid
            | Failure::Gone
            | Failure::NoPicture(_)
            | Failure::TooLarge => return Err(error),
        };
        if pause >= deadline.remaining(timer) {
            return Err(error);
        }
        timer.sleep(pause).await;
        self.ask(transport, prompt, TIMEOUT.min(deadline.remaining(timer))).await
    }

    async fn ask<T: Transport>(&self, transport: &T, prompt: &str, timeout: Duration) -> Result<Verdict, EngineError> {
        let question = Question { model: self.model.as_deref(), input: prompt };
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.key.as_ref().map(|key| ("authorization", format!("Bearer {key}"))));
        let request = Request {
            method: Method::Post,
            url: self.url.clone(),
            headers,
            payload: Payload::Text(json(&question)),
            timeout,
            bytes_max: ANSWER_BYTES_MAX,
        };
        let response = transport.send(request).await?;
        if !response.is_success() {
            return Err(Rejection::read(&response).into_error("moderation", &[self.key.as_deref().unwrap_or_default()]));
        }
        let answer = serde_json::from_slice(&response.body.copy(0, ANSWER_BYTES_MAX)).ok();
        let verdict = answer.as_ref().and_then(verdict);
        verdict.ok_or_else(|| EngineError::new(Failure::Broken, "moderation answered without a verdict"))
    }
}

/// One opinion against the prompt is enough; no opinion at all is no verdict.
fn verdict(answer: &Value) -> Option<Verdict> {
    let opinions = answer.get("results")?.as_array().filter(|opinions| !opinions.is_empty())?;
    let mut is_flagged = false;
    let mut categories = vec![];
    for opinion in opinions {
        is_flagged |= opinion.get("flagged")?.as_bool()?;
        let named = opinion.get("categories").and_then(Value::as_object).into_iter().flatten();
        // Some are null where the model does not know the category.
        categories.extend(named.filter(|(_, is_named)| is_named.as_bool() == Some(true)).map(|(name, _)| name.clone()));
    }
    Some(if is_flagged { Verdict::Flagged { categories } } else { Verdict::Allowed })
}
