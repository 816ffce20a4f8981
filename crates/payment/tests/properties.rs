//! What holds for every input, not just for the ones that somebody thought of.
//!
//! `PROPTEST_CASES` sets how many inputs are tried (256 unless told), `PROPTEST_RNG_SEED` which.
#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use hmac::{Hmac, Mac};
use payment::{Event, KeyId, NewOrder, NewRefund, Provider as _, Razorpay, Secret};
use payment::{body_sha256, verify_checkout, verify_webhook};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use transport::{Request, Response, Transport, TransportError};

/// Signs as a provider does, by the crate alone.
fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives everybody the same answer.
struct Always(u16, Vec<u8>);

impl Transport for Always {
    type Body = Vec<u8>;

    async fn send(&self, _request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        Ok(Response { status: self.0, headers: vec![], body: self.1.clone() })
    }
}

/// The output of a future that never waits.
fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// A JSON value of any shape, for fields that expect something else.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        ".{0,40}".prop_map(Value::from),
        "[a-zA-Z0-9_]{1,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_entity() -> impl Strategy<Value = Value> {
    let names = [
        "id",
        "amount",
        "currency",
        "status",
        "order_id",
        "payment_id",
        "receipt",
        "phase",
        "error_reason",
        "error_description",
        "notes",
    ];
    proptest::collection::btree_map(proptest::sample::select(names.to_vec()), any_json(), 0..4).prop_map(|fields| {
        let mut entity = json!({ "id": "x_1", "amount": 5000, "currency": "INR", "status": "failed", "notes": [] });
        for (name, value) in fields {
            entity[name] = value;
        }
        entity
    })
}

fn any_event() -> impl Strategy<Value = Value> {
    let names =
        ["payment.captured", "payment.failed", "order.paid", "refund.processed", "payment.dispute.created", "a.b"];
    let entities = (any_entity(), any_entity(), any_entity(), any_entity());
    (proptest::sample::select(names.to_vec()), entities, prop_oneof![9 => Just(json!(1)), 1 => any_json()]).prop_map(
        |(name, (payment, order, refund, dispute), created_at)| {
            let payload = json!({
                "payment": { "entity": payment }, "order": { "entity": order }, "refund": { "entity": refund },
                "dispute": { "entity": dispute },
            });
            json!({ "event": name, "payload": payload, "created_at": created_at })
        },
    )
}

