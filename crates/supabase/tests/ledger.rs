//! The ledger's client against a server on loopback that says what PostgREST says.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use domain::code::Code;
use domain::generation::Status;
use domain::id::{CustomerId, RequestId};
use domain::request::ImageRequest;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use supabase::{CustomerToken, Ledger, LedgerError, Project, Reservation, SecretKey, Settlement, StoredPicture};
use transport::Timer;

const CUSTOMER: &str = "11111111-1111-4111-8111-111111111111";
const REQUEST: &str = "22222222-2222-4222-8222-222222222222";

/// What one call looked like on the wire.
struct Seen {
    head: String,
    body: Value,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }
}

/// Answers one connection a time with the next answer; an empty one closes the connection instead.
fn server(answers: Vec<(u16, Value)>) -> (Ledger, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, seen) = channel();
    std::thread::spawn(move || {
        for (status, answer) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap() == 0 {
                    break;
                }
            }
            let head = head.replace('\r', "");
            let seen = Seen { head, body: Value::Null };
            let length = seen.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let seen = Seen { body: serde_json::from_slice(&body).unwrap(), ..seen };
            sender.send(seen).unwrap();
            if !answer.is_null() {
                let text = answer.to_string();
                let length = text.len();
                write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}")
                    .unwrap();
            }
        }
    });
    let project = Project { url, publishable_key: "sb_publishable_x".to_owned() };
    (Ledger::new(&project, &SecretKey::new("sb_secret_x").unwrap()), seen)
}

/// Waits as tokio waits, but a hundred times faster.
struct Hurry;

