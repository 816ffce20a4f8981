//! The session beside the stage: its clock, its plan, and the strips of its hour. On a phone, and above an open panel, a line
//! that opens.
//!
//! Owns: what is shown of the session. Only the texts and the ring depend on the time; nothing else is drawn with a second.
//! Must not: count credits or decide when an hour turns.

use crate::markup::view;
use crate::signal::{Memo, RwSignal, effect};
use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_state::clock::{Span, Warning};
use web_state::phrase::{Phrase, Value};
use web_state::route::Route;
use web_sys::Element;

use super::control::{button, icon};
use super::film::film;
use super::reel::{self, picture_frames};
use super::ring::ring;
use crate::bridge::{browser, float};
use crate::store::{Session, Store, session};
use crate::words::{say, t, tf, tn};

/// The rail.
#[must_use]
pub fn rail(store: Store) -> AnyView {
    let is_open = RwSignal::new(false);
    let toggle = NodeRef::<leptos::html::Button>::new();
    let shown = store.session_memo();
    // Whatever lies under it now is another thing than what it was opened over.
    effect(move |_| {
        store.is_panel_open.track();
        is_open.set(false);
    });
    // The session gives way where it may lie over what the keyboard goes to.
    let leave = move |event: FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<Element>().ok());
        if to.is_some_and(|to| to.closest("#panel").ok().flatten().is_some()) {
            is_open.set(false);
        }
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" && is_open.get_untracked() {
            event.stop_propagation();
            is_open.set(false);
            if let Some(toggle) = toggle.get_untracked() {
                let _ = toggle.focus();
            }
        }
    };
    view! {
        <aside
            class="session"
            aria-label=t("nav.session")
            data-state=move || state(store, shown.get().as_ref())
            data-open=move || truth(is_open.get())
            aria-busy=move || store.sessions.with(Option::is_none).then_some("true")
            on:keydown=escape
            on:focusout=leave
        >
            <button
                class="session-strip"
                type="button"
                node_ref=toggle
                aria-expanded=move || truth(is_open.get())
                aria-controls="session-body"
                on:click=move |_| is_open.update(|open| *open = !*open)
            >
                {move || line(store, shown.get())}
                {icon("chevron-down")}
            </button>
            <div class="session-body" id="session-body">{move || body(store, shown.get())}</div>
        </aside>
    }
    .into_any()
}

fn truth(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

fn state(store: Store, shown: Option<&Session>) -> &'static str {
    match shown {
        Some(session) if session.is_active => "active",
        Some(_) => "ready",
        None if store.over.with(Option::is_some) => "over",
        None => "none",
    }
}

/// What its line shows of it.
fn line(store: Store, shown: Option<Session>) -> AnyView {
    let Some(session) = shown else {
        let heading = if store.sessions.with(Option::is_none) { "session.loading" } else { "session.none_heading" };
        return words(t(heading), String::new);
    };
    if !session.is_active {
        return (icon("ticket"), words(hours_of(store, &session), || t("plans.ready"))).into_any();
    }
    let left = left_words(store);
    let hours = session.hours;
    let credits = move || {
        store
            .balance
            .with(|balance| balance.as_ref().map(|balance| reel::left(balance.hour.remaining, balance.hour.per_hour)))
    };
    view! {
        {ring(hours, minutes_left(store))}
        {film(store, "picture", true, picture_frames(store))}
        <span class="session-words">
            <strong>{move || credits().unwrap_or_default()}</strong>
            " "
            <span>{move || tf("clock.left", &[("time", &left.get())])}</span>
        </span>
    }
    .into_any()
}

fn words(heading: String, below: impl Fn() -> String) -> AnyView {
    view! { <span class="session-words"><strong>{heading}</strong>" "<span>{below()}</span></span> }.into_any()
}

fn body(store: Store, shown: Option<Session>) -> AnyView {
    match shown {
        Some(session) if session.is_active => running(store, session),
        Some(session) => waiting(store, session),
        None if store.sessions.with(Option::is_none) => view! {
            <span class="hidden">{t("session.loading")}</span>
            <span class="bone" data-kind="block"></span>
            <span class="bone"></span>
            <span class="bone" data-kind="block"></span>
        }
        .into_any(),
        None => none(store),
    }
}

fn none(store: Store) -> AnyView {
    let words = if store.over.with(Option::is_some) { "session.over" } else { "session.none" };
    view! {
        <div class="empty small">
            {icon("ticket")}
            <p>{t(words)}</p>
            <a class="button primary" href=Route::Plans.to_hash()>{t("remedy.choose_plan")}</a>
        </div>
    }
    .into_any()
}

fn waiting(store: Store, session: Session) -> AnyView {
    let plan = Value::Text(store.plan_name(&session.plan_id));
    let words = say(&Phrase::counted("session.ready", session.hours).with("plan", plan));
    view! {
        <div class="empty small">
            {icon("ticket")}
            <p>{words}</p>
            {button("primary", "play", t("session.start"), move || session::start(store, session.id.clone()))}
        </div>
    }
    .into_any()
}

fn running(store: Store, session: Session) -> AnyView {
    let left = store.left_memo();
    let warns = Memo::new(move |_| Warning::standing(left.get()).map(Warning::minutes));
    let time = left_words(store);
    let plan = store.plan_name(&session.plan_id);
    let until = browser().clock(float(session.expires_at_ms.unwrap_or_default()));
    view! {
        <section class="clock" data-warn=move || warns.get().map(|minutes| minutes.to_string())>
            {ring(session.hours, minutes_left(store))}
            <p class="clock-words">
                <strong class="clock-time">{move || time.get()}</strong>
                <span>{tn("clock.left_of", session.hours)}</span>
            </p>
        </section>
        <p class="session-plan">
            <span>{tf("session.plan_until", &[("plan", &plan), ("time", &until)])}</span>
            <a class="button plain" href=Route::Plans.to_hash()>{icon("plus")}<span>{t("remedy.add_hour")}</span></a>
        </p>
        {reel::pictures(store)}
        {reel::videos(store, &session.plan_id)}
    }
    .into_any()
}

/// Minutes that are left, the begun one included: the ring needs no seconds.
fn minutes_left(store: Store) -> Memo<u32> {
    let left = store.left_memo();
    Memo::new(move |_| u32::try_from(left.get().div_ceil(60_000)).unwrap_or(u32::MAX))
}

/// What is left, as it is shown.
fn left_words(store: Store) -> Memo<String> {
    let left = store.left_memo();
    // Minutes are rounded up, as the warnings count them; the last one is told in seconds.
    let span = Memo::new(move |_| match left.get() {
        left_ms @ 0..=60_000 => Span::of(left_ms.min(59_999)),
        left_ms => Span::of(left_ms.div_ceil(60_000).saturating_mul(60_000)),
    });
    Memo::new(move |_| say(&span.get().short()))
}

/// How many hours of which plan.
#[must_use]
pub fn hours_of(store: Store, session: &Session) -> String {
    let plan = Value::Text(store.plan_name(&session.plan_id));
    say(&Phrase::counted("plans.ready_line", session.hours).with("plan", plan))
}
