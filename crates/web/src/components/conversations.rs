//! The list of conversations: opening, naming, ending one.

use crate::markup::{keyed, view};
use crate::signal::{Memo, RwSignal, effect};
use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::prelude::*;
use web_state::route::Route;

use super::control::{icon, icon_button};
use crate::store::{Conversation, Store, chat};
use crate::words::{t, tf};

/// The list, beside the stage or behind its button.
#[must_use]
pub fn conversations(store: Store) -> AnyView {
    // The one whose name is being written.
    let renaming = RwSignal::new(String::new());
    view! {
        <aside class="conversations" id="conversations" popover="auto" aria-label=t("nav.conversations")>
            <a class="button plain wide" href="#/">{icon("plus")}<span>{t("conversations.new")}</span></a>
            {list(store, renaming)}
        </aside>
    }
    .into_any()
}

fn list(store: Store, renaming: RwSignal<String>) -> AnyView {
    let is_empty = Memo::new(move |_| store.conversations.with(|known| known.as_ref().map(Vec::is_empty)));
    let ids = move || {
        store.conversations.with(|known| known.iter().flatten().map(|conversation| conversation.id.clone()).collect())
    };
    (move || match is_empty.get() {
        None => {
            let bone = || view! { <li class="conversation"><span class="bone"></span></li> };
            view! { <ul class="conversation-list" aria-busy="true">{bone()}{bone()}{bone()}</ul> }.into_any()
        }
        Some(true) => view! { <p class="quiet">{t("conversations.empty")}</p> }.into_any(),
        Some(false) => {
            let rows = keyed(ids, move |id| row(store, renaming, id));
            view! { <ul class="conversation-list">{rows}</ul> }.into_any()
        }
    })
    .into_any()
}

/// A conversation, drawn anew only where its own name changes.
fn row(store: Store, renaming: RwSignal<String>, id: String) -> AnyView {
    let searched = id.clone();
    let found = Memo::new(move |_| {
        store
            .conversations
            .with(|known| known.iter().flatten().find(|conversation| conversation.id == searched).cloned())
    });
    (move || {
        let Some(conversation) = found.get() else { return ().into_any() };
        if renaming.with(|renaming| *renaming == id) {
            naming(store, renaming, &conversation)
        } else {
            line(store, renaming, &conversation)
        }
    })
    .into_any()
}

fn line(store: Store, renaming: RwSignal<String>, conversation: &Conversation) -> AnyView {
    let Conversation { id, title } = conversation.clone();
    let (opened_id, renamed_id, ended_id) = (id.clone(), id.clone(), id.clone());
    let current = move || store.opened.with(|opened| opened.as_ref() == Some(&opened_id)).then_some("page");
    let address = Route::Studio { conversation: Some(id) }.to_hash();
    view! {
        <li class="conversation">
            <a href=address aria-current=current dir="auto">{title.clone()}</a>
            <span class="conversation-actions">
                {icon_button("quiet", "pencil", tf("conversations.rename", &[("title", &title)]), move || {
                    renaming.set(renamed_id.clone());
                })}
                {icon_button("quiet", "trash-2", tf("conversations.end", &[("title", &title)]), move || {
                    chat::end(store, ended_id.clone());
                })}
            </span>
        </li>
    }
    .into_any()
}

fn naming(store: Store, renaming: RwSignal<String>, conversation: &Conversation) -> AnyView {
    let id = conversation.id.clone();
    let title = RwSignal::new(conversation.title.clone());
    let field = NodeRef::<leptos::html::Input>::new();
    effect(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
            field.select();
        }
    });
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        renaming.set(String::new());
        chat::rename(store, id.clone(), title.get_untracked());
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            renaming.set(String::new());
        }
    };
    view! {
        <li class="conversation" data-state="renaming">
            <form on:submit=save on:keydown=escape>
                <input
                    class="input"
                    node_ref=field
                    maxlength="200"
                    aria-label=t("conversations.name")
                    prop:value=move || title.get()
                    on:input=move |event| title.set(event_target_value(&event))
                />
                <button class="button plain icon-only" type="submit" aria-label=t("conversations.save") title=t("conversations.save")>
                    {icon("check")}
                </button>
            </form>
        </li>
    }
    .into_any()
}
