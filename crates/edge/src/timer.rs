//! Time, by `setTimeout` and `performance.now`.
//!
//! Owns: that a wait which is given up leaves no timer behind, and how a moment is written. Must not: be asked what time it is for the ledger: that is
//! the database's to say.

use crate::random;
use js_sys::{Function, Promise};
use std::time::Duration;
use transport::Timer;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: u32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The timers of the runtime.
pub struct Timeouts;

/// A timer that is running; dropped, it is cleared.
pub struct Timeout(JsValue);

impl Timeout {
    /// Calls that function after so long.
    pub fn set(callback: &Function, after: Duration) -> Self {
        Self(set_timeout(callback, u32::try_from(after.as_millis()).unwrap_or(u32::MAX)))
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

impl Timer for Timeouts {
    fn now_ms(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole milliseconds are wanted")]
        let now_ms = performance_now() as u64;
        now_ms
    }

    async fn sleep(&self, duration: Duration) {
        let milliseconds = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
        let mut timeout = None;
        let elapsed =
            Promise::new(&mut |resolve, _reject| timeout = Some(Timeout(set_timeout(&resolve, milliseconds))));
        // The promise of a timer never rejects.
        let _ = JsFuture::from(elapsed).await;
        drop(timeout);
    }

    fn jitter(&self) -> f64 {
        f64::from(u32::from_le_bytes(random::bytes())) / (f64::from(u32::MAX) + 1.0)
    }
}

/// A moment, in seconds since 1970, as RFC 3339 writes it. What no calendar knows is the beginning of it.
#[cfg(feature = "payments")]
pub fn rfc3339(seconds: u64) -> String {
    let in_time = u32::try_from(seconds).unwrap_or_default();
    let date = js_sys::Date::new(&JsValue::from_f64(f64::from(in_time) * 1000.0));
    String::from(date.to_iso_string())
}
