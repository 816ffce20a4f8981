//! The functions against a browser's Request, Response and streams: what is answered before anybody else is asked.
#![cfg(target_family = "wasm")]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use edge::{Call, start};
use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Headers, ReadableStream, ReadableStreamDefaultController, Request, RequestInit, Response};

wasm_bindgen_test_configure!(run_in_browser);

/// Of the right shape and of nobody.
const TOKEN: &str = "Bearer aaaa.bbbb.cccc";

fn configure() {
    let environment = Object::new();
    // Port 9 answers nobody: a test that got as far as the ledger would fail with `internal`.
    for (name, value) in [
        ("SUPABASE_URL", "http://127.0.0.1:9"),
        ("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_x"),
        ("SUPABASE_SECRET_KEY", "sb_secret_x"),
        ("HUGGINGFACE_API_KEY", "hf_x"),
    ] {
        assert!(Reflect::set(&environment, &name.into(), &value.into()).unwrap());
    }
    start(environment.into());
}

fn request(method: &str, headers: &[(&str, &str)], body: Option<&JsValue>) -> Request {
    let init = RequestInit::new();
    init.set_method(method);
    let all = Headers::new().unwrap();
    for (name, value) in headers {
        all.set(name, value).unwrap();
    }
    init.set_headers(&all);
    if let Some(body) = body {
        init.set_body(body);
        assert!(Reflect::set(&init, &"duplex".into(), &"half".into()).unwrap());
    }
    Request::new_with_str_and_init("http://127.0.0.1/functions/v1/generate-image", &init).unwrap()
}

async fn answer(mut call: Call) -> Response {
    loop {
        let step = call.poll().unwrap_or_else(|_| panic!("polled after its end"));
        match step.dyn_into::<Response>() {
            Ok(response) => return response,
            Err(promise) => {
                JsFuture::from(promise.unchecked_into::<Promise>()).await.unwrap();
            }
        }
    }
}

async fn post(headers: &[(&str, &str)], body: &JsValue) -> (u16, String) {
    configure();
    let response = answer(Call::new("generate-image".to_owned(), request("POST", headers, Some(body)))).await;
    let json = JsFuture::from(response.json().unwrap()).await.unwrap();
    let code = Reflect::get(&json, &"code".into()).unwrap().as_string().expect("a code");
    (response.status(), code)
}

/// A body that comes in pieces and says nothing of its length.
fn stream(piece: Vec<u8>, pieces: u32) -> ReadableStream {
    let left = std::cell::Cell::new(pieces);
    let pull = Closure::<dyn FnMut(ReadableStreamDefaultController)>::new(
        move |controller: ReadableStreamDefaultController| match left.replace(left.get().saturating_sub(1)) {
            0 => controller.close().unwrap(),
            _ => controller.enqueue_with_chunk(&Uint8Array::from(piece.as_slice())).unwrap(),
        },
    );
    let source = Object::new();
    assert!(Reflect::set(&source, &"pull".into(), &pull.into_js_value()).unwrap());
    ReadableStream::new_with_underlying_source(&source).unwrap()
}

#[wasm_bindgen_test]
async fn a_preflight_allows_what_supabase_js_sends() {
    configure();
    let response = answer(Call::new("generate-image".to_owned(), request("OPTIONS", &[], None))).await;
    assert_eq!(response.status(), 204);
    let allowed = response.headers().get("access-control-allow-headers").unwrap().expect("headers");
    for header in ["authorization", "x-client-info", "apikey", "content-type", "idempotency-key", "prefer"] {
        assert!(allowed.split(", ").any(|name| name == header), "{header}");
    }
}

#[wasm_bindgen_test]
async fn what_is_wrong_with_a_request_is_told_without_asking_anybody() {
    let json = ("content-type", "application/json");
    let token = ("authorization", TOKEN);
    let valid = r#"{"prompt":"a sunset","sessionId":"7f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11"}"#;
    let rows: [(&[(&str, &str)], &str, (u16, &str)); 6] = [
        (&[json], valid, (401, "unauthorized")),
        (&[json, ("authorization", "Bearer sb_publishable_x")], valid, (401, "unauthorized")),
        (&[token, ("content-type", "text/plain")], valid, (415, "unsupported_media_type")),
        (&[token, json], "{}", (400, "invalid_request")),
        (&[token, json, ("prefer", "respond-async")], "{}", (400, "invalid_request")),
        (&[token, json, ("idempotency-key", "1")], valid, (400, "invalid_request")),
    ];
    for (headers, body, expected) in rows {
        let (status, code) = post(headers, &body.into()).await;
        assert_eq!((status, code.as_str()), expected, "{headers:?}");
    }
}

