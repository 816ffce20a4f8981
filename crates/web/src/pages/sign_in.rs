//! Signing in and making an account.
//!
//! Owns: the form and the words for what went wrong. Must not: keep a password anywhere but in its field.

use crate::bridge::spawn_local;
use crate::markup::view;
use crate::signal::RwSignal;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::bridge::hub;
use crate::components::control::{icon, segments};
use crate::store::Store;
use crate::words::t;

/// The fewest characters of a new password. An old one may be shorter: whether it fits is Auth's to say.
const PASSWORD_CHARACTERS_MIN: usize = 6;

/// What the form holds.
#[derive(Clone, Copy)]
struct Form {
    is_new: RwSignal<bool>,
    email: RwSignal<String>,
    password: RwSignal<String>,
    is_shown: RwSignal<bool>,
    email_error: RwSignal<&'static str>,
    password_error: RwSignal<&'static str>,
    /// What is wrong with the whole; a key.
    error: RwSignal<String>,
    is_busy: RwSignal<bool>,
}

/// The page.
#[must_use]
pub fn sign_in(_store: Store) -> AnyView {
    let form = Form {
        is_new: RwSignal::new(false),
        email: RwSignal::new(String::new()),
        password: RwSignal::new(String::new()),
        is_shown: RwSignal::new(false),
        email_error: RwSignal::new(""),
        password_error: RwSignal::new(""),
        error: RwSignal::new(String::new()),
        is_busy: RwSignal::new(false),
    };
    let frame = |state: &'static str| view! { <li class="frame" data-state=state></li> };
    view! {
        <main class="page sign-in" id="main" tabindex="-1">
            <div class="sign-card">
                <ol class="film" data-kind="picture" data-count="4" aria-hidden="true">
                    {frame("free")}{frame("free")}{frame("free")}{frame("held")}
                </ol>
                <h1>{t("sign_in.heading")}</h1>
                <p class="lede">{t("sign_in.lede")}</p>
                {segments(
                    "way",
                    t("sign_in.way"),
                    vec![("in", t("sign_in.sign_in")), ("up", t("sign_in.sign_up"))],
                    move || if form.is_new.get() { "up".into() } else { "in".into() },
                    move |way| {
                        form.is_new.set(way == "up");
                        form.error.set(String::new());
                    },
                )}
                {fields(form)}
                <p class="hint">{t("sign_in.plans_hint")}</p>
            </div>
        </main>
    }
    .into_any()
}

fn fields(form: Form) -> AnyView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !form.is_busy.get_untracked() && is_complete(form) {
            spawn_local(send(form));
        }
    };
    view! {
        <form class="form" novalidate on:submit=submit>
            <div class="field">
                <label class="label" for="email">{t("sign_in.email")}</label>
                <input
                    class="input"
                    id="email"
                    type="email"
                    autocomplete="username"
                    aria-describedby="email-error"
                    aria-invalid=move || (!form.email_error.get().is_empty()).then_some("true")
                    prop:value=move || form.email.get()
                    on:input=move |event| form.email.set(event_target_value(&event))
                />
                <p class="error" id="email-error">{move || words_of(form.email_error.get())}</p>
            </div>
            {password(form)}
            <p class="form-error" role="alert">{move || form_error(&form.error.get())}</p>
            <button class="button primary wide" type="submit" aria-busy=move || form.is_busy.get().then_some("true")>
                <span>{move || t(label(form))}</span>
            </button>
        </form>
    }
    .into_any()
}

fn password(form: Form) -> AnyView {
    let shown = move || if form.is_shown.get() { "text" } else { "password" };
    let autocomplete = move || if form.is_new.get() { "new-password" } else { "current-password" };
    let show_words = move || t(if form.is_shown.get() { "sign_in.hide_password" } else { "sign_in.show_password" });
    view! {
        <div class="field">
            <label class="label" for="password">{t("sign_in.password")}</label>
            <div class="input-row">
                <input
                    class="input"
                    id="password"
                    type=shown
                    autocomplete=autocomplete
                    aria-describedby="password-error"
                    aria-invalid=move || (!form.password_error.get().is_empty()).then_some("true")
                    prop:value=move || form.password.get()
                    on:input=move |event| form.password.set(event_target_value(&event))
                />
                <button
                    class="button quiet icon-only"
                    type="button"
                    aria-pressed=move || if form.is_shown.get() { "true" } else { "false" }
                    aria-label=show_words
                    title=show_words
                    on:click=move |_| form.is_shown.update(|shown| *shown = !*shown)
                >
                    {move || icon(if form.is_shown.get() { "eye-off" } else { "eye" })}
                </button>
            </div>
            <p class="error" id="password-error">{move || words_of(form.password_error.get())}</p>
        </div>
    }
    .into_any()
}

fn label(form: Form) -> &'static str {
    match (form.is_busy.get(), form.is_new.get()) {
        (true, _) => "sign_in.busy",
        (false, true) => "sign_in.sign_up",
        (false, false) => "sign_in.sign_in",
    }
}

fn words_of(key: &str) -> String {
    if key.is_empty() { String::new() } else { t(key) }
}

fn form_error(key: &str) -> Option<AnyView> {
    (!key.is_empty()).then(|| view! { {icon("circle-alert")}<span>{t(key)}</span> }.into_any())
}

/// Checks what can be told without asking, and says so beside the field.
fn is_complete(form: Form) -> bool {
    let is_address = form.email.with_untracked(|email| {
        email.trim().split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    });
    let least = if form.is_new.get_untracked() { PASSWORD_CHARACTERS_MIN } else { 1 };
    let is_long = form.password.with_untracked(|password| password.chars().count() >= least);
    form.email_error.set(if is_address { "" } else { "sign_in.error_email" });
    form.password_error.set(if is_long { "" } else { "sign_in.error_password" });
    is_address && is_long
}

async fn send(form: Form) {
    form.is_busy.set(true);
    form.error.set(String::new());
    let (email, password) = (form.email.get_untracked().trim().to_owned(), form.password.get_untracked());
    let refusal = if form.is_new.get_untracked() {
        hub().sign_up(&email, &password).await
    } else {
        hub().sign_in(&email, &password).await
    };
    // Whoever is signed in has no form any more.
    if !refusal.is_empty() {
        form.is_busy.set(false);
        form.error.set(["sign_in.error_", refusal.as_str()].concat());
    }
}
