//! The painter: a pure function from a request to a picture. No input or output, no clock, no state; the same request
//! gives the same bytes.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "pixel loops on a developer's machine: paint() bounds all sizes, and tests paint every kind in every format"
)]

mod animals;
mod bloom;
mod buildings;
mod canvas;
mod city;
mod color;
mod figure;
mod finish;
mod flow;
mod landscape;
mod massif;
mod night;
mod noise;
mod palette;
mod parallel;
mod path;
mod scene;
mod sky;
mod space;
mod street;
mod styles;
mod terrain;
mod things;
mod trees;
mod water;
mod weather;
mod words;

use canvas::Canvas;
use finish::Finish;
use palette::Palette;
use scene::{Kind, Scene, Style};
use words::Word;

/// What to paint.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What should be there.
    pub prompt: String,
    /// What should not.
    pub negative_prompt: String,
    /// Width in pixels, brought into 16..=2048.
    pub width: u32,
    /// Height in pixels, brought into 16..=2048.
    pub height: u32,
    /// Detail, brought into 1..=100; 10 to 50 is the useful range.
    pub steps: u32,
    /// How strongly colours and contrast speak; 7.5 is neutral.
    pub guidance: f32,
    /// The composition.
    pub seed: u64,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            prompt: String::new(),
            negative_prompt: String::new(),
            width: 512,
            height: 512,
            steps: 30,
            guidance: 7.5,
            seed: 0,
        }
    }
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Eight bits per channel, row by row, `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

/// How finely things are worked out.
#[derive(Clone, Copy, Debug)]
struct Detail {
    /// Octaves of noise.
    octaves: u32,
    /// Share of the small things (trees, flowers, windows, stars) that are painted, 0 to 1.
    share: f32,
}

impl Detail {
    fn of(steps: u32) -> Self {
        let t = ((steps as f32 - 10.0) / 40.0).clamp(0.0, 1.0);
        Self { octaves: 3 + (t * 3.0 + 0.5) as u32, share: 0.45 + 0.55 * t }
    }
}

/// Paints.
pub fn paint(request: &Request) -> Picture {
    let width = request.width.clamp(16, 2048);
    let height = request.height.clamp(16, 2048);
    let scene = Scene::read(&request.prompt, &request.negative_prompt, request.seed);
    let palette = Palette::of(&scene);
    let detail = Detail::of(request.steps.clamp(1, 100));
    let mut canvas = Canvas::new(width as usize, height as usize);
    let place = match scene.kind {
        Kind::Landscape => landscape::paint,
        Kind::Street => street::paint,
        Kind::Space => space::paint,
        Kind::Portrait => figure::paint,
        Kind::Bloom => bloom::paint,
        Kind::Abstract => flow::paint,
    };
    place(&mut canvas, &scene, &palette, detail);
    styles::apply(&mut canvas, &scene);
    let finish = finishing(&scene, request.guidance);
    finish::bloom(&mut canvas, finish.bloom);
    let rgb = finish::develop(&canvas, finish, scene.composition as u32);
    Picture { width, height, rgb }
}

fn finishing(scene: &Scene, guidance: f32) -> Finish {
    // Guidance is a number from outside: a NaN counts as neutral.
    let guidance = if guidance.is_finite() { guidance.clamp(1.0, 20.0) } else { 7.5 };
    let push = (guidance - 7.5) / 12.5;
    let (vignette, grain) = match scene.style {
        Style::Poster | Style::Minimal => (0.10, 0.008),
        Style::Watercolor | Style::Ink => (0.0, 0.010),
        Style::Natural | Style::Oil => (0.30, 0.016),
    };
    let base = if scene.has(Word::Mono) { 1.16 } else { 1.05 };
    Finish { bloom: 0.55, contrast: base + push * 0.10, saturation: 1.05 + push * 0.22, vignette, grain }
}

#[cfg(test)]
mod tests;
