//! Icons, buttons and fields: the small parts, made once.
//!
//! Owns: their markup. A part takes boxed work, so that it is compiled once and not once a caller.

use crate::markup::view;
use leptos::prelude::*;

/// An icon of the sprite in index.html, which holds those that icons.txt names.
#[must_use]
pub fn icon(name: &'static str) -> AnyView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use_ href=["#i-", name].concat()></use_>
        </svg>
    }
    .into_any()
}

/// What a button is for: the class that says how loud it is.
pub type Kind = &'static str;

/// A button with an icon and words. `kind` is one of the design's: `primary`, `plain`, `quiet`, `danger`.
#[must_use]
pub fn button(kind: Kind, icon_name: &'static str, words: String, act: impl Fn() + 'static) -> AnyView {
    boxed_button(["button ", kind].concat(), icon_name, words, Box::new(act))
}

fn boxed_button(class: String, icon_name: &'static str, words: String, act: Box<dyn Fn()>) -> AnyView {
    view! {
        <button class=class type="button" on:click=move |_| act()>
            {(!icon_name.is_empty()).then(|| icon(icon_name))}
            <span>{words}</span>
        </button>
    }
    .into_any()
}

/// A button with an icon alone; its words are read aloud and shown as a tip.
#[must_use]
pub fn icon_button(kind: Kind, icon_name: &'static str, words: String, act: impl Fn() + 'static) -> AnyView {
    boxed_icon_button(["button icon-only ", kind].concat(), icon_name, words, Box::new(act))
}

fn boxed_icon_button(class: String, icon_name: &'static str, words: String, act: Box<dyn Fn()>) -> AnyView {
    view! {
        <button class=class type="button" aria-label=words.clone() title=words on:click=move |_| act()>
            {icon(icon_name)}
        </button>
    }
    .into_any()
}

/// One choice of a few, as a row of segments. `choices` are value and words; `chosen` is tracked.
#[must_use]
pub fn segments(
    name: &'static str,
    legend: String,
    choices: Vec<(&'static str, String)>,
    chosen: impl Fn() -> String + Clone + Send + Sync + 'static,
    choose: impl Fn(&'static str) + Clone + 'static,
) -> AnyView {
    let choices = choices
        .into_iter()
        .map(|(value, words)| {
            let (chosen, choose) = (chosen.clone(), choose.clone());
            segment(name, value, words, Box::new(move || chosen() == value), Box::new(move || choose(value)))
        })
        .collect_view();
    view! {
        <fieldset class="segments">
            <legend class="label">{legend}</legend>
            {choices}
        </fieldset>
    }
    .into_any()
}

fn segment(
    name: &'static str,
    value: &'static str,
    words: String,
    is_chosen: Box<dyn Fn() -> bool + Send + Sync>,
    choose: Box<dyn Fn()>,
) -> AnyView {
    view! {
        <label class="segment">
            <input type="radio" name=name value=value prop:checked=is_chosen on:change=move |_| choose()/>
            <span>{words}</span>
        </label>
    }
    .into_any()
}
