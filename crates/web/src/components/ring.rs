//! The ring of the hours that were bought: what is left of them, and where each begins.
//!
//! Owns: the drawing. Must not: say anything; the words stand beside it.

use crate::markup::view;
use crate::signal::Memo;
use leptos::prelude::*;

/// The ring of so many hours, with what is left of them in minutes.
#[must_use]
pub fn ring(hours: u32, minutes_left: Memo<u32>) -> AnyView {
    let minutes = hours.max(1).saturating_mul(60);
    let left = move || [minutes_left.get().min(minutes).to_string(), minutes.to_string()].join(" ");
    view! {
        <svg class="ring" viewBox="0 0 120 120" aria-hidden="true">
            {circle("ring-track", minutes, String::new)}
            {circle("ring-left", minutes, left)}
            {(hours > 1).then(|| circle("ring-hours", minutes, || "1 59".to_owned()))}
        </svg>
    }
    .into_any()
}

/// A circle whose way around is as many units as there are minutes.
fn circle(class: &'static str, minutes: u32, dashes: impl Fn() -> String + Send + 'static) -> AnyView {
    view! {
        <circle
            class=class
            cx="60"
            cy="60"
            r="52"
            pathLength=minutes.to_string()
            stroke-dasharray=dashes
        ></circle>
    }
    .into_any()
}
