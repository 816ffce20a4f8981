//! A request for pictures, read from the JSON that a client sent.
//!
//! Owns: the fields, their limits and defaults, and the sentence for each way to get one wrong.
//! Must not: know who asks, or whether there is a credit for it.

use crate::id::{ConversationId, RequestId, SessionId};
use crate::text::{self, TextError};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The most characters of a prompt, after trimming.
pub const PROMPT_CHARACTERS_MAX: usize = 2_000;
/// The most characters of a negative prompt, after trimming.
pub const NEGATIVE_PROMPT_CHARACTERS_MAX: usize = 1_000;
/// The lengths that a side of a picture may have, in pixels.
pub const SIDES: [u32; 3] = [512, 768, 1024];
/// Denoising steps.
pub const STEPS: RangeInclusive<u32> = 10..=50;
/// How closely the engine keeps to the prompt (classifier-free guidance). Kept to two decimals.
pub const CFG_SCALE: RangeInclusive<f64> = 1.0..=20.0;
/// Pictures in one request.
pub const BATCH_COUNT: RangeInclusive<u32> = 1..=4;
/// More bytes than any valid request has, every character of it escaped.
pub const BYTES_MAX: usize = 65_536;

/// The fields that a refusal may name. What else a client sends is its own, and is not repeated to it.
const NAMES: [&str; 14] = [
    "prompt",
    "sessionId",
    "conversationId",
    "requestId",
    "negativePrompt",
    "width",
    "height",
    "steps",
    "cfgScale",
    "seed",
    "batchCount",
    "style",
    "sourceImageId",
    "strength",
];

/// What a client asks for, within all limits, with the defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageRequest {
    /// The session that pays.
    pub session_id: SessionId,
    /// The conversation that the picture belongs to.
    pub conversation_id: Option<ConversationId>,
    /// The client's own id of this request.
    pub request_id: Option<RequestId>,
    /// What to draw: 1 to [`PROMPT_CHARACTERS_MAX`] characters.
    pub prompt: String,
    /// What to leave out; none rather than empty.
    pub negative_prompt: Option<String>,
    /// Pixels, one of [`SIDES`].
    pub width: u32,
    /// Pixels, one of [`SIDES`].
    pub height: u32,
    /// Within [`STEPS`].
    pub steps: u32,
    /// Within [`CFG_SCALE`].
    pub cfg_scale: f64,
    /// Where the engine's noise begins; the same seed draws the same picture. None: the ledger draws one.
    pub seed: Option<u32>,
    /// Within [`BATCH_COUNT`].
    pub batch_count: u32,
}

/// Which field of a request cannot be taken, and why, in a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest {
    /// The field's name in JSON; `body` when the request could not be read at all.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub sentence: String,
}

impl InvalidRequest {
    /// That field, for that reason.
    pub fn new(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { field: field.into(), sentence: sentence.into() }
    }
}

/// The request as JSON has it. Null is absent: many clients send null for what they leave out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    prompt: Option<String>,
    session_id: Option<String>,
    conversation_id: Option<String>,
    request_id: Option<String>,
    negative_prompt: Option<String>,
    width: Option<f64>,
    height: Option<f64>,
    steps: Option<f64>,
    cfg_scale: Option<f64>,
    seed: Option<f64>,
    batch_count: Option<f64>,
    style: Option<IgnoredAny>,
    source_image_id: Option<IgnoredAny>,
    strength: Option<IgnoredAny>,
}

