//! The engines that draw pictures: their protocols behind one trait, what to do about each of their failures, and who is
//! asked next.
//!
//! Owns: the wire formats of the engines, the classes of their failures, retries and waits.
//! Must not: know credits, customers or the functions' answers; touch the network, the clock or randomness other than
//! through the traits of `transport`.

mod failure;
mod hugging_face;
mod list;
mod policy;
mod studio;

pub use failure::{EngineError, Failure};
pub use hugging_face::HuggingFace;
pub use list::{AnyEngine, EngineListError, Keys, engines_from_list};
pub use policy::{Directive, directive};
pub use studio::draw;

use domain::picture::Picture;
use std::time::Duration;
use transport::Transport;

/// What to draw: one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Job<'a> {
    /// The prompt.
    pub prompt: &'a str,
    /// What to leave out.
    pub negative_prompt: Option<&'a str>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Denoising steps.
    pub steps: u32,
    /// Classifier-free guidance.
    pub cfg_scale: f64,
    /// Where the noise begins.
    pub seed: u32,
}

/// A picture that an engine drew.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn<B> {
    /// The file, where the transport left it.
    pub bytes: B,
    /// What its bytes say it is; the engine's word counts for nothing.
    pub picture: Picture,
    /// The model that really drew it.
    pub model: String,
}

/// The most bytes of a picture that is taken from an engine: the limit of the bucket.
pub const PICTURE_BYTES_MAX: usize = 20_971_520;

/// One engine with one model.
pub trait Engine {
    /// The model, as it is recorded with the picture.
    fn model(&self) -> &str;

    /// Asks for the picture once and waits for it. It never retries; whether to is the policy's to say.
    ///
    /// A call may cost the owner money at the engine even when it fails, and none of the protocols takes an id that
    /// would make a second call the same: calling it again can mean being billed again. The customer's credit is not
    /// touched here.
    ///
    /// # Errors
    /// [`EngineError`], classed, when no whole picture arrived within `timeout`.
    fn attempt<T: Transport>(
        &self,
        transport: &T,
        job: &Job<'_>,
        timeout: Duration,
    ) -> impl Future<Output = Result<Drawn<T::Body>, EngineError>>;
}
