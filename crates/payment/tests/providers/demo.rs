//! The demo: the same names for the same questions, and not one request.

use crate::script::{RECEIPT, Script, run};
use payment::{
    AnyProvider, Demo, Failure, NewOrder, NewRefund, Order, OrderStatus, Payment, PaymentStatus, Provider as _, Refund,
    RefundStatus, Settings,
};

fn provider() -> AnyProvider {
    let settings = [("PAYMENT_PROVIDER", "demo"), ("SUPABASE_URL", "http://127.0.0.1:54321")];
    let get = |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Settings::from(get).unwrap().provider
}

fn demo() -> Demo {
    match provider() {
        AnyProvider::Demo(demo) => demo,
        AnyProvider::Razorpay(_) => panic!("it was to be a demo"),
    }
}

#[test]
fn an_order_is_paid_at_once_and_once() {
    let (script, provider) = (Script::new([]), provider());
    let new = NewOrder { receipt: RECEIPT, amount_paise: 20_000, currency: "INR", notes: &[] };
    let expected = Order {
        id: format!("demo_order_{RECEIPT}"),
        receipt: Some(RECEIPT.to_owned()),
        amount_paise: 20_000,
        currency: "INR".to_owned(),
        status: OrderStatus::Created,
        created_at: 0,
    };
    for _ in 0..2 {
        assert_eq!(run(provider.create_order(&script, &new)).as_ref(), Ok(&expected));
        assert_eq!(
            demo().pay(RECEIPT, 20_000, "INR"),
            Payment {
                id: format!("demo_payment_{RECEIPT}"),
                order_id: Some(expected.id.clone()),
                amount_paise: 20_000,
                currency: "INR".to_owned(),
                status: PaymentStatus::Captured,
                failure_reason: None,
            }
        );
    }
    let refused = run(provider.create_order(&script, &NewOrder { receipt: "a b", ..new }));
    assert_eq!(refused, Err(Failure::Rejected { reason: "receipt".to_owned() }));
}

#[test]
fn nothing_was_paid_that_the_hub_does_not_know_of() {
    let (script, provider) = (Script::new([]), provider());
    assert_eq!(run(provider.find_order(&script, RECEIPT)), Ok(None));
    assert_eq!(run(provider.payment(&script, &format!("demo_payment_{RECEIPT}"))), Err(Failure::NotFound));
    assert_eq!(run(provider.payments_of(&script, &format!("demo_order_{RECEIPT}"))), Ok(vec![]));
    assert_eq!(run(provider.refunds_of(&script, &format!("demo_payment_{RECEIPT}"))), Ok(vec![]));
    assert!(!provider.verify_checkout("order_1", "pay_1", &"0".repeat(64)));
    assert_eq!((provider.name(), provider.key_id()), ("demo", None));
}

#[test]
fn a_refund_is_processed_at_once_under_its_key() {
    let (script, provider) = (Script::new([]), provider());
    let payment_id = format!("demo_payment_{RECEIPT}");
    let new = NewRefund { idempotency_key: RECEIPT, payment_id: &payment_id, amount_paise: 20_000, receipt: RECEIPT };
    let expected = Refund {
        id: format!("demo_refund_{RECEIPT}"),
        status: RefundStatus::Processed,
        amount_paise: 20_000,
        receipt: Some(RECEIPT.to_owned()),
    };
    for _ in 0..2 {
        assert_eq!(run(provider.refund(&script, &new)).as_ref(), Ok(&expected));
    }
    let rows = [
        (NewRefund { idempotency_key: "short", ..new }, Failure::Rejected { reason: "idempotency_key".to_owned() }),
        (NewRefund { receipt: "", ..new }, Failure::Rejected { reason: "receipt".to_owned() }),
        (NewRefund { payment_id: "a/b", ..new }, Failure::NotFound),
    ];
    for (refund, failure) in rows {
        assert_eq!(run(provider.refund(&script, &refund)), Err(failure));
    }
}
