//! What the owner has set about pictures: engines, their keys, and how much of them a request may use.

use super::given;
use engine::Moderation;
use serde::Deserialize;
use std::time::Duration;

/// The environment, as far as pictures need it. It holds keys, so it cannot be printed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub struct PictureSettings {
    huggingface_api_key: Option<String>,
    huggingface_base_url: Option<String>,
    huggingface_hub_url: Option<String>,
    webui_url: Option<String>,
    webui_auth: Option<String>,
    sdcpp_url: Option<String>,
    sdcpp_auth: Option<String>,
    openai_api_key: Option<String>,
    openai_base_url: Option<String>,
    openai_response_format: Option<String>,
    openai_dialect: Option<String>,
    moderation_url: Option<String>,
    moderation_api_key: Option<String>,
    moderation_model: Option<String>,
    image_engines: Option<String>,
    image_budget_seconds: Option<String>,
    queue_concurrency: Option<String>,
}

/// The model of the original deployment, and one that Hugging Face serves where it does not serve that any more.
const IMAGE_ENGINES: &str =
    "huggingface:stable-diffusion-v1-5/stable-diffusion-v1-5,huggingface:black-forest-labs/FLUX.1-schnell";
/// The platform ends a request without an answer after 150 seconds; storing and recording want some of them.
const IMAGE_BUDGET_SECONDS: u64 = 110;

/// Pictures of the queue that are drawn at once: few, since those who wait for their answer want the engine as well.
const QUEUE_CONCURRENCY: usize = 4;
impl PictureSettings {
    /// The engines in their order.
    pub fn image_engines(&self) -> &str {
        given(&self.image_engines).unwrap_or(IMAGE_ENGINES)
    }

    /// What the engines need to be called.
    pub fn engine_keys(&self) -> engine::Keys {
        let text = |variable: &Option<String>| given(variable).map(str::to_owned);
        let text_or = |variable: &Option<String>, default: &str| given(variable).unwrap_or(default).to_owned();
        engine::Keys {
            hugging_face_key: text(&self.huggingface_api_key),
            hugging_face_url: text_or(&self.huggingface_base_url, engine::ROUTER_URL),
            hugging_face_hub_url: text_or(&self.huggingface_hub_url, engine::HUB_URL),
            web_ui_url: text(&self.webui_url),
            web_ui_login: text(&self.webui_auth),
            sd_cpp_url: text(&self.sdcpp_url),
            sd_cpp_login: text(&self.sdcpp_auth),
            open_ai_key: text(&self.openai_api_key),
            open_ai_url: text_or(&self.openai_base_url, engine::OPEN_AI_URL),
            open_ai_response_format: text(&self.openai_response_format),
            open_ai_dialect: text(&self.openai_dialect),
        }
    }

    /// Who judges prompts before they are drawn; none where the owner named nobody.
    pub fn moderation(&self) -> Option<Moderation> {
        let (url, key) = (given(&self.moderation_url), given(&self.moderation_api_key));
        (url.is_some() || key.is_some())
            .then(|| Moderation::new(url.unwrap_or(engine::MODERATION_URL), key, given(&self.moderation_model)))
    }

    /// How long a request waits for its engine, cold starts and retries included.
    pub fn image_budget(&self) -> Duration {
        let seconds = given(&self.image_budget_seconds).and_then(|text| text.parse().ok());
        Duration::from_secs(seconds.map_or(IMAGE_BUDGET_SECONDS, |seconds: u64| seconds.clamp(1, IMAGE_BUDGET_SECONDS)))
    }

    /// Pictures of the queue that are drawn at once, by all workers together.
    pub fn queue_concurrency(&self) -> usize {
        let count = given(&self.queue_concurrency).and_then(|text| text.parse().ok());
        count.map_or(QUEUE_CONCURRENCY, |count: usize| count.clamp(1, 32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(seconds: &str) -> PictureSettings {
        serde_json::from_value(serde_json::json!({ "IMAGE_BUDGET_SECONDS": seconds })).unwrap()
    }

    #[test]
    fn a_budget_stays_below_the_platforms_limit() {
        let budget = |text: &str| settings(text).image_budget().as_secs();
        assert_eq!([budget("5"), budget("0"), budget("900"), budget("soon"), budget("")], [5, 1, 110, 110, 110]);
    }
}
