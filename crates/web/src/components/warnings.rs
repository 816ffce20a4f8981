//! What stands above the prompt: that the session ends soon or is over, that this hour's pictures are used up.
//!
//! Owns: the notices and closing them. They are announced by `store::hours`, so none has a role. Must not: measure time.

use crate::markup::view;
use crate::signal::{Memo, RwSignal};
use leptos::prelude::*;
use web_state::clock::Warning;
use web_state::route::Route;

use super::control::{icon, icon_button};
use crate::store::Store;
use crate::words::{say, t};

/// The notices of the dock.
#[must_use]
pub fn notices(store: Store) -> AnyView {
    let left = store.left_memo();
    let warning = Memo::new(move |_| Warning::standing(left.get()));
    let ends_in = Memo::new(move |_| warning.get().map(|warning| say(&warning.phrase(left.get()))));
    let used_up = store.used_up_memo();
    let used_up_words = Memo::new(move |_| used_up.get().map(|words| say(&words)));
    let is_last_hour =
        Memo::new(move |_| store.balance.with(|it| it.as_ref().is_some_and(|it| it.hour.resets_at_ms.is_none())));
    // The one that was closed; the next one is another.
    let closed = RwSignal::new(None::<Warning>);
    let ending = move || {
        let warning = warning.get().filter(|warning| closed.get() != Some(*warning))?;
        let close = icon_button("quiet", "x", t("toast.dismiss"), move || closed.set(Some(warning)));
        Some(notice("warn", Some(warning.minutes()), "clock", ends_in, (add_hour(), close).into_any()))
    };
    let is_used_up = Memo::new(move |_| used_up.with(Option::is_some));
    let used = move || {
        let act = if is_last_hour.get() { add_hour() } else { ().into_any() };
        is_used_up.get().then(|| notice("note", None, "hourglass", used_up_words, act))
    };
    let over = move || {
        let is_over = store.session().is_none() && store.over.with(Option::is_some);
        let words = Memo::new(|_| Some(t("clock.over")));
        is_over.then(|| notice("note", None, "clock", words, link("remedy.choose_plan")))
    };
    view! { <div class="dock-notices">{ending}{used}{over}</div> }.into_any()
}

fn add_hour() -> AnyView {
    link("remedy.add_hour")
}

fn link(words: &'static str) -> AnyView {
    view! { <a class="button plain" href=Route::Plans.to_hash()>{t(words)}</a> }.into_any()
}

fn notice(
    kind: &'static str,
    minutes: Option<u32>,
    icon_name: &'static str,
    words: Memo<Option<String>>,
    act: AnyView,
) -> AnyView {
    view! {
        <div class="notice" data-kind=kind data-minutes=minutes.map(|minutes| minutes.to_string())>
            {icon(icon_name)}
            <span>{move || words.get().unwrap_or_default()}</span>
            {act}
        </div>
    }
    .into_any()
}
