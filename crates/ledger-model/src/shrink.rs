//! Finding few operations that show what many have shown.
//!
//! Owns: leaving operations out, as long as some difference remains. Every try begins with empty books. Operations name
//! things by the operations that made them and moments as they are, so that what is left means what it meant.

use ledger_model::answer::Answer;
use ledger_model::names::{OperationNumber, SessionId};
use ledger_model::operation::Operation;
use std::collections::BTreeSet;
use std::error::Error;

use crate::database::Database;
use crate::trial::Trial;

/// So many operations are done again at most, over all tries.
const OPERATIONS_MAX: usize = 60_000;

/// An operation that was done.
pub struct Done {
    pub number: OperationNumber,
    pub operation: Operation,
    pub answer: Answer,
    /// The sessions that it named or wrote.
    pub sessions: BTreeSet<SessionId>,
}

/// Operations that end in a difference.
pub struct Finding<'a> {
    pub operations: Vec<&'a Done>,
    /// What each answered this time.
    pub answers: Vec<Answer>,
    pub differences: Vec<String>,
}

/// The fewest operations that were found to end in a difference, and that difference. None where doing all of them again
/// finds none.
pub fn shrink<'a>(
    database: &mut Database,
    history: &'a [Done],
    sessions: &BTreeSet<SessionId>,
) -> Result<Option<Finding<'a>>, Box<dyn Error>> {
    let mut left = OPERATIONS_MAX.max(history.len() * 2);
    // What happened in other sessions matters least: it is left out first, if that can be.
    let related: Vec<&Done> = history
        .iter()
        .filter(|done| done.sessions.is_empty() || !done.sessions.is_disjoint(sessions) || is_grant_of(done, sessions))
        .collect();
    let mut best: Option<Finding<'a>> = None;
    for kept in [related, history.iter().collect()] {
        if best.is_none() {
            best = attempt(database, &kept, &mut left)?;
        }
    }
    let Some(mut best) = best else { return Ok(None) };
    let mut size = best.operations.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < best.operations.len() && left > best.operations.len() {
            let without: Vec<&Done> = best
                .operations
                .iter()
                .enumerate()
                .filter(|(place, _)| !(start..start + size).contains(place))
                .map(|(_, done)| *done)
                .collect();
            match attempt(database, &without, &mut left)? {
                Some(found) => best = found,
                None => start += size,
            }
        }
        size /= 2;
    }
    Ok(Some(best))
}

fn is_grant_of(done: &Done, sessions: &BTreeSet<SessionId>) -> bool {
    sessions.contains(&SessionId(done.number))
}

/// Does operations again; answers them where they differ at the last, and not before.
fn attempt<'a>(
    database: &mut Database,
    operations: &[&'a Done],
    left: &mut usize,
) -> Result<Option<Finding<'a>>, Box<dyn Error>> {
    database.forget()?;
    let mut trial = Trial::new();
    let mut answers = Vec::new();
    for (place, done) in operations.iter().enumerate() {
        *left = left.saturating_sub(1);
        let step = trial.step(database, done.number, &done.operation)?;
        answers.push(step.answer);
        if !step.differences.is_empty() {
            let is_last = place + 1 == operations.len();
            let (operations, differences) = (operations.to_vec(), step.differences);
            return Ok(is_last.then_some(Finding { operations, answers, differences }));
        }
    }
    Ok(None)
}
