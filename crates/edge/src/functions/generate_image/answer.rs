//! The answer that carries pictures.
//!
//! Owns: its JSON, the original's `imageUrl` and `creditsRemaining` first. Must not: decide anything.

use domain::id::{GenerationId, RequestId};
use serde::Serialize;
use supabase::{Generation, Settlement};

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
        let images: Vec<_> = settlement.completed().map(Image::new).collect();
        Self {
            success: true,
            request_id,
            image_url: images.first().and_then(|image| image.url),
            credits_used: images.len(),
            images,
            credits_remaining: settlement.balance.credits_remaining,
            resets_at: settlement.balance.resets_at.as_deref(),
            expires_at: settlement.balance.expires_at.as_deref(),
            generation_time_ms: settlement.completed().filter_map(|row| row.generation_time_ms).max().unwrap_or(0),
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
