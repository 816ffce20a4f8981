//! The ledger's client.

use crate::script::{Answer, Script, answer, header, lost};
use domain::code::Code;
use domain::generation::Status;
use domain::id::{CustomerId, RequestId};
use domain::request::ImageRequest;
use serde_json::{Value, json};
use supabase::{
    Asking, CustomerToken, Ledger, LedgerError, Part, Project, Reservation, Roster, SecretKey, Settlement,
    StoredPicture,
};
use transport::{Payload, Request};

pub const CUSTOMER: &str = "11111111-1111-4111-8111-111111111111";
pub const REQUEST: &str = "22222222-2222-4222-8222-222222222222";
pub const LEASE: &str = "55555555-5555-4555-8555-555555555555";

pub type Sent = Vec<Request<Vec<u8>>>;

pub fn ledger() -> Ledger {
    let project = Project { url: "http://hub".to_owned(), publishable_key: "sb_publishable_x".to_owned() };
    Ledger::new(&project, &SecretKey::new("sb_secret_x").unwrap())
}

pub fn arguments(request: &Request<Vec<u8>>) -> Value {
    let Payload::Text(text) = &request.payload else { panic!("JSON") };
    serde_json::from_str(text).unwrap()
}

fn request() -> ImageRequest {
    let body = json!({
        "prompt": " a sunset ", "sessionId": "33333333-3333-4333-8333-333333333333", "seed": 7, "batchCount": 2
    });
    ImageRequest::from_json(body.to_string().as_bytes()).unwrap()
}

pub fn roster() -> Roster {
    Roster { engines: vec!["huggingface:a/b".to_owned()], accounts: vec!["huggingface".to_owned()] }
}

pub fn token() -> CustomerToken {
    CustomerToken::from_authorization("Bearer aa.bb.cc").unwrap()
}

fn reserve(status: u16, body: &Value) -> (Result<Reservation, LedgerError>, Sent) {
    reserve_after(vec![], status, body)
}

/// Reserves after those answers to the question for the key of addresses.
fn reserve_after(before: Vec<Answer>, status: u16, body: &Value) -> (Result<Reservation, LedgerError>, Sent) {
    let asks_for_key = !before.is_empty();
    let script = Script::new(before.into_iter().chain([answer(status, body)]));
    let (ledger, request, roster, customer) = (ledger(), request(), roster(), token());
    let key = asks_for_key.then(|| pollster::block_on(ledger.address_key(&script)).unwrap());
    let address = key.map(|key| key.seal("192.0.2.1".to_owned()));
    let asking = Asking {
        customer: &customer,
        request_id: REQUEST.parse().unwrap(),
        request: &request,
        roster: &roster,
        respond_async: asks_for_key,
        address: address.as_ref(),
    };
    let reservation = pollster::block_on(ledger.reserve(&script, &asking));
    (reservation, script.sent())
}

pub fn generation(status: &str) -> Value {
    json!({
        "id": "44444444-4444-4444-8444-444444444444", "status": status, "storageKey": "key", "url": null, "seed": 7,
        "model": null, "steps": 30, "width": 512, "height": 512, "prompt": "a sunset", "cfgScale": 7.50,
        "createdAt": "2026-11-22T16:12:07.44+00:00", "failureCode": null, "negativePrompt": null,
        "generationTimeMs": null
    })
}

pub fn balance(credits_remaining: u32) -> Value {
    json!({
        "planId": "flash", "status": "active", "creditsPerHour": 8, "creditsHeld": 0, "resetsAt": null,
        "creditsRemaining": credits_remaining, "expiresAt": "2026-11-22T18:12:07+00:00"
    })
}

