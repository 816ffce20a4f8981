//! Asking for a picture, taking it back, asking again.
//!
//! Owns: the order of it. The id is made first and kept until the hub has answered, so that a page which is closed or cut off
//! asks again under the same id and pays once. Must not: wait for the picture (that is `follow`).

use crate::bridge::spawn_local;
use domain::code::Code;
use domain::generation::Status;
use wasm_bindgen::JsValue;
use web_state::failure;
use web_state::settings::Settings;
use web_state::turn::{Message, Picture};

use super::unsent::Unsent;
use super::{Phase, Store, chat, follow, notices, session, unsent};
use crate::bridge::{Answer, Ask, Row, browser, hub};

/// Asks for what the customer typed, in the open conversation or in a new one. `is_variant`: beside an earlier picture of the
/// same words, so that nothing is said again. False where there is no session to ask in.
pub fn send(store: Store, prompt: String, mut settings: Settings, is_variant: bool) -> bool {
    let Some(session) = store.session_untracked() else { return false };
    // As it is sent, it holds nothing that the kept wish could be misread by.
    if let Ok(negative) = settings.negative_to_send() {
        settings.negative_prompt = negative.unwrap_or_default();
    }
    let request_id = browser().uuid();
    let opened = store.opened.get_untracked();
    let is_begun = opened.is_none();
    let conversation_id = opened.unwrap_or_else(|| chat::begin(store, &prompt));
    let (session_id, asked_at_ms) = (session.id, hub().now());
    let wish = Unsent { request_id, conversation_id, session_id, asked_at_ms, is_variant, settings, prompt };
    unsent::keep(&wish);
    show(store, &wish);
    spawn_local(async move {
        if is_begun {
            chat::tell_of(store, &wish).await;
        }
        ask(store, wish).await;
    });
    true
}

/// Sends a wish; the same one again is the same request.
pub async fn ask(store: Store, wish: Unsent) {
    let tries = tries_of(store, &wish.request_id);
    show(store, &wish);
    if !wish.is_variant && !is_said(store, &wish).await {
        return unanswered(store, wish, tries);
    }
    let answer = hub().call("generate-image", "POST", Some(&body(&wish)), true).await;
    if !is_definite(&answer) {
        return unanswered(store, wish, tries);
    }
    unsent::forget(&wish.request_id);
    answered(store, &wish, &answer).await;
}

/// Whether the hub has said what became of it. Whatever stands in front of the hub answers without a code of its own; who is
/// not let in may be let in again.
fn is_definite(answer: &Answer) -> bool {
    let is_refused = !answer.body.text("code").is_empty() && !matches!(answer.status, 401 | 500);
    !answer.is_silence() && (answer.is_ok() || is_refused)
}

/// It may have arrived: the wish is kept, and asked for again under its id.
fn unanswered(store: Store, wish: Unsent, tries: u32) {
    follow::set_phase(store, &wish.request_id, &wish.conversation_id, Phase::Silent(tries.saturating_add(1)));
    ask_later(store, wish.request_id, tries);
}

/// Says the words; false where nobody heard them. A conversation that the hub never heard of is opened first.
async fn is_said(store: Store, wish: &Unsent) -> bool {
    let words = || Ask::Say(&wish.request_id, &wish.conversation_id, &wish.prompt);
    let answer = hub().ask(words()).await;
    if answer.is_ok() || answer.is_silence() {
        return answer.is_ok();
    }
    chat::tell_of(store, wish).await;
    !hub().ask(words()).await.is_silence()
}

fn tries_of(store: Store, request_id: &str) -> u32 {
    store.jobs.with_untracked(|jobs| {
        jobs.iter().find(|job| job.request_id == request_id).map_or(0, |job| match job.phase {
            Phase::Silent(tries) => tries,
            _ => 0,
        })
    })
}

/// Whether nobody answered so often that it is not asked for again by itself.
#[must_use]
pub const fn is_given_up(phase: &Phase) -> bool {
    matches!(phase, Phase::Silent(tries) if failure::asks_by_itself_after_ms(tries.saturating_sub(1)).is_none())
}

/// Asks again by itself, a few times; then the customer is asked.
fn ask_later(store: Store, request_id: String, tries: u32) {
    let Some(after_ms) = failure::asks_by_itself_after_ms(tries) else { return };
    spawn_local(async move {
        browser().sleep(u32::try_from(after_ms).unwrap_or(u32::MAX)).await;
        // It may have been asked for meanwhile, by the customer or since the network is back.
        if store.is_online.get_untracked() && tries_of(store, &request_id) == tries.saturating_add(1) {
            ask_again_for(store, &request_id);
        }
    });
}

/// Asks again, under the same id, for one that nobody answered.
pub fn ask_again_for(store: Store, request_id: &str) {
    let is_on_its_way = store
        .jobs
        .with_untracked(|jobs| jobs.iter().any(|job| job.request_id == request_id && job.phase == Phase::Sending));
    if let (false, Some(wish)) = (is_on_its_way, unsent::find(request_id)) {
        spawn_local(ask(store, wish));
    }
}

