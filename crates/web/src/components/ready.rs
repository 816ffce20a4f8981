//! Hours that are the customer's and wait to be started, and the word that some were just bought.
//!
//! Owns: what is offered after paying. Must not: start a clock by itself.

use crate::markup::view;
use crate::signal::{Memo, effect};
use leptos::prelude::*;
use web_state::order::sorted;
use web_state::phrase::{Phrase, Value};
use web_state::purchase::Buying;
use web_state::route::Route;

use super::control::{button, icon};
use super::rail::hours_of;
use crate::bridge::{browser, float};
use crate::store::{Session, Store, chat, session};
use crate::words::{say, t, tf};

/// For how long a session waits to be started.
const WAITS_MS: u64 = 30 * 24 * 3_600_000;

/// The sessions that wait.
#[must_use]
pub fn ready(store: Store) -> AnyView {
    let waiting = Memo::new(move |_| {
        store.sessions.with(|known| {
            let waiting = known.iter().flatten().filter(|session| !session.is_active).cloned();
            sorted(waiting, |one: &Session, other| one.created_at_ms < other.created_at_ms)
        })
    });
    (move || {
        let lines = waiting.get();
        (!lines.is_empty()).then(|| {
            view! {
                <section class="ready" aria-labelledby="ready-h">
                    <h2 id="ready-h">{t("plans.ready")}</h2>
                    <ul class="ready-list">{lines.into_iter().map(|waits| line(store, waits)).collect_view()}</ul>
                </section>
            }
        })
    })
    .into_any()
}

fn line(store: Store, waits: Session) -> AnyView {
    let name = hours_of(store, &waits);
    let bought = browser().day(float(waits.created_at_ms));
    let until = browser().day(float(waits.created_at_ms.saturating_add(WAITS_MS)));
    let dates = tf("plans.ready_until", &[("bought", &bought), ("until", &until)]);
    let beside = move || store.running().map(|_| [" ", &t("plans.ready_beside")].concat());
    let start = start_button(store, waits.id.clone(), &name);
    view! {
        <li class="ready-line">
            <div><strong>{name}</strong><span class="quiet">{dates}{beside}</span></div>
            {start}
        </li>
    }
    .into_any()
}

/// Starts the clock of a session, and goes to where it is used.
fn start_button(store: Store, session_id: String, name: &str) -> AnyView {
    let label = [t("plans.start").as_str(), ": ", name].concat();
    let act = move |_| {
        session::start(store, session_id.clone());
        chat::go(store, &Route::Studio { conversation: None });
    };
    view! {
        <button class="button primary" type="button" aria-label=label on:click=act>
            {icon("play")}
            <span>{t("plans.start")}</span>
        </button>
    }
    .into_any()
}

/// The word that hours were bought, with what comes next. It takes the focus: the page has changed above where one was.
#[must_use]
pub fn bought(store: Store) -> AnyView {
    let paid = Memo::new(move |_| {
        store.purchase.with(|purchase| {
            let Buying::Paid { session } = &purchase.state else { return None };
            purchase.kept.clone().map(|kept| (session.clone(), kept))
        })
    });
    (move || {
        let (session_id, kept) = paid.get()?;
        let is_added = kept.extends.as_ref() == Some(&session_id);
        let key = if is_added { "purchase.extended" } else { "purchase.paid" };
        let plan = Value::Text(store.plan_name(&kept.plan_id));
        let words = say(&Phrase::counted(key, kept.hours).with("plan", plan));
        let place = NodeRef::<leptos::html::Div>::new();
        effect(move |_| {
            if let Some(place) = place.get() {
                let _ = place.focus();
            }
        });
        let to_studio = move || chat::go(store, &Route::Studio { conversation: None });
        // What is new is started in the list below.
        let act = is_added.then(|| button("plain", "brush", t("nav.studio"), to_studio));
        Some(view! {
            <div class="notice" data-kind="good" tabindex="-1" node_ref=place>
                {icon("check")}
                <span>{words}</span>
                {act}
            </div>
        })
    })
    .into_any()
}