/// The code of an answer to a request without a body.
async fn code_of(function: &str, method: &str, headers: &[(&str, &str)]) -> (u16, String) {
    configure();
    let response = answer(Call::new(function.to_owned(), request(method, headers, None))).await;
    let json = JsFuture::from(response.json().unwrap()).await.unwrap();
    (response.status(), Reflect::get(&json, &"code".into()).unwrap().as_string().expect("a code"))
}

#[wasm_bindgen_test]
async fn a_request_is_asked_about_by_its_id() {
    let token = ("authorization", TOKEN);
    for method in ["GET", "DELETE"] {
        assert_eq!(code_of("generate-image", method, &[]).await, (401, "unauthorized".to_owned()));
        assert_eq!(code_of("generate-image", method, &[token]).await, (400, "invalid_request".to_owned()));
        let no_id = [token, ("idempotency-key", "1")];
        assert_eq!(code_of("generate-image", method, &no_id).await, (400, "invalid_request".to_owned()));
    }
    assert_eq!(code_of("generate-image", "PUT", &[token]).await, (400, "invalid_request".to_owned()));
}

#[wasm_bindgen_test]
async fn nobody_but_the_hub_wakes_its_workers_or_gives_money_back() {
    for function in ["queue-worker", "payment-worker", "refund-session"] {
        for headers in
            [&[][..], &[("apikey", "sb_publishable_x")], &[("apikey", "sb_secret_y")], &[("authorization", TOKEN)]]
        {
            assert_eq!(code_of(function, "POST", headers).await, (401, "unauthorized".to_owned()), "{headers:?}");
        }
        assert_eq!(code_of(function, "GET", &[]).await, (400, "invalid_request".to_owned()));
    }
    // The ledger is not there; that it was asked at all is what the key is for.
    assert_eq!(code_of("queue-worker", "POST", &[("apikey", "sb_secret_x")]).await, (500, "internal".to_owned()));
}

#[wasm_bindgen_test]
async fn a_body_is_read_no_further_than_any_valid_one_is_long() {
    let headers = [("authorization", TOKEN), ("content-type", "application/json")];
    for body in [JsValue::from("x".repeat(70_000)), stream(vec![b' '; 1_000], 70).into()] {
        assert_eq!(post(&headers, &body).await, (413, "too_large".to_owned()));
    }
}

#[wasm_bindgen_test]
async fn a_body_in_pieces_is_put_together() {
    let headers = [("authorization", TOKEN), ("content-type", "application/json")];
    // Three times white space, then the end of the stream: read whole, it is no JSON.
    assert_eq!(post(&headers, &stream(b" \n".to_vec(), 3).into()).await, (400, "invalid_request".to_owned()));
}

#[wasm_bindgen_test]
async fn a_ledger_that_is_not_there_is_our_fault_and_costs_nothing() {
    let headers = [("authorization", TOKEN), ("content-type", "application/json")];
    let body = r#"{"prompt":"a sunset","sessionId":"7f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11"}"#;
    assert_eq!(post(&headers, &body.into()).await, (500, "internal".to_owned()));
}

#[wasm_bindgen_test]
async fn what_is_wrong_with_a_purchase_is_told_without_asking_anybody() {
    let json = ("content-type", "application/json");
    for function in ["buy-session", "confirm-payment", "start-session"] {
        assert_eq!(code_of(function, "POST", &[json]).await, (401, "unauthorized".to_owned()));
        assert_eq!(code_of(function, "GET", &[]).await, (400, "invalid_request".to_owned()));
        let headers = [("authorization", TOKEN), ("content-type", "text/plain")];
        assert_eq!(code_of(function, "POST", &headers).await, (415, "unsupported_media_type".to_owned()));
        let headers = [("authorization", TOKEN), json];
        assert_eq!(code_of(function, "POST", &headers).await, (400, "invalid_request".to_owned()));
    }
    // Nobody takes money in this hub: no event can be anybody's.
    let signed = [json, ("x-razorpay-signature", "00")];
    assert_eq!(code_of("payment-webhook", "POST", &signed).await, (502, "payments_misconfigured".to_owned()));
}
