//! What is kept of each event. The bodies are shaped as Razorpay's, with everything in them that is not kept.

use super::*;
use serde_json::json;

fn payment(status: &str) -> Value {
    json!({ "entity": {
        "id": "pay_1", "entity": "payment", "amount": 10_000, "currency": "INR", "status": status, "order_id": "order_1",
        "invoice_id": null, "international": false, "method": "upi", "amount_refunded": 0, "refund_status": null,
        "captured": status == "captured", "description": null, "card_id": null, "bank": null, "wallet": null,
        "vpa": "gaurav.kumar@upi", "email": "gaurav.kumar@example.com", "contact": "+919876543210", "notes": [],
        "fee": 2, "tax": 0, "error_code": "", "error_description": "", "error_reason": null,
        "acquirer_data": { "rrn": "0125836177" }, "created_at": 1_567_675_356, "upi": { "vpa": "gaurav.kumar@upi" },
    } })
}

fn body(name: &str, payload: &Value) -> Vec<u8> {
    let event = json!({
        "entity": "event", "account_id": "acc_1", "event": name, "contains": [], "payload": payload,
        "created_at": 1_567_674_606,
    });
    event.to_string().into_bytes()
}

fn read(name: &str, payload: &Value) -> Result<Event, EventError> {
    Event::from_body(&body(name, payload))
}

fn facts(name: &str, payload: &Value) -> Value {
    let event = read(name, payload).unwrap();
    assert_eq!((event.name.as_str(), event.created_at), (name, 1_567_674_606));
    let told = serde_json::to_value(event.facts).unwrap();
    for secret in ["gaurav", "9876543210", "0125836177", "upi"] {
        assert!(!told.to_string().contains(secret), "{told}");
    }
    told
}

#[test]
fn a_payment_is_told_as_it_stood() {
    for (name, status) in
        [("payment.authorized", "authorized"), ("payment.captured", "captured"), ("payment.failed", "failed")]
    {
        let expected = json!({
            "provider": "razorpay", "orderId": "order_1", "paymentId": "pay_1", "amountPaise": 10_000, "currency": "INR",
            "paymentStatus": status,
        });
        assert_eq!(facts(name, &json!({ "payment": payment(status) })), expected);
    }
}

/// An authorised payment whose event is delivered late says what it was, and not what it is.
#[test]
fn the_status_is_the_entitys_and_not_the_names() {
    let told = facts("payment.authorized", &json!({ "payment": payment("captured") }));
    assert_eq!(told["paymentStatus"], "captured");
    let told = facts("payment.captured", &json!({ "payment": payment("settled") }));
    assert_eq!(told.get("paymentStatus"), None, "a status that the ledger does not have");
}

#[test]
fn a_failure_comes_with_its_reason() {
    let mut failed = payment("failed");
    failed["entity"]["error_reason"] = json!("payment_timed_out");
    assert_eq!(facts("payment.failed", &json!({ "payment": failed }))["failureReason"], "payment_timed_out");
}

#[test]
fn a_paid_order_is_told_by_its_payment() {
    let order = json!({ "entity": { "id": "order_1", "amount": 10_000, "status": "paid", "notes": {} } });
    let expected = facts("payment.captured", &json!({ "payment": payment("captured") }));
    assert_eq!(facts("order.paid", &json!({ "payment": payment("captured"), "order": order })), expected);
    let mut orderless = payment("captured");
    orderless["entity"]["order_id"] = json!(null);
    assert_eq!(facts("order.paid", &json!({ "payment": orderless, "order": order })), expected);
    let other = json!({ "entity": { "id": "order_2" } });
    let payload = json!({ "payment": payment("captured"), "order": other });
    assert_eq!(read("order.paid", &payload), Err(EventError::Malformed("it is about two orders".to_owned())));
}

fn refund(payment_id: &str) -> Value {
    json!({ "entity": {
        "id": "rfnd_1", "entity": "refund", "amount": 5_000, "currency": "INR", "payment_id": payment_id, "notes": [],
        "receipt": "44444444-4444-4444-8444-444444444444", "acquirer_data": { "arn": null }, "status": "processed",
    } })
}

#[test]
fn a_refund_is_told_with_its_payment() {
    let expected = json!({
        "provider": "razorpay", "orderId": "order_1", "paymentId": "pay_1", "amountPaise": 10_000, "currency": "INR",
        "paymentStatus": "refunded", "refundId": "rfnd_1", "refundStatus": "processed", "refundAmountPaise": 5_000,
        "refundReceipt": "44444444-4444-4444-8444-444444444444",
    });
    for name in ["refund.created", "refund.processed", "refund.failed", "refund.speed_changed"] {
        let payload = json!({ "refund": refund("pay_1"), "payment": payment("refunded") });
        assert_eq!(facts(name, &payload), expected);
    }
    let alone = json!({
        "provider": "razorpay", "paymentId": "pay_1", "refundId": "rfnd_1", "refundStatus": "processed",
        "refundAmountPaise": 5_000, "refundReceipt": "44444444-4444-4444-8444-444444444444",
    });
    assert_eq!(facts("refund.processed", &json!({ "refund": refund("pay_1") })), alone);
    let payload = json!({ "refund": refund("pay_2"), "payment": payment("captured") });
    assert_eq!(read("refund.processed", &payload), Err(EventError::Malformed("it is about two payments".to_owned())));
}

