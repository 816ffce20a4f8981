//! What the owner has set: the environment of the functions.
//!
//! Owns: the names of the variables, their defaults, and in which order several names of one thing count.
//! Must not: use them.

use engine::Moderation;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use supabase::{Project, SecretKey};
use wasm_bindgen::JsValue;

/// The environment as the platform sets it (`SUPABASE_…`) and as the owner does (`supabase secrets set`).
///
/// It holds every key as text, so it cannot be printed, and it is gone once the clients are built.
#[derive(Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub struct Settings {
    supabase_url: Option<String>,
    supabase_publishable_keys: Option<String>,
    supabase_publishable_key: Option<String>,
    supabase_anon_key: Option<String>,
    supabase_secret_keys: Option<String>,
    supabase_secret_key: Option<String>,
    supabase_service_role_key: Option<String>,
    public_api_url: Option<String>,
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
    client_address_header: Option<String>,
}

/// The model of the original deployment, and one that Hugging Face serves where it does not serve that any more.
const IMAGE_ENGINES: &str =
    "huggingface:stable-diffusion-v1-5/stable-diffusion-v1-5,huggingface:black-forest-labs/FLUX.1-schnell";
/// The platform ends a request without an answer after 150 seconds; storing and recording want some of them.
const IMAGE_BUDGET_SECONDS: u64 = 110;

/// Pictures of the queue that are drawn at once: few, since those who wait for their answer want the engine as well.
const QUEUE_CONCURRENCY: usize = 4;
/// The platform's own word on who has connected; it overwrites what a client sends.
const CLIENT_ADDRESS_HEADER: &str = "cf-connecting-ip";

/// Reads the environment. What cannot be read counts as not set: each request then says what is missing, in the log.
pub fn read(environment: JsValue) -> Settings {
    serde_wasm_bindgen::from_value(environment).unwrap_or_default()
}

impl Settings {
    /// Where the project is.
    ///
    /// # Errors
    /// The variable that is missing.
    pub fn project(&self) -> Result<Project, &'static str> {
        let url = given(&self.supabase_url).ok_or("SUPABASE_URL")?;
        let publishable_key = named_default(&self.supabase_publishable_keys)
            .or_else(|| given(&self.supabase_publishable_key).map(str::to_owned))
            .or_else(|| given(&self.supabase_anon_key).map(str::to_owned))
            .filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
            .ok_or("SUPABASE_PUBLISHABLE_KEYS")?;
        Ok(Project { url: url.trim_end_matches('/').to_owned(), publishable_key })
    }

    /// The key that stands for the hub.
    ///
    /// # Errors
    /// The variable that is missing.
    pub fn secret_key(&self) -> Result<SecretKey, &'static str> {
        named_default(&self.supabase_secret_keys)
            .or_else(|| given(&self.supabase_secret_key).map(str::to_owned))
            .or_else(|| given(&self.supabase_service_role_key).map(str::to_owned))
            .and_then(|key| SecretKey::new(&key))
            .ok_or("SUPABASE_SECRET_KEYS")
    }

    /// The project's address as browsers know it, where the functions know it by another.
    pub fn public_url(&self) -> Option<&str> {
        given(&self.public_api_url)
    }

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

    /// The header in which whoever stands in front of the functions tells the client's address.
    pub fn client_address_header(&self) -> String {
        given(&self.client_address_header).unwrap_or(CLIENT_ADDRESS_HEADER).to_ascii_lowercase()
    }
}

fn given(variable: &Option<String>) -> Option<&str> {
    variable.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The key named `default` of a JSON object of keys, as today's platform passes them.
fn named_default(variable: &Option<String>) -> Option<String> {
    let keys: BTreeMap<String, String> = serde_json::from_str(given(variable)?).ok()?;
    keys.get("default").filter(|key| !key.is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: serde_json::Value) -> Settings {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn todays_names_of_keys_come_before_the_old_ones() {
        let project = |json| settings(json).project().map(|project| project.publishable_key);
        let url = "http://hub/";
        assert_eq!(
            project(serde_json::json!({ "SUPABASE_URL": url, "SUPABASE_ANON_KEY": "old",
                "SUPABASE_PUBLISHABLE_KEY": "one", "SUPABASE_PUBLISHABLE_KEYS": r#"{"default":"many"}"# })),
            Ok("many".to_owned())
        );
        assert_eq!(
            project(serde_json::json!({ "SUPABASE_URL": url, "SUPABASE_ANON_KEY": "old",
                "SUPABASE_PUBLISHABLE_KEYS": "{}" })),
            Ok("old".to_owned())
        );
        assert_eq!(project(serde_json::json!({ "SUPABASE_URL": url })), Err("SUPABASE_PUBLISHABLE_KEYS"));
        assert_eq!(project(serde_json::json!({ "SUPABASE_ANON_KEY": "old" })), Err("SUPABASE_URL"));
    }

    #[test]
    fn a_missing_secret_key_is_named() {
        assert_eq!(settings(serde_json::json!({})).secret_key().err(), Some("SUPABASE_SECRET_KEYS"));
        assert!(settings(serde_json::json!({ "SUPABASE_SERVICE_ROLE_KEY": "eyJ" })).secret_key().is_ok());
    }

    #[test]
    fn a_budget_stays_below_the_platforms_limit() {
        let budget =
            |text: &str| settings(serde_json::json!({ "IMAGE_BUDGET_SECONDS": text })).image_budget().as_secs();
        assert_eq!([budget("5"), budget("0"), budget("900"), budget("soon"), budget("")], [5, 1, 110, 110, 110]);
    }

    #[test]
    fn settings_are_never_printed_with_their_keys() {
        let secret = settings(serde_json::json!({ "SUPABASE_SECRET_KEY": "sb_secret_x" })).secret_key();
        assert_eq!(format!("{secret:?}"), "Ok(SecretKey(…))");
    }
}
