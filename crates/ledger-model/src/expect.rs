//! What the database is asked, and what it is expected to answer.
//!
//! Owns: the arguments of each operation and the whole of each answer as JSON, every field of it. Must not: know rules.

use ledger_model::Ledger;
use ledger_model::answer::{Answer, Place, Settled, Sight, Status};
use ledger_model::operation::{Operation, Settle};
use ledger_model::session::{Balance, Standing};
use ledger_model::world::Engine;
use serde_json::{Value, json};

use crate::wire::{DRAWN, Names, conversation, customer_uuid, prompt_text, request_uuid};

/// The name of an operation for the database, and what it is given.
pub fn asked(ledger: &Ledger, names: &Names, operation: &Operation) -> (&'static str, Value) {
    match operation {
        Operation::Clock(_) => ("clock", json!({})),
        Operation::Grant { customer, plan, hours } => (
            "grant",
            json!({
                "user_id": customer_uuid(*customer),
                "plan_id": plan.map_or("not-for-sale", domain::plan::Plan::id),
                "hours": hours,
            }),
        ),
        Operation::Start(customer, session) => {
            ("start", json!({ "user_id": customer_uuid(*customer), "session_id": names.session(*session) }))
        }
        Operation::Balance(customer, session) => {
            ("balance", json!({ "user_id": customer_uuid(*customer), "session_id": names.session(*session) }))
        }
        Operation::Reserve(reserve) => {
            let mut arg = engines(ledger, &reserve.engines);
            arg["user_id"] = customer_uuid(reserve.customer).into();
            arg["request_id"] = request_uuid(reserve.request).into();
            arg["session_id"] = names.session(reserve.contents.session).into();
            arg["conversation_id"] = conversation(&reserve.contents).into();
            arg["prompt"] = prompt_text(reserve.contents.prompt).into();
            arg["seed"] = reserve.contents.seed.into();
            arg["batch_count"] = reserve.contents.batch_count.into();
            arg["respond_async"] = reserve.respond_async.into();
            ("reserve", arg)
        }
        Operation::Status(customer, request, places) => {
            let mut arg = engines(ledger, places);
            arg["user_id"] = customer_uuid(*customer).into();
            arg["request_id"] = request_uuid(*request).into();
            ("status", arg)
        }
        Operation::Cancel(customer, request) => {
            ("cancel", json!({ "user_id": customer_uuid(*customer), "request_id": request_uuid(*request) }))
        }
        Operation::Claim { engines: places, count_max, running_max } => {
            let mut arg = engines(ledger, places);
            arg["count_max"] = (*count_max).into();
            arg["running_max"] = (*running_max).into();
            ("claim", arg)
        }
        Operation::Renew(lease) => ("renew", json!({ "lease_id": names.lease(*lease) })),
        Operation::Requeue { lease, delay_seconds, failure } => (
            "requeue",
            json!({ "lease_id": names.lease(*lease), "delay_seconds": delay_seconds, "failure_code": failure }),
        ),
        Operation::Complete(settle) => ("complete", settled(ledger, names, settle)),
        Operation::Fail(settle) => ("fail", settled(ledger, names, settle)),
        Operation::Expire(holds_max) => ("expire", json!({ "session_count_max": holds_max })),
        Operation::Tick => ("tick", json!({})),
        Operation::TakeTurn { account, for_queue } => {
            ("take_turn", json!({ "account": account, "for_queue": for_queue }))
        }
        Operation::Report { engine, failure, pass_over_seconds } => {
            ("report", json!({ "engine": engine, "failure_code": failure, "pass_over_seconds": pass_over_seconds }))
        }
    }
}

fn engines(ledger: &Ledger, places: &[usize]) -> Value {
    let named: Vec<&Engine> = places.iter().map(|place| &ledger.world.engines[*place]).collect();
    json!({
        "engines": named.iter().map(|engine| engine.name).collect::<Vec<_>>(),
        "accounts": named.iter().map(|engine| engine.account).collect::<Vec<_>>(),
    })
}

fn settled(ledger: &Ledger, names: &Names, settle: &Settle) -> Value {
    let pictures = settle.made.iter().filter_map(|name| {
        let place = usize::try_from(name.batch_index).ok()?;
        let id = *ledger.books.request(name.customer, name.request).get(place)?;
        let (uuid, storage_key) = names.object(id)?;
        let owner = if settle.misplaced { "elsewhere".to_owned() } else { customer_uuid(name.customer) };
        Some(json!({
            "id": uuid,
            "objectName": format!("{owner}/{storage_key}.png"),
            "imageUrl": format!("https://hub.example/{storage_key}.png"),
            "model": "sketch",
            "engine": ledger.world.engines[settle.engine].name,
            "width": DRAWN.0,
            "height": DRAWN.1,
            "generationTimeMs": settle.generation_time_ms,
        }))
    });
    json!({
        "user_id": customer_uuid(settle.customer),
        "request_id": request_uuid(settle.request),
        "pictures": pictures.collect::<Vec<_>>(),
        "failure_code": settle.failure,
        "lease_id": settle.lease.map(|lease| names.lease(lease)),
    })
}

