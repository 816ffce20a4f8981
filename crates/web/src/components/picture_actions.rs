//! What can be done with a picture, as buttons: in one order everywhere.
//!
//! Owns: which acts stand where, and their words. Must not: do them (that is `store::gallery` and `store::deletion`).

use crate::markup::view;
use crate::signal::Memo;
use leptos::prelude::*;
use web_state::turn::Picture;

use super::control::{button, icon, icon_button};
use crate::store::{Store, deletion, gallery, shown};
use crate::words::t;

/// Where the buttons stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Over a picture of the stage.
    Stage,
    /// Beside the one that fills the window: with words.
    Lightbox,
}

type Act = fn(Store, &Picture);

/// An act: the kinds of its button on the stage and in the lightbox, its icon, its words, and what it does.
const ACTS: [(&str, &str, &str, &str, Act); 6] = [
    ("plain", "primary", "download", "picture.download", gallery::download),
    ("plain extra", "plain", "copy", "picture.copy_prompt", gallery::copy_prompt),
    ("plain extra", "plain", "sliders-horizontal", "picture.use_settings", gallery::use_settings),
    ("plain extra", "plain", "refresh-cw", "picture.regenerate", gallery::regenerate),
    ("plain", "", "maximize-2", "picture.open_large", gallery::open),
    ("plain", "danger", "trash-2", "picture.delete", deletion::delete),
];

/// The buttons of a picture that is there.
#[must_use]
pub fn actions(store: Store, picture: Picture, place: Place) -> AnyView {
    let buttons = ACTS
        .into_iter()
        .filter(|(_, in_lightbox, ..)| place == Place::Stage || !in_lightbox.is_empty())
        .map(|(on_stage, in_lightbox, icon_name, words, act)| {
            let picture = picture.clone();
            if place == Place::Lightbox {
                let act = move || if icon_name == "trash-2" { shown::delete(store) } else { act(store, &picture) };
                button(in_lightbox, icon_name, t(words), act)
            } else {
                icon_button(on_stage, icon_name, t(words), move || act(store, &picture))
            }
        })
        .collect_view();
    let class = match place {
        Place::Stage => "picture-actions",
        Place::Lightbox => "lightbox-actions",
    };
    view! { <div class=class role="group" aria-label=t("picture.actions")>{buttons}</div> }.into_any()
}

/// The two buttons of a tile of the past that need no second look: those of the tile that has the focus can be reached by the keyboard, the other thousands not.
#[must_use]
pub fn of_tile(store: Store, picture: Picture, is_current: Memo<bool>, delete: Box<dyn Fn()>) -> AnyView {
    view! {
        <div class="tile-actions">
            {tile_button("download", "picture.download", is_current, Box::new(move || gallery::download(store, &picture)))}
            {tile_button("trash-2", "picture.delete", is_current, delete)}
        </div>
    }
    .into_any()
}

fn tile_button(icon_name: &'static str, words: &str, is_current: Memo<bool>, act: Box<dyn Fn()>) -> AnyView {
    let words = t(words);
    view! {
        <button
            class="button plain icon-only"
            type="button"
            tabindex=move || if is_current.get() { "0" } else { "-1" }
            aria-label=words.clone()
            title=words
            on:click=move |_| act()
        >
            {icon(icon_name)}
        </button>
    }
    .into_any()
}
