//! Credits as frames of film.
//!
//! Owns: the drawing of a strip. Must not: count, or say anything; the words stand beside it and are what is read aloud.

use crate::markup::view;
use crate::signal::Memo;
use leptos::prelude::*;
use web_state::strip::Frame;

use super::image::Arrival;
use crate::store::Store;

/// A strip; `kind` is `picture` or `video`. `is_mini`: in one line, without its pictures. Each frame follows for itself what
/// becomes of it, so that a picture which is there is not drawn anew when the next one comes.
#[must_use]
pub fn film(store: Store, kind: &'static str, is_mini: bool, frames: Memo<Vec<Frame>>) -> AnyView {
    let class = if is_mini { "film mini" } else { "film" };
    let count = Memo::new(move |_| frames.with(Vec::len));
    let drawn = move || (0..count.get()).map(|place| live(store, frames, place, is_mini)).collect_view();
    view! {
        <ol class=class data-kind=kind data-count=move || count.get().to_string() aria-hidden="true">
            {drawn}
        </ol>
    }
    .into_any()
}

fn live(store: Store, frames: Memo<Vec<Frame>>, place: usize, is_mini: bool) -> AnyView {
    let state = move || frames.with(|frames| frames.get(place).map_or("free", state_of));
    let url = Memo::new(move |_| {
        frames.with(|frames| match frames.get(place) {
            Some(Frame::Used { url }) if !is_mini => url.clone(),
            _ => None,
        })
    });
    let picture = move || {
        let arrival = Arrival::new(store);
        let address = arrival.address(Some(url.get()?));
        Some(view! {
            <img
                src=address
                alt=""
                decoding="async"
                on:load=move |_| arrival.succeed()
                on:error=move |_| arrival.fail()
            />
        })
    };
    view! { <li class="frame" data-state=state>{picture}</li> }.into_any()
}

const fn state_of(frame: &Frame) -> &'static str {
    match frame {
        Frame::Used { .. } => "used",
        Frame::Held => "held",
        Frame::Free => "free",
    }
}

/// A strip of which nothing is used: what a plan holds.
#[must_use]
pub fn free_film(kind: &'static str, count: u32) -> AnyView {
    let frames = web_state::strip::frames(count, 0, 0, &[]);
    view! {
        <ol class="film" data-kind=kind data-count=frames.len().to_string() aria-hidden="true">
            {frames.iter().map(|_| view! { <li class="frame" data-state="free"></li> }.into_any()).collect_view()}
        </ol>
    }
    .into_any()
}