/// Asks again for everything that nobody answered and somebody still waits for. What is older is asked for when the customer
/// says so, where it stands in its conversation.
pub fn ask_again(store: Store) {
    let now_ms = hub().now();
    let is_ours =
        |wish: &Unsent| store.jobs.with_untracked(|jobs| jobs.iter().any(|job| job.request_id == wish.request_id));
    for wish in unsent::all().into_iter().filter(|wish| wish.is_waited_for(now_ms)) {
        if is_ours(&wish) || !wish.may_be_anothers(now_ms) {
            ask_again_for(store, &wish.request_id);
        }
    }
}

/// Asks for what this page was closed over: at once, and again when whatever another tab may be asking for is this one's.
pub fn resume(store: Store) {
    ask_again(store);
    if !unsent::all().is_empty() {
        spawn_local(async move {
            browser().sleep(u32::try_from(unsent::ANOTHERS_FOR_MS).unwrap_or(u32::MAX)).await;
            ask_again(store);
        });
    }
}

/// What the hub is sent.
fn body(wish: &Unsent) -> Row {
    let settings = &wish.settings;
    let mut fields: Vec<(&str, JsValue)> = vec![
        ("prompt", wish.prompt.as_str().into()),
        ("sessionId", wish.session_id.as_str().into()),
        ("conversationId", wish.conversation_id.as_str().into()),
        ("requestId", wish.request_id.as_str().into()),
        ("width", settings.size.width().into()),
        ("height", settings.size.height().into()),
        ("steps", settings.steps.into()),
        ("cfgScale", (f64::from(settings.cfg_scale_tenths) / 10.0).into()),
        ("batchCount", settings.count.into()),
    ];
    if let Some(seed) = settings.seed_to_send() {
        fields.push(("seed", seed.into()));
    }
    if let Ok(Some(negative)) = settings.negative_to_send() {
        fields.push(("negativePrompt", negative.as_str().into()));
    }
    Row::of(&fields)
}

/// Shows a wish on the stage before anybody has answered: its words, and frames of its true size.
fn show(store: Store, wish: &Unsent) {
    let now_ms = hub().now();
    follow::set_phase(store, &wish.request_id, &wish.conversation_id, Phase::Sending);
    if store.opened.with_untracked(|opened| opened.as_deref() != Some(wish.conversation_id.as_str())) {
        return;
    }
    let is_said = store.messages.with_untracked(|said| said.iter().any(|message| message.id == wish.request_id));
    if !wish.is_variant && !is_said {
        let message = Message { id: wish.request_id.clone(), content: wish.prompt.clone(), created_at_ms: now_ms };
        store.messages.update(|said| said.push(message));
    }
    if store.pictures.with_untracked(|known| !known.iter().any(|picture| picture.request_id == wish.request_id)) {
        chat::take(store, stand_ins(wish, Status::Queued, None, now_ms));
    }
}

/// The page's own rows for a request whose true ones it has not seen.
fn stand_ins(wish: &Unsent, status: Status, failure_code: Option<Code>, now_ms: u64) -> Vec<Picture> {
    let settings = &wish.settings;
    let stand_in = |batch_index: u32| Picture {
        id: [chat::LOCAL, &wish.request_id, "-", &batch_index.to_string()].concat(),
        request_id: wish.request_id.clone(),
        conversation_id: Some(wish.conversation_id.clone()),
        session_id: wish.session_id.clone(),
        batch_index,
        batch_count: settings.count,
        hour_index: 0,
        status,
        prompt: wish.prompt.clone(),
        negative_prompt: settings.negative_prompt.clone(),
        width: settings.size.width(),
        height: settings.size.height(),
        steps: settings.steps,
        cfg_scale_tenths: settings.cfg_scale_tenths,
        seed: settings.seed_to_send().unwrap_or_default(),
        url: None,
        object_name: None,
        model: None,
        failure_code,
        wait_code: None,
        not_before_ms: None,
        created_at_ms: now_ms,
        created_at: String::new(),
        settled_at_ms: None,
        deleted: false,
    };
    (0..settings.count).map(stand_in).collect()
}

async fn answered(store: Store, wish: &Unsent, answer: &Answer) {
    let (request_id, conversation_id) = (&wish.request_id, &wish.conversation_id);
    if let Some(facts) = follow::facts_of(answer) {
        follow::set_phase(store, request_id, conversation_id, Phase::UnderWay(facts));
        chat::fetch(store, request_id).await;
        session::refresh(store).await;
        return;
    }
    if answer.is_ok() {
        follow::look(store, request_id.clone()).await;
        return;
    }
    let code = answer.body.text("code").parse().ok();
    // A refusal leaves no row, a failure does.
    if chat::fetch(store, request_id).await.is_empty() {
        chat::take(store, stand_ins(wish, Status::Failed, code, hub().now()));
    }
    let retry_after = Some(answer.body.whole("retryAfter")).filter(|seconds| *seconds > 0);
    follow::set_phase(store, request_id, conversation_id, Phase::Refused { code, retry_after });
    notices::announce(store, true, notices::sentence(failure::of_picture(notices::failure_of(answer))));
    session::load(store).await;
}

/// Takes a request back.
pub fn cancel(store: Store, request_id: String) {
    follow::mark_cancelling(store, &request_id);
    spawn_local(async move {
        let answer = hub().call(&follow::address(&request_id), "DELETE", None, false).await;
        if answer.is_silence() {
            notices::failure(store, &answer);
        }
        follow::look(store, request_id).await;
    });
}
