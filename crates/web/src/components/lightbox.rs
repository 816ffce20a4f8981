//! One picture that fills the window.
//!
//! Owns: the dialog: that it takes the focus and gives it back, that Escape, Back and a click beside the picture close it,
//! its keys and fingers, and how large the picture is shown. Must not: know which picture comes next (that is `shown`).

use crate::markup::view;
use crate::signal::{Memo, RwSignal, effect};
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html::Dialog;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_state::lightbox::{self, Action, Step};
use web_state::settings::tenths_text;
use web_state::turn::Picture;
use web_sys::{Element, HtmlImageElement};

use super::control::{icon, icon_button};
use super::image::Arrival;
use super::picture_actions::{self, Place};
use super::{focus, regions, toaster};
use crate::bridge::browser;
use crate::store::Store;
use crate::store::shown::{self, Shown};
use crate::words::{t, tf};

/// The lightbox; it is open while the store says what it shows.
#[must_use]
pub fn lightbox(store: Store) -> AnyView {
    let dialog = NodeRef::<Dialog>::new();
    let shown = Memo::new(move |_| shown::shown(store));
    let is_open = Memo::new(move |_| shown.with(Option::is_some));
    let is_full = RwSignal::new(false);
    let is_sharp = RwSignal::new(false);
    effect(move |_| {
        let is_open = is_open.get();
        let Some(dialog) = dialog.get() else { return };
        if is_open && !dialog.open() {
            let _ = dialog.show_modal();
            browser().step(move || shown::close(store));
        } else if !is_open {
            if dialog.open() {
                // The browser gives the focus back to where it was, if that is still there.
                dialog.close();
                focus::find_again();
            }
            browser().step_back();
            // A picture that is not there any more closed it: nothing is left to be shown.
            shown::close(store);
        }
    });
    view! {
        <dialog
            class="lightbox"
            aria-labelledby="lightbox-h"
            data-zoom=move || if is_full.get() { "full" } else { "fit" }
            data-state=move || if is_sharp.get() { "there" } else { "developing" }
            node_ref=dialog
            on:close=move |_| shown::close(store)
            on:keydown=move |event| on_key(store, is_full, &event)
        >
            {move || is_open.get().then(|| inside(store, shown, is_full, is_sharp))}
        </dialog>
    }
    .into_any()
}

fn on_key(store: Store, is_full: RwSignal<bool>, event: &KeyboardEvent) {
    let is_plain = !(event.alt_key() || event.ctrl_key() || event.meta_key());
    let on_stage = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|target| target.class_list().contains("lightbox-stage"));
    match lightbox::on_key(&event.key()) {
        // The dialog's own Escape is the browser's; in a picture of full size the arrows go about in it.
        Some(Action::Close) | None => return,
        Some(Action::Go(_)) if on_stage && is_full.get_untracked() => return,
        Some(_) if !is_plain => return,
        Some(Action::Go(step)) => shown::go(store, step),
        Some(Action::Delete) => shown::delete(store),
    }
    event.prevent_default();
}

fn inside(store: Store, shown: Memo<Option<Shown>>, is_full: RwSignal<bool>, is_sharp: RwSignal<bool>) -> AnyView {
    let id = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(|shown| shown.picture.id.clone())));
    // The buttons of a picture go with it: whoever was on one of them is not left outside of the dialog, where no key works.
    effect(move |_| {
        id.with(|_| ());
        focus::find_again();
    });
    view! {
        <div class="lightbox-bar">
            <h2 class="hidden" id="lightbox-h">{t("lightbox.heading")}</h2>
            <p class="lightbox-place num" id="lightbox-place">{move || place(shown)}</p>
            <button
                class="button quiet"
                type="button"
                aria-pressed=move || if is_full.get() { "true" } else { "false" }
                on:click=move |_| is_full.update(|is_full| *is_full = !*is_full)
            >
                {icon("zoom-in")}
                <span>{t("lightbox.zoom")}</span>
            </button>
            {icon_button("quiet", "x", t("lightbox.close"), move || shown::close(store))}
        </div>
        {move || {
            id.with(|_| ());
            is_full.set(false);
            is_sharp.set(false);
            shown.get_untracked().map(|shown| stage(store, &shown.picture, is_full, is_sharp))
        }}
        {step_button(store, shown, Step::Previous)}
        {step_button(store, shown, Step::Next)}
        {move || {
            id.with(|_| ());
            shown.get_untracked().map(|shown| side(store, shown.picture))
        }}
        {move || shown.with(|shown| shown.as_ref().map(|shown| preloaded(&shown.beside)))}
        // What is outside of an open dialog can neither be used nor heard.
        {toaster::toaster(store)}
        {regions::regions(store)}
    }
    .into_any()
}

