//! The edge functions.
//!
//! Owns: what a function answers, HTTP status and headers included, and how the crates below reach the world: `fetch`,
//! timers, randomness, the log. The shim in front of it carries requests in and responses out.
//! Must not: know Deno. What it needs of JavaScript are web standards.

mod address;
mod call;
mod context;
mod error;
mod fetch;
mod functions;
mod http;
mod random;
mod settings;
mod streams;
mod timer;
mod work;

use context::Context;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

pub use call::Call;

thread_local! {
    /// What every request of the instance shares; there once `start` has run. Never borrowed while a request is polled.
    static CONTEXT: RefCell<Option<Rc<Context>>> = const { RefCell::new(None) };
}

/// Reads the settings from an object of environment variables. Called once, before the first request.
#[wasm_bindgen]
pub fn start(environment: JsValue) {
    console_error_panic_hook::set_once();
    let context = Rc::new(Context::new(&settings::read(environment)));
    CONTEXT.with_borrow_mut(|shared| *shared = Some(context));
}

/// Answers a request to the function of that name.
async fn answer(function_name: String, request: Request) -> Response {
    let context = CONTEXT.with_borrow(Clone::clone);
    functions::answer(&function_name, request, context.as_deref()).await
}

/// Writes a line to the function's log, where its owner finds it.
fn log(line: &str) {
    web_sys::console::error_1(&line.into());
}
