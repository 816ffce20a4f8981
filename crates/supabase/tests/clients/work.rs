//! The ledger's client, as the workers and as a customer who comes back use it.

use crate::ledger::{
    CUSTOMER, LEASE, REQUEST, Sent, arguments, balance, generation, ledger, part, roster, settled, token,
};
use crate::script::{Answer, Script, answer, header, lost};
use domain::code::Code;
use serde_json::{Value, json};
use std::time::Duration;
use supabase::{Claim, LedgerError, Pulse, Removal, Standing, Turn};

/// Runs one call against those answers, and hands back what was sent.
fn asked<T>(answers: impl IntoIterator<Item = Answer>, call: impl AsyncFnOnce(&Script) -> T) -> (T, Sent) {
    let script = Script::new(answers);
    let result = pollster::block_on(call(&script));
    (result, script.sent())
}

fn assert_called(sent: &Sent, function: &str, expected: &Value) {
    for seen in sent {
        assert_eq!(seen.url, format!("http://hub/rest/v1/rpc/{function}"));
        assert_eq!((header(seen, "apikey"), header(seen, "authorization")), (Some("sb_secret_x"), None));
        assert_eq!(arguments(seen), *expected);
    }
}

#[test]
fn what_waits_is_claimed_with_all_that_drawing_needs() {
    let body = json!({
        "engines": { "passedOver": [], "budgeted": [] }, "waitMs": null,
        "generations": [{ "userId": CUSTOMER, "requestId": REQUEST, "leaseId": LEASE, "attempts": 2,
            "generation": generation("running") }],
    });
    let (claim, sent) = asked([answer(200, &body)], async |script| ledger().claim(script, &roster(), 3, 4).await);
    let expected =
        json!({ "engines": ["huggingface:a/b"], "accounts": ["huggingface"], "count_max": 3, "running_max": 4 });
    assert_called(&sent, "claim_generations", &expected);
    let Ok(Claim { generations, wait_ms: None, .. }) = claim else { panic!("{claim:?}") };
    let [claimed] = &generations[..] else { panic!("one") };
    assert_eq!((claimed.lease_id.to_string().as_str(), claimed.attempts), (LEASE, 2));
    assert_eq!(claimed.generation.prompt, "a sunset");
}

#[test]
fn a_claim_and_a_turn_and_a_sign_of_life_are_never_sent_twice() {
    let (claim, sent) = asked([lost()], async |script| ledger().claim(script, &roster(), 3, 4).await);
    assert_eq!((claim.is_err(), sent.len()), (true, 1));
    let (turn, sent) = asked([lost()], async |script| ledger().take_turn(script, "huggingface", true).await);
    assert_eq!((turn.is_err(), sent.len()), (true, 1));
    let (pulse, sent) = asked([lost()], async |script| ledger().renew(script, LEASE.parse().unwrap()).await);
    assert_eq!((pulse.is_err(), sent.len()), (true, 1));
}

#[test]
fn a_turn_is_taken_or_waited_for() {
    let rows = [
        (json!({ "granted": true }), Turn { granted: true, wait_ms: None }),
        (json!({ "granted": false, "waitMs": 1999 }), Turn { granted: false, wait_ms: Some(1999) }),
    ];
    for (body, expected) in rows {
        let (turn, sent) =
            asked([answer(200, &body)], async |script| ledger().take_turn(script, "huggingface", false).await);
        assert_eq!(turn, Ok(expected));
        assert_called(&sent, "take_engine_turn", &json!({ "account": "huggingface", "for_queue": false }));
    }
}

#[test]
fn a_sign_of_life_tells_whether_the_work_is_still_wanted() {
    let body = json!({ "held": true, "cancelRequested": true });
    let (pulse, sent) =
        asked([answer(200, &body)], async |script| ledger().renew(script, LEASE.parse().unwrap()).await);
    assert_eq!(pulse, Ok(Pulse { held: true, cancel_requested: true }));
    assert_called(&sent, "renew_lease", &json!({ "lease_id": LEASE }));
}

#[test]
fn what_goes_back_into_the_queue_goes_back_once_however_often_it_is_said() {
    let (put_back, sent) = asked([lost(), lost(), answer(200, &json!("expired"))], async |script| {
        let delay = Duration::from_secs(30);
        ledger().requeue(script, script, LEASE.parse().unwrap(), delay, Code::RateLimited).await
    });
    assert_eq!((put_back, sent.len()), (Ok(()), 3));
    let expected = json!({ "lease_id": LEASE, "delay_seconds": 30, "failure_code": "rate_limited" });
    assert_called(&sent, "requeue_generation", &expected);
}

#[test]
fn whoever_looks_on_hears_what_a_worker_waits_for() {
    let (told, sent) = asked([answer(200, &json!(true))], async |script| {
        ledger().report_wait(script, LEASE.parse().unwrap(), Code::ModelLoading, Duration::from_millis(20_900)).await
    });
    assert_eq!(told, Ok(()));
    let expected = json!({ "lease_id": LEASE, "wait_code": "model_loading", "wait_seconds": 20 });
    assert_called(&sent, "report_wait", &expected);
}

