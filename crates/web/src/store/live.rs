//! Keeping what is shown true: broadcasts where there is a socket, questions where there is none, and the clock.
//!
//! Owns: when the hub is asked again. A broadcast is a hint; what counts is asked. Must not: know what a page shows.

use crate::bridge::spawn_local;
use web_state::live::Standing;

use super::{Phase, Store, Who, chat, follow, hours, past, rows, send, session};
use crate::bridge::{Row, browser, hub};

/// How the page stands to the hub, and when it last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    standing: Standing,
    read_at_ms: Option<u64>,
}

/// Begins, once for the page's life.
pub fn begin(store: Store) {
    store.is_online.set(browser().is_online());
    hours::begin(store);
    browser().every(1000, move || tick(store));
    browser().watch(move || look_around(store));
}

/// Listens to what concerns the customer who is signed in.
pub fn listen(store: Store, customer_id: &str) {
    hub().listen(
        customer_id,
        move |event, payload| told(store, &event, &payload),
        move |is_joined| {
            stand(store, |standing| standing.joined = is_joined);
        },
    );
}

/// Sees whether anybody looks and whether there is a network.
fn look_around(store: Store) {
    let is_online = browser().is_online();
    if is_online != store.is_online.get_untracked() {
        store.is_online.set(is_online);
    }
    stand(store, |standing| {
        standing.online = is_online;
        standing.visible = !browser().is_hidden();
    });
}

/// Changes how the page stands, and asks at once for what was missed meanwhile.
fn stand(store: Store, change: impl FnOnce(&mut Standing)) {
    let mut catches_up = false;
    store.freshness.update_untracked(|freshness| {
        let before = freshness.standing;
        change(&mut freshness.standing);
        catches_up = freshness.standing.catches_up(before);
    });
    if catches_up {
        catch_up(store);
    }
}

/// Asks for everything that may have changed while nobody looked.
pub fn catch_up(store: Store) {
    if !is_signed_in(store) {
        return;
    }
    store.freshness.update_untracked(|freshness| freshness.read_at_ms = Some(hub().now()));
    spawn_local(async move {
        // What the hub has heard of meanwhile need not be asked for again.
        follow::take_up(store).await;
        send::ask_again(store);
        session::load(store).await;
        chat::load(store).await;
        if let Some(opened) = store.opened.get_untracked() {
            chat::reload(store, &opened).await;
        }
        look_at_jobs(store);
    });
}

fn is_signed_in(store: Store) -> bool {
    store.who.with_untracked(|who| matches!(who, Who::Customer { .. }))
}

fn tick(store: Store) {
    let now_ms = hub().now();
    store.now_ms.set(now_ms);
    if !is_signed_in(store) {
        return;
    }
    hours::look(store, now_ms);
    let in_flight = store.jobs.with_untracked(|jobs| jobs.iter().any(|job| is_followed(&job.phase)));
    let mut is_due = false;
    store.freshness.update_untracked(|freshness| {
        freshness.standing.in_flight = in_flight;
        is_due = freshness.standing.is_due(freshness.read_at_ms, now_ms);
    });
    if is_due {
        catch_up(store);
    }
}

const fn is_followed(phase: &Phase) -> bool {
    !matches!(phase, Phase::Refused { .. } | Phase::Sending)
}

fn look_at_jobs(store: Store) {
    let followed: Vec<String> = store.jobs.with_untracked(|jobs| {
        jobs.iter().filter(|job| is_followed(&job.phase)).map(|job| job.request_id.clone()).collect()
    });
    for request_id in followed {
        spawn_local(follow::look(store, request_id));
    }
}

/// Somebody told of a change.
fn told(store: Store, event: &str, payload: &Row) {
    let session_id = payload.text("sessionId");
    session::take(store, rows::balance(&session_id, &payload.inner("balance")));
    if event == "session" {
        spawn_local(session::load(store));
        return;
    }
    let request_id = payload.text("requestId");
    let conversation_id = payload.text("conversationId");
    let is_known = store.jobs.with_untracked(|jobs| jobs.iter().any(|job| job.request_id == request_id));
    if is_known {
        spawn_local(follow::look(store, request_id));
    } else {
        spawn_local(told_of_others(store, request_id, conversation_id));
    }
}

/// Another tab or another device asked for a picture, got it, deleted it or had it back.
async fn told_of_others(store: Store, request_id: String, conversation_id: String) {
    let found = chat::fetch(store, &request_id).await;
    past::learn(store, &found);
    let is_open = store.opened.with_untracked(|opened| opened.as_deref() == Some(conversation_id.as_str()));
    let is_new = store
        .conversations
        .with_untracked(|known| known.as_ref().is_some_and(|known| !known.iter().any(|one| one.id == conversation_id)));
    if is_open {
        chat::reload(store, &conversation_id).await;
    } else if is_new {
        chat::load(store).await;
    }
    follow::take_up(store).await;
    session::refresh(store).await;
}
