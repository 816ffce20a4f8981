//! The domain in a browser, where the pages use it: the same limits and words, and pictures from encoders that are not
//! ours.
#![cfg(target_family = "wasm")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use domain::hours::{Clock, HOUR_MS, Moment};
use domain::picture::{Format, HEAD_BYTES, NoPicture, TAIL_BYTES, inspect};
use domain::plan::Plan;
use domain::request::ImageRequest;
use js_sys::{Date, JSON, Object, Reflect, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_futures::js_sys;
use wasm_bindgen_futures::wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Blob, ImageEncodeOptions, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

wasm_bindgen_test_configure!(run_in_browser);

/// A picture that Chromium's own encoder made.
async fn encoded(format: Format, width: u32, height: u32) -> Vec<u8> {
    let canvas = OffscreenCanvas::new(width, height).unwrap();
    let context = canvas.get_context("2d").unwrap().expect("a context");
    let context: OffscreenCanvasRenderingContext2d = context.unchecked_into();
    context.set_fill_style_str("#a85300");
    context.fill_rect(10.0, 10.0, 200.0, 90.0);
    let options = ImageEncodeOptions::new();
    options.set_type(format.media_type());
    let blob = JsFuture::from(canvas.convert_to_blob_with_options(&options).unwrap()).await.unwrap();
    let buffer = JsFuture::from(blob.unchecked_into::<Blob>().array_buffer()).await.unwrap();
    Uint8Array::new(&buffer).to_vec()
}

fn check(file: &[u8]) -> Result<domain::picture::Picture, NoPicture> {
    let tail = file.len().saturating_sub(TAIL_BYTES);
    inspect(&file[..file.len().min(HEAD_BYTES)], &file[tail..], file.len())
}

#[wasm_bindgen_test]
async fn pictures_of_the_browsers_encoders_are_known_and_their_halves_are_not() {
    for format in [Format::Png, Format::Jpeg, Format::Webp] {
        let file = encoded(format, 512, 768).await;
        let picture = check(&file).expect("a picture");
        assert_eq!((picture.format, picture.size), (format, Some((512, 768))));
        assert!(check(&file[..file.len() / 2]).is_err(), "{format:?}");
    }
}

#[wasm_bindgen_test]
fn what_json_stringify_writes_is_read() {
    let body = Object::new();
    let set = |name: &str, value: JsValue| assert!(Reflect::set(&body, &name.into(), &value).unwrap());
    set("prompt", "सूर्यास्त, a sunset 🌅".into());
    set("sessionId", "7f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11".into());
    set("conversationId", JsValue::NULL);
    set("seed", f64::from(u32::MAX).into());
    set("style", JsValue::UNDEFINED);
    let text = String::from(JSON::stringify(&body).unwrap());
    let request = ImageRequest::from_json(text.as_bytes()).expect("a request");
    assert_eq!((request.prompt.as_str(), request.seed), ("सूर्यास्त, a sunset 🌅", Some(u32::MAX)));
}

#[wasm_bindgen_test]
fn half_a_surrogate_pair_is_refused_by_the_name_of_its_field() {
    let prompt = js_sys::JsString::from_char_code(&[0x61, 0xD83C]);
    let text = String::from(JSON::stringify(&prompt).unwrap());
    let body = format!(r#"{{"prompt":{text},"sessionId":"7f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11"}}"#);
    assert_eq!(ImageRequest::from_json(body.as_bytes()).expect_err("no request").field, "prompt");
}

#[wasm_bindgen_test]
fn a_clock_reads_the_browsers_milliseconds() {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a moment of this century")]
    let now_ms = Date::now() as u64;
    let clock = Clock::new(now_ms, 2);
    assert_eq!(clock.at(now_ms), Moment::Running { hour_index: 0, resets_at_ms: now_ms.checked_add(HOUR_MS) });
}

#[wasm_bindgen_test]
fn plans_and_prices_are_the_same_here() {
    assert_eq!(Plan::ALL.map(|plan| plan.price(4).unwrap().to_string()), ["₹200", "₹400", "₹800"]);
}
