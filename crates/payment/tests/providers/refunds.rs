//! Refunds: the same key is the same refund.

use crate::script::{LOGIN, Script, answer, list, lost, razorpay, run, sent_json, unreadable, with};
use payment::{Failure, NewRefund, Provider as _, Refund, RefundStatus};
use serde_json::{Value, json};
use transport::Payload;

const KEY: &str = "550e8400-e29b-41d4-a716-446655440000";
const NEW: NewRefund<'static> =
    NewRefund { idempotency_key: KEY, payment_id: "pay_29QQoUBi66xm2f", amount_paise: 20_000, receipt: KEY };

fn entity() -> Value {
    json!({
        "id": "rfnd_FP8QHiV938haTz", "entity": "refund", "amount": 20_000, "currency": "INR",
        "payment_id": "pay_29QQoUBi66xm2f", "notes": [], "receipt": KEY, "acquirer_data": { "arn": null },
        "created_at": 1_597_078_866, "batch_id": null, "status": "pending", "speed_processed": "normal",
        "speed_requested": "normal",
    })
}

fn pending() -> Refund {
    Refund {
        id: "rfnd_FP8QHiV938haTz".to_owned(),
        status: RefundStatus::Pending,
        amount_paise: 20_000,
        receipt: Some(KEY.to_owned()),
    }
}

#[test]
fn a_refund_repeated_is_the_same_request_to_the_last_byte() {
    let processed = with(entity(), &json!({ "status": "processed" }));
    let script = Script::new([lost(), answer(200, &entity()), answer(200, &processed)]);
    let razorpay = razorpay();
    assert!(run(razorpay.refund(&script, &NEW)).unwrap_err().may_have_happened());
    assert_eq!(run(razorpay.refund(&script, &NEW)), Ok(pending()));
    let later = run(razorpay.refund(&script, &NEW)).unwrap();
    assert_eq!(later, Refund { status: RefundStatus::Processed, ..pending() });
    let sent = script.sent();
    assert!(sent.iter().all(|request| *request == sent[0]));
    assert_eq!(format!("{:?}", sent[0]), "POST http://127.0.0.1:9999/v1/payments/pay_29QQoUBi66xm2f/refund");
    assert_eq!(
        sent[0].headers,
        [
            ("authorization", LOGIN.to_owned()),
            ("content-type", "application/json".to_owned()),
            ("x-refund-idempotency", KEY.to_owned()),
        ]
    );
    assert_eq!(sent_json(&sent[0]), json!({ "amount": 20_000, "speed": "normal", "receipt": KEY }));
}

#[test]
fn what_razorpay_cannot_take_is_not_even_sent() {
    let short = NewRefund { idempotency_key: "123456789", ..NEW };
    let spaced = NewRefund { idempotency_key: "a key of words", ..NEW };
    let broken = NewRefund { idempotency_key: "0123456789\r\nx: y", ..NEW };
    let nameless = NewRefund { receipt: "", ..NEW };
    let key = Failure::Rejected { reason: "idempotency_key".to_owned() };
    let receipt = Failure::Rejected { reason: "receipt".to_owned() };
    let nobody = NewRefund { payment_id: "../orders", ..NEW };
    let rows =
        [(short, key.clone()), (spaced, key.clone()), (broken, key), (nameless, receipt), (nobody, Failure::NotFound)];
    for (refund, expected) in rows {
        assert_eq!(run(razorpay().refund(&Script::new([]), &refund)), Err(expected), "{refund:?}");
    }
}

#[test]
fn an_answer_about_another_refund_is_no_answer() {
    let rows = [
        (json!({ "payment_id": "pay_other" }), "it is about another refund"),
        (json!({ "payment_id": null }), "it is about another refund"),
        (json!({ "amount": 10_000 }), "it is about another refund"),
        (json!({ "amount": "20000" }), "the field amount"),
        (json!({ "id": null }), "the field id"),
        (json!({ "status": 1 }), "the field status"),
    ];
    for (more, complaint) in rows {
        let script = Script::new([answer(200, &with(entity(), &more))]);
        assert_eq!(run(razorpay().refund(&script, &NEW)), unreadable(complaint), "{more}");
    }
}

#[test]
fn the_refunds_of_a_payment_are_told() {
    let other = with(entity(), &json!({ "id": "rfnd_2", "receipt": null, "status": "failed", "notes": { "a": "b" } }));
    let script = Script::new([list(&[entity(), other])]);
    let told = run(razorpay().refunds_of(&script, "pay_29QQoUBi66xm2f")).unwrap();
    let failed = Refund { id: "rfnd_2".to_owned(), status: RefundStatus::Failed, receipt: None, ..pending() };
    assert_eq!(told, [pending(), failed]);
    let request = script.only();
    assert_eq!(format!("{request:?}"), "GET http://127.0.0.1:9999/v1/payments/pay_29QQoUBi66xm2f/refunds?count=100");
    assert_eq!((request.headers, request.payload), (vec![("authorization", LOGIN.to_owned())], Payload::None));
}
