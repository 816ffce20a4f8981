//! Every answer that is no success, to every question: what it means, and that nothing is asked twice.

use crate::script::{Answer, RECEIPT, Script, answer, razorpay, run};
use payment::{Failure, NewOrder, NewRefund, Provider as _};
use serde_json::{Value, json};
use std::time::Duration;
use transport::{Response, TransportError};

const ORDER: NewOrder<'static> = NewOrder { receipt: RECEIPT, amount_paise: 20_000, currency: "INR", notes: &[] };
const REFUND: NewRefund<'static> =
    NewRefund { idempotency_key: RECEIPT, payment_id: "pay_1", amount_paise: 20_000, receipt: RECEIPT };

/// The failure of each question that is answered so, by its name.
fn asked(given: &Answer) -> [(&'static str, Failure); 6] {
    let razorpay = razorpay();
    let script = Script::new(std::iter::repeat_n(given.clone(), 6));
    let failures = [
        ("create_order", run(razorpay.create_order(&script, &ORDER)).unwrap_err()),
        ("find_order", run(razorpay.find_order(&script, RECEIPT)).unwrap_err()),
        ("refund", run(razorpay.refund(&script, &REFUND)).unwrap_err()),
        ("payment", run(razorpay.payment(&script, "pay_1")).unwrap_err()),
        ("payments_of", run(razorpay.payments_of(&script, "order_1")).unwrap_err()),
        ("refunds_of", run(razorpay.refunds_of(&script, "pay_1")).unwrap_err()),
    ];
    assert_eq!(script.sent().len(), 6);
    failures
}

fn is_of_an_id(question: &str) -> bool {
    matches!(question, "payment" | "payments_of" | "refunds_of")
}

fn error(code: &str, reason: &str, field: Option<&str>) -> Value {
    json!({ "error": {
        "code": code, "description": "The id provided does not exist, says gaurav@upi", "source": "business",
        "step": "payment_initiation", "reason": reason, "field": field, "metadata": {},
    } })
}

#[test]
fn no_answer_leaves_it_open() {
    let rows = [
        (TransportError::Timeout, "no answer in time"),
        (TransportError::TooLarge, "the answer is too large"),
        (TransportError::Connection("reset by peer".to_owned()), "connection failed: reset by peer"),
    ];
    for (lost, reason) in rows {
        for (question, failure) in asked(&Err(lost.clone())) {
            assert_eq!(failure, Failure::Unreachable { reason: reason.to_owned() }, "{question}");
        }
    }
}

#[test]
fn a_provider_that_broke_leaves_it_open() {
    let rows = [
        (500, json!({}), "it answered 500, 500"),
        (
            502,
            error("GATEWAY_ERROR", "gateway_technical_error", None),
            "it answered 502, GATEWAY_ERROR:gateway_technical_error",
        ),
        (503, json!("down"), "it answered 503, 503"),
        (504, json!(null), "it answered 504, 504"),
        (400, error("GATEWAY_ERROR", "payment_timed_out", None), "it answered 400, GATEWAY_ERROR:payment_timed_out"),
        (400, error("SERVER_ERROR", "NA", None), "it answered 400, SERVER_ERROR"),
        (408, json!({}), "it answered 408, 408"),
        (302, json!({}), "it answered 302, 302"),
        (600, json!({}), "it answered 600, 600"),
    ];
    for (status, body, reason) in rows {
        for (question, failure) in asked(&answer(status, &body)) {
            assert_eq!(failure, Failure::Unreachable { reason: reason.to_owned() }, "{question}");
        }
    }
}

#[test]
fn success_without_json_leaves_it_open() {
    for body in [&b""[..], b"<html>", b"{", b"\xFF\xFE", &[b'['; 200_000]] {
        let given = Ok(Response { status: 200, headers: vec![], body: body.to_vec() });
        for (question, failure) in asked(&given) {
            let Failure::Unreachable { reason } = failure else { panic!("{question}: {failure:?}") };
            assert!(reason.starts_with("its answer cannot be read: "), "{question}: {reason}");
        }
    }
}

#[test]
fn too_many_requests_are_asked_to_wait_an_hour_at_most() {
    let rows = [
        (None, None),
        (Some("7"), Some(7)),
        (Some(" 7 "), Some(7)),
        (Some("86400"), Some(3_600)),
        (Some("soon"), None),
        (Some("Wed, 21 Oct 2026 07:28:00 GMT"), None),
        (Some("-1"), None),
        (Some("99999999999999999999"), None),
    ];
    for (header, seconds) in rows {
        let headers = header.map(|value| ("retry-after", value.to_owned())).into_iter().collect();
        for (question, failure) in asked(&Ok(Response { status: 429, headers, body: vec![] })) {
            assert_eq!(
                failure,
                Failure::Busy { retry_after: seconds.map(Duration::from_secs) },
                "{question} {header:?}"
            );
        }
    }
}

#[test]
fn a_key_that_is_not_accepted_is_the_owners_matter() {
    for status in [401, 403] {
        for (question, failure) in asked(&answer(status, &error("BAD_REQUEST_ERROR", "NA", None))) {
            assert_eq!(failure, Failure::Misconfigured { reason: "BAD_REQUEST_ERROR".to_owned() }, "{question}");
        }
        for (question, failure) in asked(&answer(status, &json!([]))) {
            assert_eq!(failure, Failure::Misconfigured { reason: status.to_string() }, "{question}");
        }
    }
}

#[test]
fn what_is_not_there_is_an_id_or_the_owners_address() {
    for (question, failure) in asked(&answer(404, &json!({}))) {
        let expected = match question {
            "create_order" | "find_order" => Failure::Misconfigured { reason: "404".to_owned() },
            _ => Failure::NotFound,
        };
        assert_eq!(failure, expected, "{question}");
    }
    // Razorpay answers 400 for an id that it does not know.
    for (question, failure) in asked(&answer(400, &error("BAD_REQUEST_ERROR", "input_validation_failed", None))) {
        let reason = "BAD_REQUEST_ERROR:input_validation_failed".to_owned();
        let expected = if is_of_an_id(question) { Failure::NotFound } else { Failure::Rejected { reason } };
        assert_eq!(failure, expected, "{question}");
    }
}

#[test]
fn a_conflict_is_a_request_that_is_still_being_made() {
    for (question, failure) in asked(&answer(409, &error("BAD_REQUEST_ERROR", "NA", None))) {
        assert_eq!(failure, Failure::InProgress, "{question}");
    }
}

#[test]
fn a_refusal_is_told_in_codes_and_never_in_words() {
    let long = "A".repeat(41);
    let rows = [
        (400, error("BAD_REQUEST_ERROR", "NA", None), "BAD_REQUEST_ERROR"),
        (400, error("BAD_REQUEST_ERROR", "invalid_amount", Some("amount")), "BAD_REQUEST_ERROR:invalid_amount:amount"),
        (400, error("", "not a code", Some("amount")), "amount"),
        (400, error(&long, "gaurav@upi", None), "400"),
        (400, error("BAD_REQUEST_ERROR", "s3cret", Some("key_s3cret_x")), "BAD_REQUEST_ERROR"),
        (422, json!({ "error": "BAD_REQUEST_ERROR" }), "422"),
        (400, json!({ "error": { "code": 7, "reason": ["a"] } }), "400"),
        (405, json!(null), "405"),
    ];
    for (status, body, reason) in rows {
        for (question, failure) in asked(&answer(status, &body)) {
            assert_eq!(failure, Failure::Rejected { reason: reason.to_owned() }, "{question}");
        }
    }
}