#[test]
fn what_is_removed_is_taken_once_and_recorded_however_often_it_is_said() {
    let id = "44444444-4444-4444-8444-444444444444";
    let body = json!([{ "id": id, "objectName": "a/b.png" }]);
    let (taken, sent) = asked([answer(200, &body)], async |script| ledger().claim_removals(script).await);
    let removal = Removal { id: id.parse().unwrap(), object_name: "a/b.png".to_owned() };
    assert_eq!(taken, Ok(vec![removal.clone()]));
    assert_called(&sent, "claim_removals", &json!({}));
    let (none, _) = asked([lost()], async |script| ledger().claim_removals(script).await);
    assert!(matches!(none, Err(LedgerError::Unreachable(_))));

    let (recorded, sent) = asked([lost(), lost(), answer(200, &json!(0))], async |script| {
        ledger().record_removals(script, script, &[removal.id]).await
    });
    assert_eq!((recorded, sent.len()), (Ok(()), 3));
    assert_called(&sent, "record_removals", &json!({ "ids": [id] }));
}

#[test]
fn a_failure_under_a_lease_settles_what_runs_under_it() {
    let (settlement, sent) = asked([answer(200, &settled())], async |script| {
        ledger().fail(script, script, part(Some(LEASE)), Code::EngineTimeout).await
    });
    assert!(settlement.is_ok());
    let expected =
        json!({ "user_id": CUSTOMER, "request_id": REQUEST, "failure_code": "engine_timeout", "lease_id": LEASE });
    assert_called(&sent, "fail_generation", &expected);
}

#[test]
fn what_is_known_of_an_engine_is_told_to_all() {
    for (pass_over, expected) in [(Some(Duration::from_secs(900)), json!(900)), (None, Value::Null)] {
        let (told, sent) = asked([answer(204, &Value::Null)], async |script| {
            ledger().report(script, "huggingface", Code::EngineMisconfigured, pass_over).await
        });
        assert_eq!(told, Ok(()));
        let expected =
            json!({ "engine": "huggingface", "failure_code": "engine_misconfigured", "pass_over_seconds": expected });
        assert_called(&sent, "report_engine", &expected);
    }
}

#[test]
fn a_customer_asks_and_cancels_with_his_own_token() {
    let body = json!({ "outcome": "queued", "cancelling": false, "position": 2, "failureCode": null,
        "estimatedStartAt": "2026-11-22T16:12:07Z", "waitingFor": "model_loading", "notBefore": "2026-11-22T16:12:05Z",
        "generations": [generation("queued")], "balance": balance(1) });
    let id = REQUEST.parse().unwrap();
    let (standing, sent) =
        asked([answer(200, &body)], async |script| ledger().status(script, &token(), id, &roster()).await);
    let Ok(Standing::Queued(progress)) = standing else { panic!("it waits") };
    assert_eq!((progress.position, progress.waiting_for.as_deref()), (Some(2), Some("model_loading")));
    assert_eq!(progress.not_before.as_deref(), Some("2026-11-22T16:12:05Z"));
    assert_eq!(header(&sent[0], "authorization"), Some("Bearer aa.bb.cc"));
    assert_eq!(arguments(&sent[0]), json!({ "request_id": REQUEST, "accounts": ["huggingface"] }));

    let (standing, sent) =
        asked([lost(), answer(200, &body)], async |script| ledger().cancel(script, script, &token(), id).await);
    assert!(standing.is_ok());
    assert_eq!((sent.len(), header(&sent[1], "authorization")), (2, Some("Bearer aa.bb.cc")));
    assert_eq!(sent[1].url, "http://hub/rest/v1/rpc/cancel_generation");
}

#[test]
fn every_standing_is_read_and_nothing_is_made_up() {
    let of =
        |outcome: &str| json!({ "outcome": outcome, "cancelling": true, "generations": [], "balance": balance(1) });
    type IsRight = fn(&Standing) -> bool;
    let rows: [(Value, IsRight); 7] = [
        (json!({ "outcome": "unauthorized" }), |read| matches!(read, Standing::Unauthorized)),
        (json!({ "outcome": "request_not_found" }), |read| matches!(read, Standing::RequestNotFound)),
        (of("queued"), |read| matches!(read, Standing::Queued(_))),
        (of("running"), |read| matches!(read, Standing::Running(progress) if progress.cancelling)),
        (of("completed"), |read| matches!(read, Standing::Completed(_))),
        (of("failed"), |read| matches!(read, Standing::Failed(_))),
        (of("expired"), |read| matches!(read, Standing::Expired(_))),
    ];
    let status = |body: &Value| {
        let id = REQUEST.parse().unwrap();
        asked([answer(200, body)], async |script| ledger().status(script, &token(), id, &roster()).await).0
    };
    for (body, is_right) in rows {
        assert!(is_right(&status(&body).unwrap()), "{body}");
    }
    for body in [json!({ "outcome": "new" }), json!({ "outcome": "queued" }), json!({}), Value::Null] {
        assert!(matches!(status(&body), Err(LedgerError::Malformed(_))), "{body}");
    }
}
