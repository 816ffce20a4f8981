//! What was said in passing, to be read afterwards.

use crate::markup::view;
use leptos::prelude::*;
use web_state::toast::Toast;

use crate::bridge::browser;
use crate::components::toaster::{icon_of, name_of};
use crate::store::Store;
use crate::words::{say, t};

/// The page.
#[must_use]
pub fn log(store: Store) -> AnyView {
    let lines = move || {
        store.toasts.with(|toasts| {
            let log = toasts.log();
            if log.is_empty() {
                return view! { <p class="quiet">{t("log.empty")}</p> }.into_any();
            }
            view! { <ol class="log">{log.into_iter().map(line).collect_view()}</ol> }.into_any()
        })
    };
    view! {
        <main class="page" id="main" tabindex="-1">
            <header class="page-head">
                <h1>{t("log.heading")}</h1>
                <p class="lede">{t("log.lede")}</p>
            </header>
            {lines}
        </main>
    }
    .into_any()
}

fn line(toast: &Toast) -> AnyView {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    let time = browser().clock(toast.at_ms as f64);
    view! {
        <li class="log-line" data-kind=name_of(toast.kind)>
            <time class="num">{time}</time>
            {icon_of(toast.kind)}
            <p><span class="hidden">{t(toast.kind.key())}</span>" "{say(&toast.words)}</p>
        </li>
    }
    .into_any()
}
