//! Conversations, what was said in the open one, and its pictures.
//!
//! Owns: loading them, and writing what a customer may write: a conversation, its name, a message. Must not: ask for pictures.

use crate::bridge::spawn_local;
use leptos::prelude::*;
use web_state::phrase::Phrase;
use web_state::route::Route;
use web_state::toast::{Action, Kind, UNDO_MS};
use web_state::turn::Picture;

use super::unsent::Unsent;
use super::{Conversation, Store, deletion, notices, rows};
use crate::bridge::{Ask, browser, hub};

/// The most characters of a title that is made of a prompt.
const TITLE_CHARACTERS: usize = 60;

/// Asks for the conversations.
pub async fn load(store: Store) {
    if let Some(found) = store.ask(Ask::Conversations).await.rows() {
        let mut found: Vec<Conversation> = found.iter().map(rows::conversation).collect();
        store.ending.with_untracked(|ending| found.retain(|one| !ending.contains(&one.id)));
        // One that was begun meanwhile stays: the hub may not have heard of it when it was asked.
        let begun = store.conversations.with_untracked(|known| {
            let opened = store.opened.get_untracked();
            known.iter().flatten().find(|one| Some(&one.id) == opened.as_ref()).cloned()
        });
        if let Some(begun) = begun.filter(|begun| !found.iter().any(|one| one.id == begun.id)) {
            found.insert(0, begun);
        }
        if store.conversations.with_untracked(|known| known.as_ref() != Some(&found)) {
            store.conversations.set(Some(found));
        }
    }
}

/// Brings the conversation of the route onto the stage.
pub async fn open(store: Store, id: Option<String>) {
    if store.opened.get_untracked() == id {
        return;
    }
    store.messages.set(vec![]);
    store.pictures.set(vec![]);
    store.opened.set(id.clone());
    if let Some(id) = id {
        store.is_opening.set(true);
        reload(store, &id).await;
        store.is_opening.set(false);
    }
}

/// Asks for what was said in a conversation and for its pictures. Nothing is shown of a conversation that was left meanwhile.
pub async fn reload(store: Store, id: &str) {
    let messages = store.ask(Ask::Messages(id)).await.rows();
    let pictures = store.ask(Ask::Pictures(id)).await.rows();
    if store.opened.with_untracked(|opened| opened.as_deref() != Some(id)) {
        return;
    }
    if let Some(found) = messages {
        let said = found.iter().filter(|row| row.text("role") == "user").map(rows::message).collect::<Vec<_>>();
        if !said.is_empty() || store.messages.with_untracked(Vec::is_empty) {
            store.messages.set(said);
        }
    }
    if let Some(found) = pictures {
        let mut found = rows::pictures(&found);
        deletion::as_wanted(store, &mut found);
        store.pictures.update(|known| {
            // What is on its way has no rows yet.
            known.retain(|picture| is_local(picture) && !found.iter().any(|row| row.request_id == picture.request_id));
            known.extend(found);
        });
    }
}

/// What the ids of the page's own stand-ins begin with.
pub const LOCAL: &str = "local-";

/// Whether a picture is the page's own stand-in for rows that it has not seen.
#[must_use]
pub fn is_local(picture: &Picture) -> bool {
    picture.id.starts_with(LOCAL)
}

/// Puts the rows of a request in the place of what was known of it, where its conversation is open.
pub fn take(store: Store, found: Vec<Picture>) {
    let Some(first) = found.first() else { return };
    let (request_id, conversation) = (first.request_id.clone(), first.conversation_id.clone());
    if store.opened.with_untracked(|opened| *opened != conversation) {
        return;
    }
    store.pictures.update(|known| {
        known.retain(|picture| picture.request_id != request_id);
        known.extend(found);
    });
}

/// Asks for the rows of a request.
pub async fn fetch(store: Store, request_id: &str) -> Vec<Picture> {
    let found = store.ask(Ask::PicturesOf(request_id)).await.rows().unwrap_or_default();
    let mut found = rows::pictures(&found);
    deletion::as_wanted(store, &mut found);
    take(store, found.clone());
    found
}

/// Begins a conversation with a first prompt; its id. The hub hears of it by `tell_of`.
pub fn begin(store: Store, prompt: &str) -> String {
    let id = browser().uuid();
    store.opened.set(Some(id.clone()));
    store.messages.set(vec![]);
    store.pictures.set(vec![]);
    store.conversations.update(|list| {
        list.get_or_insert_default().insert(0, Conversation { id: id.clone(), title: title_of(prompt) });
    });
    go(store, &Route::Studio { conversation: Some(id.clone()) });
    id
}

/// Opens the conversation of a wish at the hub. Opening it again changes nothing.
pub async fn tell_of(store: Store, wish: &Unsent) {
    let (id, customer_id) = (&wish.conversation_id, store.customer_id());
    hub().ask(Ask::OpenConversation(id, &customer_id, &wish.session_id, &title_of(&wish.prompt))).await;
}

fn title_of(prompt: &str) -> String {
    prompt.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TITLE_CHARACTERS).collect()
}

/// Names a conversation anew.
pub fn rename(store: Store, id: String, title: String) {
    let title: String = title.trim().chars().take(200).collect();
    if title.is_empty() {
        return;
    }
    store.conversations.update(|list| {
        if let Some(found) = list.iter_mut().flatten().find(|conversation| conversation.id == id) {
            found.title.clone_from(&title);
        }
    });
    spawn_local(async move {
        let answer = hub().ask(Ask::RenameConversation(&id, &title)).await;
        if !answer.is_ok() {
            notices::failure(store, &answer);
            load(store).await;
        }
    });
}

/// Ends a conversation, once nobody has taken that back for as long as the offer stands; a page that is closed before then has
/// not deleted it. Its pictures stay in the history.
pub fn end(store: Store, id: String) {
    store.conversations.update(|list| {
        if let Some(list) = list {
            list.retain(|conversation| conversation.id != id);
        }
    });
    if store.opened.with_untracked(|opened| opened.as_deref() == Some(id.as_str())) {
        go(store, &Route::Studio { conversation: None });
    }
    store.ending.update(|ending| ending.push(id.clone()));
    let keep = Action::Keep { conversation: id.clone() };
    notices::tell(store, Kind::Note, Phrase::new("toast.conversation_deleted"), Some(keep));
    spawn_local(async move {
        browser().sleep(u32::try_from(UNDO_MS).unwrap_or(u32::MAX)).await;
        if !store.ending.with_untracked(|ending| ending.contains(&id)) {
            return;
        }
        let answer = hub().ask(Ask::EndConversation(&id)).await;
        store.ending.update(|ending| ending.retain(|one| *one != id));
        if !answer.is_ok() {
            notices::failure(store, &answer);
            load(store).await;
        }
    });
}

/// Keeps a conversation that was about to end.
pub fn keep(store: Store, id: String) {
    store.ending.update(|ending| ending.retain(|one| *one != id));
    spawn_local(load(store));
}

/// Goes to a page.
pub fn go(store: Store, route: &Route) {
    let _ = window().location().set_hash(&route.to_hash());
    store.route.set(route.clone());
}