impl Timer for Hurry {
    fn now_ms(&self) -> u64 {
        0
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.checked_div(100).unwrap()).await;
    }

    fn jitter(&self) -> f64 {
        0.0
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn request() -> ImageRequest {
    let body = json!({
        "prompt": " a sunset ", "sessionId": "33333333-3333-4333-8333-333333333333", "seed": 7, "batchCount": 2
    });
    ImageRequest::from_json(body.to_string().as_bytes()).unwrap()
}

fn reserve(answers: Vec<(u16, Value)>) -> (Result<Reservation, LedgerError>, Vec<Seen>) {
    let (ledger, seen) = server(answers);
    let token = CustomerToken::from_authorization("Bearer aa.bb.cc").unwrap();
    let reservation = run(ledger.reserve(&Hurry, &token, REQUEST.parse().unwrap(), &request()));
    (reservation, seen.try_iter().collect())
}

fn generation(status: &str) -> Value {
    json!({
        "id": "44444444-4444-4444-8444-444444444444", "status": status, "storageKey": "key", "url": null, "seed": 7,
        "model": null, "steps": 30, "width": 512, "height": 512, "prompt": "a sunset", "cfgScale": 7.50,
        "createdAt": "2026-11-22T16:12:07.44+00:00", "failureCode": null, "negativePrompt": null,
        "generationTimeMs": null
    })
}

fn balance(credits_remaining: u32) -> Value {
    json!({
        "planId": "flash", "status": "active", "creditsPerHour": 8, "creditsHeld": 0, "resetsAt": null,
        "creditsRemaining": credits_remaining, "expiresAt": "2026-11-22T18:12:07+00:00"
    })
}

#[test]
fn a_hold_is_taken_with_the_customers_own_token_and_never_with_the_secret_key() {
    let answer = json!({ "outcome": "reserved", "userId": CUSTOMER, "generations": [generation("running")],
        "balance": balance(7) });
    let (reservation, seen) = reserve(vec![(200, answer)]);
    let Ok(Reservation::Reserved { user_id, generations, balance }) = reservation else { panic!("{reservation:?}") };
    assert_eq!((user_id.to_string().as_str(), generations.len(), balance.credits_remaining), (CUSTOMER, 1, 7));
    let [seen] = &seen[..] else { panic!("one call") };
    assert!(seen.head.starts_with("POST /rest/v1/rpc/reserve_generation HTTP/1.1\n"), "{}", seen.head);
    assert_eq!(seen.header("apikey"), Some("sb_publishable_x"));
    assert_eq!(seen.header("authorization"), Some("Bearer aa.bb.cc"));
    assert_eq!(
        seen.body,
        json!({
            "session_id": "33333333-3333-4333-8333-333333333333", "request_id": REQUEST, "conversation_id": null,
            "prompt": "a sunset", "negative_prompt": null, "width": 512, "height": 512, "steps": 30,
            "cfg_scale": 7.5, "seed": 7, "batch_count": 2
        })
    );
}

/// Whether a reservation was read as what the row says.
type IsRight = fn(&Reservation) -> bool;

#[test]
fn every_outcome_of_a_reservation_is_read() {
    let settlement = |outcome: &str, status: &str, code: Value| json!({ "outcome": outcome, "failureCode": code, "generations": [generation(status)], "balance": balance(1) });
    let rows: [(Value, IsRight); 11] = [
        (json!({ "outcome": "unauthorized" }), |read| matches!(read, Reservation::Unauthorized)),
        (
            json!({ "outcome": "invalid_request", "field": "conversationId" }),
            |read| matches!(read, Reservation::InvalidRequest { field } if field == "conversationId"),
        ),
        (json!({ "outcome": "session_not_found" }), |read| matches!(read, Reservation::SessionNotFound)),
        (json!({ "outcome": "request_id_reused" }), |read| matches!(read, Reservation::RequestIdReused)),
        (json!({ "outcome": "request_in_progress", "retryAfter": 2 }), |read| {
            matches!(read, Reservation::RequestInProgress { retry_after: Some(2) })
        }),
        (
            settlement("completed", "completed", Value::Null),
            |read| matches!(read, Reservation::Completed(settlement) if settlement.completed().count() == 1),
        ),
        (
            settlement("failed", "failed", "engine_failed".into()),
            |read| matches!(read, Reservation::Failed(settlement) if settlement.failure_code.as_deref() == Some("engine_failed")),
        ),
        (
            settlement("expired", "expired", Value::Null),
            |read| matches!(read, Reservation::Expired(settlement) if settlement.completed().next().is_none()),
        ),
        (json!({ "outcome": "session_expired", "expiresAt": null }), |read| {
            matches!(read, Reservation::SessionExpired { expires_at: None })
        }),
        (
            json!({ "outcome": "not_in_plan", "balance": balance(3) }),
            |read| matches!(read, Reservation::NotInPlan { balance } if balance.credits_per_hour == 8),
        ),
        (json!({ "outcome": "credits_exhausted", "balance": balance(0), "retryAfter": null }), |read| {
            matches!(read, Reservation::CreditsExhausted { retry_after: None, .. })
        }),
    ];
    for (answer, is_right) in rows {
        let (reservation, _) = reserve(vec![(200, answer.clone())]);
        assert!(is_right(&reservation.unwrap()), "{answer}");
    }
}

#[test]
fn a_token_that_is_not_accepted_is_nobodys_fault_but_the_callers() {
    let rows = [
        (401, json!({ "code": "PGRST301", "message": "JWT expired" })),
        (401, json!({ "code": "PGRST303", "message": "JWT expired" })),
        (401, json!({ "code": "42501", "message": "permission denied for function reserve_generation" })),
        // Signed by the project, and not a customer's: a legacy service_role key, or another issuer's subject.
        (403, json!({ "code": "42501", "message": "permission denied for function reserve_generation" })),
        (400, json!({ "code": "22P02", "message": "invalid input syntax for type uuid: \"user_2x\"" })),
        (401, json!("Unauthorized")),
    ];
    for (status, answer) in rows {
        assert_eq!(reserve(vec![(status, answer)]).0, Err(LedgerError::Unauthorized));
    }
}

#[test]
fn what_the_database_says_in_its_own_words_is_not_repeated() {
    let answer = json!({ "code": "23514", "message": "new row violates check constraint \"x\"", "details": "Failing row contains (a secret)" });
    let error = reserve(vec![(400, answer)]).0.unwrap_err();
    assert_eq!(error, LedgerError::Rejected(400, "23514".to_owned()));
    assert!(!error.to_string().contains("secret"));
    let (outcome, _) = reserve(vec![(200, json!({ "outcome": "something_new" }))]);
    assert!(matches!(outcome, Err(LedgerError::Malformed(_))));
}

#[test]
fn a_reservation_is_never_sent_twice() {
    let (outcome, seen) = reserve(vec![(503, json!({ "code": "PGRST000" })), (200, json!(null))]);
    assert!(matches!(outcome, Err(LedgerError::Unreachable(_))));
    assert_eq!(seen.len(), 1);
}

fn settled() -> Value {
    json!({ "outcome": "completed", "failureCode": null, "generations": [generation("completed")], "balance": balance(6) })
}

fn complete(answers: Vec<(u16, Value)>) -> (Result<Settlement, LedgerError>, Vec<Seen>) {
    let (ledger, seen) = server(answers);
    let customer: CustomerId = CUSTOMER.parse().unwrap();
    let request: RequestId = REQUEST.parse().unwrap();
    let picture = StoredPicture {
        id: "44444444-4444-4444-8444-444444444444".parse().unwrap(),
        object_name: "a/b.png".to_owned(),
        image_url: "http://x/a/b.png".to_owned(),
        model: "easel/sketch-1".to_owned(),
        width: Some(512),
        height: None,
        generation_time_ms: 12,
    };
    let settlement = run(ledger.complete(&Hurry, customer, request, &[picture], Code::EngineFailed));
    (settlement, seen.try_iter().collect())
}

#[test]
fn a_picture_is_recorded_with_the_secret_key_as_apikey_alone() {
    let (settlement, seen) = complete(vec![(200, settled())]);
    assert_eq!(settlement.unwrap().generations.first().unwrap().status, Status::Completed);
    let [seen] = &seen[..] else { panic!("one call") };
    assert!(seen.head.starts_with("POST /rest/v1/rpc/complete_generation HTTP/1.1\n"), "{}", seen.head);
    assert_eq!((seen.header("apikey"), seen.header("authorization")), (Some("sb_secret_x"), None));
    assert_eq!(
        seen.body,
        json!({ "user_id": CUSTOMER, "request_id": REQUEST, "failure_code": "engine_failed", "pictures": [{
            "id": "44444444-4444-4444-8444-444444444444", "objectName": "a/b.png", "imageUrl": "http://x/a/b.png",
            "model": "easel/sketch-1", "width": 512, "height": null, "generationTimeMs": 12
        }] })
    );
}

#[test]
fn a_record_that_may_have_been_lost_is_sent_again() {
    let lost = || (0, Value::Null);
    let (settlement, seen) = complete(vec![lost(), (503, json!({ "code": "PGRST003" })), (200, settled())]);
    assert!(settlement.is_ok());
    assert_eq!(seen.len(), 3);
    let (settlement, seen) = complete(vec![lost(), lost(), lost()]);
    assert!(matches!(settlement, Err(LedgerError::Unreachable(_))));
    assert_eq!(seen.len(), 3);
}

#[test]
fn a_secret_key_that_is_refused_is_the_hubs_own_trouble() {
    let (settlement, _) = complete(vec![(403, json!({ "code": "42501" }))]);
    assert_eq!(settlement, Err(LedgerError::Rejected(403, "42501".to_owned())));
}

#[test]
fn a_record_that_is_refused_is_not_sent_again() {
    let (settlement, seen) = complete(vec![(400, json!({ "code": "23514" }))]);
    assert_eq!((settlement, seen.len()), (Err(LedgerError::Rejected(400, "23514".to_owned())), 1));
}
