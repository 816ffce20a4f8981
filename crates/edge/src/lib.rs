//! The edge functions.
//!
//! Owns: what a function answers, HTTP status and headers included, and how the crates below reach the world: `fetch`,
//! timers, randomness, the log. The shim in front of it carries requests in and responses out.
//! Must not: know Deno. What it needs of JavaScript are web standards.
//!
//! Two modules of WebAssembly are made of it, one a feature: `pictures` with the engines and `payments` with the providers,
//! so that neither pays for the other's weight.

mod address;
mod call;
#[cfg(feature = "payments")]
mod cashier;
mod context;
mod error;
mod fetch;
mod functions;
mod http;
mod idempotency;
mod random;
mod settings;
mod streams;
mod timer;
#[cfg(feature = "pictures")]
mod work;

use context::Context;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

use call::Afterwards;
pub use call::Call;

thread_local! {
    /// What every request of the instance shares; there once `start` has run. Never borrowed while a request is polled.
    static CONTEXT: RefCell<Option<Rc<Context>>> = const { RefCell::new(None) };
}

/// Reads the settings from an object of environment variables. Called once, before the first request.
#[wasm_bindgen]
pub fn start(environment: JsValue) {
    console_error_panic_hook::set_once();
    let context = Rc::new(Context::new(&environment));
    CONTEXT.with_borrow_mut(|shared| *shared = Some(context));
}

/// Answers a request to the function of that name.
async fn answer(function_name: String, request: Request) -> (Response, Option<Afterwards>) {
    let context = CONTEXT.with_borrow(Clone::clone);
    functions::answer(&function_name, request, context).await
}

/// Writes a line to the function's log, where its owner finds it.
fn log(line: &str) {
    web_sys::console::error_1(&line.into());
}
