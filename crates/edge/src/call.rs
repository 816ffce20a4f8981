//! One request on its way through the functions: a future that the shim drives by hand.
//!
//! Owns the polling and the waking. It must not know what a function does, and it must not hand a future to
//! `spawn_local`: that queue is shared, so that a trap in one request would surface outside of any request and the
//! queue would stand still for all the others. Polled by hand, a trap surfaces in the `poll` of the request that caused
//! it, and the other requests of the instance can still be polled to their end.
//!
//! The protocol: the shim calls [`Call::poll`] until it returns a `Response`; every promise that it returns instead
//! resolves once there is a reason to poll again. Where [`Call::remains`] then says so, there is work left that the client
//! does not wait for: the shim goes on polling until it is given `undefined`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

/// What a function comes down to: it always answers, an error is an answer as well; and what it does after that.
pub type Answer = Pin<Box<dyn Future<Output = (Response, Option<Afterwards>)>>>;
/// Work that nobody waits for.
pub type Afterwards = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    /// The `resolve` function of the promise on which the shim waits, for every call that waits. A waker must be `Send`
    /// and a JavaScript function is not, so a waker holds only the key. Borrowed for the length of one map operation and
    /// never while a future is polled: a trap leaves borrows behind as they were.
    static WAITING: RefCell<BTreeMap<u64, Function>> = const { RefCell::new(BTreeMap::new()) };

    /// The key of the next call.
    static NEXT_KEY: Cell<u64> = const { Cell::new(0) };
}

/// Wakes the call of that key.
struct Signal(u64);

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Woken twice, or after its end, a call has no promise left to resolve.
        if let Some(resolve) = stop_waiting(self.0) {
            // `resolve` of a promise never throws, and there would be nobody to tell.
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    }
}

fn start_waiting(key: u64, resolve: Function) {
    WAITING.with_borrow_mut(|waiting| waiting.insert(key, resolve));
}

fn stop_waiting(key: u64) -> Option<Function> {
    WAITING.with_borrow_mut(|waiting| waiting.remove(&key))
}

/// One request, driven by the shim.
#[wasm_bindgen]
pub struct Call {
    key: u64,
    waker: Waker,
    /// Gone once the call has answered.
    answer: Option<Answer>,
    /// There once the call has answered, as long as it is not done.
    afterwards: Option<Afterwards>,
}

#[wasm_bindgen]
impl Call {
    /// Hands a request to the function of that name. Nothing of it happens before the first poll.
    #[wasm_bindgen(constructor)]
    pub fn new(function_name: String, request: Request) -> Self {
        Self::of(Box::pin(crate::answer(function_name, request)))
    }

    /// For the shim's tests, and out of reach for a request: answers with the `Response` in which `outcome` ends, and
    /// panics where it ends in anything else. What remains afterwards takes as long as `rest`, and panics where that is
    /// rejected.
    #[expect(clippy::panic, reason = "the traps that the tests of the shim ask for")]
    pub fn probe(outcome: Promise, rest: Option<Promise>) -> Self {
        Self::of(Box::pin(async move {
            let afterwards = rest.map(|rest| -> Afterwards {
                Box::pin(async move {
                    if rest.await.is_err() {
                        panic!("what remained of a probe was told to panic");
                    }
                })
            });
            match outcome.await.and_then(JsCast::dyn_into::<Response>) {
                Ok(response) => (response, afterwards),
                Err(_) => panic!("a probe was told to panic"),
            }
        }))
    }

    /// Goes on until the call has to wait, has answered, or is done with what remained: a promise to wait for, the
    /// `Response`, or `undefined`.
    pub fn poll(&mut self) -> Result<JsValue, JsError> {
        // Made before the poll, so that a wake in the middle of it is not lost.
        let promise = Promise::with_resolvers::<JsValue, JsValue>();
        start_waiting(self.key, promise.resolve().unchecked_into());
        let mut context = Context::from_waker(&self.waker);
        let polled = match (self.answer.as_mut(), self.afterwards.as_mut()) {
            (Some(answer), _) => answer.as_mut().poll(&mut context).map(|(response, afterwards)| {
                self.answer = None;
                self.afterwards = afterwards;
                JsValue::from(response)
            }),
            (None, Some(afterwards)) => afterwards.as_mut().poll(&mut context).map(|()| {
                self.afterwards = None;
                JsValue::UNDEFINED
            }),
            (None, None) => Poll::Ready(JsValue::NULL),
        };
        match polled {
            Poll::Pending => Ok(promise.promise().into()),
            Poll::Ready(step) => {
                stop_waiting(self.key);
                if step.is_null() { Err(JsError::new("the call is over already")) } else { Ok(step) }
            }
        }
    }

    /// Whether there is work left after the answer.
    pub fn remains(&self) -> bool {
        self.afterwards.is_some()
    }

    fn of(answer: Answer) -> Self {
        let key = NEXT_KEY.replace(NEXT_KEY.get().wrapping_add(1));
        Self { key, waker: Waker::from(Arc::new(Signal(key))), answer: Some(answer), afterwards: None }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        stop_waiting(self.key);
    }
}
