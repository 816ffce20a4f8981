//! Feeds bodies of any bytes to `payment::Event::from_body` and to the check of their signature, as anybody could post them.
//!
//! What must hold: what the ledger is told has the names that the ledger knows, fits into it, and says nothing of the payer;
//! what is not read changes nothing of it, and the body written once more is the same event; a refusal quotes nothing; a
//! body verifies under its own signature, under none that is one digit off, and never under what it says itself.
#![no_main]

use hmac::{Hmac, Mac};
use libfuzzer_sys::fuzz_target;
use payment::{BODY_BYTES_MAX, Event, EventError, Facts, Secret, body_sha256, verify_checkout, verify_webhook};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::LazyLock;

const SECRET: &str = "fuzzedSecret0001";
/// The fields that the ledger knows, and how many characters each may have; those that are numbers have none.
const FIELDS: [(&str, usize); 14] = [
    ("provider", 8),
    ("orderId", 64),
    ("paymentId", 64),
    ("amountPaise", 0),
    ("currency", 40),
    ("paymentStatus", 10),
    ("failureReason", 200),
    ("refundId", 64),
    ("refundStatus", 9),
    ("refundAmountPaise", 0),
    ("refundReceipt", 40),
    ("disputeId", 64),
    ("disputePhase", 40),
    ("disputeStatus", 40),
];

static SECRETS: LazyLock<[Secret; 2]> =
    LazyLock::new(|| ["fuzzedSecret0002", SECRET].map(|text| Secret::new(text).expect("a secret")));

fuzz_target!(|body: &[u8]| {
    let read = Event::from_body(body);
    match &read {
        Ok(event) => fits_the_ledger(event),
        Err(EventError::TooLarge) => assert!(body.len() > BODY_BYTES_MAX),
        Err(EventError::Malformed(what)) => {
            assert!(what.len() <= 40 && what.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{what}");
        }
    }
    if let Ok(sent) = serde_json::from_slice::<Value>(body) {
        is_the_same_in_other_words(&read, sent);
    }
    is_verified_by_its_own_signature(body);
});

fn fits_the_ledger(event: &Event) {
    assert!((1..=40).contains(&event.name.len()) && event.name.is_ascii(), "{:?}", event.name);
    assert!(event.created_at <= 253_402_300_799, "no such year");
    let facts = serde_json::to_value(&event.facts).expect("JSON");
    assert_eq!(facts["provider"], "razorpay");
    for (name, fact) in facts.as_object().expect("an object") {
        let (_, characters_max) = FIELDS.iter().find(|(known, _)| known == name).expect("a field of the ledger");
        match fact {
            Value::String(text) => {
                assert!((1..=*characters_max).contains(&text.chars().count()), "{name}: {text:?}");
                assert!(!text.contains(char::is_control) && !text.contains('@'), "{name}: {text:?}");
            }
            fact => assert!(*characters_max == 0 && fact.as_i64().is_some_and(|number| number >= 0), "{name}: {fact}"),
        }
    }
    let tells_of_money = ["payment.", "order.paid", "refund."].iter().any(|start| event.name.starts_with(start));
    assert!(tells_of_money || event.facts == Facts::none(), "{}: {facts}", event.name);
}

/// Notes are an object or a list, and much comes along that nobody reads.
fn is_the_same_in_other_words(read: &Result<Event, EventError>, mut sent: Value) {
    let again = sent.to_string();
    if again.len() > BODY_BYTES_MAX / 2 || *read == Err(EventError::TooLarge) {
        return;
    }
    assert_eq!(&Event::from_body(again.as_bytes()), read, "{again}");
    for kind in ["payment", "order", "refund", "dispute"] {
        if let Some(Value::Object(entity)) = sent.pointer_mut(&format!("/payload/{kind}/entity")) {
            entity.insert("notes".to_owned(), json!([kind]));
            entity.insert("email".to_owned(), json!("payer@example.com"));
            entity.insert("card".to_owned(), json!({ "last4": "1007" }));
        }
    }
    assert_eq!(&Event::from_body(sent.to_string().as_bytes()), read, "{sent}");
}

fn is_verified_by_its_own_signature(body: &[u8]) {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(body);
    let signature = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(verify_webhook(&*SECRETS, body, &signature));
    assert!(!verify_webhook(&SECRETS[..1], body, &signature), "another secret");

    // One digit off, at a place that the body chooses; then without its last.
    let at = usize::from(body.first().copied().unwrap_or_default()) % signature.len();
    let mut digits = signature.clone().into_bytes();
    digits[at] = if digits[at] == b'0' { b'1' } else { b'0' };
    assert!(!verify_webhook(&*SECRETS, body, &String::from_utf8_lossy(&digits)));
    assert!(!verify_webhook(&*SECRETS, body, &signature[..63]));

    let said = String::from_utf8_lossy(body);
    assert!(!verify_webhook(&*SECRETS, body, &said));
    assert!(!verify_checkout(&SECRETS[1], &said, &said, &signature), "only its own kind of message");
    assert!(body_sha256(body) != signature);
}