#[test]
fn a_hold_is_taken_with_the_customers_own_token_and_never_with_the_secret_key() {
    let body = json!({ "outcome": "reserved", "userId": CUSTOMER, "leaseId": LEASE,
        "engines": { "passedOver": [{ "engine": "a", "failureCode": "engine_unavailable", "retryAfter": 9 }], "budgeted": ["b"] },
        "generations": [generation("running")], "balance": balance(7) });
    let (reservation, sent) = reserve(200, &body);
    let Ok(Reservation::Reserved { user_id, lease_id, engines, generations, balance }) = reservation else {
        panic!("{reservation:?}")
    };
    assert_eq!((user_id.to_string().as_str(), generations.len(), balance.credits_remaining), (CUSTOMER, 1, 7));
    assert_eq!((lease_id.to_string().as_str(), engines.budgeted), (LEASE, vec!["b".to_owned()]));
    assert_eq!(engines.passed_over.first().map(|passed| passed.retry_after), Some(9));
    let [seen] = &sent[..] else { panic!("one call") };
    assert_eq!(seen.url, "http://hub/rest/v1/rpc/reserve_generation");
    assert_eq!(header(seen, "apikey"), Some("sb_publishable_x"));
    assert_eq!(header(seen, "authorization"), Some("Bearer aa.bb.cc"));
    assert_eq!(header(seen, "content-type"), Some("application/json"));
    assert_eq!(
        arguments(seen),
        json!({
            "session_id": "33333333-3333-4333-8333-333333333333", "request_id": REQUEST, "conversation_id": null,
            "prompt": "a sunset", "negative_prompt": null, "width": 512, "height": 512, "steps": 30,
            "cfg_scale": 7.5, "seed": 7, "batch_count": 2, "engines": ["huggingface:a/b"],
            "accounts": ["huggingface"], "respond_async": false, "client_address": null, "address_seal": null
        })
    );
}

#[test]
fn a_place_in_the_queue_is_asked_for_with_a_sealed_address() {
    let body = json!({ "outcome": "queued", "position": 3, "estimatedStartAt": "2026-11-22T16:12:07Z", "balance": balance(6) });
    let (reservation, sent) = reserve_after(vec![answer(200, &json!("key"))], 200, &body);
    assert!(matches!(reservation, Ok(Reservation::Queued(queued)) if queued.position == 3));
    let [key, seen] = &sent[..] else { panic!("two calls") };
    assert_eq!((key.url.as_str(), header(key, "apikey")), ("http://hub/rest/v1/rpc/address_key", Some("sb_secret_x")));
    let arguments = arguments(seen);
    assert_eq!((&arguments["respond_async"], &arguments["client_address"]), (&true.into(), &"192.0.2.1".into()));
    assert_eq!(arguments["address_seal"].as_str().map(str::len), Some(64));
}

/// Whether a reservation was read as what the row says.
type IsRight = fn(&Reservation) -> bool;

