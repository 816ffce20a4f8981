//! Who is signed in, and what happens when that changes.
//!
//! Owns: loading everything for a customer who comes, forgetting everything when he goes, and whose the words are that are
//! kept in this browser. Must not: show a form.

use crate::bridge::spawn_local;
use web_state::route::Route;
use web_state::settings::Settings;
use web_state::toast::{Kind, Toasts};

use super::{Store, Who, buying, chat, follow, live, notices, past, send, session, unsent};
use crate::bridge::{browser, hub};

/// Under which name it is kept whose the other things are that are kept.
const OWNER: &str = "owner";

/// Begins, once for the page's life.
pub fn begin(store: Store) {
    store.settings.set(Settings::from_text(&browser().kept("settings")));
    store.draft.set(browser().kept("draft"));
    hub().watch_user(move |user| {
        let who = user.map_or(Who::Nobody, |(id, email)| Who::Customer { id, email });
        // A token that was renewed is the same customer.
        if store.who.with_untracked(|known| *known == who) {
            return;
        }
        let came = if let Who::Customer { id, .. } = &who { Some(id.clone()) } else { None };
        forget(store);
        store.who.set(who);
        let owner = browser().kept(OWNER);
        match came {
            Some(id) => {
                if !owner.is_empty() && owner != id {
                    forget_kept(store);
                }
                browser().keep(OWNER, &id);
                welcome(store, id);
            }
            None => {
                hub().hushed();
                // Who signs out himself leaves nothing.
                if !owner.is_empty() {
                    notices::say(store, Kind::Note, "sign_in.ended");
                }
            }
        }
    });
}

fn welcome(store: Store, id: String) {
    // supabase-js must not be called from inside the callback that it waits for.
    spawn_local(async move {
        browser().sleep(0).await;
        live::listen(store, &id);
        session::load(store).await;
        spawn_local(buying::resume(store));
        chat::load(store).await;
        if let Route::Studio { conversation } = store.route.get_untracked() {
            chat::open(store, conversation).await;
        }
        follow::take_up(store).await;
        send::resume(store);
    });
}

fn forget(store: Store) {
    store.sessions.set(None);
    store.over.set(None);
    store.purchase.set(buying::Purchase::default());
    store.balance.set(None);
    store.strip.set(vec![]);
    store.conversations.set(None);
    store.opened.set(None);
    store.messages.set(vec![]);
    store.pictures.set(vec![]);
    store.jobs.set(vec![]);
    store.lightbox.set(None);
    past::forget(store);
}

/// Signs out of this browser, and leaves nothing of the customer in it.
pub fn sign_out(store: Store) {
    forget_kept(store);
    store.toasts.set(Toasts::default());
    store.polite.set(String::new());
    store.urgent.set(String::new());
    spawn_local(async move { hub().sign_out().await });
}

/// Forgets what this browser keeps of a customer.
fn forget_kept(store: Store) {
    unsent::forget_all();
    for name in ["draft", "buying", "settings", OWNER] {
        browser().keep(name, "");
    }
    store.draft.set(String::new());
    store.settings.set(Settings::default());
}
