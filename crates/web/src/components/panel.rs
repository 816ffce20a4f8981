//! The generator's panel: what is left out, size, steps, guidance, seed, how many.
//!
//! Owns: its fields. Every change is kept in the browser. Must not: know limits of its own.

use crate::markup::view;
use crate::signal::{Memo, RwSignal};
use domain::request::{BATCH_COUNT, NEGATIVE_PROMPT_CHARACTERS_MAX, STEPS};
use leptos::prelude::*;
use web_state::settings::{CFG_SCALE_TENTHS, Settings, Size};

use super::control::{icon, icon_button, segments};
use crate::bridge::browser;
use crate::store::Store;
use crate::words::t;

/// How many may be asked for at once, as the choices name them.
const COUNTS: [&str; 4] = ["1", "2", "3", "4"];
const _: () = assert!(*BATCH_COUNT.start() == 1 && *BATCH_COUNT.end() == 4);

/// The panel; hidden until it is opened.
#[must_use]
pub fn panel(store: Store, is_open: RwSignal<bool>) -> AnyView {
    view! {
        <div class="panel" id="panel" role="group" aria-label=t("prompt.generator") hidden=move || !is_open.get()>
            <div class="field panel-wide">
                <label class="label" for="negative">{t("panel.negative")}</label>
                <textarea
                    class="input"
                    id="negative"
                    rows="2"
                    maxlength=u32::try_from(NEGATIVE_PROMPT_CHARACTERS_MAX).unwrap_or(u32::MAX)
                    dir="auto"
                    placeholder=t("panel.negative_hint")
                    prop:value=move || store.settings.with(|settings| settings.negative_prompt.clone())
                    on:input=move |event| change(store, |settings| settings.negative_prompt = event_target_value(&event))
                ></textarea>
            </div>
            {sizes(store)}
            {slider(store, "steps", "panel.steps", (*STEPS.start(), *STEPS.end(), "1"), |settings| settings.steps.to_string(), Settings::set_steps)}
            {slider(store, "guidance", "panel.guidance", (*CFG_SCALE_TENTHS.start() / 10, *CFG_SCALE_TENTHS.end() / 10, "0.5"), Settings::cfg_scale_text, Settings::set_cfg_scale)}
            {seed(store)}
            {segments(
                "count",
                t("panel.count"),
                COUNTS.iter().map(|count| (*count, (*count).to_owned())).collect(),
                move || store.settings.with(|settings| settings.count.to_string()),
                move |chosen| change(store, |settings| settings.count = chosen.parse().unwrap_or(1)),
            )}
        </div>
    }
    .into_any()
}

fn change(store: Store, alter: impl FnOnce(&mut Settings)) {
    store.settings.update(|settings| alter(settings));
    browser().keep("settings", &store.settings.with_untracked(Settings::to_text));
}

fn sizes(store: Store) -> AnyView {
    let choices = Size::ALL
        .into_iter()
        .map(|size| {
            let words = t(size.key());
            let (width, height) = (size.width().to_string(), size.height().to_string());
            let sides = [width.as_str(), " × ", height.as_str()].concat();
            view! {
                <label class="size" data-w=width data-h=height>
                    <input
                        type="radio"
                        name="size"
                        prop:checked=move || store.settings.with(|settings| settings.size == size)
                        on:change=move |_| change(store, |settings| settings.size = size)
                    />
                    <span class="size-shape"></span>
                    <span class="size-words">{words}<small>{sides}</small></span>
                </label>
            }
        })
        .collect_view();
    view! { <fieldset class="sizes"><legend class="label">{t("panel.size")}</legend>{choices}</fieldset> }.into_any()
}

fn slider(
    store: Store,
    id: &'static str,
    key: &'static str,
    (min, max, step): (u32, u32, &'static str),
    read: fn(&Settings) -> String,
    write: fn(&mut Settings, &str),
) -> AnyView {
    let value = Memo::new(move |_| store.settings.with(read));
    view! {
        <div class="slider">
            <label class="label" for=id>{t(key)}</label>
            <output class="num" for=id>{move || value.get()}</output>
            <input
                type="range"
                id=id
                min=min
                max=max
                step=step
                prop:value=move || value.get()
                on:input=move |event| change(store, |settings| write(settings, &event_target_value(&event)))
            />
        </div>
    }
    .into_any()
}

fn seed(store: Store) -> AnyView {
    let is_locked = move || store.settings.with(|settings| settings.seed_locked);
    let lock_words = move || t(if is_locked() { "panel.seed_unlock" } else { "panel.seed_lock" });
    view! {
        <div class="field">
            <label class="label" for="seed">{t("panel.seed")}</label>
            <div class="input-row">
                <input
                    class="input num"
                    id="seed"
                    inputmode="numeric"
                    placeholder=t("panel.seed_random")
                    aria-describedby="seed-hint"
                    prop:value=move || store.settings.with(|settings| settings.seed.map(|seed| seed.to_string()).unwrap_or_default())
                    on:change=move |event| change(store, |settings| settings.set_seed(&event_target_value(&event)))
                />
                <button
                    class="button plain icon-only"
                    type="button"
                    aria-pressed=move || if is_locked() { "true" } else { "false" }
                    aria-label=lock_words
                    title=lock_words
                    on:click=move |_| change(store, |settings| {
                        settings.seed_locked = !settings.seed_locked;
                        if settings.seed_locked && settings.seed.is_none() {
                            settings.seed = Some(browser().seed());
                        }
                    })
                >
                    {move || icon(if is_locked() { "lock" } else { "lock-open" })}
                </button>
                {icon_button("plain", "dices", t("panel.seed_new"), move || {
                    change(store, |settings| {
                        settings.seed = Some(browser().seed());
                        settings.seed_locked = true;
                    });
                })}
            </div>
            <p class="hint" id="seed-hint">{t("panel.seed_hint")}</p>
        </div>
    }
    .into_any()
}
