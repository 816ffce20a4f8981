//! A plan on sale: its price, what an hour of it holds, what the chosen hours come to, and buying them.
//!
//! Owns: what the card says at each step of buying. Must not: do the buying (`store::buying`).

use crate::markup::view;
use crate::signal::{Memo, RwSignal};
use domain::plan::Paise;
use leptos::prelude::*;
use web_state::failure::{self, Remedy};
use web_state::phrase::{Phrase, Value};
use web_state::purchase::Buying;

use super::film::free_film;
use crate::bridge::{browser, float};
use crate::store::{Plan, Session, Store, buying};
use crate::words::{say, t, tf, tn};

/// The most hours that a session has in all.
const SESSION_HOURS_MAX: u32 = 24;

/// What a press on the card's button would buy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    hours: u32,
    /// The session that runs on this plan.
    extends: Option<Session>,
}

/// The card.
#[must_use]
pub fn plan_card(store: Store, plan: Plan, hours: RwSignal<u32>) -> AnyView {
    let (id, hint_id) = (plan.id.clone(), ["hint-", &plan.id].concat());
    let of_plan = plan.id.clone();
    let offer = Memo::new(move |_| Offer {
        hours: hours.get(),
        extends: store.running().filter(|session| session.plan_id == of_plan),
    });
    let about = plan.id.clone();
    let state = Memo::new(move |_| {
        store.purchase.with(|it| if it.is_about(&about) { it.state.clone() } else { Buying::Choosing })
    });
    let is_busy = Memo::new(move |_| store.purchase.with(|purchase| purchase.state.is_busy()));
    let can_act = move || !is_busy.get() && offer.with(is_allowed);
    let total = plan.clone();
    let named = plan.clone();
    let act = move |_| {
        if !untrack(can_act) {
            return;
        }
        if matches!(state.get_untracked(), Buying::Left | Buying::Unfinished) {
            return buying::go_on(store);
        }
        let Offer { hours, extends } = offer.get_untracked();
        buying::buy(store, id.clone(), hours, extends.map(|session| session.id));
    };
    view! {
        <li class="plan" data-plan=plan.id.clone() aria-busy=move || state.with(Buying::is_busy).then_some("true")>
            <h2>{plan.name.clone()}</h2>
            <p class="plan-price">
                <strong>{rupees(plan.price_per_hour_paise)}</strong>
                " "
                <span>{t("plans.an_hour")}</span>
            </p>
            {reel("picture", plan.images_per_hour, "plans.pictures", "strip.none_in_plan")}
            {reel("video", plan.videos_per_hour, "plans.videos", "plans.no_videos")}
            <p class="plan-total">{move || totals(&total, hours.get())}</p>
            <button
                class="button primary wide"
                type="button"
                aria-disabled=move || (!can_act()).then_some("true")
                aria-label=move || label(&named, &offer.get(), &state.get())
                aria-describedby=hint_id.clone()
                on:click=act
            >
                {move || words(&offer.get(), &state.get())}
            </button>
            <p class="hint" id=hint_id data-kind=move || matches!(state.get(), Buying::Failed(_)).then_some("bad")>{move || hint(store, is_busy.get(), &offer.get(), &state.get())}</p>
        </li>
    }
    .into_any()
}

fn rupees(paise: u32) -> String {
    browser().rupees(f64::from(paise))
}

fn reel(kind: &'static str, count: u32, words: &'static str, none: &'static str) -> AnyView {
    let inside = if count == 0 {
        view! { <p class="quiet">{t(none)}</p> }.into_any()
    } else {
        view! { {free_film(kind, count)}<p>{tn(words, count)}</p> }.into_any()
    };
    view! { <div class="plan-reel">{inside}</div> }.into_any()
}

fn totals(plan: &Plan, hours: u32) -> AnyView {
    let pictures = plan.images_per_hour.saturating_mul(hours);
    let held = [tn("plans.hours", hours), tn("plans.holds", pictures)].join(", ");
    view! { <span>{held}</span>" "<strong>{rupees(price(plan, hours))}</strong> }.into_any()
}

const fn price(plan: &Plan, hours: u32) -> u32 {
    plan.price_per_hour_paise.saturating_mul(hours)
}

fn is_allowed(offer: &Offer) -> bool {
    offer.extends.as_ref().is_none_or(|session| session.hours.saturating_add(offer.hours) <= SESSION_HOURS_MAX)
}

/// What the button says.
fn words(offer: &Offer, state: &Buying) -> String {
    match state {
        Buying::Left | Buying::Unfinished => t("purchase.go_on"),
        Buying::Failed(failure) => match failure::of_purchase(*failure).remedy {
            Remedy::AskAgainSameId | Remedy::TryAgainNewId => t("remedy.try_again"),
            _ => buy_words(offer),
        },
        state if state.is_busy() => t("plans.busy"),
        _ => buy_words(offer),
    }
}

fn buy_words(offer: &Offer) -> String {
    tn(if offer.extends.is_some() { "plans.add" } else { "plans.buy" }, offer.hours)
}

/// The button for somebody who does not see the card around it.
fn label(plan: &Plan, offer: &Offer, state: &Buying) -> String {
    let words = words(offer, state);
    let price = Value::Money(Paise(price(plan, offer.hours)));
    say(&Phrase::new("plans.label")
        .with("words", Value::Text(words))
        .with("plan", Value::Text(plan.name.clone()))
        .with("price", price))
}

/// What is said below the button: how buying stands, why it cannot be, or what it would do.
fn hint(store: Store, is_busy: bool, offer: &Offer, state: &Buying) -> String {
    // That hours were bought stands on top of the page.
    let is_said = !matches!(state, Buying::Choosing | Buying::Paid { .. });
    let said = if is_said { store.purchase.with(buying::Purchase::words) } else { String::new() };
    if !said.is_empty() {
        return said;
    }
    match &offer.extends {
        _ if is_busy => t("plans.other_busy"),
        Some(_) if !is_allowed(offer) => t("plans.too_long"),
        Some(session) => {
            let added_ms = u64::from(offer.hours).saturating_mul(domain::hours::HOUR_MS);
            let until_ms = session.expires_at_ms.unwrap_or_default().saturating_add(added_ms);
            tf("plans.runs_until", &[("time", &browser().clock(float(until_ms)))])
        }
        None => t("plans.starts_later"),
    }
}
