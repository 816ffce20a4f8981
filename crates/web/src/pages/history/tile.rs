//! One tile of the grid: a picture, or the place of one that is not known yet.
//!
//! Owns: what a tile shows, where it lies, and its buttons. Must not: know which tiles there are.

use crate::markup::view;
use crate::signal::{Memo, RwSignal};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use web_state::turn::Picture;

use super::{Sheet, delete, index, pixels};
use crate::components::image::Arrival;
use crate::components::picture_actions;
use crate::store::shown;
use crate::words::{t, tf};

/// Where the tile of that key is, now.
fn place_of(sheet: Sheet, key: &str) -> u32 {
    if let Some(place) = key.strip_prefix('#') {
        return place.parse().unwrap_or(u32::MAX);
    }
    let (start, end) = sheet.range.get_untracked();
    let place = sheet.store.past.with_untracked(|past| {
        // Nearly always one in sight: the thousands need not be searched.
        let in_sight = past.pictures().get(index(start)..index(end)).unwrap_or_default();
        let near = in_sight.iter().position(|picture| picture.id == key);
        near.map(|near| near.saturating_add(index(start))).or_else(|| past.find(key))
    });
    place.and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX)
}

/// The tile of that key.
#[must_use]
pub fn tile(sheet: Sheet, key: &str) -> AnyView {
    let place = place_of(sheet, key);
    let known = sheet.store.past.with_untracked(|past| past.pictures().get(index(place)).cloned());
    let key = known.as_ref().map(|picture| (picture.created_at.clone(), picture.id.clone()));
    let held = key.clone();
    // A picture moves on when another one comes before it.
    let place = Memo::new(move |_| match &key {
        Some((created_at, id)) => {
            u32::try_from(sheet.store.past.with(|past| past.place(created_at, id))).unwrap_or(u32::MAX)
        }
        None => place,
    });
    let is_current = Memo::new(move |_| place.get() == sheet.stop.get());
    let is_loaded = RwSignal::new(false);
    let is_pointed_at = RwSignal::new(false);
    let at = move || sheet.grid.get().place(place.get());
    let content = match known {
        Some(picture) => content(sheet, picture, place, is_current, is_loaded, is_pointed_at),
        None => view! {
            <span class="tile-open" tabindex=tab_index(is_current) aria-label=t("picture.loading") role="img"></span>
        }
        .into_any(),
    };
    view! {
        <li
            class="tile"
            style:--x=move || pixels(at().left)
            style:--y=move || pixels(at().top)
            data-state=move || if is_loaded.get() { "there" } else { "loading" }
            aria-setsize=move || sheet.count.get().to_string()
            aria-posinset=move || place.get().saturating_add(1).to_string()
            on:focusin=move |_| {
                // The picture that comes into an empty place takes the focus on.
                if held.is_none() {
                    sheet.takes_focus.set(true);
                }
                sheet.held.set(held.clone());
                sheet.current.set(Some(place.get_untracked()));
            }
            on:pointerenter=move |_| {
                is_pointed_at.set(true);
            }
            on:pointerleave=move |_| {
                is_pointed_at.set(false);
            }
        >
            {content}
        </li>
    }
    .into_any()
}

fn content(
    sheet: Sheet,
    picture: Picture,
    place: Memo<u32>,
    is_current: Memo<bool>,
    is_loaded: RwSignal<bool>,
    is_pointed_at: RwSignal<bool>,
) -> AnyView {
    // Whatever rushes past is not fetched.
    let is_wanted = Memo::new(move |before: Option<&bool>| before == Some(&true) || !sheet.is_quick.get());
    let has_buttons = Memo::new(move |_| is_pointed_at.get() || is_current.get());
    let arrival = Arrival::new(sheet.store);
    let address = arrival.address(picture.url.clone());
    let id = picture.id.clone();
    let open = move |event: MouseEvent| {
        // With a key held down the browser opens the picture in a tab of its own.
        if event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            shown::open_past(sheet.store, id.clone());
        }
    };
    view! {
        <a
            class="tile-open"
            href=picture.url.clone()
            tabindex=tab_index(is_current)
            aria-label=tf("picture.open", &[("prompt", &picture.prompt)])
            on:click=open
        >
            <img
                src=move || is_wanted.get().then(&address).flatten()
                alt=""
                width=picture.width
                height=picture.height
                decoding="async"
                loading="lazy"
                on:load=move |_| {
                    arrival.succeed();
                    is_loaded.set(true);
                }
                on:error=move |_| {
                    arrival.fail();
                }
            />
        </a>
        // Most tiles are passed by: only one that is looked at has buttons.
        {move || {
            has_buttons.get().then(|| {
                let delete = Box::new(move || delete(sheet, place.get_untracked()));
                picture_actions::of_tile(sheet.store, picture.clone(), is_current, delete)
            })
        }}
    }
    .into_any()
}

fn tab_index(is_current: Memo<bool>) -> impl Fn() -> &'static str + Clone + Send + 'static {
    move || if is_current.get() { "0" } else { "-1" }
}