impl ImageRequest {
    /// Reads a request. Fields that it does not know are passed over.
    ///
    /// # Errors
    /// [`InvalidRequest`] for the first field, in the order of the documentation, that cannot be taken.
    pub fn from_json(body: &[u8]) -> Result<Self, InvalidRequest> {
        let fields = read(body)?;
        for (field, given) in
            [("style", fields.style), ("sourceImageId", fields.source_image_id), ("strength", fields.strength)]
        {
            if given.is_some() {
                return Err(InvalidRequest::new(field, format!("This hub does not offer {field} yet. Leave it out.")));
            }
        }
        let negative_prompt =
            optional_text("negativePrompt", fields.negative_prompt.as_deref(), NEGATIVE_PROMPT_CHARACTERS_MAX)?;
        Ok(Self {
            prompt: optional_text("prompt", fields.prompt.as_deref(), PROMPT_CHARACTERS_MAX)?
                .ok_or_else(|| InvalidRequest::new("prompt", "Say what to draw: the prompt is empty."))?,
            session_id: optional_id("sessionId", fields.session_id.as_deref())?
                .ok_or_else(|| InvalidRequest::new("sessionId", "The sessionId is missing."))?,
            conversation_id: optional_id("conversationId", fields.conversation_id.as_deref())?,
            request_id: optional_id("requestId", fields.request_id.as_deref())?,
            negative_prompt,
            width: side("width", fields.width)?,
            height: side("height", fields.height)?,
            steps: whole_number("steps", fields.steps, STEPS)?.unwrap_or(30),
            cfg_scale: cfg_scale(fields.cfg_scale)?,
            seed: whole_number("seed", fields.seed, 0..=u32::MAX)?,
            batch_count: whole_number("batchCount", fields.batch_count, BATCH_COUNT)?.unwrap_or(1),
        })
    }
}

fn read(body: &[u8]) -> Result<Fields, InvalidRequest> {
    let not_json = || InvalidRequest::new("body", "The request is not valid JSON.");
    // serde would take an array for the fields in their order.
    if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(InvalidRequest::new("body", "The request must be a JSON object with prompt and sessionId."));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let fields: Fields = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        match error.path().to_string().as_str() {
            field if NAMES.contains(&field) => {
                InvalidRequest::new(field, format!("The {field} cannot be read: it has the wrong type."))
            }
            _ => not_json(),
        }
    })?;
    deserializer.end().map_err(|_| not_json())?;
    Ok(fields)
}

fn optional_text(field: &str, given: Option<&str>, characters_max: usize) -> Result<Option<String>, InvalidRequest> {
    let cleaned = given.map(|given| text::clean(given, characters_max)).transpose().map_err(|error| {
        let sentence = match error {
            TextError::Nul => {
                format!("The {field} holds a character (U+0000) that cannot be stored.")
            }
            TextError::TooLong { characters_max } => {
                format!("The {field} is longer than {characters_max} characters.")
            }
        };
        InvalidRequest::new(field, sentence)
    })?;
    Ok(cleaned.filter(|cleaned| !cleaned.is_empty()))
}

fn optional_id<Id: FromStr>(field: &str, given: Option<&str>) -> Result<Option<Id>, InvalidRequest> {
    given.map(Id::from_str).transpose().map_err(|_| InvalidRequest::new(field, format!("The {field} is not a UUID.")))
}

fn side(field: &str, given: Option<f64>) -> Result<u32, InvalidRequest> {
    let Some(given) = given else {
        return Ok(SIDES[0]);
    };
    SIDES
        .into_iter()
        .find(|side| f64::from(*side) == given)
        .ok_or_else(|| InvalidRequest::new(field, format!("The {field} must be 512, 768 or 1024.")))
}

fn cfg_scale(given: Option<f64>) -> Result<f64, InvalidRequest> {
    let given = given.unwrap_or(7.5);
    if CFG_SCALE.contains(&given) {
        Ok((given * 100.0).round() / 100.0)
    } else {
        Err(out_of_range("cfgScale", "a number", CFG_SCALE))
    }
}

fn whole_number(field: &str, given: Option<f64>, limits: RangeInclusive<u32>) -> Result<Option<u32>, InvalidRequest> {
    let Some(given) = given else { return Ok(None) };
    let wanted = f64::from(*limits.start())..=f64::from(*limits.end());
    if given.fract() == 0.0 && wanted.contains(&given) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within u32, checked above"
        )]
        return Ok(Some(given as u32));
    }
    Err(out_of_range(field, "a whole number", limits))
}

fn out_of_range<T: Display>(field: &str, kind: &str, limits: RangeInclusive<T>) -> InvalidRequest {
    InvalidRequest::new(field, format!("The {field} must be {kind} from {} to {}.", limits.start(), limits.end()))
}

#[cfg(test)]
mod tests;
