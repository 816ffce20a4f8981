//! The studio: a conversation whose answers are pictures, and the prompt below it.
//!
//! Owns: the order of turns, what stands there before the first, and that a new turn is seen. Must not: know how a turn looks.

use crate::markup::{keyed, view};
use crate::signal::{Memo, effect};
use leptos::prelude::*;
use web_state::turn::{self, Turn};

use crate::components::control::button;
use crate::components::{composer, control, turn as turn_view};
use crate::store::Store;
use crate::words::t;

/// The keys of what one could try first.
const IDEAS: [&str; 4] = ["studio.idea_1", "studio.idea_2", "studio.idea_3", "studio.idea_4"];

/// The page.
#[must_use]
pub fn studio(store: Store) -> AnyView {
    let turns = Memo::new(move |_| {
        store.messages.with(|messages| store.pictures.with(|pictures| turn::turns(messages, pictures)))
    });
    let ids = Memo::new(move |_| turns.with(|turns| turns.iter().map(|turn| turn.id.clone()).collect::<Vec<_>>()));
    show_newest(ids);
    let one = move |id: String| {
        let followed: Memo<Option<Turn>> =
            Memo::new(move |_| turns.with(|turns| turns.iter().find(|turn| turn.id == id).cloned()));
        turn_view::turn(store, followed)
    };
    let heading = move || {
        let opened = store.opened.get();
        store.conversations.with(|known| {
            let mut known = known.iter().flatten();
            known.find(|one| Some(&one.id) == opened.as_ref()).map_or_else(|| t("nav.studio"), |one| one.title.clone())
        })
    };
    let is_empty = Memo::new(move |_| ids.with(Vec::is_empty));
    view! {
        <main class="stage" id="main" tabindex="-1">
            <h1 class="hidden">{heading}</h1>
            <ol class="turns" aria-label=t("studio.turns")>
                {keyed(move || ids.get(), one)}
            </ol>
            {move || is_empty.get().then(|| before_the_first(store))}
            {composer::composer(store)}
        </main>
    }
    .into_any()
}

fn before_the_first(store: Store) -> AnyView {
    if store.is_opening.get() {
        return view! { <div class="empty" aria-busy="true"><span class="bone" data-kind="block"></span></div> }
            .into_any();
    }
    let ideas = IDEAS
        .map(|key| {
            let words = t(key);
            view! { <li>{button("plain", "", words.clone(), move || composer::put_words(store, words.clone()))}</li> }
        })
        .collect_view();
    view! {
        <div class="empty">
            {control::icon("aperture")}
            <h2>{t("studio.empty_heading")}</h2>
            <p>{t("studio.empty_words")}</p>
            <ul class="ideas">{ideas}</ul>
        </div>
    }
    .into_any()
}

/// Brings the newest turn into sight when one is added, and the end of a conversation when it is opened.
fn show_newest(ids: Memo<Vec<String>>) {
    effect(move |earlier: Option<usize>| {
        let count = ids.with(Vec::len);
        if count > earlier.unwrap_or_default() {
            request_animation_frame(|| {
                let height = document().document_element().map_or(0, |root| root.scroll_height());
                window().scroll_to_with_x_and_y(0.0, f64::from(height));
            });
        }
        count
    });
}
