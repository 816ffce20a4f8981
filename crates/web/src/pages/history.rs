//! All pictures of the customer, the newest first, as a grid that scrolls however many there are.
//!
//! Owns: which tiles have elements, where they lie, and which one the keyboard is on. Must not: load pictures (that is
//! `store::past`), or do the maths of the grid (that is `web_state::grid`).

mod tile;

use crate::markup::{keyed, view};
use crate::signal::{Memo, RwSignal, effect};
use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::html::Ol;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_state::grid::{self, Grid};
use web_state::past::{PAGE, Past};
use web_state::route::Route;
use web_sys::{HtmlElement, Node};

use crate::components::control::{button, icon};
use crate::store::{Store, deletion, past};
use crate::words::{t, tn};

/// Between tiles, as pictures.css has it.
const GAP: u32 = 8;
/// Rows above and below those in sight that have elements as well: where one looks about, and where one rushes past.
const OVERSCAN_ROWS: (u32, u32) = (3, 1);
/// What the bar covers of the window.
const BAR: u32 = 56;

/// What the grid's parts know of each other.
#[derive(Clone, Copy)]
struct Sheet {
    store: Store,
    list: NodeRef<Ol>,
    /// Where the window is over the grid: its width, how far it is scrolled, the window's height.
    window: RwSignal<(u32, u32, u32)>,
    /// Whether it moves so quickly that no picture is looked at.
    is_quick: RwSignal<bool>,
    grid: Memo<Grid>,
    /// How many places there are, those of pictures that are not known yet included.
    count: Memo<u32>,
    /// The places in sight and near it, which have elements.
    range: Memo<(u32, u32)>,
    /// The place that the tab key leads to: where the keyboard was, or else the first in sight.
    stop: Memo<u32>,
    /// The place that the keyboard is on.
    current: RwSignal<Option<u32>>,
    /// The picture there, by its time and id: when others come or go before it, the place moves and the focus stays.
    held: RwSignal<Option<(String, String)>>,
    /// Whether that place takes the focus as soon as it is there.
    takes_focus: RwSignal<bool>,
}

/// The page.
#[must_use]
pub fn history(store: Store) -> AnyView {
    past::open(store);
    effect(move |_| {
        if store.is_online.get() {
            past::try_again(store);
        }
    });
    effect(move |_| store.strip.with(|strip| past::meet(store, strip)));
    let sheet = sheet(store);
    let is_empty = Memo::new(move |_| store.past.with(Past::is_empty));
    let is_stuck = Memo::new(move |_| store.past.with(|past| past.is_stuck));
    view! {
        <main class="page history" id="main" tabindex="-1">
            <header class="page-head">
                <h1>{t("history.heading")}</h1>
                <p class="lede num">{move || words_of_count(sheet)}</p>
            </header>
            {move || if is_empty.get() { empty() } else { tiles(sheet) }}
            {move || is_stuck.get().then(|| stuck(store))}
        </main>
    }
    .into_any()
}

fn words_of_count(sheet: Sheet) -> Option<String> {
    let is_counted = sheet.store.past.with(Past::is_counted);
    let count = sheet.count.get();
    (is_counted && count > 0).then(|| tn("history.count", count))
}

fn empty() -> AnyView {
    view! {
        <div class="empty">
            {icon("images")}
            <h2>{t("history.empty_heading")}</h2>
            <p>{t("history.empty_words")}</p>
            <a class="button primary" href=Route::Studio { conversation: None }.to_hash()>{t("history.make")}</a>
        </div>
    }
    .into_any()
}

fn stuck(store: Store) -> AnyView {
    view! {
        <div class="notice" data-kind="bad" role="status">
            {icon("circle-alert")}
            <span>{t("history.failed")}</span>
            {button("plain", "refresh-cw", t("remedy.try_again"), move || past::try_again(store))}
        </div>
    }
    .into_any()
}