/// The answer that is expected.
pub fn answer(ledger: &Ledger, names: &Names, operation: &Operation, answer: &Answer) -> Value {
    match answer {
        Answer::Nothing | Answer::Rejected(_) | Answer::Granted(None) | Answer::Left(None) => Value::Null,
        Answer::Granted(Some(session)) => names.session(*session).into(),
        Answer::Left(Some(left)) => balance(left),
        Answer::Started(since, left) => json!({
            "outcome": "started",
            "sessionId": match operation {
                Operation::Start(_, session) => Some(names.session(*session)),
                _ => None,
            },
            "startedAt": since.map(|moment| moment.to_string()),
            "balance": balance(left),
        }),
        Answer::Released(holds) => (*holds).into(),
        Answer::Invalid(field) => json!({ "outcome": "invalid_request", "field": field }),
        Answer::RateLimited { retry_after, balance: None } => {
            json!({ "outcome": "rate_limited", "retryAfter": retry_after })
        }
        Answer::RateLimited { retry_after, balance: Some(left) } => {
            json!({ "outcome": "rate_limited", "retryAfter": retry_after, "balance": balance(left) })
        }
        Answer::SessionNotFound => json!({ "outcome": "session_not_found" }),
        Answer::RequestNotFound => json!({ "outcome": "request_not_found" }),
        Answer::RequestIdReused => json!({ "outcome": "request_id_reused" }),
        Answer::InProgress { retry_after } => {
            json!({ "outcome": "request_in_progress", "retryAfter": retry_after })
        }
        Answer::SessionExpired(expires_at) => {
            json!({ "outcome": "session_expired", "expiresAt": expires_at.map(|moment| moment.to_string()) })
        }
        Answer::NotInPlan(left) => json!({ "outcome": "not_in_plan", "balance": balance(left) }),
        Answer::CreditsExhausted { retry_after, balance: left } => {
            json!({ "outcome": "credits_exhausted", "balance": balance(left), "retryAfter": retry_after })
        }
        Answer::PromptRefused(left) => json!({ "outcome": "prompt_refused", "balance": balance(left) }),
        Answer::EnginesPassedOver(seen, left) => {
            json!({ "outcome": "engines_passed_over", "engines": sight(seen), "balance": balance(left) })
        }
        Answer::Reserved { lease, sight: seen, generations, balance: left } => json!({
            "outcome": "reserved",
            "userId": match operation {
                Operation::Reserve(reserve) => Some(customer_uuid(reserve.customer)),
                _ => None,
            },
            "leaseId": names.lease(ledger_model::operation::LeaseClaim::Given(*lease)),
            "engines": sight(seen),
            "generations": generations.iter().map(|id| names.generation(ledger, *id)).collect::<Vec<_>>(),
            "balance": balance(left),
        }),
        Answer::Queued(place, left) => {
            let mut queued = queue_place(Some(place));
            queued["outcome"] = "queued".into();
            queued["balance"] = balance(left);
            queued
        }
        Answer::Settled(settled) => settlement(ledger, names, settled),
        Answer::Status(Status { settled, cancelling, place, waiting }) => {
            let mut status = settlement(ledger, names, settled);
            let place = queue_place(place.as_ref());
            status["cancelling"] = (*cancelling).into();
            status["position"] = place["position"].clone();
            status["estimatedStartAt"] = place["estimatedStartAt"].clone();
            status["waitingFor"] = waiting.map(|waiting| waiting.code).into();
            status["notBefore"] = waiting.map(|waiting| waiting.not_before.to_string()).into();
            status
        }
        Answer::Claimed { sight: seen, work, wait_ms } => json!({
            "engines": sight(seen),
            "generations": work.iter().map(|work| {
                let row = ledger.books.generation(work.generation);
                let mut shown = names.generation(ledger, work.generation);
                // A worker is shown what it must draw, and nothing of what has come of it.
                if let Some(shown) = shown.as_object_mut() {
                    shown.retain(|key, _| !["url", "model", "failureCode", "generationTimeMs"].contains(&key.as_str()));
                }
                json!({
                    "userId": customer_uuid(row.customer),
                    "requestId": request_uuid(row.request),
                    "leaseId": names.lease(ledger_model::operation::LeaseClaim::Given(work.lease)),
                    "attempts": row.attempts,
                    "generation": shown,
                })
            }).collect::<Vec<_>>(),
            "waitMs": wait_ms,
        }),
        Answer::Renewed { held, cancel_requested } => json!({ "held": held, "cancelRequested": cancel_requested }),
        Answer::Requeued(outcome) => outcome.word().into(),
        Answer::Turn { wait_ms: None } => json!({ "granted": true }),
        Answer::Turn { wait_ms: Some(wait_ms) } => json!({ "granted": false, "waitMs": wait_ms }),
    }
}

fn balance(left: &Balance) -> Value {
    let ended = left.view.standing == Standing::Ended;
    json!({
        "planId": left.plan.id(),
        "status": match left.view.standing {
            Standing::Ready => "ready",
            Standing::Active => "active",
            Standing::Ended => "ended",
        },
        "creditsPerHour": left.plan.image_credits_per_hour().0,
        "creditsRemaining": left.credits_remaining,
        "creditsHeld": left.credits_held,
        "resetsAt": left.view.resets_at.filter(|_| !ended).map(|moment| moment.to_string()),
        "expiresAt": left.view.expires_at.map(|moment| moment.to_string()),
    })
}

fn sight(seen: &Sight) -> Value {
    json!({
        "passedOver": seen.passed_over.iter().map(|passed| json!({
            "engine": passed.engine,
            "failureCode": passed.failure,
            "retryAfter": passed.retry_after,
        })).collect::<Vec<_>>(),
        "budgeted": seen.budgeted,
    })
}

fn queue_place(place: Option<&Place>) -> Value {
    json!({
        "position": place.map(|place| place.position),
        "estimatedStartAt": place.map(|place| place.estimated_start_at.to_string()),
    })
}

fn settlement(ledger: &Ledger, names: &Names, settled: &Settled) -> Value {
    json!({
        "outcome": settled.outcome.word(),
        "failureCode": settled.failure,
        "generations": settled.generations.iter().map(|id| names.generation(ledger, *id)).collect::<Vec<_>>(),
        "balance": balance(&settled.balance),
    })
}