#[test]
fn a_dispute_is_told_with_its_payment() {
    let dispute = json!({ "entity": {
        "id": "disp_1", "entity": "dispute", "payment_id": "pay_1", "amount": 10_000, "currency": "INR",
        "reason_code": "chargeback", "phase": "chargeback", "status": "open", "respond_by": 1_567_675_356,
        "comments": "call +919876543210",
    } });
    let payload = json!({ "dispute": dispute, "payment": payment("captured") });
    let expected = json!({
        "provider": "razorpay", "orderId": "order_1", "paymentId": "pay_1", "amountPaise": 10_000, "currency": "INR",
        "paymentStatus": "captured", "disputeId": "disp_1", "disputePhase": "chargeback", "disputeStatus": "open",
    });
    assert_eq!(facts("payment.dispute.created", &payload), expected);
}

#[test]
fn what_is_not_known_has_no_facts() {
    let nothing = json!({ "provider": "razorpay" });
    assert_eq!(serde_json::to_value(Facts::none()).unwrap(), nothing);
    for name in ["subscription.charged", "order.notification.delivered", "settlement.processed", "payments.captured"] {
        assert_eq!(facts(name, &json!({ "payment": 7 })), nothing, "{name}");
    }
    assert_eq!(facts("payment.downtime.started", &json!({ "payment.downtime": { "entity": {} } })), nothing);
    assert_eq!(facts("payment.pending", &json!({ "payment": payment("created") }))["paymentStatus"], "created");
}

#[test]
fn an_event_without_its_subject_is_none() {
    let rows = [
        ("payment.captured", "no payment"),
        ("order.paid", "no payment"),
        ("refund.processed", "no refund"),
        ("payment.dispute.created", "no dispute"),
    ];
    for (name, complaint) in rows {
        let subject = name.split('.').next().unwrap();
        for payload in [json!(null), json!([]), json!({}), json!({ subject: {} }), json!({ subject: { "entity": [] } })]
        {
            assert_eq!(read(name, &payload), Err(EventError::Malformed(complaint.to_owned())), "{payload}");
        }
    }
}

#[test]
fn a_body_that_is_no_event_is_an_error() {
    let deep = format!(
        r#"{{"event":"payment.captured","created_at":1,"payload":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let long_name = format!(r#"{{"event":"{}","created_at":1}}"#, "a".repeat(41));
    let rows = [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("null", "no name"),
        ("[]", "no name"),
        ("7", "no name"),
        (r#"{"created_at":1}"#, "no name"),
        (r#"{"event":null,"created_at":1}"#, "no name"),
        (r#"{"event":"","created_at":1}"#, "no name"),
        (r#"{"event":"a\u0000b","created_at":1}"#, "no name"),
        (r#"{"event":7,"created_at":1}"#, "the field event"),
        (long_name.as_str(), "no name"),
        (r#"{"event":"a.b"}"#, "no time"),
        (r#"{"event":"a.b","created_at":-1}"#, "the field created_at"),
        (r#"{"event":"a.b","created_at":1.5}"#, "the field created_at"),
        (r#"{"event":"a.b","created_at":"1"}"#, "the field created_at"),
        (r#"{"event":"a.b","created_at":253402300800}"#, "no time"),
        (r#"{"event":"a.b","created_at":1e999}"#, "no JSON"),
        (r#"{"event":"a.b","created_at":1} x"#, "no JSON"),
        (deep.as_str(), "no JSON"),
    ];
    for (body, complaint) in rows {
        let error = Event::from_body(body.as_bytes()).unwrap_err();
        assert_eq!(error, EventError::Malformed(complaint.to_owned()), "{}", body.get(..60).unwrap_or(body));
        assert_eq!(error.to_string(), format!("the event cannot be read: {complaint}"));
    }
    assert_eq!(Event::from_body(b"{\xFF}"), Err(EventError::Malformed("no UTF-8".to_owned())));
    assert_eq!(Event::from_body(&vec![b' '; BODY_BYTES_MAX + 1]), Err(EventError::TooLarge));
    assert_eq!(EventError::TooLarge.to_string(), "the event has more than 262144 bytes");
}

/// FIPS 180-4, examples.
#[test]
fn the_digest_is_that_of_the_raw_bytes() {
    let rows: [(&[u8], &str); 2] = [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ];
    for (body, expected) in rows {
        assert_eq!(body_sha256(body), expected);
    }
}
