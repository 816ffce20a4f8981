//! The strips of the hour with their words.
//!
//! Owns: which frames are drawn of what the hub has said, and the line below. Must not: count credits.

use crate::markup::view;
use crate::signal::Memo;
use domain::generation::Status;
use leptos::prelude::*;
use web_state::strip::{Frame, frames};

use super::film::film;
use crate::bridge::{browser, float};
use crate::store::{Balance, Store};
use crate::words::{t, tf};

/// The pictures of this hour.
#[must_use]
pub fn pictures(store: Store) -> AnyView {
    let drawn = picture_frames(store);
    let hour = Memo::new(move |_| store.balance.get());
    let words = move || match hour.get() {
        Some(Balance { hour, .. }) => line(hour.remaining, hour.per_hour, hour.resets_at_ms),
        None => view! { <span class="bone"></span> }.into_any(),
    };
    view! {
        <section class="reel" aria-labelledby="reel-p">
            <h2 class="label" id="reel-p">{t("strip.pictures")}</h2>
            {film(store, "picture", false, drawn)}
            <p class="reel-words">{words}</p>
        </section>
    }
    .into_any()
}

/// The videos of this hour.
#[must_use]
pub fn videos(store: Store, plan_id: &str) -> AnyView {
    let per_hour = store.plan_of(plan_id).map_or(0, |plan| plan.videos_per_hour);
    let used = move || store.videos_used.get().min(per_hour);
    let drawn = Memo::new(move |_| frames(per_hour, used(), 0, &[]));
    let resets_at_ms =
        Memo::new(move |_| store.balance.with(|balance| balance.as_ref().and_then(|it| it.hour.resets_at_ms)));
    let words = move || {
        if per_hour == 0 {
            return view! { <span>{t("strip.videos_none_in_plan")}</span> }.into_any();
        }
        line(per_hour.saturating_sub(used()), per_hour, resets_at_ms.get())
    };
    view! {
        <section class="reel" aria-labelledby="reel-v">
            <h2 class="label" id="reel-v">{t("strip.videos")}</h2>
            {(per_hour > 0).then(|| film(store, "video", false, drawn))}
            <p class="reel-words">{words}</p>
        </section>
    }
    .into_any()
}

/// The frames of this hour's pictures.
#[must_use]
pub fn picture_frames(store: Store) -> Memo<Vec<Frame>> {
    Memo::new(move |_| {
        let urls: Vec<String> = store.strip.with(|strip| {
            let made = strip.iter().filter(|picture| picture.status == Status::Completed && !picture.deleted);
            made.filter_map(|picture| picture.url.clone()).collect()
        });
        store.balance.with(|balance| {
            let hour = balance.as_ref().map(|balance| &balance.hour);
            hour.map(|hour| frames(hour.per_hour, hour.spent(), hour.held, &urls)).unwrap_or_default()
        })
    })
}

fn line(remaining: u32, per_hour: u32, resets_at_ms: Option<u64>) -> AnyView {
    let next = resets_at_ms
        .map_or_else(|| t("strip.last_hour"), |at_ms| tf("strip.new_at", &[("time", &browser().clock(float(at_ms)))]));
    view! { <strong>{left(remaining, per_hour)}</strong><span>{next}</span> }.into_any()
}

/// How many are left of how many.
#[must_use]
pub fn left(remaining: u32, per_hour: u32) -> String {
    let [remaining, per_hour] = [remaining, per_hour].map(|count| browser().number(f64::from(count)));
    tf("strip.left", &[("left", &remaining), ("count", &per_hour)])
}
