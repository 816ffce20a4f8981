//! The bar on top: the hub's name, the pages, the menu's button, and the line that says when there is no network.

use crate::markup::view;
use leptos::prelude::*;
use web_state::route::Route;

use super::control::icon;
use crate::store::{Store, Who};
use crate::words::t;

/// The bar.
#[must_use]
pub fn bar(store: Store) -> AnyView {
    view! {
        <header class="bar">
            {move || is_studio(store).then(drawer_button)}
            <a class="brand" href="#/">{icon("aperture")}<span>{t("app.name")}</span></a>
            {move || is_signed_in(store).then(|| pages(store))}
            {move || (!store.is_online.get()).then(offline)}
        </header>
    }
    .into_any()
}

fn is_signed_in(store: Store) -> bool {
    store.who.with(|who| matches!(who, Who::Customer { .. }))
}

fn is_studio(store: Store) -> bool {
    is_signed_in(store) && store.route.with(|route| matches!(route, Route::Studio { .. }))
}

fn drawer_button() -> AnyView {
    view! {
        <button
            class="button quiet icon-only drawer-button"
            type="button"
            popovertarget="conversations"
            aria-label=t("nav.conversations")
            title=t("nav.conversations")
        >
            {icon("panel-left")}
        </button>
    }
    .into_any()
}

fn pages(store: Store) -> AnyView {
    let links = [
        (Route::Studio { conversation: None }, "brush", "nav.studio"),
        (Route::History, "images", "nav.history"),
        (Route::Plans, "ticket", "nav.plans"),
    ];
    view! {
        <nav class="nav" aria-label=t("nav.pages")>
            {links.into_iter().map(|(route, icon_name, words)| link(store, &route, icon_name, words)).collect_view()}
        </nav>
        <button
            class="button quiet icon-only"
            type="button"
            popovertarget="menu"
            aria-label=t("nav.menu")
            title=t("nav.menu")
        >
            {icon("menu")}
        </button>
    }
    .into_any()
}

fn link(store: Store, route: &Route, icon_name: &'static str, words: &'static str) -> AnyView {
    let page = std::mem::discriminant(route);
    let current = move || store.route.with(|route| std::mem::discriminant(route) == page).then_some("page");
    view! {
        <a href=route.to_hash() aria-current=current>{icon(icon_name)}<span>{t(words)}</span></a>
    }
    .into_any()
}

fn offline() -> AnyView {
    view! { <p class="offline" role="status">{icon("wifi-off")}<span>{t("offline.bar")}</span></p> }.into_any()
}
