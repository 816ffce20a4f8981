//! What holds for every input, not just for the ones that somebody thought of.
//!
//! `PROPTEST_CASES` sets how many inputs are tried (256 unless told), `PROPTEST_RNG_SEED` which.
#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, as it should"
)]

use domain::hours::{Clock, HOUR_MS, Moment};
use domain::picture::{HEAD_BYTES, TAIL_BYTES, inspect};
use domain::plan::{HOURS, Plan};
use domain::request::{
    BATCH_COUNT, CFG_SCALE, ImageRequest, NEGATIVE_PROMPT_CHARACTERS_MAX, PROMPT_CHARACTERS_MAX, SIDES, STEPS,
};
use domain::text;
use proptest::prelude::*;

/// A JSON value of any shape, for fields that expect something else.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,40}".prop_map(serde_json::Value::from),
        Just("00000000-0000-4000-8000-00000000000a".into()),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            proptest::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_request() -> impl Strategy<Value = serde_json::Value> {
    let names = [
        "prompt",
        "sessionId",
        "conversationId",
        "requestId",
        "negativePrompt",
        "width",
        "height",
        "steps",
        "cfgScale",
        "seed",
        "batchCount",
        "style",
        "strength",
        "other",
    ];
    proptest::collection::btree_map(proptest::sample::select(names.to_vec()), any_json(), 0..8).prop_map(|fields| {
        let mut request = serde_json::json!({
            "prompt": "a sunset", "sessionId": "00000000-0000-4000-8000-00000000000a"
        });
        for (name, value) in fields {
            request[name] = value;
        }
        request
    })
}

proptest! {
    /// Invariant I1's other half: whatever arrives, reading it neither panics nor lets anything out of its limits through.
    #[test]
    fn a_request_that_is_read_is_within_every_limit(body in any_request()) {
        if let Ok(request) = ImageRequest::from_json(body.to_string().as_bytes()) {
            prop_assert!((1..=PROMPT_CHARACTERS_MAX).contains(&request.prompt.chars().count()));
            prop_assert!(!request.prompt.contains('\0'));
            let negative = request.negative_prompt.as_deref().map_or(1, |text| text.chars().count());
            prop_assert!((1..=NEGATIVE_PROMPT_CHARACTERS_MAX).contains(&negative));
            prop_assert!(SIDES.contains(&request.width) && SIDES.contains(&request.height));
            prop_assert!(STEPS.contains(&request.steps) && BATCH_COUNT.contains(&request.batch_count));
            prop_assert!(CFG_SCALE.contains(&request.cfg_scale));
        }
    }

    #[test]
    fn a_request_of_any_bytes_is_answered(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(refusal) = ImageRequest::from_json(&body) {
            prop_assert!(!refusal.field.is_empty());
        }
    }

    #[test]
    fn cleaning_a_text_twice_changes_nothing_more(given in any::<String>()) {
        if let Ok(once) = text::clean(&given, 1_000) {
            prop_assert_eq!(text::clean(&once, 1_000), Ok(once.clone()));
        }
    }

    #[test]
    fn inspecting_any_bytes_answers(file in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..4_usize) {
        let signature: [&[u8]; 4] = [b"", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"\xFF\xD8\xFF", b"RIFF\0\0\0\0WEBPVP8X"];
        let file = [signature[kind], &file].concat();
        let tail = file.len().saturating_sub(TAIL_BYTES);
        let _ = inspect(&file[..file.len().min(HEAD_BYTES)], &file[tail..], file.len());
    }

    /// An hour is always the one in which the moment lies, and the strip is drawn anew exactly at its end.
    #[test]
    fn every_moment_is_in_the_hour_that_holds_it(start in 0..4_000_000_000_000_u64, hours in HOURS, after in 0..(5 * HOUR_MS)) {
        let clock = Clock::new(start, hours);
        let now = start + after;
        match clock.at(now) {
            Moment::Over => prop_assert!(now >= clock.expires_at_ms()),
            Moment::Running { hour_index, resets_at_ms } => {
                let begins = start + u64::from(hour_index) * HOUR_MS;
                prop_assert!(begins <= now && now < begins + HOUR_MS && hour_index < hours);
                prop_assert_eq!(resets_at_ms, (hour_index + 1 < hours).then_some(begins + HOUR_MS));
            }
        }
    }

    #[test]
    fn a_price_is_hours_times_the_hour_or_nothing(hours in any::<u32>(), plan in proptest::sample::select(Plan::ALL.to_vec())) {
        match plan.price(hours) {
            Some(price) => prop_assert_eq!(price.0, plan.price_per_hour().0 * hours),
            None => prop_assert!(!HOURS.contains(&hours)),
        }
    }
}
