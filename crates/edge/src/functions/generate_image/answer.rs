//! The answers that are no errors: pictures, a place in the queue, how a request gets on.
//!
//! Owns: their JSON, the original's `imageUrl` and `creditsRemaining` first. Must not: decide anything.

use crate::error::ApiError;
use domain::id::{GenerationId, RequestId};
use serde::Serialize;
use supabase::{Generation, Settlement};

/// What a request is answered that waits in the queue.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Queued<'a> {
    request_id: RequestId,
    status: &'static str,
    /// 1 is the next.
    position: u32,
    estimated_start_at: &'a str,
    credits_remaining: u32,
    resets_at: Option<&'a str>,
    expires_at: Option<&'a str>,
}

impl<'a> Queued<'a> {
    /// The answer for that place.
    pub fn new(request_id: RequestId, queued: &'a supabase::Queued) -> Self {
        Self {
            request_id,
            status: "queued",
            position: queued.position,
            estimated_start_at: &queued.estimated_start_at,
            credits_remaining: queued.balance.credits_remaining,
            resets_at: queued.balance.resets_at.as_deref(),
            expires_at: queued.balance.expires_at.as_deref(),
        }
    }
}

/// How a request gets on: where it stands, and whatever pictures are there by now.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress<'a> {
    status: &'static str,
    /// Whether it was taken back and its worker has yet to hear of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancelling: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_start_at: Option<&'a str>,
    /// What it waits for, by the code of what would have ended it, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<&'a str>,
    /// Why there is no picture: the code and the sentence that the request itself was or would be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    pictures: Success<'a>,
}

impl<'a> Progress<'a> {
    /// The answer for that standing.
    pub fn new(
        request_id: RequestId,
        status: &'static str,
        progress: &'a supabase::Progress,
        failure: Option<&ApiError>,
    ) -> Self {
        let mut pictures = Success::new(request_id, &progress.settlement);
        pictures.success = status == "completed";
        Self {
            status,
            cancelling: progress.cancelling,
            position: progress.position,
            estimated_start_at: progress.estimated_start_at.as_deref(),
            waiting_for: progress.waiting_for.as_deref(),
            not_before: progress.not_before.as_deref(),
            code: failure.map(|error| error.code().as_str()),
            error: failure.map(ApiError::sentence),
            pictures,
        }
    }
}

/// What a request that got at least one picture is answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Success<'a> {
    success: bool,
    request_id: RequestId,
    /// The first picture's address, as the original's clients read it.
    image_url: Option<&'a str>,
    images: Vec<Image<'a>>,
    credits_used: usize,
    credits_remaining: u32,
    resets_at: Option<&'a str>,
    expires_at: Option<&'a str>,
    /// Of the slowest picture: they are drawn at the same time.
    generation_time_ms: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Image<'a> {
    id: GenerationId,
    url: Option<&'a str>,
    seed: u32,
    prompt: &'a str,
    negative_prompt: Option<&'a str>,
    /// Always null until styles are offered.
    style: Option<&'a str>,
    width: u32,
    height: u32,
    steps: u32,
    cfg_scale: f64,
    model: Option<&'a str>,
    created_at: &'a str,
}

impl<'a> Success<'a> {
    /// The answer for that settlement.
    pub fn new(request_id: RequestId, settlement: &'a Settlement) -> Self {
        let images: Vec<_> = settlement.delivered().map(Image::new).collect();
        Self {
            success: true,
            request_id,
            image_url: images.first().and_then(|image| image.url),
            credits_used: settlement.completed().count(),
            images,
            credits_remaining: settlement.balance.credits_remaining,
            resets_at: settlement.balance.resets_at.as_deref(),
            expires_at: settlement.balance.expires_at.as_deref(),
            generation_time_ms: settlement.delivered().filter_map(|row| row.generation_time_ms).max().unwrap_or(0),
        }
    }
}

impl<'a> Image<'a> {
    fn new(generation: &'a Generation) -> Self {
        Self {
            id: generation.id,
            url: generation.url.as_deref(),
            seed: generation.seed,
            prompt: &generation.prompt,
            negative_prompt: generation.negative_prompt.as_deref(),
            style: None,
            width: generation.width,
            height: generation.height,
            steps: generation.steps,
            cfg_scale: generation.cfg_scale,
            model: generation.model.as_deref(),
            created_at: &generation.created_at,
        }
    }
}
