//! What a run has reached.
//!
//! Owns: the outcomes that a run of full length must reach, each often; one that it does not reach says nothing of them.

use ledger_model::answer::Answer;
use ledger_model::operation::Operation;
use std::collections::BTreeMap;
use std::fmt;

/// A run of this length must have reached each of these outcomes so often.
const FULL_RUN: u32 = 100_000;
const ENOUGH: u32 = 10;
const WANTED: [(&str, &str); 64] = [
    ("balance", "shown"),
    ("balance", "not his"),
    ("cancel", "running"),
    ("cancel", "completed"),
    ("cancel", "failed"),
    ("cancel", "expired"),
    ("cancel", "not found"),
    ("claim", "some"),
    ("claim", "none, none waits"),
    ("claim", "none, some wait"),
    ("clock", "done"),
    ("complete", "completed"),
    ("complete", "running"),
    ("complete", "failed"),
    ("complete", "expired"),
    ("complete", "not found"),
    ("complete", "rejected"),
    ("expire", "some"),
    ("expire", "none"),
    ("fail", "completed"),
    ("fail", "running"),
    ("fail", "failed"),
    ("fail", "expired"),
    ("fail", "not found"),
    ("grant", "granted"),
    ("grant", "no such plan"),
    ("grant", "rejected"),
    ("renew", "held"),
    ("renew", "held, cancelled"),
    ("renew", "lost"),
    ("report", "done"),
    ("requeue", "queued"),
    ("requeue", "failed"),
    ("requeue", "expired"),
    ("requeue", "running"),
    ("reserve", "completed"),
    ("reserve", "credits exhausted"),
    ("reserve", "engines passed over"),
    ("reserve", "expired"),
    ("reserve", "failed"),
    ("reserve", "in progress"),
    ("reserve", "invalid batchCount"),
    ("reserve", "invalid conversationId"),
    ("reserve", "not in plan"),
    ("reserve", "prompt refused"),
    ("reserve", "queue too long"),
    ("reserve", "queued"),
    ("reserve", "rate limited"),
    ("reserve", "rejected"),
    ("reserve", "request id reused"),
    ("reserve", "reserved"),
    ("reserve", "session expired"),
    ("reserve", "session not found"),
    ("start", "started"),
    ("start", "session expired"),
    ("start", "session not found"),
    ("status", "queued"),
    ("status", "running"),
    ("status", "completed"),
    ("status", "failed"),
    ("status", "expired"),
    ("status", "not found"),
    ("turn", "granted"),
    ("turn", "not yet"),
];

/// How often each outcome was reached.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<(&'static str, &'static str), u32>);

impl Tally {
    pub fn count(&mut self, operation: &Operation, answer: &Answer) {
        *self.0.entry((operation_word(operation), answer_word(answer))).or_insert(0) += 1;
    }

    /// What a run of full length should have reached and has not; nothing for a shorter one.
    pub fn missing(&self, operations: u32) -> Vec<String> {
        let wanted = WANTED.iter().filter(|_| operations >= FULL_RUN);
        let missing = wanted.filter(|key| self.0.get(key).is_none_or(|times| *times < ENOUGH));
        missing.map(|(operation, outcome)| format!("{operation}: {outcome}")).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for ((operation, outcome), times) in &self.0 {
            let separator = match (last == *operation, last.is_empty()) {
                (true, _) => ", ".to_owned(),
                (false, true) => format!("{operation:>9}: "),
                (false, false) => format!("\n{operation:>9}: "),
            };
            write!(formatter, "{separator}{outcome} {times}")?;
            last = operation;
        }
        Ok(())
    }
}

fn operation_word(operation: &Operation) -> &'static str {
    match operation {
        Operation::Clock(_) => "clock",
        Operation::Grant { .. } => "grant",
        Operation::Start(..) => "start",
        Operation::Balance(..) => "balance",
        Operation::Reserve(_) => "reserve",
        Operation::Status(..) => "status",
        Operation::Cancel(..) => "cancel",
        Operation::Claim { .. } => "claim",
        Operation::Renew(_) => "renew",
        Operation::Requeue { .. } => "requeue",
        Operation::Complete(_) => "complete",
        Operation::Fail(_) => "fail",
        Operation::Expire(_) | Operation::Tick => "expire",
        Operation::TakeTurn { .. } => "turn",
        Operation::Report { .. } => "report",
    }
}

fn answer_word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Nothing => "done",
        Answer::Rejected(_) => "rejected",
        Answer::Granted(Some(_)) => "granted",
        Answer::Granted(None) => "no such plan",
        Answer::Started(..) => "started",
        Answer::Left(Some(_)) => "shown",
        Answer::Left(None) => "not his",
        Answer::Released(0) => "none",
        Answer::Released(_) => "some",
        Answer::Invalid("batchCount") => "invalid batchCount",
        Answer::Invalid("conversationId") => "invalid conversationId",
        Answer::Invalid(_) => "invalid other",
        Answer::RateLimited { balance: None, .. } => "rate limited",
        Answer::RateLimited { balance: Some(_), .. } => "queue too long",
        Answer::SessionNotFound => "session not found",
        Answer::RequestNotFound => "not found",
        Answer::RequestIdReused => "request id reused",
        Answer::InProgress { .. } => "in progress",
        Answer::SessionExpired(_) => "session expired",
        Answer::NotInPlan(_) => "not in plan",
        Answer::CreditsExhausted { .. } => "credits exhausted",
        Answer::PromptRefused(_) => "prompt refused",
        Answer::EnginesPassedOver(..) => "engines passed over",
        Answer::Reserved { .. } => "reserved",
        Answer::Queued(..) => "queued",
        Answer::Settled(settled) => settled.outcome.word(),
        Answer::Status(status) => status.settled.outcome.word(),
        Answer::Claimed { work, wait_ms, .. } => match (work.is_empty(), wait_ms) {
            (false, _) => "some",
            (true, None) => "none, none waits",
            (true, Some(_)) => "none, some wait",
        },
        Answer::Renewed { held: false, .. } => "lost",
        Answer::Renewed { cancel_requested: true, .. } => "held, cancelled",
        Answer::Renewed { .. } => "held",
        Answer::Requeued(outcome) => outcome.word(),
        Answer::Turn { wait_ms: None } => "granted",
        Answer::Turn { wait_ms: Some(_) } => "not yet",
    }
}
