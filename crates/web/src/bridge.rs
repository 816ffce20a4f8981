//! The border to JavaScript: the hub, the browser and the checkout, as objects that `js/boot.ts` made.
//!
//! Owns the bindings and where the objects are kept, one of each for the page's life. What comes over the border is turned
//! into plain values here. Must not: decide anything, or know the pages.

mod browser;
mod hub;
mod row;

pub use browser::Browser;
pub use hub::{Answer, Ask, Hub};
pub use row::Row;

use std::cell::OnceCell;
use std::pin::Pin;

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What `start` was given.
struct Given {
    hub: Hub,
    browser: Browser,
    pay: Function,
}

thread_local! {
    static GIVEN: OnceCell<Given> = const { OnceCell::new() };
}

/// Keeps what the page was started with; a second start changes nothing.
pub fn keep(hub: Hub, browser: Browser, pay: Function) {
    GIVEN.with(|given| {
        let _ = given.set(Given { hub, browser, pay });
    });
}

fn given<T>(take: impl FnOnce(&Given) -> T, otherwise: impl FnOnce() -> T) -> T {
    GIVEN.with(|given| given.get().map_or_else(otherwise, take))
}

/// The hub.
#[must_use]
pub fn hub() -> Hub {
    given(|given| given.hub.clone(), || JsValue::UNDEFINED.unchecked_into())
}

/// The browser.
#[must_use]
pub fn browser() -> Browser {
    given(|given| given.browser.clone(), || JsValue::UNDEFINED.unchecked_into())
}

/// Opens the provider's checkout; how the customer came back, as `kind` and, where he paid, `values`.
pub async fn pay(checkout: &Row, email: &str) -> Row {
    let pay = given(|given| given.pay.clone(), Function::default);
    match pay.call2(&JsValue::NULL, checkout.value(), &JsValue::from_str(email)) {
        Ok(promise) => Row::new(settled(promise.unchecked_into()).await),
        Err(error) => Row::new(error),
    }
}

/// Milliseconds as JavaScript has them.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
pub fn float(ms: u64) -> f64 {
    ms as f64
}

/// Begins work that waits for promises. Boxed, so that what drives it is compiled once.
pub fn spawn_local(work: impl Future<Output = ()> + 'static) {
    spawn_boxed(Box::pin(work));
}

fn spawn_boxed(work: Pin<Box<dyn Future<Output = ()>>>) {
    wasm_bindgen_futures::spawn_local(work);
}

/// What a promise came to; what it failed with comes back the same way, and has no field that anybody reads.
pub async fn settled(promise: Promise) -> JsValue {
    match JsFuture::from(promise).await {
        Ok(value) | Err(value) => value,
    }
}
