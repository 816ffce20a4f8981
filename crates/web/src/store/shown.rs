//! The one picture that fills the window, and its neighbours.
//!
//! Owns: which list the lightbox pages through, and where it stands in it. Must not: draw it, or decide what a step means
//! (that is `web_state::lightbox`).

use leptos::prelude::*;
use web_state::lightbox::{self, Step};
use web_state::past::PAGE;
use web_state::turn::Picture;

use super::{Lightbox, Store, deletion, past};

/// The picture that is shown, and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The picture.
    pub picture: Picture,
    /// Its place, from 0.
    pub index: usize,
    /// Of how many.
    pub count: usize,
    /// The addresses of those beside it.
    pub beside: Vec<String>,
}

/// Opens the lightbox on a picture of the past: it pages through all of that.
pub fn open_past(store: Store, id: String) {
    store.lightbox.set(Some(Lightbox { pictures: vec![], shown_id: id }));
}

/// What is shown, tracked; none while the lightbox is closed.
#[must_use]
pub fn shown(store: Store) -> Option<Shown> {
    let (index, count) = place(store)?;
    let picture = at(store, index)?;
    let beside = [index.checked_sub(1), index.checked_add(1)];
    let beside = beside.into_iter().flatten().filter_map(|index| at(store, index)?.url).collect();
    Some(Shown { picture, index, count, beside })
}

/// Closes the lightbox.
pub fn close(store: Store) {
    if store.lightbox.with_untracked(Option::is_some) {
        store.lightbox.set(None);
    }
}

/// Goes to another picture.
pub fn go(store: Store, step: Step) {
    let Some((index, count)) = untrack(|| place(store)) else { return };
    if let Some(to) = lightbox::go(step, index, count) {
        show(store, to);
    }
}

/// Deletes the picture that is shown, and shows the one that comes into its place.
pub fn delete(store: Store) {
    let Some(shown) = untrack(|| shown(store)) else { return };
    let next = lightbox::after_removal(shown.index, shown.count.saturating_sub(1));
    // The list is shorter by one afterwards; what is shown must be one of it at every moment.
    let next_id = next.and_then(|next| {
        let next = if next == shown.index { next.saturating_add(1) } else { next };
        untrack(|| at(store, next)).map(|picture| picture.id)
    });
    match next_id {
        Some(id) => set_shown(store, id),
        None => close(store),
    }
    deletion::delete(store, &shown.picture);
}

fn show(store: Store, index: usize) {
    match untrack(|| at(store, index)) {
        Some(picture) => set_shown(store, picture.id),
        // Further than what is known: it is asked for, and the key will lead there once it has come.
        None => past::reach(store, index.saturating_add(1)),
    }
    past::reach(store, index.saturating_add(PAGE));
}

fn set_shown(store: Store, id: String) {
    store.lightbox.update(|lightbox| {
        if let Some(lightbox) = lightbox {
            lightbox.shown_id = id;
        }
    });
}

fn is_past(lightbox: &Lightbox) -> bool {
    lightbox.pictures.is_empty()
}

/// The place of the picture that is shown, and how many there are.
fn place(store: Store) -> Option<(usize, usize)> {
    store.lightbox.with(|lightbox| {
        let lightbox = lightbox.as_ref()?;
        if is_past(lightbox) {
            return store.past.with(|past| Some((past.find(&lightbox.shown_id)?, past.len())));
        }
        let mut there = lightbox.pictures.iter().filter(|picture| picture.is_there());
        Some((there.clone().position(|picture| picture.id == lightbox.shown_id)?, there.by_ref().count()))
    })
}

fn at(store: Store, index: usize) -> Option<Picture> {
    store.lightbox.with(|lightbox| {
        let lightbox = lightbox.as_ref()?;
        if is_past(lightbox) {
            return store.past.with(|past| past.pictures().get(index).cloned());
        }
        lightbox.pictures.iter().filter(|picture| picture.is_there()).nth(index).cloned()
    })
}
