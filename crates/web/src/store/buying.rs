//! Buying hours: ordering, the provider's page, confirming, and going on after a reload.
//!
//! Owns: the order of it. The id is made first and kept in the browser until the hub has granted the hours, so that however
//! often a page is closed or cut off, one wish is one purchase. Must not: believe that anything was paid before the hub says
//! so, or know a price.

use crate::bridge::spawn_local;
use domain::code::Code;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_state::failure::{self, Failure, Remedy};
use web_state::phrase::{Phrase, Value};
use web_state::purchase::{Buying, Event, Kept, asks_again_after_ms};
use web_state::route::Route;
use web_state::toast::Kind;

use super::{Store, Who, notices, session};
use crate::bridge::{Answer, Row, browser, hub, pay};
use crate::words::tf;

/// Under which name the wish is kept.
const NAME: &str = "buying";
/// What Checkout hands over, and `confirm-payment` takes, by their names there.
const PROOF: [&str; 3] = ["razorpay_order_id", "razorpay_payment_id", "razorpay_signature"];

/// What is being bought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purchase {
    /// Where it stands.
    pub state: Buying,
    /// The wish.
    pub kept: Option<Kept>,
    /// Whether the hub has said that no money moves.
    pub is_demo: bool,
    /// Whether it is settled, so that the same wish is another purchase.
    is_settled: bool,
}

impl Purchase {
    /// What is said of it now; empty where that is nothing.
    #[must_use]
    pub fn words(&self) -> String {
        let reference = self.kept.as_ref().map(Kept::reference).unwrap_or_default();
        self.state.key().map(|key| tf(key, &[("reference", reference)])).unwrap_or_default()
    }

    /// Whether it is about that plan.
    #[must_use]
    pub fn is_about(&self, plan_id: &str) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.plan_id == plan_id)
    }
}

/// Buys hours of a plan: for a session of their own, or for one that runs. The same wish again, as long as it is not paid, is
/// the same purchase.
pub fn buy(store: Store, plan_id: String, hours: u32, extends: Option<String>) {
    let purchase = store.purchase.get_untracked();
    if purchase.state.is_busy() {
        return;
    }
    let customer_id = store.customer_id();
    let is_same = |kept: &Kept| !purchase.is_settled && kept.is_for(&customer_id, &plan_id, hours, extends.as_deref());
    let kept = purchase.kept.filter(is_same).unwrap_or_else(|| Kept {
        customer_id: customer_id.clone(),
        request_id: browser().uuid(),
        plan_id: plan_id.clone(),
        hours,
        extends: extends.clone(),
        purchase_id: None,
        proof: None,
    });
    begin(store, kept);
}

/// Goes on with a purchase that was left, just as it was wished.
pub fn go_on(store: Store) {
    let purchase = store.purchase.get_untracked();
    if let Some(kept) = purchase.kept.filter(|_| !purchase.state.is_busy() && !purchase.is_settled) {
        begin(store, kept);
    }
}

fn begin(store: Store, kept: Kept) {
    keep(store, &kept);
    step(store, Event::Ordered);
    spawn_local(order(store, kept));
}

/// Other hours or another plan are looked at: what was said of the last purchase is no longer of interest.
pub fn choose(store: Store) {
    let is_left = |purchase: &Purchase| matches!(purchase.state, Buying::Left | Buying::Unfinished);
    if store.purchase.with_untracked(is_left) {
        // Should it be paid all the same, the hours come by themselves.
        browser().keep(NAME, "");
    }
    step(store, Event::Chose);
}

/// Goes on with what was begun on an earlier visit. Nothing opens by itself: only what needs no more of the customer is done.
pub async fn resume(store: Store) {
    let Some(kept) = Kept::from_text(&browser().kept(NAME)) else { return };
    if kept.customer_id != store.customer_id() {
        browser().keep(NAME, "");
        return;
    }
    if store.purchase.with_untracked(|purchase| purchase.state.is_busy()) {
        return;
    }
    keep(store, &kept);
    if kept.proof.is_some() {
        step(store, Event::Resumed);
        return confirm(store, kept).await;
    }
    let answer = ask_for(&kept).await;
    if !is_current(store, &kept) {
        return;
    }
    if !answer.is_ok() {
        // What is not known now is asked for on the next visit, or when the customer buys again.
        return if !answer.is_silence() {
            settle_if_final(store, failure_of(store, &answer))
        };
    }
    let was_opened = kept.purchase_id.is_some();
    let kept = opened(store, kept, &answer);
    if answer.body.text("status") == "paid" {
        granted(store, &kept, answer.body.text("sessionId")).await;
    } else if !answer.body.inner("checkout").is_there() {
        step(store, Event::Resumed);
        confirm(store, kept).await;
    } else if !(was_opened && glance(store, &kept).await) {
        step(store, Event::Found);
        notices::say(store, Kind::Note, "purchase.unfinished");
    }
}

