//! Feeds answers of any bytes to every engine that the owner can name, through `engine::draw`, and to the moderation of
//! prompts. `fuzz::script` says how an input is read; each engine gets all of it, alone and in a list of all engines, and
//! draws until every answer was given, so that what it remembers of one picture counts for the next.
//!
//! What must hold: drawing ends, after a bounded number of requests, within its budget; a secret goes only where its owner
//! sent it, and into no log; what goes elsewhere is the bare question for a picture; what counts as drawn is what
//! `domain::picture::inspect` takes, under a model's name that the ledger can hold; an order that has ended is not recalled.
#![no_main]

use domain::picture::{HEAD_BYTES, TAIL_BYTES, inspect};
use engine::{
    AnyEngine, Commission, Drawn, EngineError, Keys, Moderation, PICTURE_BYTES_MAX, Provider, Recall, draw,
    engines_from_list, pass_over, queue_again,
};
use fuzz::script::{JOB, Script, finish};
use fuzz::secret::{self, Secret};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use std::time::Duration;
use transport::Timer;
use url::Url;

/// An entry of each kind, and of each way that its model's name changes what is asked. Those of [`Provider::ALL`] come along
/// by themselves.
const ENTRIES: [&str; 7] = [
    "huggingface:black-forest-labs/FLUX.1-schnell",
    "openai:gpt-image-1",
    "openai:org/model:q4_0",
    "webui",
    "webui:dreamshaper_8.safetensors [879db523c3]",
    "sdcpp",
    "sdcpp:sd-v1-5",
];

const BUDGET: Duration = Duration::from_secs(110);
/// Fetching a picture that an answer only names comes on top, and so does taking the last order back.
const BEYOND_BUDGET: Duration = Duration::from_secs(30);
const MODERATION_BUDGET: Duration = Duration::from_secs(10);
/// The longest model's name, and the longest line of a log, that a foreign server may be the cause of.
const MODEL_CHARACTERS_MAX: usize = 300;
const DETAIL_CHARACTERS_MAX: usize = 1_000;

/// What an owner may have set.
struct Owner {
    keys: Keys,
    secrets: Vec<Secret>,
}

static OWNERS: LazyLock<[Owner; 2]> = LazyLock::new(|| {
    let usual = Keys {
        hugging_face_key: Some("hf_fuzzedKey0001".to_owned()),
        open_ai_key: Some("sk-fuzzedKey0002".to_owned()),
        web_ui_url: Some("http://gpu.example.net:7860".to_owned()),
        sd_cpp_url: Some("http://10.0.0.7:1234/api/".to_owned()),
        ..Keys::default()
    };
    let own = Keys {
        hugging_face_key: Some("fuzzedKey0005".to_owned()),
        hugging_face_url: "http://127.0.0.1:7861/easel/".to_owned(),
        hugging_face_hub_url: "http://127.0.0.1:7862".to_owned(),
        open_ai_url: "http://localhost:8080/v1".to_owned(),
        open_ai_dialect: Some("localai".to_owned()),
        web_ui_login: Some("owner:fuzzedPass0003".to_owned()),
        sd_cpp_login: Some("owner:fuzzedPass0004".to_owned()),
        ..usual.clone()
    };
    [usual, own].map(|keys| Owner { secrets: secrets(&keys), keys })
});

/// A login is sent as RFC 7617 has it, in base64.
fn secrets(keys: &Keys) -> Vec<Secret> {
    let secret = |texts: &[&str], bases: &[&str]| Secret {
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        bases: bases.iter().map(|base| Url::parse(base).expect("an address")).collect(),
    };
    let own = |url: &Option<String>| url.clone().expect("an address");
    vec![
        secret(&["hf_fuzzedKey0001"], &[&keys.hugging_face_url, &keys.hugging_face_hub_url]),
        // The key of a service that only speaks like Hugging Face is none of Hugging Face's business.
        secret(&["fuzzedKey0005"], &[&keys.hugging_face_url]),
        secret(&["sk-fuzzedKey0002"], &[&keys.open_ai_url]),
        secret(&["fuzzedPass0003", "b3duZXI6ZnV6emVkUGFzczAwMDM="], &[&own(&keys.web_ui_url)]),
        secret(&["fuzzedPass0004", "b3duZXI6ZnV6emVkUGFzczAwMDQ="], &[&own(&keys.sd_cpp_url)]),
    ]
}

