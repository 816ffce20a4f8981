//! What is taken from an entity, and what is not.

use super::*;
use serde_json::json;

fn payment(more: &Value) -> Result<Payment, Unreadable> {
    let mut entity = json!({
        "id": "pay_1", "amount": 5000, "currency": "INR", "status": "captured", "order_id": "order_1",
        "email": "gaurav.kumar@example.com", "contact": "+919000090000", "vpa": "gaurav@upi", "card": { "last4": "1007" },
    });
    entity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Entity(&entity).payment()
}

#[test]
fn notes_may_be_a_list_or_an_object_or_anything() {
    let expected = payment(&json!({})).unwrap();
    for notes in [json!([]), json!({}), json!({ "a": "b" }), json!(["a"]), json!(7), json!(null)] {
        assert_eq!(payment(&json!({ "notes": notes })), Ok(expected.clone()), "{notes}");
    }
}

#[test]
fn a_payment_stands_where_its_status_says() {
    let rows = [
        ("created", PaymentStatus::Created),
        ("authorized", PaymentStatus::Authorized),
        ("captured", PaymentStatus::Captured),
        ("refunded", PaymentStatus::Refunded),
        ("failed", PaymentStatus::Failed),
        ("Captured", PaymentStatus::Unknown),
        ("settled", PaymentStatus::Unknown),
    ];
    for (word, expected) in rows {
        assert_eq!(payment(&json!({ "status": word })).unwrap().status, expected);
        let is_known = expected != PaymentStatus::Unknown;
        assert_eq!(expected.as_str() == word, is_known);
    }
}

#[test]
fn a_field_that_is_not_what_it_should_be_is_named_and_not_quoted() {
    let rows = [
        ("id", json!(null)),
        ("id", json!("")),
        ("id", json!("pay/../1")),
        ("id", json!("pay\u{0}1")),
        ("id", json!("p".repeat(65))),
        ("id", json!(7)),
        ("order_id", json!("order|1")),
        ("order_id", json!({})),
        ("amount", json!(null)),
        ("amount", json!(-1)),
        ("amount", json!(50.5)),
        ("amount", json!(5e3)),
        ("amount", json!("5000")),
        ("amount", json!(9_007_199_254_740_992_u64)),
        ("currency", json!("")),
        ("currency", json!("IN\u{0}R")),
        ("currency", json!(356)),
        ("status", json!(null)),
        ("status", json!(["captured"])),
    ];
    for (field, value) in rows {
        assert_eq!(payment(&json!({ field: value })), Err(Unreadable(format!("the field {field}"))), "{value}");
    }
    for entity in [json!(null), json!([]), json!("payment"), json!(7)] {
        assert!(
            Entity(&entity).payment().is_err() && Entity(&entity).order().is_err() && Entity(&entity).refund().is_err()
        );
    }
}

#[test]
fn a_payment_without_an_order_has_none() {
    for order_id in [json!(null), json!("")] {
        assert_eq!(payment(&json!({ "order_id": order_id })).unwrap().order_id, None);
    }
}

#[test]
fn why_a_payment_failed_never_says_who_failed() {
    let rows = [
        (json!("payment_failed"), json!("Payment failed"), Some("payment_failed")),
        (json!(null), json!("Payment failed"), Some("Payment failed")),
        (json!(""), json!("Payment failed"), Some("Payment failed")),
        (json!("NA"), json!("Payment failed"), Some("Payment failed")),
        (json!("call +919000090000"), json!("Payment failed"), Some("Payment failed")),
        (json!(null), json!("No VPA gaurav@upi, or gaurav ＠upi"), Some("No VPA … or gaurav …")),
        (json!(null), json!("Card 4100 2800 0000 1007 of +91-98765-43210"), Some("Card … … … … of …")),
        (json!(null), json!("Within 5-7 days\nor\u{0}so"), Some("Within 5-7 days or so")),
        (json!(null), json!(""), None),
        (json!(null), json!(null), None),
    ];
    for (code, words, expected) in rows {
        let failed = payment(&json!({ "status": "failed", "error_reason": code, "error_description": words })).unwrap();
        assert_eq!(failed.failure_reason.as_deref(), expected, "{code} {words}");
        let captured = payment(&json!({ "error_reason": code, "error_description": words })).unwrap();
        assert_eq!(captured.failure_reason, None, "what was captured has not failed");
    }
    let long = payment(&json!({ "status": "failed", "error_description": "ab ".repeat(500) })).unwrap();
    assert_eq!(long.failure_reason.unwrap().chars().count(), REASON_CHARACTERS_MAX);
}

#[test]
fn an_order_and_a_refund_are_read() {
    let order = json!({
        "id": "order_1", "entity": "order", "amount": 5000, "amount_paid": 0, "amount_due": 5000, "currency": "INR",
        "receipt": "r-1", "offer_id": null, "status": "attempted", "attempts": 1, "notes": [], "created_at": 1_756_455_561,
    });
    assert_eq!(
        Entity(&order).order(),
        Ok(Order {
            id: "order_1".to_owned(),
            receipt: Some("r-1".to_owned()),
            amount_paise: 5000,
            currency: "INR".to_owned(),
            status: OrderStatus::Attempted,
            created_at: 1_756_455_561,
        })
    );
    let rows = [
        ("pending", RefundStatus::Pending),
        ("processed", RefundStatus::Processed),
        ("failed", RefundStatus::Failed),
        ("queued", RefundStatus::Pending),
    ];
    for (word, status) in rows {
        let refund =
            json!({ "id": "rfnd_1", "amount": 5000, "receipt": "Receipt No. 31", "status": word, "notes": {} });
        let expected = Refund { id: "rfnd_1".to_owned(), status, amount_paise: 5000, receipt: None };
        assert_eq!(Entity(&refund).refund(), Ok(expected), "a receipt that is none of ours is nobody's");
    }
}

#[test]
fn orders_go_on_in_one_direction() {
    let words = ["queued", "created", "attempted", "paid"].map(OrderStatus::from_word);
    assert!(words.is_sorted());
    assert_eq!(words[3], OrderStatus::Paid);
}

#[test]
fn names_of_ours_fit_razorpay() {
    let uuid = "44444444-4444-4444-8444-444444444444";
    assert!(is_receipt(uuid) && is_idempotency_key(uuid) && is_id(&format!("demo_payment_{uuid}")));
    assert!(is_receipt(&"r".repeat(40)) && !is_receipt(&"r".repeat(41)) && !is_receipt(""));
    assert!(is_idempotency_key(&"k".repeat(10)) && !is_idempotency_key(&"k".repeat(9)));
    for text in ["a b", "a/b", "a?b", "a&b", "a|b", "a\r\nb", "ä"] {
        let text = text.repeat(4);
        assert!(!is_receipt(&text) && !is_idempotency_key(&text) && !is_id(&text), "{text:?}");
    }
}
