//! What the owner has set: the environment of the functions.
//!
//! Owns: the names of the variables, their defaults, and in which order several names of one thing count. What only
//! pictures or only payments need is in a room of its own, since each of the two modules that ship holds one of them.
//! Must not: use them.

#[cfg(feature = "payments")]
mod payments;
#[cfg(feature = "pictures")]
mod pictures;

#[cfg(feature = "payments")]
pub use payments::PaymentSettings;
#[cfg(feature = "pictures")]
pub use pictures::PictureSettings;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use supabase::{Project, SecretKey};
use wasm_bindgen::JsValue;

/// The environment as the platform sets it (`SUPABASE_…`) and as the owner does (`supabase secrets set`), as far as every
/// function needs it.
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
    client_address_header: Option<String>,
}

/// The platform's own word on who has connected; it overwrites what a client sends.
const CLIENT_ADDRESS_HEADER: &str = "cf-connecting-ip";

/// Reads some of the environment. What cannot be read counts as not set: each request then says what is missing, in the
/// log.
pub fn read<Part: DeserializeOwned + Default>(environment: &JsValue) -> Part {
    serde_wasm_bindgen::from_value(environment.clone()).unwrap_or_default()
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

    #[cfg(feature = "pictures")]
    /// The project's address as browsers know it, where the functions know it by another.
    pub fn public_url(&self) -> Option<&str> {
        given(&self.public_api_url)
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
    fn settings_are_never_printed_with_their_keys() {
        let secret = settings(serde_json::json!({ "SUPABASE_SECRET_KEY": "sb_secret_x" })).secret_key();
        assert_eq!(format!("{secret:?}"), "Ok(SecretKey(…))");
    }
}
