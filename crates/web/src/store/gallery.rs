//! What can be done with a picture that is there.
//!
//! Owns: these acts, whoever asks for them: the stage, the lightbox, the page of the past. Must not: draw their buttons.

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

use super::{Lightbox, Store, chat, notices, past, send};
use crate::bridge::{Answer, Ask, browser, hub};

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

/// Deletes a picture at once, and offers to take that back.
pub fn delete(store: Store, picture: &Picture) {
    let ids = vec![picture.id.clone()];
    mark(store, &ids, true);
    // The hub may not have answered an earlier deletion that was taken back: then that one holds after all.
    let is_asked = store.leaving.update_untracked(|leaving| {
        let known = leaving.iter_mut().find(|(id, _)| *id == picture.id);
        let is_asked = known.map(|(_, is_wanted_back)| *is_wanted_back = false).is_some();
        if !is_asked {
            leaving.push((picture.id.clone(), false));
        }
        is_asked
    });
    let offer = Action::Restore { pictures: ids.clone() };
    notices::tell(store, Kind::Note, Phrase::counted("toast.deleted", 1), Some(offer));
    if is_asked {
        return;
    }
    spawn_local(async move {
        let answer = hub().ask(Ask::Delete(&ids)).await;
        let is_wanted_back = left(store, &ids);
        if !is_done(&answer, "deleted") {
            withdraw_offer(store, &ids);
            mark(store, &ids, false);
            notices::tell(store, Kind::Bad, Phrase::new("toast.delete_failed"), None);
        } else if is_wanted_back {
            bring_back(store, ids).await;
        }
    });
}

/// Takes a deletion back.
pub fn restore(store: Store, ids: Vec<String>) {
    mark(store, &ids, false);
    let mut waits = false;
    store.leaving.update_untracked(|leaving| {
        for (id, is_wanted_back) in leaving.iter_mut() {
            if ids.contains(id) {
                *is_wanted_back = true;
                waits = true;
            }
        }
    });
    // A deletion that the hub has not heard of yet is taken back once it has.
    if !waits {
        spawn_local(bring_back(store, ids));
    }
}

async fn bring_back(store: Store, ids: Vec<String>) {
    let answer = hub().ask(Ask::Restore(&ids)).await;
    if !is_done(&answer, "restored") {
        mark(store, &ids, true);
        notices::say(store, Kind::Bad, if answer.is_ok() { "toast.restore_failed" } else { "toast.restore_unsure" });
    }
}

/// Has rows that were read before a deletion was answered say what the customer wants of them.
pub fn as_wanted(store: Store, found: &mut [Picture]) {
    store.leaving.update_untracked(|leaving| {
        for (id, is_wanted_back) in leaving.iter() {
            found.iter_mut().filter(|picture| picture.id == *id).for_each(|picture| picture.deleted = !is_wanted_back);
        }
    });
}

/// Notes that the hub has answered a deletion; whether somebody wanted the pictures back meanwhile.
fn left(store: Store, ids: &[String]) -> bool {
    let mut is_wanted_back = false;
    store.leaving.update_untracked(|leaving| {
        is_wanted_back = leaving.iter().any(|(id, is_wanted_back)| *is_wanted_back && ids.contains(id));
        leaving.retain(|(id, _)| !ids.contains(id));
    });
    is_wanted_back
}

fn is_done(answer: &Answer, outcome: &str) -> bool {
    answer.is_ok() && answer.body.text("outcome") == outcome
}

/// There is nothing to take back.
fn withdraw_offer(store: Store, ids: &[String]) {
    store.toasts.update(|toasts| {
        let offers: Vec<u32> = toasts
            .log()
            .iter()
            .filter(|toast| matches!(&toast.action, Some(Action::Restore { pictures }) if pictures == ids))
            .map(|toast| toast.id)
            .collect();
        for offer in offers {
            toasts.dismiss(offer);
        }
    });
}

/// Shows pictures as deleted, or as there again, wherever they are known.
fn mark(store: Store, ids: &[String], deleted: bool) {
    for known in [store.pictures, store.strip] {
        if known.with_untracked(|known| known.iter().any(|picture| ids.contains(&picture.id))) {
            known.update(|known| mark_in(known, ids, deleted));
        }
    }
    past::mark(store, ids, deleted);
    store.lightbox.update(|lightbox| {
        if let Some(lightbox) = lightbox {
            mark_in(&mut lightbox.pictures, ids, deleted);
        }
    });
}

fn mark_in(pictures: &mut [Picture], ids: &[String], deleted: bool) {
    for picture in pictures.iter_mut().filter(|picture| ids.contains(&picture.id)) {
        picture.deleted = deleted;
    }
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
