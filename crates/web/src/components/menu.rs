//! The menu: who is signed in, light, language, what happened, keys, signing out.

use crate::bridge::spawn_local;
use crate::markup::view;
use crate::signal::RwSignal;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_state::route::Route;
use web_sys::HtmlElement;

use super::control::{icon, segments};
use crate::bridge::browser;
use crate::store::{Store, Who, account};
use crate::words::{self, t};

/// The menu, behind its button. `drawn_anew` is set when every text has changed.
#[must_use]
pub fn menu(store: Store, drawn_anew: RwSignal<u32>) -> AnyView {
    let theme = RwSignal::new(browser().theme());
    let email =
        move || store.who.with(|who| if let Who::Customer { email, .. } = who { email.clone() } else { String::new() });
    view! {
        <div class="menu" id="menu" popover="auto" role="dialog" aria-label=t("nav.menu")>
            <p class="menu-who">{email}</p>
            {segments(
                "theme",
                t("menu.theme"),
                vec![("light", t("menu.theme_light")), ("dark", t("menu.theme_dark")), ("system", t("menu.theme_system"))],
                move || theme.get(),
                move |chosen| {
                    browser().set_theme(chosen);
                    theme.set(chosen.to_owned());
                },
            )}
            {segments(
                "language",
                t("menu.language"),
                vec![("en", t("menu.language_en")), ("hi", t("menu.language_hi"))],
                || browser().language(),
                move |chosen| spawn_local(speak(chosen, drawn_anew)),
            )}
            <a class="menu-item" href=Route::Log.to_hash()>{icon("scroll-text")}<span>{t("menu.log")}</span></a>
            {item("keyboard", "menu.keys", crate::components::keys::open)}
            <a class="menu-item" href="licences.txt" target="_blank" rel="noopener">{icon("scale")}<span>{t("menu.licences")}</span></a>
            {item("log-out", "menu.sign_out", move || account::sign_out(store))}
        </div>
    }
    .into_any()
}

fn item(icon_name: &'static str, words: &'static str, act: impl Fn() + 'static) -> AnyView {
    view! {
        <button class="menu-item" type="button" popovertarget="menu" popovertargetaction="hide" on:click=move |_| act()>
            {icon(icon_name)}
            <span>{t(words)}</span>
        </button>
    }
    .into_any()
}

/// Brings in the texts of a language, and then has everything drawn anew.
async fn speak(language: &'static str, drawn_anew: RwSignal<u32>) {
    let texts = browser().catalogue(language).await;
    if texts.is_there() {
        browser().set_language(language);
        words::set(texts.value().clone());
        drawn_anew.update(|times| *times = times.wrapping_add(1));
        // Everything was drawn anew, the menu's button as well: whoever was in the menu is at its door.
        request_animation_frame(|| {
            let found = document().query_selector("[popovertarget=menu]").ok().flatten();
            if let Some(button) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
                let _ = button.focus();
            }
        });
    }
}