#[test]
fn every_outcome_of_a_reservation_is_read() {
    let settlement = |outcome: &str, status: &str, code: Value| json!({ "outcome": outcome, "failureCode": code, "generations": [generation(status)], "balance": balance(1) });
    let rows: [(Value, IsRight); 15] = [
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
        (json!({ "outcome": "rate_limited", "retryAfter": 2 }), |read| {
            matches!(read, Reservation::RateLimited { retry_after: 2, balance: None })
        }),
        (json!({ "outcome": "rate_limited", "retryAfter": 4000, "balance": balance(2) }), |read| {
            matches!(read, Reservation::RateLimited { retry_after: 4000, balance: Some(_) })
        }),
        (
            json!({ "outcome": "prompt_refused", "balance": balance(2) }),
            |read| matches!(read, Reservation::PromptRefused { balance } if balance.credits_remaining == 2),
        ),
        (
            json!({ "outcome": "engines_passed_over", "balance": balance(2), "engines": { "passedOver": [], "budgeted": [] } }),
            |read| matches!(read, Reservation::EnginesPassedOver { engines, .. } if engines.passed_over.is_empty()),
        ),
    ];
    for (body, is_right) in rows {
        assert!(is_right(&reserve(200, &body).0.unwrap()), "{body}");
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
    for (status, body) in rows {
        assert!(matches!(reserve(status, &body).0, Err(LedgerError::Unauthorized(_))), "{body}");
    }
}

#[test]
fn what_the_database_says_in_its_own_words_is_not_repeated() {
    let body = json!({ "code": "23514", "message": "violates check constraint", "details": "row contains (a secret)" });
    let error = reserve(400, &body).0.unwrap_err();
    assert_eq!(error, LedgerError::Rejected(400, "23514".to_owned()));
    assert!(!error.to_string().contains("secret"));
    let unknown = reserve(200, &json!({ "outcome": "something_new" })).0;
    assert!(matches!(unknown, Err(LedgerError::Malformed(_))));
}

#[test]
fn a_reservation_is_never_sent_twice() {
    let (outcome, sent) = reserve(503, &json!({ "code": "PGRST000" }));
    assert!(matches!(outcome, Err(LedgerError::Unreachable(_))));
    assert_eq!(sent.len(), 1);
}

pub fn part(lease: Option<&str>) -> Part {
    let customer: CustomerId = CUSTOMER.parse().unwrap();
    let request: RequestId = REQUEST.parse().unwrap();
    Part { customer, request, lease: lease.map(|lease| lease.parse().unwrap()) }
}

pub fn settled() -> Value {
    json!({ "outcome": "completed", "failureCode": null, "generations": [generation("completed")], "balance": balance(6) })
}

fn complete(answers: impl IntoIterator<Item = Answer>) -> (Result<Settlement, LedgerError>, Sent) {
    let script = Script::new(answers);
    let picture = StoredPicture {
        id: "44444444-4444-4444-8444-444444444444".parse().unwrap(),
        object_name: "a/b.png".to_owned(),
        image_url: "http://x/a/b.png".to_owned(),
        engine: "huggingface:easel/sketch-1".to_owned(),
        model: "easel/sketch-1".to_owned(),
        width: Some(512),
        height: None,
        generation_time_ms: 12,
    };
    let (ledger, pictures) = (ledger(), [picture]);
    let completed = ledger.complete(&script, &script, part(None), &pictures, Code::EngineFailed);
    (pollster::block_on(completed), script.sent())
}

#[test]
fn a_picture_is_recorded_with_the_secret_key_as_apikey_alone() {
    let (settlement, sent) = complete([answer(200, &settled())]);
    assert_eq!(settlement.unwrap().generations.first().unwrap().status, Status::Completed);
    let [seen] = &sent[..] else { panic!("one call") };
    assert_eq!(seen.url, "http://hub/rest/v1/rpc/complete_generation");
    assert_eq!((header(seen, "apikey"), header(seen, "authorization")), (Some("sb_secret_x"), None));
    assert_eq!(
        arguments(seen),
        json!({ "user_id": CUSTOMER, "request_id": REQUEST, "failure_code": "engine_failed", "lease_id": null, "pictures": [{
            "id": "44444444-4444-4444-8444-444444444444", "objectName": "a/b.png", "imageUrl": "http://x/a/b.png",
            "engine": "huggingface:easel/sketch-1", "model": "easel/sketch-1", "width": 512, "height": null, "generationTimeMs": 12
        }] })
    );
}

#[test]
fn a_record_that_may_have_been_lost_is_sent_again() {
    let (settlement, sent) = complete([lost(), answer(503, &json!({ "code": "PGRST003" })), answer(200, &settled())]);
    assert!(settlement.is_ok());
    assert_eq!(sent.len(), 3);
    let (settlement, sent) = complete([lost(), lost(), lost()]);
    assert!(matches!(settlement, Err(LedgerError::Unreachable(_))));
    assert_eq!(sent.len(), 3);
}

#[test]
fn after_a_lost_answer_a_refusal_is_not_definite_any_more() {
    for body in [json!({ "code": "23514" }), json!({ "code": "PGRST301" })] {
        let (settlement, _) = complete([lost(), answer(401, &body)]);
        assert!(matches!(settlement, Err(LedgerError::Unreachable(_))), "{settlement:?}");
    }
}

#[test]
fn what_speaks_for_the_database_is_not_the_database() {
    for status in [408, 429, 500, 520, 524] {
        let (settlement, sent) = complete([answer(status, &json!("a page")), answer(200, &settled())]);
        assert_eq!((settlement.is_ok(), sent.len()), (true, 2), "{status}");
    }
    let (settlement, sent) = complete([answer(500, &json!({ "code": "XX000" }))]);
    assert_eq!((settlement, sent.len()), (Err(LedgerError::Rejected(500, "XX000".to_owned())), 1));
}

#[test]
fn a_secret_key_that_is_refused_is_the_hubs_own_trouble() {
    let (settlement, _) = complete([answer(403, &json!({ "code": "42501" }))]);
    assert_eq!(settlement, Err(LedgerError::Rejected(403, "42501".to_owned())));
}

#[test]
fn a_record_that_is_refused_is_not_sent_again() {
    let (settlement, sent) = complete([answer(400, &json!({ "code": "23514" }))]);
    assert_eq!((settlement, sent.len()), (Err(LedgerError::Rejected(400, "23514".to_owned())), 1));
}