async fn order(store: Store, kept: Kept) {
    let answer = ask_for(&kept).await;
    if !is_current(store, &kept) {
        return;
    }
    if !answer.is_ok() {
        return refused(store, &answer);
    }
    let mut kept = opened(store, kept, &answer);
    if answer.body.text("status") == "paid" {
        return granted(store, &kept, answer.body.text("sessionId")).await;
    }
    let checkout = answer.body.inner("checkout");
    if !checkout.is_there() {
        step(store, Event::Returned);
        return confirm(store, kept).await;
    }
    step(store, Event::Opened);
    let email = store
        .who
        .with_untracked(|who| if let Who::Customer { email, .. } = who { email.clone() } else { String::new() });
    let back = pay(&checkout, &email).await;
    if !is_current(store, &kept) {
        return;
    }
    match back.text("kind").as_str() {
        "paid" => {
            let values = back.inner("values");
            kept.proof = Some(PROOF.map(|name| values.text(name)));
            keep(store, &kept);
            step(store, Event::Returned);
            confirm(store, kept).await;
        }
        "left" => {
            step(store, Event::Closed);
            // Some have paid all the same, in their bank's own app.
            glance(store, &kept).await;
        }
        _ => step(store, Event::Refused(Failure::Answered(Code::PaymentsUnavailable))),
    }
}

/// Sends the wish. When nobody answers it is sent again under its id, which opens nothing twice.
async fn ask_for(kept: &Kept) -> Answer {
    let mut fields: Vec<(&str, JsValue)> = vec![
        ("planId", kept.plan_id.as_str().into()),
        ("hours", kept.hours.into()),
        ("requestId", kept.request_id.as_str().into()),
    ];
    if let Some(session_id) = &kept.extends {
        fields.push(("sessionId", session_id.as_str().into()));
    }
    let body = Row::of(&fields);
    let mut tries = 0_u32;
    loop {
        let answer = hub().call("buy-session", "POST", Some(&body), false).await;
        let waits_ms = failure::asks_by_itself_after_ms(tries).filter(|_| answer.is_silence());
        let Some(waits_ms) = waits_ms else { return answer };
        browser().sleep(u32::try_from(waits_ms).unwrap_or(u32::MAX)).await;
        tries = tries.saturating_add(1);
    }
}

/// Notes what the hub has said of a purchase that it opened or found.
fn opened(store: Store, mut kept: Kept, answer: &Answer) -> Kept {
    kept.purchase_id = answer.body.some_text("purchaseId");
    keep(store, &kept);
    let is_demo = answer.body.flag("demo");
    store.purchase.update(|purchase| purchase.is_demo = is_demo);
    kept
}

/// Asks whether the payment is there until somebody can say.
async fn confirm(store: Store, kept: Kept) {
    let mut tries = 0_u32;
    loop {
        let answer = call_confirm(&kept).await;
        if !is_current(store, &kept) {
            return;
        }
        if answer.status == 200 {
            return granted(store, &kept, answer.body.text("sessionId")).await;
        }
        if !is_undecided(&answer) {
            return refused(store, &answer);
        }
        // Where the proof does not get through, the provider's own word may have: the same wish again says so.
        if answer.is_silence() {
            let found = ask_for(&kept).await;
            if !is_current(store, &kept) {
                return;
            }
            if found.is_ok() && found.body.text("status") == "paid" {
                return granted(store, &kept, found.body.text("sessionId")).await;
            }
        }
        step(store, Event::Pending);
        // After that the hub goes on looking, and a reload finds what it found.
        let Some(waits_ms) = asks_again_after_ms(tries) else { return };
        browser().sleep(waits_ms.max(answer.body.whole("retryAfter").saturating_mul(1_000))).await;
        tries = tries.saturating_add(1);
    }
}

