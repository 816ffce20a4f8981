//! Which engines there are, in which order: the owner's `IMAGE_ENGINES`.
//!
//! Owns: reading that list, and which settings each kind of engine needs. Must not: know what an engine says on the
//! wire.

use crate::hugging_face::{self, HUB_URL, ROUTER_URL};
use crate::open_ai::{self, OPEN_AI_URL};
use crate::{
    Dialect, Drawn, Engine, EngineError, HuggingFace, Job, OpenAi, OpenAiServer, OwnServer, Provider, Recall,
    ResponseFormat, SdCpp, Site, WebUi, sd_cpp, web_ui,
};
use std::fmt;
use std::time::Duration;
use transport::{Timer, Transport};

/// What the engines of the list need to be called. Each is read only where an entry needs it.
#[derive(Clone)]
pub struct Keys {
    /// `HUGGINGFACE_API_KEY`.
    pub hugging_face_key: Option<String>,
    /// `HUGGINGFACE_BASE_URL`: the router, or whatever speaks its protocol.
    pub hugging_face_url: String,
    /// `HUGGINGFACE_HUB_URL`: where Hugging Face says who serves a model.
    pub hugging_face_hub_url: String,
    /// `WEBUI_URL`: an AUTOMATIC1111, a Forge or a stable-diffusion.cpp of the owner's own. Others may draw on it as well:
    /// when a customer cancels, it is interrupted only if it says that it is his picture which it draws at that moment.
    /// stable-diffusion.cpp never says so, nor may a web UI that was started with `--nowebui`: they draw to the end.
    pub web_ui_url: Option<String>,
    /// `WEBUI_AUTH`: its `user:password`, where it asks for them.
    pub web_ui_login: Option<String>,
    /// `SDCPP_URL`: a stable-diffusion.cpp of the owner's own, asked by its own protocol.
    pub sd_cpp_url: Option<String>,
    /// `SDCPP_AUTH`: `user:password` of the proxy before it, which itself asks for none.
    pub sd_cpp_login: Option<String>,
    /// `OPENAI_API_KEY`; a server other than OpenAI's may need none.
    pub open_ai_key: Option<String>,
    /// `OPENAI_BASE_URL`, with its `/v1`.
    pub open_ai_url: String,
    /// `OPENAI_RESPONSE_FORMAT`: `omit`, `b64_json`, `base64` or `url`; none for what suits the model.
    pub open_ai_response_format: Option<String>,
    /// `OPENAI_DIALECT`: `plain`, `localai` or `sdcpp`; none for `plain`.
    pub open_ai_dialect: Option<String>,
}

impl Default for Keys {
    /// No key, and the usual addresses.
    fn default() -> Self {
        Self {
            hugging_face_key: None,
            hugging_face_url: ROUTER_URL.to_owned(),
            hugging_face_hub_url: HUB_URL.to_owned(),
            web_ui_url: None,
            web_ui_login: None,
            sd_cpp_url: None,
            sd_cpp_login: None,
            open_ai_key: None,
            open_ai_url: OPEN_AI_URL.to_owned(),
            open_ai_response_format: None,
            open_ai_dialect: None,
        }
    }
}

/// An engine of the list.
#[derive(Clone)]
pub enum AnyEngine {
    /// Hugging Face, or a provider behind its router.
    HuggingFace(HuggingFace),
    /// The web UI's API.
    WebUi(WebUi),
    /// The jobs of stable-diffusion.cpp.
    SdCpp(SdCpp),
    /// OpenAI's protocol.
    OpenAi(OpenAi),
}

impl Engine for AnyEngine {
    fn name(&self) -> &str {
        match self {
            Self::HuggingFace(engine) => engine.name(),
            Self::WebUi(engine) => engine.name(),
            Self::SdCpp(engine) => engine.name(),
            Self::OpenAi(engine) => engine.name(),
        }
    }

    fn account(&self) -> &str {
        match self {
            Self::HuggingFace(engine) => engine.account(),
            Self::WebUi(engine) => engine.account(),
            Self::SdCpp(engine) => engine.account(),
            Self::OpenAi(engine) => engine.account(),
        }
    }

