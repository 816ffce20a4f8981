//! What can be done with a picture that is there.
//!
//! Owns: these acts, whoever asks for them: the stage, the lightbox, the page of the past. Must not: draw their buttons, or
//! delete (that is `deletion`).

use crate::bridge::spawn_local;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_state::file_name::file_name;
use web_state::order::sorted;
use web_state::phrase::Phrase;
use web_state::route::Route;
use web_state::settings::Settings;
use web_state::toast::{Action, Kind};
use web_state::turn::Picture;
use web_sys::HtmlElement;

use super::{Lightbox, Store, chat, notices, send};
use crate::bridge::browser;

/// Saves the picture as it is stored, under a name that says what it is.
pub fn download(store: Store, picture: &Picture) {
    let Some(url) = picture.url.clone() else { return };
    let name = file_name(&picture.prompt, picture.seed, picture.created_at_ms, picture.object_name.as_deref());
    spawn_local(async move {
        if !browser().save(&url, &name).await {
            notices::say(store, Kind::Bad, "toast.download_failed");
        }
    });
}

/// Copies what was asked for.
pub fn copy_prompt(store: Store, picture: &Picture) {
    let prompt = picture.prompt.clone();
    spawn_local(async move {
        if browser().copy(&prompt).await {
            notices::say(store, Kind::Good, "toast.copied");
        } else {
            notices::say(store, Kind::Bad, "toast.copy_failed");
        }
    });
}

/// Brings a picture's words and settings back into the prompt and the panel.
pub fn use_settings(store: Store, picture: &Picture) {
    let settings = Settings::of_picture(picture, true);
    browser().keep("settings", &settings.to_text());
    browser().keep("draft", &picture.prompt);
    store.settings.set(settings);
    store.draft.set(picture.prompt.clone());
    leave_for(store, Route::Studio { conversation: store.opened.get_untracked() });
    spawn_local(async {
        // The stage is drawn first.
        browser().sleep(0).await;
        if let Some(prompt) =
            document().get_element_by_id("prompt").and_then(|found| found.dyn_into::<HtmlElement>().ok())
        {
            let _ = prompt.focus();
        }
    });
}

/// Asks for another picture of the same words and settings, beside the one that is there.
pub fn regenerate(store: Store, picture: &Picture) {
    if store.session_untracked().is_none() {
        notices::tell(store, Kind::Note, Phrase::new("prompt.no_session"), Some(Action::AddHour));
        return;
    }
    let conversation = picture.conversation_id.clone();
    let settings = Settings::of_picture(picture, false);
    let prompt = picture.prompt.clone();
    leave_for(store, Route::Studio { conversation: conversation.clone() });
    spawn_local(async move {
        // A picture whose conversation is gone begins a new one, and says its words there.
        let is_variant = conversation.is_some();
        chat::open(store, conversation).await;
        send::send(store, prompt, settings, is_variant);
    });
}

/// Shows a picture of the stage alone, among all of its conversation.
pub fn open(store: Store, picture: &Picture) {
    let pictures = store.pictures.with_untracked(|known| {
        let there = known.iter().filter(|picture| picture.is_there()).cloned();
        sorted(there, |one: &Picture, other| {
            (one.created_at_ms, one.batch_index, &one.request_id)
                < (other.created_at_ms, other.batch_index, &other.request_id)
        })
    });
    store.lightbox.set(Some(Lightbox { pictures, shown_id: picture.id.clone() }));
}

/// Goes to a page, out of the lightbox where that is open: the browser's way back leads to where it was opened.
pub fn leave_for(store: Store, route: Route) {
    if store.lightbox.with_untracked(Option::is_some) {
        browser().step_over(&route.to_hash());
        store.lightbox.set(None);
        store.route.set(route);
    } else if store.route.with_untracked(|known| *known != route) {
        chat::go(store, &route);
    }
}
