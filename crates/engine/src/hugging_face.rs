//! Hugging Face: its own inference, and the providers that its router reaches with one key and on one bill.
//!
//! Owns: which provider a model's picture is asked of. Must not: know how a provider is asked; the modules below do.

use crate::attempt::{Attempt, Headers};
use crate::deadline::Deadline;
use crate::{Drawn, Engine, EngineError, Failure, Job, Recall};
use lookup::Lookup;
use mapping::Served;
use std::time::Duration;
use transport::{Timer, Transport};

mod fal_ai;
mod hf_inference;
mod lookup;
mod mapping;
mod replicate;
mod together;

/// What its entries of `IMAGE_ENGINES` begin with.
pub(crate) const KIND: &str = "huggingface";
/// Where the router of Hugging Face is. Another address is an account of its own.
pub const ROUTER_URL: &str = "https://router.huggingface.co";
/// Where Hugging Face says who serves a model.
pub const HUB_URL: &str = "https://huggingface.co";

/// Who draws behind the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Hugging Face itself.
    HfInference,
    /// fal.
    FalAi,
    /// Replicate.
    Replicate,
    /// Together.
    Together,
}

impl Provider {
    /// All that the hub can ask.
    pub const ALL: [Self; 4] = [Self::HfInference, Self::FalAi, Self::Replicate, Self::Together];

    /// What Hugging Face calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HfInference => "hf-inference",
            Self::FalAi => "fal-ai",
            Self::Replicate => "replicate",
            Self::Together => "together",
        }
    }

    /// Whom Hugging Face calls that; none where the hub cannot ask it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }
}

/// Where Hugging Face is reached, and with which key.
#[derive(Clone)]
pub struct Site {
    router_url: String,
    hub_url: String,
    key: String,
}

impl Site {
    /// The router and the hub at those addresses.
    #[must_use]
    pub fn new(router_url: &str, hub_url: &str, key: &str) -> Self {
        let address = |url: &str| url.trim_end_matches('/').to_owned();
        Self { router_url: address(router_url), hub_url: address(hub_url), key: key.to_owned() }
    }

    fn authorization(&self) -> Headers {
        vec![("authorization", format!("Bearer {}", self.key))]
    }

    /// Where a model is shown, and its files can be had from.
    fn page_of(&self, model: &str) -> String {
        format!("{}/{model}", self.hub_url)
    }
}

/// One model at Hugging Face, at one provider or at whichever serves it.
#[derive(Clone)]
pub struct HuggingFace {
    site: Site,
    provider: Option<Provider>,
    model: String,
    name: String,
    account: String,
    lookup: Lookup,
}

impl HuggingFace {
    /// The model, which is `owner/name`, at that provider or, where there is none, at whichever serves it.
    #[must_use]
    pub fn new(site: &Site, provider: Option<Provider>, model: &str) -> Self {
        let is_usual = site.router_url == ROUTER_URL;
        Self {
            account: if is_usual { KIND.to_owned() } else { format!("{KIND}@{}", site.router_url) },
            name: provider
                .map_or_else(|| format!("{KIND}:{model}"), |provider| format!("{KIND}/{}:{model}", provider.name())),
            site: site.clone(),
            provider,
            model: model.to_owned(),
            lookup: Lookup::default(),
        }
    }

    /// Asks whoever serves the model. A provider that says that the model is gone has drawn nothing and billed nothing,
    /// so the next one of the mapping is asked within the same attempt; each is asked once at most.
    async fn draw_anywhere<T: Transport, C: Timer>(
        &self,
        attempt: &Attempt<'_, T, C>,
    ) -> Result<Drawn<T::Body>, EngineError> {
        let mut is_new = false;
        let mut asked = vec![];
        let mut gone = None;
        loop {
            let found = self.lookup.find(attempt, &self.site, &self.model).await;
            is_new |= found.is_new;
            let is_wanted = |served: &&Served| {
                self.provider.is_none_or(|provider| provider == served.provider) && !asked.contains(&served.provider)
            };
            let Some(served) = found.serving.iter().find(is_wanted) else {
                self.lookup.forget();
                let nobody = if found.is_guess {
                    attempt.error(Failure::Unavailable, "cannot learn who serves the model")
                } else {
                    attempt.error(Failure::Gone, "is served by nobody whom the hub can ask")
                };
                return Err(gone.unwrap_or(nobody));
            };
            let error = match self.draw_at(attempt, served).await {
                Err(error) if matches!(error.failure, Failure::Gone | Failure::BadInput) => error,
                other => return other,
            };
            // What was remembered is wrong, or may be: a provider that does not know the model may say so with 400.
            if !is_new {
                self.lookup.drop_answer();
            }
            if error.failure == Failure::BadInput {
                return Err(error);
            }
            if found.is_guess {
                self.lookup.forget();
                return Err(EngineError::new(Failure::Unavailable, error.detail));
            }
            self.lookup.exclude(served.provider, attempt.timer.now_ms());
            asked.push(served.provider);
            gone = Some(error);
        }
    }

    async fn draw_at<T: Transport, C: Timer>(
        &self,
        attempt: &Attempt<'_, T, C>,
        served: &Served,
    ) -> Result<Drawn<T::Body>, EngineError> {
        match served.provider {
            Provider::HfInference => hf_inference::draw(attempt, &self.site, &self.model).await,
            Provider::FalAi => fal_ai::draw(attempt, &self.site, &self.model, served).await,
            Provider::Replicate => replicate::draw(attempt, &self.site, &self.model, served).await,
            Provider::Together => together::draw(attempt, &self.site, &self.model, served).await,
        }
    }
}

impl Engine for HuggingFace {
    fn name(&self) -> &str {
        &self.name
    }

    fn account(&self) -> &str {
        &self.account
    }

    async fn attempt<T: Transport>(
        &self,
        transport: &T,
        timer: &impl Timer,
        job: &Job<'_>,
        timeout: Duration,
        recall: &Recall,
    ) -> Result<Drawn<T::Body>, EngineError> {
        let deadline = Deadline::new(timer, timeout);
        let (engine, secrets) = (self.name.as_str(), [self.site.key.as_str(), ""]);
        let attempt = Attempt { transport, timer, job, recall, engine, secrets, deadline };
        if self.provider == Some(Provider::HfInference) {
            hf_inference::draw(&attempt, &self.site, &self.model).await
        } else {
            self.draw_anywhere(&attempt).await
        }
    }
}