proptest! {
    /// What the ledger is told fits into it: no NUL, whole numbers that a bigint holds, and nothing long.
    #[test]
    fn an_event_that_is_read_is_within_every_limit(event in any_event()) {
        if let Ok(event) = Event::from_body(event.to_string().as_bytes()) {
            let facts = serde_json::to_value(&event.facts).unwrap();
            for (name, fact) in facts.as_object().unwrap() {
                match fact {
                    Value::String(text) => {
                        prop_assert!(text.chars().count() <= 200, "{name}");
                        prop_assert!(!text.chars().any(char::is_control), "{name}: {text:?}");
                    }
                    fact => prop_assert!(fact.as_i64().is_some_and(|number| number >= 0), "{name}: {fact}"),
                }
            }
        }
    }

    #[test]
    fn an_event_of_any_bytes_is_answered(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = Event::from_body(&body) {
            prop_assert!(!error.to_string().is_empty());
        }
        prop_assert_eq!(body_sha256(&body).len(), 64);
    }

    /// Whatever is answered: no question panics, what it takes is about what was asked, and what it tells is short.
    #[test]
    fn an_answer_of_any_kind_is_about_what_was_asked_or_none(
        status in prop_oneof![3 => Just(200), 1 => 200..600_u16],
        body in prop_oneof![
            any_entity(),
            any_json(),
            any_entity().prop_map(|item| json!({ "items": [item] })),
            any_entity().prop_map(|error| json!({ "error": error })),
        ],
    ) {
        let keys = (KeyId::new("rzp_test_1").unwrap(), Secret::new("s3cret").unwrap());
        let razorpay = Razorpay::new("https://api.example.com", keys.0, keys.1).unwrap();
        let always = Always(status, body.to_string().into_bytes());
        let order = NewOrder { receipt: "r_1", amount_paise: 5000, currency: "INR", notes: &[] };
        let refund = NewRefund { idempotency_key: "k_12345678", payment_id: "x_1", amount_paise: 5000, receipt: "r_1" };
        let mut failures = vec![];
        match run(razorpay.create_order(&always, &order)) {
            Ok(made) => prop_assert!(made.receipt.as_deref() == Some("r_1") && made.amount_paise == 5000),
            Err(failure) => failures.push(failure),
        }
        match run(razorpay.find_order(&always, "r_1")) {
            Ok(found) => prop_assert!(found.is_none_or(|order| order.receipt.as_deref() == Some("r_1"))),
            Err(failure) => failures.push(failure),
        }
        match run(razorpay.payment(&always, "x_1")) {
            Ok(payment) => prop_assert_eq!(payment.id, "x_1"),
            Err(failure) => failures.push(failure),
        }
        match run(razorpay.payments_of(&always, "x_1")) {
            Ok(payments) => prop_assert!(payments.iter().all(|payment| payment.order_id.as_deref() == Some("x_1"))),
            Err(failure) => failures.push(failure),
        }
        match run(razorpay.refund(&always, &refund)) {
            Ok(made) => prop_assert_eq!(made.amount_paise, 5000),
            Err(failure) => failures.push(failure),
        }
        failures.extend(run(razorpay.refunds_of(&always, "x_1")).err());
        for failure in failures {
            prop_assert!(failure.to_string().chars().count() <= 300, "{}", failure);
            prop_assert!(!failure.to_string().contains("s3cret"), "{}", failure);
        }
    }

    #[test]
    fn a_signature_of_any_text_is_answered(signature in any::<String>(), body in proptest::collection::vec(any::<u8>(), 0..40)) {
        let secret = Secret::new("s3cret").unwrap();
        let is_signed = verify_webhook(std::slice::from_ref(&secret), &body, &signature);
        prop_assert_eq!(is_signed, signature == sign("s3cret", &body));
        prop_assert!(!verify_checkout(&secret, &signature, "pay_1", &signature));
    }

    #[test]
    fn one_changed_byte_never_verifies(
        body in proptest::collection::vec(any::<u8>(), 1..200),
        secret in "[!-~]{1,80}",
        at in any::<proptest::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let secrets = [Secret::new(&secret).unwrap()];
        let signature = sign(&secret, &body);
        prop_assert!(verify_webhook(&secrets, &body, &signature));

        let mut changed = body.clone();
        changed[at.index(body.len())] ^= change;
        prop_assert!(!verify_webhook(&secrets, &changed, &signature));

        let mut digits = signature.clone().into_bytes();
        digits[at.index(64)] ^= change;
        prop_assert!(!verify_webhook(&secrets, &body, &String::from_utf8_lossy(&digits)));

        let mut other = secret.into_bytes();
        let place = at.index(other.len());
        other[place] = b'!' + (other[place] - b'!' + 1 + change % 93) % 94;
        let other = Secret::new(std::str::from_utf8(&other).unwrap()).unwrap();
        prop_assert!(!verify_webhook(&[other], &body, &signature));
    }

    #[test]
    fn a_checkout_is_verified_for_its_own_ids_only(
        order in "[a-zA-Z0-9_]{1,20}",
        payment in "[a-zA-Z0-9_]{1,20}",
        other in "[a-zA-Z0-9_|]{1,20}",
    ) {
        let secret = Secret::new("s3cret").unwrap();
        let signature = sign("s3cret", format!("{order}|{payment}").as_bytes());
        prop_assert!(verify_checkout(&secret, &order, &payment, &signature));
        prop_assert_eq!(verify_checkout(&secret, &other, &payment, &signature), other == order);
        prop_assert_eq!(verify_checkout(&secret, &order, &other, &signature), other == payment);
    }
}
