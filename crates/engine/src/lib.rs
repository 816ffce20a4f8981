//! The engines that draw pictures: their protocols behind one trait, what to do about each of their failures, and who is
//! asked next.
//!
//! Owns: the wire formats of the engines, the classes of their failures, retries and waits.
//! Must not: know credits, customers or the functions' answers; touch the network, the clock or randomness other than
//! through the traits of `transport`.

mod answer;
mod attempt;
mod deadline;
mod failure;
mod gate;
mod hugging_face;
mod list;
mod media;
mod moderation;
mod open_ai;
mod own_server;
mod policy;
mod prompt;
mod recall;
mod sd_cpp;
mod studio;
mod web_ui;

pub use failure::{EngineError, Failure};
pub use gate::{Admission, Gate};
pub use hugging_face::{HUB_URL, HuggingFace, Provider, ROUTER_URL, Site};
pub use list::{AnyEngine, EngineListError, Keys, engines_from_list};
pub use moderation::{MODERATION_URL, Moderation, Verdict};
pub use open_ai::{Dialect, OPEN_AI_URL, OpenAi, OpenAiServer, ResponseFormat};
pub use own_server::OwnServer;
pub use policy::{Directive, PassOver, Scope, directive, pass_over, queue_again};
pub use recall::Recall;
pub use sd_cpp::SdCpp;
pub use studio::{Commission, draw};
pub use web_ui::WebUi;

use domain::picture::Picture;
use std::time::Duration;
use transport::{Timer, Transport};

/// What to draw: one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Job<'a> {
    /// What no other job has, and nobody guesses: by it an engine is asked about this one.
    pub id: &'a str,
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

impl Job<'_> {
    /// Steps as that model wants them: models that were distilled to a few steps refuse or waste more.
    fn steps_for(&self, model: &str) -> u32 {
        if model.to_ascii_lowercase().contains("schnell") { self.steps.min(4) } else { self.steps }
    }
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
    /// What the owner calls it: its entry of `IMAGE_ENGINES`. Under this name its failures are remembered.
    fn name(&self) -> &str;

    /// Whose limits and whose bill it draws on: the service, and its host where that is not the usual one. Engines of one
    /// account share the account's budget, and are passed over together when the account is unpaid.
    fn account(&self) -> &str;

    /// Asks for the picture once and waits for it. It never retries; whether to is the policy's to say. Where a protocol
    /// answers in several steps (submit, ask, fetch), all of them together are one attempt.
    ///
    /// A call may cost the owner money at the engine even when it fails, and none of the protocols takes an id that
    /// would make a second call the same: calling it again can mean being billed again. The customer's credit is not
    /// touched here. The future may be dropped at any point; what the engine must be told then is in `recall`.
    ///
    /// # Errors
    /// [`EngineError`], classed, when no whole picture arrived within `timeout`.
    fn attempt<T: Transport>(
        &self,
        transport: &T,
        timer: &impl Timer,
        job: &Job<'_>,
        timeout: Duration,
        recall: &Recall,
    ) -> impl Future<Output = Result<Drawn<T::Body>, EngineError>>;
}
