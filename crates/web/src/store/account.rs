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
    // Whose words this page holds, also while nobody is signed in.
    let mut last_id = String::new();
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
                // Another tab may have signed somebody else in, and what is kept is his already.
                if !last_id.is_empty() && last_id != id {
                    forget_typed(store);
                }
                last_id.clone_from(&id);
                browser().keep(OWNER, &id);
                welcome(store, id);
            }
            None => {
                hub().hushed();
                // Who signs out himself leaves nothing, in no tab.
                if owner.is_empty() {
                    forget_typed(store);
                } else {
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
    store.videos_used.set(0);
    store.conversations.set(None);
    store.ending.set(vec![]);
    store.opened.set(None);
    store.messages.set(vec![]);
    store.pictures.set(vec![]);
    store.jobs.set(vec![]);
    store.deletions.set(vec![]);
    store.lightbox.set(None);
    past::forget(store);
}

/// Signs out of this browser, and leaves nothing of the customer in it.
pub fn sign_out(store: Store) {
    forget_kept(store);
    sign_in_anew();
}

/// Leads to the form, for a customer whose token is no longer taken. What he typed waits for him.
pub fn sign_in_anew() {
    spawn_local(async move { hub().sign_out().await });
}

/// Forgets what this browser keeps of a customer.
fn forget_kept(store: Store) {
    unsent::forget_all();
    for name in ["draft", "buying", "settings", OWNER] {
        browser().keep(name, "");
    }
    forget_typed(store);
}

/// Forgets what this page holds of what a customer typed, was told and looked at.
fn forget_typed(store: Store) {
    store.draft.set(String::new());
    store.settings.set(Settings::default());
    store.toasts.set(Toasts::default());
    store.polite.set(String::new());
    store.urgent.set(String::new());
    if store.route.with_untracked(|route| matches!(route, Route::Studio { conversation: Some(_) })) {
        chat::go(store, &Route::Studio { conversation: None });
    }
}
