//! The plans: what an hour costs and holds, buying hours, and starting those that wait.
//!
//! Owns: what stands on the page, and for which hours. Must not: know a price or a plan, which are the hub's, or buy
//! (`store::buying`).

use crate::markup::view;
use crate::signal::{Memo, RwSignal, effect};
use domain::plan;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_state::phrase::{Phrase, Value};
use web_state::purchase::Buying;

use crate::components::control::{icon, segments};
use crate::components::plan_card::plan_card;
use crate::components::ready::{bought, ready};
use crate::store::{Store, buying};
use crate::words::{say, t, tn};

/// The choices of hours, as the hub sells them.
const HOURS: [&str; 4] = ["1", "2", "3", "4"];
const _: () = assert!(*plan::HOURS.start() == 1 && *plan::HOURS.end() == 4);

/// The page.
#[must_use]
pub fn plans(store: Store) -> AnyView {
    let begun = store.purchase.with_untracked(|purchase| purchase.kept.as_ref().map_or(1, |kept| kept.hours));
    let hours = RwSignal::new(begun);
    let choose = move |chosen: &'static str| {
        hours.set(chosen.parse().unwrap_or(1));
        buying::choose(store);
    };
    // A purchase of an earlier visit may be found only now: its hours are shown, so that its card tells of it.
    effect(move |_| {
        store.purchase.with(|purchase| {
            if let (Buying::Unfinished, Some(kept)) = (&purchase.state, &purchase.kept) {
                hours.set(kept.hours);
            }
        });
    });
    // That hours were bought is said until one goes on.
    on_cleanup(move || {
        // Once the page is gone: its parts follow the purchase.
        spawn_local(async move {
            if store.purchase.with_untracked(|purchase| matches!(purchase.state, Buying::Paid { .. })) {
                buying::choose(store);
            }
        });
    });
    let is_demo = Memo::new(move |_| store.purchase.with(|purchase| purchase.is_demo));
    view! {
        <main class="page plans" id="main" tabindex="-1">
            <header class="page-head">
                <h1>{t("plans.heading")}</h1>
                <p class="lede">{t("plans.lede")}</p>
            </header>
            {bought(store)}
            {ready(store)}
            {extending(store)}
            <div class="hours">
                {segments(
                    "hours",
                    t("plans.how_long"),
                    HOURS.into_iter().zip(1..).map(|(value, count)| (value, tn("plans.hours", count))).collect(),
                    move || hours.get().to_string(),
                    choose,
                )}
            </div>
            {cards(store, hours)}
            {move || is_demo.get().then(demo)}
            <p class="quiet">{t("plans.refundable")}</p>
        </main>
    }
    .into_any()
}

fn demo() -> AnyView {
    view! { <p class="notice" data-kind="demo">{icon("info")}<span>{t("plans.demo")}</span></p> }.into_any()
}

/// What buying means while a session runs.
fn extending(store: Store) -> AnyView {
    let running = Memo::new(move |_| store.running().map(|session| session.plan_id));
    (move || {
        running.get().map(|plan_id| {
            let plan = Value::Text(store.plan_name(&plan_id));
            let words = say(&Phrase::new("plans.extend").with("plan", plan));
            view! { <p class="notice" data-kind="note">{icon("clock-plus")}<span>{words}</span></p> }
        })
    })
    .into_any()
}

fn cards(store: Store, hours: RwSignal<u32>) -> AnyView {
    (move || {
        let plans = store.plans.get();
        if plans.is_empty() {
            let bone = || view! { <li class="plan"><span class="bone" data-kind="title"></span><span class="bone" data-kind="block"></span></li> };
            return view! {
                <span class="hidden">{t("plans.loading")}</span>
                <ul class="plan-list" aria-busy="true">{bone()}{bone()}{bone()}</ul>
            }
            .into_any();
        }
        let cards = plans.into_iter().map(|plan| plan_card(store, plan, hours)).collect_view();
        view! { <ul class="plan-list">{cards}</ul> }.into_any()
    })
    .into_any()
}
