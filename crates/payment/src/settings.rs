//! What the owner has set about payments: the environment of the functions.
//!
//! Owns: the names of the variables, and what may not be missing: a webhook without a secret would believe anybody, and a
//! demo on the web would sell for nothing. Must not: read the environment itself.

use crate::{AnyProvider, Demo, KeyId, RAZORPAY_URL, Razorpay, Secret};
use std::fmt;
use std::net::Ipv4Addr;

/// Longer addresses are none.
const URL_BYTES_MAX: usize = 200;
/// Where a function that the Supabase CLI serves locally finds its project.
const CLI_HOST: &str = "kong";

/// Who takes payments, and by what his events are known.
#[derive(Clone)]
pub struct Settings {
    /// The provider.
    pub provider: AnyProvider,
    /// For [`crate::verify_webhook`]: the current one first. None for a demo, which sends no events.
    pub webhook_secrets: Vec<Secret>,
}

/// Why there is nobody to pay. The sentence is for the owner's log; it names variables and quotes no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// Neither `PAYMENT_PROVIDER` nor `RAZORPAY_KEY_ID` is set.
    NoProvider,
    /// `PAYMENT_PROVIDER` names nobody who is known.
    UnknownProvider,
    /// A variable is missing, or cannot be used as it is.
    Setting(&'static str),
    /// The demo is set where customers could reach it.
    DemoOnTheWeb,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProvider => formatter.write_str("No payment provider is set: RAZORPAY_KEY_ID is missing."),
            Self::UnknownProvider => formatter.write_str("PAYMENT_PROVIDER is neither razorpay nor demo."),
            Self::Setting("RAZORPAY_WEBHOOK_SECRET") => formatter.write_str(
                "RAZORPAY_WEBHOOK_SECRET is missing or cannot be used: without it anybody could say that he has paid.",
            ),
            Self::Setting("RAZORPAY_API_URL") => {
                formatter.write_str("RAZORPAY_API_URL is neither an https address nor one of this machine.")
            }
            Self::Setting(name) => write!(formatter, "{name} is missing or cannot be used."),
            Self::DemoOnTheWeb => formatter.write_str(
                "PAYMENT_PROVIDER is demo, which takes no money, and PUBLIC_API_URL or SUPABASE_URL is not a local stack's: refused.",
            ),
        }
    }
}

impl Settings {
    /// Reads `PAYMENT_PROVIDER`, `RAZORPAY_KEY_ID`, `RAZORPAY_KEY_SECRET`, `RAZORPAY_WEBHOOK_SECRET`,
    /// `RAZORPAY_WEBHOOK_SECRET_PREVIOUS`, `RAZORPAY_API_URL` and, for a demo, `SUPABASE_URL` and `PUBLIC_API_URL`. What is
    /// empty is not set.
    ///
    /// # Errors
    /// [`SettingsError`] for the first that is missing or cannot be used.
    pub fn from(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let given = |name: &str| get(name).filter(|value| !value.is_empty());
        let named = given("PAYMENT_PROVIDER").or_else(|| given("RAZORPAY_KEY_ID").map(|_| "razorpay".to_owned()));
        match named.as_deref() {
            Some("razorpay") => Self::razorpay(given),
            Some("demo") => {
                // Also a hub of somebody's own server knows its project as kong: what counts is whom browsers find there.
                let url = given("SUPABASE_URL").unwrap_or_default();
                let known_to_browsers = given("PUBLIC_API_URL").unwrap_or_else(|| url.clone());
                let is_local = host(&url).is_some_and(|host| is_loopback(host) || host == CLI_HOST)
                    && host(&known_to_browsers).is_some_and(is_loopback);
                let settings = Self { provider: AnyProvider::Demo(Demo::new()), webhook_secrets: vec![] };
                is_local.then_some(settings).ok_or(SettingsError::DemoOnTheWeb)
            }
            Some(_) => Err(SettingsError::UnknownProvider),
            None => Err(SettingsError::NoProvider),
        }
    }

    fn razorpay(given: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let secret =
            |name: &'static str| given(name).and_then(|text| Secret::new(&text)).ok_or(SettingsError::Setting(name));
        let key_id = given("RAZORPAY_KEY_ID").and_then(|text| KeyId::new(&text));
        let key_id = key_id.ok_or(SettingsError::Setting("RAZORPAY_KEY_ID"))?;
        let key_secret = secret("RAZORPAY_KEY_SECRET")?;
        let mut webhook_secrets = vec![secret("RAZORPAY_WEBHOOK_SECRET")?];
        // One that is set and cannot be used is a mistake, also where none is needed.
        if given("RAZORPAY_WEBHOOK_SECRET_PREVIOUS").is_some() {
            webhook_secrets.push(secret("RAZORPAY_WEBHOOK_SECRET_PREVIOUS")?);
        }
        let url = given("RAZORPAY_API_URL").unwrap_or_else(|| RAZORPAY_URL.to_owned());
        let razorpay = Razorpay::new(&url, key_id, key_secret).ok_or(SettingsError::Setting("RAZORPAY_API_URL"))?;
        Ok(Self { provider: AnyProvider::Razorpay(razorpay), webhook_secrets })
    }
}

/// Whether the key may be sent there: over TLS, or to this machine itself.
pub(crate) fn is_api_address(url: &str) -> bool {
    host(url).is_some_and(|host| url.starts_with("https://") || is_loopback(host))
}

/// The host of an address of which there are no two readings: no login, no question, nothing escaped.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_path = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte))
        && path.split('/').all(|name| !matches!(name, "." | ".."));
    // An IPv6 address has colons of its own, within brackets.
    let port_at = authority.rfind(':').filter(|at| authority.rfind(']').is_none_or(|end| end < *at));
    let (host, port) = port_at.and_then(|at| authority.split_at_checked(at)).unwrap_or((authority, ""));
    let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_number);
    let is_name = host.starts_with(|first: char| first.is_ascii_alphanumeric())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (url.len() <= URL_BYTES_MAX && is_path && is_port && (is_name || host == "[::1]")).then_some(host)
}

/// Whether a host is this machine.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
