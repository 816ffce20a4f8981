//! Payments: one by its id, and all tries of an order.

use crate::script::{LOGIN, Script, answer, list, razorpay, run, unreadable, with};
use payment::{Failure, Payment, PaymentStatus, Provider as _, Secret};
use serde_json::{Value, json};
use transport::Payload;

fn entity() -> Value {
    json!({
        "id": "pay_MT48CvBhIC98MQ", "entity": "payment", "amount": 20_000, "currency": "INR", "status": "captured",
        "order_id": "order_MT47xgV5ApouIB", "invoice_id": null, "international": false, "method": "netbanking",
        "amount_refunded": 0, "refund_status": null, "captured": true, "description": "#MT47qgzX2EOko2", "card_id": null,
        "bank": "ICIC", "wallet": null, "vpa": null, "email": "gaurav.kumar@example.com", "contact": "+919000090000",
        "notes": [], "fee": 50, "tax": 8, "error_code": null, "error_description": null, "error_source": null,
        "error_step": null, "error_reason": null, "acquirer_data": { "bank_transaction_id": "6951370" },
        "created_at": 1_692_696_719,
    })
}

fn captured() -> Payment {
    Payment {
        id: "pay_MT48CvBhIC98MQ".to_owned(),
        order_id: Some("order_MT47xgV5ApouIB".to_owned()),
        amount_paise: 20_000,
        currency: "INR".to_owned(),
        status: PaymentStatus::Captured,
        failure_reason: None,
    }
}

#[test]
fn a_payment_is_asked_about_by_its_id() {
    let script = Script::new([answer(200, &entity())]);
    assert_eq!(run(razorpay().payment(&script, "pay_MT48CvBhIC98MQ")), Ok(captured()));
    let request = script.only();
    assert_eq!(format!("{request:?}"), "GET http://127.0.0.1:9999/v1/payments/pay_MT48CvBhIC98MQ");
    assert_eq!(request.headers, [("authorization", LOGIN.to_owned())]);
    assert_eq!(request.payload, Payload::None);
}

#[test]
fn every_try_of_an_order_is_told_and_no_others() {
    let failed = json!({
        "id": "pay_N8FUmetkCE2hZP", "status": "failed", "captured": false, "vpa": "failure@razorpay",
        "notes": { "a": "b" }, "error_code": "BAD_REQUEST_ERROR", "error_description": "Payment was unsuccessful",
        "error_reason": "payment_failed",
    });
    let foreign = json!({ "id": "pay_other", "order_id": "order_other" });
    let orderless = json!({ "id": "pay_none", "order_id": null });
    let items = [with(entity(), &failed), entity(), with(entity(), &foreign), with(entity(), &orderless)];
    let script = Script::new([list(&items)]);
    let told = run(razorpay().payments_of(&script, "order_MT47xgV5ApouIB")).unwrap();
    let expected = Payment {
        id: "pay_N8FUmetkCE2hZP".to_owned(),
        status: PaymentStatus::Failed,
        failure_reason: Some("payment_failed".to_owned()),
        ..captured()
    };
    assert_eq!(told, [expected, captured()]);
    let asked = "GET http://127.0.0.1:9999/v1/orders/order_MT47xgV5ApouIB/payments";
    assert_eq!(format!("{:?}", script.only()), asked);

    let script = Script::new([list(&[])]);
    assert_eq!(run(razorpay().payments_of(&script, "order_MT47xgV5ApouIB")), Ok(vec![]));
}

/// The browser names the payment: of an id that none can have, nothing is asked, and no other address is reached by it.
#[test]
fn an_id_that_none_can_have_is_found_nowhere() {
    let long = "p".repeat(65);
    for id in
        ["", ".", "..", "../orders", "pay_1/capture", "pay_1?x", "pay_1#", "pay%2f", "pay 1", "pay\n1", "é", &long]
    {
        let script = Script::new([]);
        assert_eq!(run(razorpay().payment(&script, id)), Err(Failure::NotFound), "{id:?}");
        assert_eq!(run(razorpay().payments_of(&script, id)), Err(Failure::NotFound), "{id:?}");
        assert_eq!(run(razorpay().refunds_of(&script, id)), Err(Failure::NotFound), "{id:?}");
    }
}

#[test]
fn an_answer_about_another_payment_is_no_answer() {
    let script = Script::new([answer(200, &with(entity(), &json!({ "id": "pay_other" })))]);
    assert_eq!(run(razorpay().payment(&script, "pay_MT48CvBhIC98MQ")), unreadable("it is about another payment"));
    let script = Script::new([answer(200, &with(entity(), &json!({ "amount": null })))]);
    assert_eq!(run(razorpay().payment(&script, "pay_MT48CvBhIC98MQ")), unreadable("the field amount"));
    let script = Script::new([list(&[with(entity(), &json!({ "currency": null }))])]);
    assert_eq!(run(razorpay().payments_of(&script, "order_MT47xgV5ApouIB")), unreadable("the field currency"));
}

/// Vector of RAZORPAY.md, section 5.
#[test]
fn a_checkout_is_verified_with_the_keys_own_secret() {
    let signature = "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f";
    let of = |secret: &str| {
        let key_id = payment::KeyId::new("rzp_test_1").unwrap();
        payment::Razorpay::new(payment::RAZORPAY_URL, key_id, Secret::new(secret).unwrap()).unwrap()
    };
    let is_verified = |secret: &str| {
        payment::AnyProvider::Razorpay(of(secret)).verify_checkout(
            "order_IEIaMR65cu6nz3",
            "pay_IH4NVgf4Dreq1l",
            signature,
        )
    };
    assert!(is_verified("EnLs21M47BllR3X8PSFtjtbd"));
    assert!(!is_verified("another"));
}