    async fn attempt<T: Transport>(
        &self,
        transport: &T,
        timer: &impl Timer,
        job: &Job<'_>,
        timeout: Duration,
        recall: &Recall,
    ) -> Result<Drawn<T::Body>, EngineError> {
        match self {
            Self::HuggingFace(engine) => engine.attempt(transport, timer, job, timeout, recall).await,
            Self::WebUi(engine) => engine.attempt(transport, timer, job, timeout, recall).await,
            Self::SdCpp(engine) => engine.attempt(transport, timer, job, timeout, recall).await,
            Self::OpenAi(engine) => engine.attempt(transport, timer, job, timeout, recall).await,
        }
    }
}

/// What is wrong with the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineListError {
    /// An entry is not of the form of its kind, or its model's name has characters that none has.
    Entry(String),
    /// There is no such kind of engine.
    Kind(String),
    /// What an entry needs is not set, or cannot be used as it is.
    Setting(&'static str),
    /// There is no entry.
    Empty,
}

impl fmt::Display for EngineListError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(entry) => write!(
                formatter,
                "IMAGE_ENGINES: {entry:?} is none of huggingface:owner/model, huggingface/provider:owner/model, \
                 openai:model, webui, webui:checkpoint, sdcpp, sdcpp:model"
            ),
            Self::Kind(kind) => {
                write!(formatter, "IMAGE_ENGINES: there is no engine {kind:?}; there are huggingface")?;
                for provider in Provider::ALL {
                    write!(formatter, ", huggingface/{}", provider.name())?;
                }
                write!(formatter, ", openai, webui, sdcpp")
            }
            Self::Setting(name) => {
                write!(formatter, "{name} is not set, or cannot be used, and an engine of IMAGE_ENGINES needs it")
            }
            Self::Empty => formatter.write_str("IMAGE_ENGINES names no engine"),
        }
    }
}

