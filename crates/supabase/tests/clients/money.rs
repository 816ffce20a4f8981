//! The ledger's client, about purchases, payments and refunds.

use crate::ledger::{REQUEST, Sent, arguments, balance, ledger, token};
use crate::script::{Script, answer, header, lost};
use domain::purchase::{RefundOrder, Wish};
use serde_json::{Value, json};
use supabase::{
    Alert, Due, EventReport, LedgerError, PaymentReport, Purchase, PurchaseAnswer, Recorded, Refund, RefundAnswer,
    Start,
};

const PURCHASE: &str = "66666666-6666-4666-8666-666666666666";
const SESSION: &str = "77777777-7777-4777-8777-777777777777";
const REFUND: &str = "88888888-8888-4888-8888-888888888888";

fn purchase(status: &str) -> Value {
    json!({
        "id": PURCHASE, "requestId": REQUEST, "userId": null, "kind": "session", "planId": "pro", "planName": "Pro",
        "hours": 2, "amountPaise": 40_000, "currency": "INR", "status": status, "provider": "razorpay",
        "orderId": "order_1", "paymentId": null, "sessionId": SESSION, "lastFailure": null,
        "createdAt": "2026-11-22T16:12:07.44+00:00"
    })
}

fn refund() -> Value {
    json!({ "id": REFUND, "purchaseId": PURCHASE, "provider": "razorpay", "paymentId": "pay_1", "amountPaise": 40_000,
        "status": "requested" })
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn wish() -> Wish {
    Wish::from_json(br#"{"planId":"pro","hours":2}"#).unwrap()
}

fn open(script: &Script) -> Result<PurchaseAnswer, LedgerError> {
    let (ledger, customer, wish) = (ledger(), token(), wish());
    pollster::block_on(ledger.open_purchase(script, script, &customer, REQUEST.parse().unwrap(), &wish, None))
}

/// The one call of a script, which must be the hub's own.
fn call_of_the_hub(sent: &Sent) -> (String, Value) {
    let [seen] = &sent[..] else { panic!("one call") };
    assert_eq!((header(seen, "apikey"), header(seen, "authorization")), (Some("sb_secret_x"), None));
    (seen.url.replace("http://hub/rest/v1/rpc/", ""), arguments(seen))
}

#[test]
fn a_purchase_is_opened_with_the_customers_own_token_and_without_a_price() {
    let script = Script::new([answer(200, &json!({ "outcome": "purchase", "purchase": purchase("opened") }))]);
    let Ok(PurchaseAnswer::Purchase(opened)) = open(&script) else { panic!("a purchase") };
    assert_eq!((opened.amount_paise, opened.is_paid(), opened.status.as_str()), (40_000, false, "opened"));
    let sent = script.sent();
    let [seen] = &sent[..] else { panic!("one call") };
    assert_eq!(seen.url, "http://hub/rest/v1/rpc/open_purchase");
    assert_eq!(header(seen, "apikey"), Some("sb_publishable_x"));
    assert_eq!(header(seen, "authorization"), Some("Bearer aa.bb.cc"));
    assert_eq!(
        arguments(seen),
        json!({ "request_id": REQUEST, "plan_id": "pro", "hours": 2, "session_id": null, "client_address": null,
            "address_seal": null })
    );
}

#[test]
fn opening_is_repeated_when_no_answer_comes_and_not_when_one_does() {
    let script = Script::new([lost(), answer(200, &json!({ "outcome": "rate_limited", "retryAfter": 6 }))]);
    assert_eq!(open(&script), Ok(PurchaseAnswer::RateLimited { retry_after: 6 }));
    assert_eq!(script.sent().len(), 2);
    let script = Script::new([answer(401, &json!({ "code": "PGRST301" }))]);
    assert_eq!(open(&script), Err(LedgerError::Unauthorized("PGRST301".to_owned())));
    let script = Script::new([answer(403, &json!({ "code": "42501" }))]);
    assert_eq!(open(&script), Err(LedgerError::Unauthorized("42501".to_owned())));
}

#[test]
fn every_outcome_of_opening_is_read() {
    let rows = [
        (json!({ "outcome": "unauthorized" }), PurchaseAnswer::Unauthorized),
        (
            json!({ "outcome": "invalid_request", "field": "planId" }),
            PurchaseAnswer::InvalidRequest { field: "planId".to_owned() },
        ),
        (json!({ "outcome": "request_id_reused" }), PurchaseAnswer::RequestIdReused),
        (json!({ "outcome": "session_not_found" }), PurchaseAnswer::SessionNotFound),
        (json!({ "outcome": "session_expired", "expiresAt": null }), PurchaseAnswer::SessionExpired),
        (json!({ "outcome": "purchase_not_found" }), PurchaseAnswer::PurchaseNotFound),
    ];
    for (body, expected) in rows {
        assert_eq!(open(&Script::new([answer(200, &body)])), Ok(expected), "{body}");
    }
    for body in [json!({ "outcome": "granted" }), json!({ "outcome": "purchase" }), json!({}), json!([])] {
        let read = open(&Script::new([answer(200, &body)]));
        assert!(matches!(read, Err(LedgerError::Malformed(_))), "{body}: {read:?}");
    }
}

#[test]
fn a_session_is_started_by_its_customer() {
    let body = json!({ "outcome": "started", "sessionId": SESSION, "startedAt": "2026-11-22T16:12:07+00:00",
        "balance": balance(8) });
    let script = Script::new([answer(200, &body)]);
    let (ledger, customer) = (ledger(), token());
    let started = pollster::block_on(ledger.start_session(&script, &script, &customer, SESSION.parse().unwrap()));
    assert!(matches!(started, Ok(Start::Started { balance, .. }) if balance.credits_remaining == 8));
    assert_eq!(script.sent().first().map(arguments), Some(json!({ "session_id": SESSION })));
    for (outcome, expected) in [
        ("unauthorized", Start::Unauthorized),
        ("session_not_found", Start::SessionNotFound),
        ("session_expired", Start::SessionExpired),
    ] {
        let script = Script::new([answer(200, &json!({ "outcome": outcome }))]);
        let start = ledger.start_session(&script, &script, &customer, SESSION.parse().unwrap());
        assert_eq!(pollster::block_on(start), Ok(expected));
    }
}

/// How a purchase is read from an outcome.
type Reading = fn(Purchase) -> Recorded;

#[test]
fn a_payment_is_told_with_the_secret_key_and_what_it_came_to_is_read() {
    let report = PaymentReport {
        provider: "razorpay",
        order_id: "order_1",
        payment_id: "pay_1",
        amount_paise: 40_000,
        currency: "INR",
        payment_status: "captured",
        source: "confirm",
        failure_reason: None,
    };
    let tell = |body: &Value| {
        let script = Script::new([answer(200, body)]);
        let told = pollster::block_on(ledger().record_payment(&script, &script, &report));
        (told, script.sent())
    };
    let row: Purchase = read(purchase("paid"));
    let of: [(&str, Reading); 4] = [
        ("paid", Recorded::Paid),
        ("noted", Recorded::Noted),
        ("held", Recorded::Held),
        ("surplus", Recorded::Surplus),
    ];
    for (outcome, expected) in of {
        let (told, _) = tell(&json!({ "outcome": outcome, "purchase": purchase("paid") }));
        assert_eq!(told, Ok(expected(row.clone())), "{outcome}");
    }
    let (told, sent) = tell(&json!({ "outcome": "order_unknown" }));
    assert_eq!(told, Ok(Recorded::OrderUnknown));
    assert_eq!(
        call_of_the_hub(&sent),
        (
            "record_payment".to_owned(),
            json!({ "provider": "razorpay", "order_id": "order_1", "payment_id": "pay_1", "amount_paise": 40_000,
                "currency": "INR", "payment_status": "captured", "source": "confirm", "failure_reason": null })
        )
    );
}

#[test]
fn of_two_orders_the_one_that_was_first_is_answered() {
    for outcome in ["recorded", "order_differs"] {
        let script = Script::new([answer(200, &json!({ "outcome": outcome, "purchase": purchase("ordered") }))]);
        let row: Purchase = read(purchase("opened"));
        let recorded = pollster::block_on(ledger().record_order(&script, &script, &row, "razorpay", "order_2"));
        let Ok(Recorded::Ordered(ordered)) = recorded else { panic!("an order") };
        assert_eq!(ordered.order_id.as_deref(), Some("order_1"));
        let expected = json!({ "purchase_id": PURCHASE, "provider": "razorpay", "order_id": "order_2" });
        assert_eq!(call_of_the_hub(&script.sent()), ("record_order".to_owned(), expected));
    }
}

#[test]
fn an_event_goes_into_the_inbox_with_its_facts() {
    let script = Script::new([answer(200, &json!({ "outcome": "duplicate" }))]);
    let facts = json!({ "provider": "razorpay", "orderId": "order_1" });
    let event = EventReport {
        event_id: "evt_1",
        event: "order.paid",
        occurred_at: "2026-11-22T16:12:07Z",
        body_sha256: "ab",
        facts: &facts,
    };
    assert_eq!(pollster::block_on(ledger().receive_event(&script, &script, &event)), Ok(()));
    let expected = json!({ "event_id": "evt_1", "event": "order.paid", "occurred_at": "2026-11-22T16:12:07Z",
        "body_sha256": "ab", "facts": facts });
    assert_eq!(call_of_the_hub(&script.sent()), ("receive_payment_event".to_owned(), expected));
}

#[test]
fn a_refund_is_begun_and_settled() {
    let order = RefundOrder { purchase_id: None, session_id: SESSION.parse().ok(), reason: Some("asked".to_owned()) };
    let begin = |body: &Value| {
        let script = Script::new([answer(200, body)]);
        (pollster::block_on(ledger().begin_refund(&script, &script, &order)), script.sent())
    };
    let (begun, sent) =
        begin(&json!({ "outcome": "refunding", "refund": refund(), "purchase": purchase("refunding") }));
    let row: Refund = read(refund());
    assert_eq!(begun, Ok(RefundAnswer::Refunding(row.clone())));
    let expected = json!({ "purchase_id": null, "session_id": SESSION, "reason": "asked" });
    assert_eq!(call_of_the_hub(&sent), ("begin_refund".to_owned(), expected));
    for (outcome, expected) in [
        ("purchase_not_found", RefundAnswer::PurchaseNotFound),
        ("purchase_not_paid", RefundAnswer::PurchaseNotPaid),
        ("session_started", RefundAnswer::SessionStarted),
    ] {
        assert_eq!(begin(&json!({ "outcome": outcome })).0, Ok(expected));
    }

    let script = Script::new([lost(), answer(200, &json!({ "outcome": "refunded" }))]);
    let settled = pollster::block_on(ledger().settle_refund(&script, &script, &row, Some("rfnd_1"), "processed", None));
    assert_eq!(settled, Ok("refunded".to_owned()));
    let expected = json!({ "refund_id": REFUND, "provider_refund_id": "rfnd_1", "refund_status": "processed",
        "failure_reason": null });
    assert_eq!(script.sent().last().map(arguments), Some(expected));
}

#[test]
fn what_is_due_is_read_and_so_is_nothing() {
    let due = |body: &Value| {
        let script = Script::new([answer(200, body)]);
        pollster::block_on(ledger().due_payments(&script, &script)).unwrap()
    };
    let all = due(&json!({ "purchases": [purchase("ordered")], "refunds": [refund()] }));
    assert_eq!((all.purchases.len(), all.refunds.len()), (1, 1));
    assert_eq!(due(&json!({ "purchases": [], "refunds": [] })), Due::default());
}

#[test]
fn an_alert_names_what_it_is_about() {
    let script = Script::new([answer(200, &json!({ "outcome": "raised" }))]);
    let alert = Alert {
        kind: "signature_invalid",
        purchase_id: PURCHASE.parse().ok(),
        order_id: Some("order_1"),
        payment_id: None,
    };
    assert_eq!(pollster::block_on(ledger().alert(&script, &script, &alert)), Ok(()));
    let expected =
        json!({ "kind": "signature_invalid", "purchase_id": PURCHASE, "order_id": "order_1", "payment_id": null });
    assert_eq!(call_of_the_hub(&script.sent()), ("report_payment_alert".to_owned(), expected));
}
