//! The frame around every page, and which page is in it.
//!
//! Owns: the route, the document's title, and that a page which was gone to has the focus.

use crate::bridge::spawn_local;
use crate::markup::view;
use crate::signal::{Memo, RwSignal, effect};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_state::route::Route;
use web_sys::HtmlElement;

use crate::components::{bar, conversations, keys, lightbox, menu, rail, regions, toaster};
use crate::pages;
use crate::store::{Store, Who, account, chat, live};
use crate::words::t;

/// Everything.
pub fn app() -> AnyView {
    let store = Store::new();
    let drawn_anew = RwSignal::new(0_u32);
    follow_route(store);
    live::begin(store);
    account::begin(store);
    (move || {
        drawn_anew.track();
        frame(store, drawn_anew)
    })
    .into_any()
}

fn frame(store: Store, drawn_anew: RwSignal<u32>) -> AnyView {
    let page = Memo::new(move |_| page_of(store));
    effect(move |earlier: Option<&'static str>| {
        let name = page.get();
        document().set_title(&title(name));
        if earlier.is_some_and(|earlier| earlier != name) {
            window().scroll_to_with_x_and_y(0.0, 0.0);
            focus_main();
        }
        name
    });
    view! {
        <div class="app" data-page=move || page.get() aria-busy=move || (page.get() == "opening").then_some("true")>
            <button class="skip" type="button" on:click=|_| focus_main()>{t("nav.skip")}</button>
            {bar::bar(store)}
            {menu::menu(store, drawn_anew)}
            {move || body(store, page.get())}
            {toaster::toaster(store)}
            {regions::regions(store)}
            {lightbox::lightbox(store)}
            {keys::keys(store)}
        </div>
    }
    .into_any()
}

fn body(store: Store, page: &'static str) -> AnyView {
    match page {
        "opening" => opening(),
        "sign-in" => pages::sign_in::sign_in(store),
        "plans" => pages::plans::plans(store),
        "pictures" => pages::history::history(store),
        "log" => pages::log::log(store),
        _ => (conversations::conversations(store), rail::rail(store), pages::studio::studio(store)).into_any(),
    }
}

/// Before anybody knows who is there.
fn opening() -> AnyView {
    view! {
        <main class="page" id="main" tabindex="-1">
            <p class="quiet">{t("app.opening")}</p>
        </main>
    }
    .into_any()
}

fn page_of(store: Store) -> &'static str {
    match store.who.get() {
        Who::Unknown => "opening",
        Who::Nobody => "sign-in",
        Who::Customer { .. } => store.route.with(|route| match route {
            Route::Studio { .. } => "studio",
            Route::Plans => "plans",
            Route::History => "pictures",
            Route::Log => "log",
        }),
    }
}

fn title(page: &str) -> String {
    let words = match page {
        "sign-in" => "nav.sign_in",
        "plans" => "nav.plans",
        "pictures" => "nav.history",
        "log" => "menu.log",
        _ => return t("app.name"),
    };
    [t(words), " · ".into(), t("app.name")].concat()
}

fn focus_main() {
    if let Some(main) = document().get_element_by_id("main").and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        let _ = main.focus();
    }
}

fn follow_route(store: Store) {
    let read = move || {
        let route = Route::parse(&window().location().hash().unwrap_or_default());
        if store.route.with_untracked(|known| *known != route) {
            store.route.set(route.clone());
        }
        if let (Route::Studio { conversation }, Who::Customer { .. }) = (route, store.who.get_untracked()) {
            spawn_local(chat::open(store, conversation));
        }
    };
    read();
    window_event_listener_untyped("hashchange", move |_| read()).forget_listener();
}

/// A listener that lives as long as the page.
trait Forget {
    fn forget_listener(self);
}

impl Forget for WindowListenerHandle {
    fn forget_listener(self) {
        std::mem::forget(self);
    }
}