fn sheet(store: Store) -> Sheet {
    let window = RwSignal::new((0, 0, 0));
    let is_quick = RwSignal::new(false);
    let grid = Memo::new(move |_| Grid::fitting(window.get().0, GAP));
    let count = Memo::new(move |_| {
        let (known, is_counted) = store.past.with(|past| (past.len(), past.is_counted()));
        let known = u32::try_from(known).unwrap_or(u32::MAX);
        // Before it is known how many there are, the window is full of frames.
        let (_, _, height) = window.get();
        let full = grid.with(|grid| grid.rows_in(height).saturating_add(1).saturating_mul(grid.columns));
        if is_counted { known } else { known.max(full) }
    });
    let current = RwSignal::new(None);
    let range = Memo::new(move |_| {
        let (width, above, height) = window.get();
        let overscan = if is_quick.get() { OVERSCAN_ROWS.1 } else { OVERSCAN_ROWS.0 };
        let range = grid.get().window(above, height, overscan, if width == 0 { 0 } else { count.get() });
        (range.start, range.end)
    });
    let stop = Memo::new(move |_| {
        let (_, above, _) = window.get();
        let in_sight = grid.get().window(above.saturating_add(BAR), 0, 0, count.get()).start;
        current.get().filter(|current| *current < count.get()).unwrap_or(in_sight)
    });
    let sheet = Sheet {
        store,
        list: NodeRef::new(),
        window,
        is_quick,
        grid,
        count,
        range,
        stop,
        current,
        held: RwSignal::new(None),
        takes_focus: RwSignal::new(false),
    };
    effect(move |_| {
        let moved_to = sheet.store.past.with(|past| {
            let held = sheet.held.get_untracked();
            held.and_then(|(created_at, id)| past.known_place(&created_at, &id))
        });
        let moved_to = moved_to.and_then(|place| u32::try_from(place).ok());
        if moved_to.is_some() && current.get_untracked() != moved_to {
            current.set(moved_to);
        }
    });
    effect(move |_| {
        if let Some(list) = sheet.list.get() {
            let mut looked_at_ms = 0;
            crate::bridge::browser().watch_place(&list, move |width, above, height, at_ms| {
                let now = (width, above, height);
                let Some(before) = window.try_with_untracked(|known| *known) else { return };
                let passed_ms = at_ms.saturating_sub(looked_at_ms);
                let quick = before.0 > 0 && grid::is_quick(above.abs_diff(before.1), height, passed_ms);
                looked_at_ms = at_ms;
                if is_quick.get_untracked() != quick {
                    is_quick.set(quick);
                }
                if before != now {
                    window.set(now);
                }
            });
        }
    });
    follow_lightbox(sheet);
    sheet
}

/// After the lightbox the keyboard is on the picture that it showed last.
fn follow_lightbox(sheet: Sheet) {
    effect(move |earlier: Option<Option<(String, String)>>| {
        let earlier = earlier.flatten();
        let shown = sheet.store.lightbox.with(|lightbox| lightbox.as_ref().map(|lightbox| lightbox.shown_id.clone()));
        match (earlier, shown) {
            (None, Some(shown)) => Some((shown.clone(), shown)),
            (Some((first, _)), Some(shown)) => Some((first, shown)),
            (Some((first, last)), None) => {
                let place = sheet.store.past.with_untracked(|past| past.find(&last));
                if let Some(place) = place.filter(|_| first != last) {
                    go_to(sheet, u32::try_from(place).unwrap_or(u32::MAX));
                }
                None
            }
            (None, None) => None,
        }
    });
}

