//! Feeds settings of any text to `engine::engines_from_list`, and asks each engine that comes of it once, of nobody. An input
//! is lines of `NAME=value` as the functions know them; `\n` in a value is a line's end.
//!
//! What must hold: an accepted list has an engine for each entry, in its order and under its name; of a model's name only
//! safe characters reach an address; each key goes, unchanged, to the address that was set with it and to no other; names
//! fit the ledger, and neither they nor a refusal break a line of the log.
#![no_main]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use engine::{AnyEngine, Engine, EngineListError, Keys, Recall, engines_from_list};
use fuzz::script::{JOB, Script, finish};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use transport::Request;
use url::Url;

/// What the ledger holds of an engine's name, and of an account's.
const NAME_CHARACTERS_MAX: usize = 300;

/// The settings that a refusal may name.
const SETTINGS: [&str; 11] = [
    "HUGGINGFACE_API_KEY",
    "HUGGINGFACE_BASE_URL",
    "HUGGINGFACE_HUB_URL",
    "WEBUI_URL",
    "WEBUI_AUTH",
    "SDCPP_URL",
    "SDCPP_AUTH",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_RESPONSE_FORMAT",
    "OPENAI_DIALECT",
];

fuzz_target!(|settings: &str| {
    let (list, keys) = read(settings);
    match engines_from_list(&list, &keys) {
        Ok(engines) => {
            let entries: Vec<&str> = list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
            let names: Vec<&str> = engines.iter().map(Engine::name).collect();
            assert_eq!(names, entries);
            assert!(!names.is_empty(), "no engine, and no complaint");
            for engine in &engines {
                is_well_named(engine.name());
                is_well_named(engine.account());
                assert!(engine.account().matches('@').count() <= 1, "{} holds a login", engine.account());
                asks_its_own(engine, &keys);
            }
        }
        Err(error) => {
            if let EngineListError::Setting(name) = error {
                assert!(SETTINGS.contains(&name), "{name}");
            }
            let line = error.to_string();
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }
});

fn read(settings: &str) -> (String, Keys) {
    let (mut list, mut keys) = (String::new(), Keys::default());
    for line in settings.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.replace("\\n", "\n");
        match name {
            "IMAGE_ENGINES" => list = value,
            "HUGGINGFACE_API_KEY" => keys.hugging_face_key = Some(value),
            "HUGGINGFACE_BASE_URL" => keys.hugging_face_url = value,
            "HUGGINGFACE_HUB_URL" => keys.hugging_face_hub_url = value,
            "WEBUI_URL" => keys.web_ui_url = Some(value),
            "WEBUI_AUTH" => keys.web_ui_login = Some(value),
            "SDCPP_URL" => keys.sd_cpp_url = Some(value),
            "SDCPP_AUTH" => keys.sd_cpp_login = Some(value),
            "OPENAI_API_KEY" => keys.open_ai_key = Some(value),
            "OPENAI_BASE_URL" => keys.open_ai_url = value,
            "OPENAI_RESPONSE_FORMAT" => keys.open_ai_response_format = Some(value),
            "OPENAI_DIALECT" => keys.open_ai_dialect = Some(value),
            _ => {}
        }
    }
    (list, keys)
}

fn is_well_named(name: &str) {
    assert!((1..=NAME_CHARACTERS_MAX).contains(&name.chars().count()), "{name:?}");
    assert!(!name.contains(char::is_control), "{name:?}");
}

/// The requests that the engine makes when nobody answers.
fn asks_its_own(engine: &AnyEngine, keys: &Keys) {
    let nobody = Script::new(b"broken");
    let drawn = finish(engine.attempt(&nobody, &nobody, &JOB, Duration::from_secs(60), &Recall::default()));
    assert!(matches!(drawn, Some(Err(_))), "a picture of nobody");
    let sent = nobody.take_sent();
    assert!(!sent.is_empty(), "{} was never asked", engine.name());
    for request in sent {
        // What fetch itself does not take for an address is never sent.
        if let Ok(url) = Url::parse(&request.url) {
            goes_where_its_key_belongs(&request, &url, engine.name(), keys);
        }
    }
}

fn goes_where_its_key_belongs(request: &Request<Vec<u8>>, url: &Url, name: &str, keys: &Keys) {
    let (kind, model) = name.split_once(':').unwrap_or((name, ""));
    let bearer = |key: &Option<String>| key.as_ref().map(|key| format!("Bearer {key}"));
    let (bases, authorization) = match kind.split('/').next().unwrap_or_default() {
        "huggingface" => {
            let is_safe = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
            assert!(model.split_once('/').is_some_and(|(owner, name)| is_safe(owner) && is_safe(name)), "{model:?}");
            assert!(url.path().ends_with(&format!("/models/{model}")), "{model:?} became {}", url.path());
            (vec![&keys.hugging_face_url, &keys.hugging_face_hub_url], bearer(&keys.hugging_face_key))
        }
        "openai" => {
            assert!(model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte)), "{model:?}");
            (vec![&keys.open_ai_url], bearer(&keys.open_ai_key))
        }
        "webui" => (keys.web_ui_url.iter().collect(), keys.web_ui_login.as_deref().map(basic)),
        "sdcpp" => (keys.sd_cpp_url.iter().collect(), keys.sd_cpp_login.as_deref().map(basic)),
        kind => panic!("this target does not know where the key of {kind} belongs"),
    };
    let is_there = bases.iter().any(|base| Url::parse(base).is_ok_and(|base| base.origin() == url.origin()));
    assert!(is_there, "{request:?} is none of {bases:?}");
    for (name, value) in &request.headers {
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name} has a value that cannot be sent");
        if *name == "authorization" {
            assert_eq!(Some(value), authorization.as_ref());
        }
    }
}

fn basic(login: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(login))
}
