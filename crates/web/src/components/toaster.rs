//! What is said in passing.
//!
//! Owns: showing it for its time, and doing what it offers. Must not: decide for how long (that is `web_state::toast`).

use crate::markup::{keyed, view};
use crate::signal::Memo;
use leptos::prelude::*;
use web_state::route::Route;
use web_state::toast::{Action, Kind, Toast};

use super::control::{button, icon, icon_button};
use super::focus;
use crate::bridge::hub;
use crate::store::{Store, chat, deletion, gallery};
use crate::words::{say, t};

/// The toasts that are shown.
#[must_use]
pub fn toaster(store: Store) -> AnyView {
    let ids = Memo::new(move |_| {
        let now_ms = store.now_ms.get();
        store.toasts.with(|toasts| toasts.shown(now_ms).iter().map(|toast| toast.id).collect::<Vec<u32>>())
    });
    let hold = move || {
        store.toasts.update_untracked(|toasts| toasts.hold(hub().now()));
    };
    let release = move || {
        store.toasts.update(|toasts| toasts.release(hub().now()));
    };
    view! {
        <div class="toasts" role="region" aria-label=t("toast.region")>
            <ol
                on:pointerover=move |_| hold()
                on:pointerleave=move |_| release()
                on:focusin=move |_| hold()
                on:focusout=move |_| release()
            >
                {keyed(move || ids.with(|ids| ids.iter().map(u32::to_string).collect()), move |id| toast(store, id.parse().unwrap_or_default()))}
            </ol>
        </div>
    }
    .into_any()
}

/// The icon of a kind of news.
#[must_use]
pub fn icon_of(kind: Kind) -> AnyView {
    icon(match kind {
        Kind::Good => "check",
        Kind::Bad => "circle-alert",
        Kind::Note => "info",
    })
}

/// The design's name of a kind of news.
#[must_use]
pub const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Good => "good",
        Kind::Bad => "bad",
        Kind::Note => "note",
    }
}

fn toast(store: Store, id: u32) -> AnyView {
    let found: Option<Toast> =
        store.toasts.with_untracked(|toasts| toasts.log().into_iter().find(|toast| toast.id == id).cloned());
    let Some(Toast { kind, words, action, .. }) = found else { return ().into_any() };
    let close = move || {
        store.toasts.update(|toasts| {
            toasts.dismiss(id);
            // The pointer was on what is gone, and will not be seen leaving it.
            toasts.release(hub().now());
        });
        focus::find_again();
    };
    let offer = action.map(|action| {
        let words = t(action.key());
        let act = move || {
            close();
            take_up(store, &action);
        };
        button("quiet", "", words, act)
    });
    view! {
        <li class="toast" data-kind=name_of(kind)>
            {icon_of(kind)}
            <p>{say(&words)}</p>
            {offer}
            {icon_button("quiet", "x", t("toast.dismiss"), close)}
        </li>
    }
    .into_any()
}

fn take_up(store: Store, action: &Action) {
    match action {
        Action::Restore { pictures } => deletion::restore(store, pictures),
        Action::Keep { conversation } => chat::keep(store, conversation.clone()),
        Action::Show { conversation } => {
            gallery::leave_for(store, Route::Studio { conversation: Some(conversation.clone()) })
        }
        Action::AddHour => gallery::leave_for(store, Route::Plans),
    }
}