fn tiles(sheet: Sheet) -> AnyView {
    let keys = Memo::new(move |_| keys(sheet));
    effect(move |_| {
        let (_, end) = sheet.range.get();
        let wanted = end.max(sheet.current.get().map_or(0, |current| current.saturating_add(1)));
        past::reach(sheet.store, index(wanted).saturating_add(PAGE));
    });
    effect(move |_| {
        keys.with(|_| ());
        if sheet.takes_focus.get() {
            // The tiles are there in the next frame.
            request_animation_frame(move || focus_current(sheet));
        }
    });
    view! {
        <ol
            class="history-grid"
            role="list"
            node_ref=sheet.list
            style:--height=move || pixels(sheet.grid.get().height(sheet.count.get()))
            style:--s=move || pixels(sheet.grid.get().tile)
            on:keydown=move |event| on_key(sheet, &event)
            on:focusout=move |event| on_focus_out(sheet, &event)
        >
            {keyed(move || keys.get(), move |key| tile::tile(sheet, &key))}
        </ol>
    }
    .into_any()
}

/// The tiles that have elements, by what they are known by: pictures by their ids, others by their place.
/// What the keyboard is on is always among them, and all stand in the order of their places: an element that were moved
/// would lose the focus.
fn keys(sheet: Sheet) -> Vec<String> {
    let (start, end) = sheet.range.get();
    let range = start..end;
    let apart = sheet.current.get().filter(|current| *current < sheet.count.get() && !range.contains(current));
    sheet.store.past.with(|past| {
        let key = |place: u32| match past.pictures().get(index(place)) {
            Some(picture) => picture.id.clone(),
            None => ["#", &place.to_string()].concat(),
        };
        let before = apart.filter(|apart| *apart < start);
        let behind = apart.filter(|apart| *apart >= end);
        before.into_iter().chain(range).chain(behind).map(key).collect()
    })
}

fn on_key(sheet: Sheet, event: &KeyboardEvent) {
    let Some(current) = sheet.current.get_untracked() else { return };
    if event.alt_key() || event.ctrl_key() || event.meta_key() {
        return;
    }
    let key = event.key();
    if key == "Delete" {
        event.prevent_default();
        delete(sheet, current);
        return;
    }
    let (_, _, height) = sheet.window.get_untracked();
    let grid = sheet.grid.get_untracked();
    let rows = grid.rows_in(height.saturating_sub(BAR));
    if let Some(to) = grid::moved(&key, current, sheet.count.get_untracked(), grid.columns, rows) {
        event.prevent_default();
        go_to(sheet, to);
    }
}

/// Nobody is waited for who went elsewhere himself.
fn on_focus_out(sheet: Sheet, event: &FocusEvent) {
    let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
    let stays = sheet
        .list
        .try_get_untracked()
        .flatten()
        .is_some_and(|list| to.as_ref().is_some_and(|to| list.contains(Some(to))));
    if to.is_some() && !stays {
        sheet.takes_focus.set(false);
        sheet.held.set(None);
        sheet.current.set(None);
    }
}

fn go_to(sheet: Sheet, place: u32) {
    sheet.held.set(None);
    sheet.current.set(Some(place));
    sheet.takes_focus.set(true);
}

fn focus_current(sheet: Sheet) {
    let Some(Some(list)) = sheet.list.try_get_untracked() else { return };
    let Ok(Some(tile)) = list.query_selector(".tile-open[tabindex='0']") else { return };
    // A place whose picture is still asked for gives the focus on to it.
    if tile.tag_name() == "A" {
        sheet.takes_focus.set(false);
    }
    if let Ok(tile) = tile.dyn_into::<HtmlElement>() {
        let _ = tile.focus();
    }
}

fn delete(sheet: Sheet, place: u32) {
    let Some(picture) = sheet.store.past.with_untracked(|past| past.pictures().get(index(place)).cloned()) else {
        return;
    };
    let left = sheet.count.get_untracked().saturating_sub(1);
    deletion::delete(sheet.store, &picture);
    // The keyboard stays where it was, on what came into the place.
    match left.checked_sub(1) {
        Some(last) => go_to(sheet, place.min(last)),
        None => sheet.current.set(None),
    }
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn pixels(length: u32) -> String {
    [length.to_string().as_str(), "px"].concat()
}