/// Reads a list such as `huggingface:black-forest-labs/FLUX.1-schnell,webui:dreamshaper_8.safetensors [879db523c3]`.
/// Entries are parted by commas; what stands before the first colon is the kind.
///
/// # Errors
/// [`EngineListError`] for the first entry that cannot be used.
pub fn engines_from_list(list: &str, keys: &Keys) -> Result<Vec<AnyEngine>, EngineListError> {
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let engines = entries
        .map(|entry| {
            let (kind, model) = entry.split_once(':').map_or((entry, None), |(kind, model)| (kind, Some(model)));
            let malformed = || EngineListError::Entry(entry.to_owned());
            let (kind, provider) = kind.split_once('/').map_or((kind, None), |(kind, name)| (kind, Some(name)));
            match kind {
                hugging_face::KIND => {
                    let unknown = |name: &str| EngineListError::Kind(format!("{kind}/{name}"));
                    let named = provider.map(|name| Provider::from_name(name).ok_or_else(|| unknown(name)));
                    let model = model.filter(|model| is_hub_model(model)).ok_or_else(malformed)?;
                    Ok(AnyEngine::HuggingFace(HuggingFace::new(&site(keys)?, named.transpose()?, model)))
                }
                _ if provider.is_some() => Err(EngineListError::Kind(entry.to_owned())),
                open_ai::KIND => {
                    let model = model.filter(|model| is_open_ai_model(model)).ok_or_else(malformed)?;
                    Ok(AnyEngine::OpenAi(OpenAi::new(&open_ai_server(keys)?, model)))
                }
                web_ui::KIND => {
                    let checkpoint = title(model).ok_or_else(malformed)?;
                    let server = own_server(&keys.web_ui_url, &keys.web_ui_login, ("WEBUI_URL", "WEBUI_AUTH"))?;
                    Ok(AnyEngine::WebUi(WebUi::new(server, checkpoint)))
                }
                sd_cpp::KIND => {
                    let model = title(model).ok_or_else(malformed)?;
                    let server = own_server(&keys.sd_cpp_url, &keys.sd_cpp_login, ("SDCPP_URL", "SDCPP_AUTH"))?;
                    Ok(AnyEngine::SdCpp(SdCpp::new(server, model)))
                }
                other if model.is_some() => Err(EngineListError::Kind(other.to_owned())),
                _ => Err(malformed()),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    if engines.is_empty() { Err(EngineListError::Empty) } else { Ok(engines) }
}

fn site(keys: &Keys) -> Result<Site, EngineListError> {
    let key = key(&keys.hugging_face_key).ok_or(EngineListError::Setting("HUGGINGFACE_API_KEY"))?;
    let router_url = address(&keys.hugging_face_url, "HUGGINGFACE_BASE_URL")?;
    Ok(Site::new(router_url, address(&keys.hugging_face_hub_url, "HUGGINGFACE_HUB_URL")?, key))
}

fn open_ai_server(keys: &Keys) -> Result<OpenAiServer, EngineListError> {
    let url = address(&keys.open_ai_url, "OPENAI_BASE_URL")?.trim_end_matches('/').to_owned();
    let sent_key = key(&keys.open_ai_key).map(str::to_owned);
    // A key that is set and cannot be sent is a mistake, also where none is needed.
    if sent_key.is_none() && (keys.open_ai_key.is_some() || url == OPEN_AI_URL) {
        return Err(EngineListError::Setting("OPENAI_API_KEY"));
    }
    let format = keys
        .open_ai_response_format
        .as_deref()
        .map(|name| ResponseFormat::from_name(name).ok_or(EngineListError::Setting("OPENAI_RESPONSE_FORMAT")));
    let dialect = keys
        .open_ai_dialect
        .as_deref()
        .map(|name| Dialect::from_name(name).ok_or(EngineListError::Setting("OPENAI_DIALECT")));
    Ok(OpenAiServer {
        url,
        key: sent_key,
        response_format: format.transpose()?,
        dialect: dialect.transpose()?.unwrap_or(Dialect::Plain),
    })
}

fn own_server(
    url: &Option<String>,
    login: &Option<String>,
    (url_name, login_name): (&'static str, &'static str),
) -> Result<OwnServer, EngineListError> {
    let url = address(url.as_deref().unwrap_or_default(), url_name)?;
    // RFC 7617 leaves out control characters; a name ends at the first colon.
    let is_login = |login: &str| login.contains(':') && !login.chars().any(char::is_control);
    match login.as_deref() {
        Some(login) if !is_login(login) => Err(EngineListError::Setting(login_name)),
        login => Ok(OwnServer::new(url, login)),
    }
}

/// A key that can be sent in a header.
fn key(key: &Option<String>) -> Option<&str> {
    key.as_deref().filter(|key| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// Longer names of engines and accounts are not remembered by the ledger.
const NAME_BYTES_MAX: usize = 200;

/// An address to which paths can be added. A login in it would reach the log with it.
fn address<'a>(url: &'a str, name: &'static str) -> Result<&'a str, EngineListError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let is_address = |rest: &str| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@\\".contains(&byte))
    };
    rest.filter(|rest| is_address(rest) && url.len() <= NAME_BYTES_MAX)
        .map(|_| url)
        .ok_or(EngineListError::Setting(name))
}

/// `owner/name`, of characters that need no escaping in an address.
fn is_hub_model(model: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    model.len() <= NAME_BYTES_MAX && model.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

/// `gpt-image-1`, `org/model`, `model:tag`: it is sent in JSON only, so it need not fit an address.
fn is_open_ai_model(model: &str) -> bool {
    model.len() <= NAME_BYTES_MAX
        && model.starts_with(|first: char| first.is_ascii_alphanumeric())
        && model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte))
}

/// The title of a file of the owner's, or none given; nothing where it is none. Spaces, brackets and backslashes occur
/// in titles. A comma cannot: the web UI also knows a checkpoint by its hash or its name alone.
fn title(title: Option<&str>) -> Option<Option<&str>> {
    let is_title = |title: &str| {
        !title.is_empty()
            && title.len() <= NAME_BYTES_MAX
            && !title.chars().any(char::is_control)
            && title.trim() == title
    };
    match title {
        None => Some(None),
        Some(title) => is_title(title).then_some(Some(title)),
    }
}

#[cfg(test)]
mod tests;