fuzz_target!(|answers: &[u8]| {
    let providers = Provider::ALL.iter().map(|provider| format!("huggingface/{}:owner/model", provider.name()));
    let entries: Vec<String> = providers.chain(ENTRIES.map(str::to_owned)).collect();
    for owner in OWNERS.iter() {
        for list in entries.iter().cloned().chain([entries.join(",")]) {
            let engines = engines_from_list(&list, &owner.keys).expect("every entry can be used");
            let script = Script::new(answers);
            while !script.is_used_up() {
                draw_once(&engines, &script, &owner.secrets);
            }
        }
        moderate(&Script::new(answers), owner);
    }
});

fn draw_once(engines: &[AnyEngine], script: &Script, secrets: &[Secret]) {
    let recall = Recall::default();
    let started_ms = script.now_ms();
    let drawn = finish(draw(&Commission {
        engines,
        gate: script,
        transport: script,
        timer: script,
        job: &JOB,
        budget: BUDGET,
        recall: &recall,
    }));
    takes_at_most(script, started_ms, BUDGET + BEYOND_BUDGET);
    let mut told = vec![];
    for request in script.take_sent() {
        assert!(!request.timeout.is_zero(), "{request:?} has no time, but may be billed");
        assert!(request.timeout <= BUDGET, "{request:?}");
        told.extend(secret::check(&request, secrets));
    }
    for failure in script.take_reported() {
        let longest = pass_over(failure).and_then(|passed| passed.duration).max(queue_again(failure, 1));
        assert!(longest.is_none_or(|longest| longest <= Duration::from_secs(3_600)), "{failure:?}");
    }
    let is_over = drawn.is_some();
    match drawn {
        Some(Ok((_, drawn))) => is_picture(&drawn),
        // A server can only quote what it was sent, so only of one that is asked alone it is known what that may be.
        Some(Err(error)) => is_loggable(&error, if engines.len() == 1 { &told } else { &[] }),
        None => {}
    }

    // Where the customer has gone away instead, the order is taken back from whom it was given to: by one request, or a
    // question and one.
    let _ = finish(recall.send(script));
    let recalled = script.take_sent();
    assert!(recalled.len() <= if is_over { 0 } else { 2 }, "an order that has ended was recalled: {recalled:?}");
    for request in recalled {
        secret::check(&request, secrets);
    }
}

fn is_picture(drawn: &Drawn<Vec<u8>>) {
    let bytes = &drawn.bytes;
    assert!(bytes.len() <= PICTURE_BYTES_MAX);
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
    assert_eq!(inspect(head, tail, bytes.len()), Ok(drawn.picture));
    let model = &drawn.model;
    assert!((1..=MODEL_CHARACTERS_MAX).contains(&model.chars().count()), "{model:?}");
    assert!(!model.contains(char::is_control), "no ledger holds {model:?}");
}

fn is_loggable(error: &EngineError, told: &[&Secret]) {
    let line = error.to_string();
    assert!(!told.iter().any(|secret| secret.is_in(&line)), "{line}");
    assert!(line.chars().count() <= DETAIL_CHARACTERS_MAX, "{line}");
    assert!(!line.contains(char::is_control), "{line:?}");
}

fn moderate(script: &Script, owner: &Owner) {
    let keys = &owner.keys;
    let moderation = Moderation::new(&format!("{}/moderations", keys.open_ai_url), keys.open_ai_key.as_deref(), None);
    let started_ms = script.now_ms();
    let verdict = finish(moderation.judge(script, script, JOB.prompt));
    takes_at_most(script, started_ms, MODERATION_BUDGET);
    let sent = script.take_sent();
    assert!(sent.len() <= 2, "{sent:?}");
    let mut told = vec![];
    for request in sent {
        assert!(!request.timeout.is_zero(), "{request:?}");
        told.extend(secret::check(&request, &owner.secrets));
    }
    if let Some(Err(error)) = verdict {
        is_loggable(&error, &told);
    }
}

fn takes_at_most(script: &Script, started_ms: u64, most: Duration) {
    let taken = Duration::from_millis(script.now_ms() - started_ms);
    assert!(taken <= most, "{taken:?} were taken, of {most:?}");
}
