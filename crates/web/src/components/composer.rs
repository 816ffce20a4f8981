//! The prompt: where it is typed, what it costs, and sending it.
//!
//! Owns: the field, its keys, and the draft that survives a reload. Must not: know how a request is sent.

use crate::markup::view;
use crate::signal::RwSignal;
use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_state::prompt::{self, Held, Key, PromptFault, Walk};
use web_state::strip;
use web_sys::HtmlElement;

use super::control::icon;
use super::{panel, warnings};
use crate::bridge::browser;
use crate::store::{Phase, Store, notices, send};
use crate::words::{say, t, tn};

/// The dock: what is to be said now, the panel, and the prompt.
#[must_use]
pub fn composer(store: Store) -> AnyView {
    let is_open = store.is_panel_open;
    is_open.set(browser().kept("panel") == "open");
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send_draft(store);
    };
    view! {
        <div class="dock">
            {warnings::notices(store)}
            <form class="composer" data-state=move || state(store) on:submit=submit>
                {panel::panel(store, is_open)}
                <div class="composer-box">
                    <label class="hidden" for="prompt">{t("prompt.label")}</label>
                    {field(store)}
                    <div class="composer-row">
                        {toggle(is_open)}
                        <p class="cost" id="cost" data-kind=move || why_not(store).map(|_| "bad")>{move || cost(store)}</p>
                        {submit_button(store)}
                    </div>
                </div>
            </form>
        </div>
    }
    .into_any()
}

fn field(store: Store) -> AnyView {
    let walk = RwSignal::new(Walk::default());
    let keydown = move |event: KeyboardEvent| {
        let held =
            Held { shift: event.shift_key(), ctrl_or_meta: event.ctrl_key() || event.meta_key(), alt: event.alt_key() };
        match prompt::on_key(&event.key(), held, event.is_composing(), event.key_code()) {
            Key::Send => send_draft(store),
            key @ (Key::Earlier | Key::Later) => {
                if let Some(words) = step(store, walk, key) {
                    keep_draft(store, words);
                }
            }
            Key::NewLine | Key::Other => return,
        }
        event.prevent_default();
    };
    view! {
        <div class="grow" data-value=move || store.draft.get()>
            <textarea
                class="prompt"
                id="prompt"
                rows="1"
                dir="auto"
                enterkeyhint="send"
                aria-describedby="cost"
                placeholder=t("prompt.placeholder")
                prop:value=move || store.draft.get()
                on:input=move |event| keep_draft(store, event_target_value(&event))
                on:keydown=keydown
            ></textarea>
        </div>
    }
    .into_any()
}

/// What was said before or after that in this conversation.
fn step(store: Store, walk: RwSignal<Walk>, key: Key) -> Option<String> {
    let shown = store.draft.get_untracked();
    store.messages.with_untracked(|said| {
        let said: Vec<&str> = said.iter().map(|message| message.content.as_str()).collect();
        walk.update_untracked(|walk| walk.step(&said, key, &shown))
    })
}

fn keep_draft(store: Store, words: String) {
    browser().keep("draft", &words);
    store.draft.set(words);
}

fn toggle(is_open: RwSignal<bool>) -> AnyView {
    let flip = move |_| {
        is_open.update(|open| *open = !*open);
        browser().keep("panel", if is_open.get_untracked() { "open" } else { "" });
    };
    view! {
        <button
            class="button quiet"
            type="button"
            aria-expanded=move || if is_open.get() { "true" } else { "false" }
            aria-controls="panel"
            on:click=flip
        >
            {icon("sliders-horizontal")}
            <span>{t("prompt.generator")}</span>
        </button>
    }
    .into_any()
}

fn submit_button(store: Store) -> AnyView {
    view! {
        <button
            class="button primary send"
            type="submit"
            aria-disabled=move || (is_loading(store) || why_not(store).is_some()).then_some("true")
            aria-describedby="cost"
        >
            {icon("arrow-up")}
            <span>{move || t(if state(store) == "sending" { "prompt.sending" } else { "prompt.send" })}</span>
        </button>
    }
    .into_any()
}

fn state(store: Store) -> &'static str {
    let is_sending = store.jobs.with(|jobs| jobs.iter().any(|job| job.phase == Phase::Sending));
    if is_sending { "sending" } else { "ready" }
}

/// Whether it is not known yet if anything can be sent.
fn is_loading(store: Store) -> bool {
    store.sessions.with(Option::is_none)
}

/// Why nothing can be sent now, in a sentence; none where it can. An empty prompt is no reason to complain.
fn why_not(store: Store) -> Option<String> {
    if is_loading(store) {
        return None;
    }
    if store.session().is_none() {
        return Some(t("prompt.no_session"));
    }
    let wanted = store.settings.with(|settings| settings.cost());
    let remaining = remaining(store);
    if remaining.is_some_and(|remaining| remaining < wanted) {
        return Some(match remaining {
            Some(remaining) if remaining > 0 => tn("prompt.fewer_left", remaining),
            _ => t("prompt.none_left"),
        });
    }
    store.draft.with(|draft| match prompt::read(draft) {
        Ok(_) | Err(PromptFault::Empty) => None,
        Err(fault) => Some(say(&fault.phrase())),
    })
}

fn remaining(store: Store) -> Option<u32> {
    store.balance.with(|balance| balance.as_ref().map(|balance| balance.hour.remaining))
}

/// What it costs, or why it cannot be sent.
fn cost(store: Store) -> AnyView {
    if let Some(reason) = why_not(store) {
        return reason.into_any();
    }
    if is_loading(store) {
        return t("session.loading").into_any();
    }
    let wanted = store.settings.with(|settings| settings.cost());
    let words = remaining(store).and_then(|remaining| strip::price(wanted, remaining)).map(|price| say(&price));
    match store.draft.with(|draft| prompt::counter(draft)) {
        Some(left) => view! { {words}" "<span class="count">{left}</span> }.into_any(),
        None => words.into_any(),
    }
}

/// Puts words into the prompt, to be changed and sent.
pub fn put_words(store: Store, words: String) {
    keep_draft(store, words);
    focus_field();
}

fn focus_field() {
    if let Some(field) = document().get_element_by_id("prompt").and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
        let _ = field.focus();
    }
}

/// Sends what is typed, if it can be sent; it is cleared only then.
fn send_draft(store: Store) {
    let reason = untrack(|| why_not(store));
    if reason.is_some() || untrack(|| is_loading(store)) || untrack(|| state(store)) == "sending" {
        if let Some(reason) = reason {
            notices::announce(store, true, reason);
        }
        return;
    }
    let Ok(words) = store.draft.with_untracked(|draft| prompt::read(draft)) else {
        notices::announce(store, true, t("prompt.empty"));
        return focus_field();
    };
    let settings = store.settings.get_untracked();
    if send::send(store, words, settings, false) {
        keep_draft(store, String::new());
    }
}