/// Asks once; whether it is paid.
async fn glance(store: Store, kept: &Kept) -> bool {
    let answer = call_confirm(kept).await;
    let is_paid = answer.status == 200 && store.customer_id() == kept.customer_id;
    if is_paid {
        granted(store, kept, answer.body.text("sessionId")).await;
    }
    is_paid
}

async fn call_confirm(kept: &Kept) -> Answer {
    let mut fields: Vec<(&str, JsValue)> = vec![("purchaseId", kept.purchase_id.as_deref().unwrap_or_default().into())];
    if let Some(proof) = &kept.proof {
        fields.extend(PROOF.into_iter().zip(proof.iter().map(|value| value.as_str().into())));
    }
    hub().call("confirm-payment", "POST", Some(&Row::of(&fields)), false).await
}

/// Whether asking again may get another answer: the bank is slow, or somebody on the way.
fn is_undecided(answer: &Answer) -> bool {
    let is_definite = answer.body.text("code") == Code::PaymentsMisconfigured.as_str();
    matches!(answer.status, 0 | 202 | 429) || (answer.status >= 500 && !is_definite)
}

/// The hours are there.
async fn granted(store: Store, kept: &Kept, session_id: String) {
    let is_current = is_current(store, kept);
    if is_current {
        browser().keep(NAME, "");
        store.purchase.update(|purchase| purchase.is_settled = true);
        step(store, Event::Granted { session: session_id.clone() });
    }
    session::load(store).await;
    let key = if kept.extends.as_ref() == Some(&session_id) { "purchase.extended" } else { "purchase.paid" };
    let plan = untrack(|| store.plan_name(&kept.plan_id));
    let words = Phrase::counted(key, kept.hours).with("plan", Value::Text(plan));
    // On the page of the plans it stands on top, and takes the focus.
    if is_current && store.route.with_untracked(|route| *route == Route::Plans) {
        notices::log(store, Kind::Good, words);
    } else {
        notices::tell(store, Kind::Good, words, None);
    }
}

fn refused(store: Store, answer: &Answer) {
    let failure = failure_of(store, answer);
    step(store, Event::Refused(failure));
    settle_if_final(store, failure);
}

/// Forgets the id of a wish that can never be paid under it.
fn settle_if_final(store: Store, failure: Failure) {
    if !matches!(failure::of_purchase(failure).remedy, Remedy::AskAgainSameId | Remedy::SignIn | Remedy::None) {
        browser().keep(NAME, "");
        store.purchase.update(|purchase| purchase.is_settled = true);
    }
}

fn failure_of(store: Store, answer: &Answer) -> Failure {
    if answer.is_silence() && !store.is_online.get_untracked() { Failure::Offline } else { notices::failure_of(answer) }
}

/// Whether the page is still about that wish: somebody may have signed out, or chosen another.
fn is_current(store: Store, kept: &Kept) -> bool {
    store.purchase.with_untracked(|purchase| {
        purchase.kept.as_ref().is_some_and(|known| known.request_id == kept.request_id) && !purchase.is_settled
    }) && store.customer_id() == kept.customer_id
}

fn keep(store: Store, kept: &Kept) {
    browser().keep(NAME, &kept.to_text());
    store.purchase.update(|purchase| {
        purchase.kept = Some(kept.clone());
        purchase.is_settled = false;
    });
}

fn step(store: Store, event: Event) {
    let before = store.purchase.with_untracked(Purchase::words);
    store.purchase.update(|purchase| purchase.state = std::mem::take(&mut purchase.state).after(event));
    let (words, is_bad) =
        store.purchase.with_untracked(|purchase| (purchase.words(), matches!(purchase.state, Buying::Failed(_))));
    if words != before && !words.is_empty() {
        notices::announce(store, is_bad, words);
    }
}

impl Store {
    /// What a plan is called; its id where the plans are not there.
    #[must_use]
    pub fn plan_name(self, plan_id: &str) -> String {
        self.plan_of(plan_id).map_or_else(|| plan_id.to_owned(), |plan| plan.name)
    }
}
