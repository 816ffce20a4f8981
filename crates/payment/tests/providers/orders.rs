//! Orders: made once, and found again after an answer was lost.

use crate::script::{LOGIN, RECEIPT, Script, answer, list, lost, razorpay, run, sent_json, unreadable, with};
use payment::{Failure, NewOrder, Order, OrderStatus, Provider as _};
use serde_json::{Value, json};
use std::time::Duration;
use transport::{Method, Payload};

const NEW: NewOrder<'static> = NewOrder { receipt: RECEIPT, amount_paise: 20_000, currency: "INR", notes: &[] };

fn entity() -> Value {
    json!({
        "id": "order_RB58MiP5SPFYyM", "entity": "order", "amount": 20_000, "amount_paid": 0, "amount_due": 20_000,
        "currency": "INR", "receipt": RECEIPT, "offer_id": null, "status": "created", "attempts": 0, "notes": [],
        "created_at": 1_756_455_561,
    })
}

fn made() -> Order {
    Order {
        id: "order_RB58MiP5SPFYyM".to_owned(),
        receipt: Some(RECEIPT.to_owned()),
        amount_paise: 20_000,
        currency: "INR".to_owned(),
        status: OrderStatus::Created,
        created_at: 1_756_455_561,
    }
}

#[test]
fn an_order_is_asked_for_once_with_everything_that_it_needs() {
    let script = Script::new([answer(200, &entity())]);
    let order = NewOrder { notes: &[("purchase", RECEIPT), ("plan", "pro")], ..NEW };
    assert_eq!(run(razorpay().create_order(&script, &order)), Ok(made()));
    let request = script.only();
    assert_eq!((request.method, request.url.as_str()), (Method::Post, "http://127.0.0.1:9999/v1/orders"));
    assert_eq!(request.headers, [("authorization", LOGIN.to_owned()), ("content-type", "application/json".to_owned())]);
    assert_eq!(
        sent_json(&request),
        json!({
            "amount": 20_000, "currency": "INR", "receipt": RECEIPT,
            "notes": { "purchase": RECEIPT, "plan": "pro" },
            "payment": {
                "capture": "automatic",
                "capture_options": { "automatic_expiry_period": 4_320, "refund_speed": "normal" },
            },
        })
    );
    assert_eq!((request.timeout, request.bytes_max), (Duration::from_secs(10), 262_144));
}

/// An order is documented to have no idempotency key: whether a second one is made is for the caller to find out first.
#[test]
fn a_lost_answer_is_not_asked_for_again_and_its_order_is_found() {
    let script = Script::new([lost(), list(&[entity()])]);
    let razorpay = razorpay();
    let failure = run(razorpay.create_order(&script, &NEW)).unwrap_err();
    assert_eq!(failure, Failure::Unreachable { reason: "no answer in time".to_owned() });
    assert!(failure.may_have_happened());
    assert_eq!(run(razorpay.find_order(&script, RECEIPT)), Ok(Some(made())));
    let sent = script.sent();
    let asked = format!("GET http://127.0.0.1:9999/v1/orders?receipt={RECEIPT}&count=100");
    assert_eq!(format!("{:?}", sent[1]), asked);
    assert_eq!(sent[1].headers, [("authorization", LOGIN.to_owned())]);
    assert_eq!(sent[1].payload, Payload::None);
}

#[test]
fn an_answer_about_another_order_is_no_answer() {
    let rows = [
        (json!({ "amount": 20_001 }), "it is about another order"),
        (json!({ "currency": "USD" }), "it is about another order"),
        (json!({ "receipt": "r-2" }), "it is about another order"),
        (json!({ "receipt": null }), "it is about another order"),
        (json!({ "id": null }), "the field id"),
        (json!({ "id": "order/../1" }), "the field id"),
        (json!({ "amount": 20_000.5 }), "the field amount"),
        (json!({ "amount": -1 }), "the field amount"),
        (json!({ "status": null }), "the field status"),
        (json!({ "created_at": "now" }), "the field created_at"),
    ];
    for (more, complaint) in rows {
        let script = Script::new([answer(200, &with(entity(), &more))]);
        assert_eq!(run(razorpay().create_order(&script, &NEW)), unreadable(complaint), "{more}");
    }
}

#[test]
fn what_razorpay_cannot_take_is_not_even_sent() {
    for receipt in ["", "a b", "a&count=1", "a\r\nb", "é", &"r".repeat(41)] {
        let script = Script::new([]);
        let refused = run(razorpay().create_order(&script, &NewOrder { receipt, ..NEW }));
        assert_eq!(refused, Err(Failure::Rejected { reason: "receipt".to_owned() }), "{receipt:?}");
        assert_eq!(run(razorpay().find_order(&script, receipt)), Ok(None), "{receipt:?}");
    }
    let script = Script::new([answer(200, &with(entity(), &json!({ "receipt": "r".repeat(40) })))]);
    assert!(run(razorpay().create_order(&script, &NewOrder { receipt: &"r".repeat(40), ..NEW })).is_ok());
}

#[test]
fn of_several_orders_of_a_receipt_everybody_finds_the_same() {
    let of = |id: &str, status: &str, created_at: u64| {
        with(entity(), &json!({ "id": id, "status": status, "created_at": created_at }))
    };
    let foreign = with(of("order_0", "paid", 1), &json!({ "receipt": "44444444-4444-4444-8444-444444444445" }));
    let rows = [
        (vec![of("order_b", "created", 2), of("order_a", "created", 3), of("order_c", "created", 2)], Some("order_b")),
        (vec![of("order_b", "created", 1), of("order_a", "attempted", 3)], Some("order_a")),
        (vec![of("order_b", "attempted", 1), of("order_a", "paid", 3), foreign.clone()], Some("order_a")),
        (vec![foreign], None),
        (vec![], None),
    ];
    for (items, expected) in rows {
        for items in [items.clone(), items.iter().rev().cloned().collect()] {
            let script = Script::new([list(&items)]);
            let found = run(razorpay().find_order(&script, RECEIPT)).unwrap();
            assert_eq!(found.as_ref().map(|order| order.id.as_str()), expected, "{items:?}");
        }
    }
}

#[test]
fn a_list_that_cannot_be_read_is_not_an_empty_one() {
    let rows = [
        (json!({}), "no items"),
        (json!({ "items": null }), "no items"),
        (json!({ "items": {} }), "no items"),
        (json!([]), "no items"),
        (json!({ "items": [entity(), 7] }), "the field id"),
        (json!({ "items": [with(entity(), &json!({ "amount": "20000" }))] }), "the field amount"),
    ];
    for (body, complaint) in rows {
        let script = Script::new([answer(200, &body)]);
        assert_eq!(run(razorpay().find_order(&script, RECEIPT)), unreadable(complaint), "{body}");
    }
}
