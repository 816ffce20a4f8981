//! A request for pictures, read from the JSON that a client sent.
//!
//! Owns: the fields, their limits and defaults, and the sentence for each way to get one wrong.
//! Must not: know who asks, or whether there is a credit for it.

pub use crate::fields::InvalidRequest;
use crate::fields::{optional_id, optional_text, out_of_range, read, whole_number};
use crate::id::{ConversationId, RequestId, SessionId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::ops::RangeInclusive;

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
        let fields: Fields = read(body, &NAMES, "prompt and sessionId")?;
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

#[cfg(test)]
mod tests;