fn step_button(store: Store, shown: Memo<Option<Shown>>, step: Step) -> AnyView {
    let (class, icon_name, words) = if step == Step::Next {
        ("button plain icon-only lightbox-next", "chevron-right", t("lightbox.next"))
    } else {
        ("button plain icon-only lightbox-previous", "chevron-left", t("lightbox.previous"))
    };
    let is_end = move || {
        shown.with(|shown| shown.as_ref().is_none_or(|shown| lightbox::go(step, shown.index, shown.count).is_none()))
    };
    view! {
        <button
            class=class
            type="button"
            aria-label=words.clone()
            title=words
            aria-describedby="lightbox-place"
            aria-disabled=move || is_end().then_some("true")
            on:click=move |_| shown::go(store, step)
        >
            {icon(icon_name)}
        </button>
    }
    .into_any()
}

fn place(shown: Memo<Option<Shown>>) -> String {
    shown.with(|shown| {
        let Some(shown) = shown else { return String::new() };
        let [place, count] = [shown.index.saturating_add(1), shown.count]
            .map(|number| browser().number(f64::from(u32::try_from(number).unwrap_or(u32::MAX))));
        tf("lightbox.place", &[("number", &place), ("count", &count)])
    })
}

fn stage(store: Store, picture: &Picture, is_full: RwSignal<bool>, is_sharp: RwSignal<bool>) -> AnyView {
    let image = NodeRef::<leptos::html::Img>::new();
    effect(move |_| {
        // One that was fetched ahead stands there at once.
        if image.get().is_some_and(|image| image.complete() && image.natural_width() > 0) {
            is_sharp.set(true);
        }
    });
    let arrival = Arrival::new(store);
    let touched = StoredValue::new(None);
    let down = move |event: PointerEvent| {
        touched.set_value(
            (event.pointer_type() == "touch" && event.is_primary()).then(|| (event.client_x(), event.client_y())),
        );
    };
    let up = move |event: PointerEvent| {
        let Some((x, y)) = touched.get_value() else { return };
        touched.set_value(None);
        let (right, down) = (event.client_x().saturating_sub(x), event.client_y().saturating_sub(y));
        if let Some(step) = lightbox::swipe(right, down).filter(|_| !is_full.get_untracked()) {
            shown::go(store, step);
        }
    };
    let click = move |event: MouseEvent| {
        let on_image = event.target().is_some_and(|target| target.dyn_ref::<HtmlImageElement>().is_some());
        if !on_image && !is_full.get_untracked() {
            shown::close(store);
        }
    };
    view! {
        <div
            class="lightbox-stage"
            style:--w=picture.width.to_string()
            style:--h=picture.height.to_string()
            tabindex=move || is_full.get().then_some("0")
            on:pointerdown=down
            on:pointerup=up
            on:pointercancel=move |_| touched.set_value(None)
            on:click=click
        >
            <img
                node_ref=image
                src=arrival.address(picture.url.clone())
                alt=tf("picture.alt", &[("prompt", &picture.prompt)])
                width=picture.width
                height=picture.height
                draggable="false"
                on:load=move |_| {
                    arrival.succeed();
                    is_sharp.set(true);
                }
                on:error=move |_| {
                    arrival.fail();
                    is_sharp.set(true);
                }
            />
        </div>
    }
    .into_any()
}

fn side(store: Store, picture: Picture) -> AnyView {
    view! {
        <div class="lightbox-side">
            <p class="lightbox-prompt" dir="auto">{picture.prompt.clone()}</p>
            {picture_actions::actions(store, picture.clone(), Place::Lightbox)}
            {details(&picture)}
        </div>
    }
    .into_any()
}

fn details(picture: &Picture) -> AnyView {
    let size = [picture.width.to_string().as_str(), " × ", &picture.height.to_string()].concat();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    let made = browser().moment(picture.created_at_ms as f64);
    let rows = [
        ("lightbox.made", made),
        ("lightbox.size", size),
        ("lightbox.seed", picture.seed.to_string()),
        ("lightbox.steps", picture.steps.to_string()),
        ("lightbox.guidance", tenths_text(picture.cfg_scale_tenths)),
        ("lightbox.model", picture.model.clone().unwrap_or_default()),
        ("lightbox.negative", picture.negative_prompt.clone()),
    ];
    let rows =
        rows.into_iter().filter(|(_, words)| !words.is_empty()).map(|(key, words)| detail(key, words)).collect_view();
    view! { <dl class="details">{rows}</dl> }.into_any()
}

fn detail(key: &'static str, words: String) -> AnyView {
    view! { <div><dt>{t(key)}</dt><dd dir="auto">{words}</dd></div> }.into_any()
}

/// The pictures beside the one that is shown, fetched ahead.
fn preloaded(urls: &[String]) -> AnyView {
    urls.iter().map(|url| view! { <img src=url.clone() alt="" hidden=true/> }.into_any()).collect_view().into_any()
}
