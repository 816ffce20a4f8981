//! The model test of the ledger: random operations, done by the model and by the SQL functions side by side, and compared
//! after each. `SUPABASE_DB_URL=… cargo run --package ledger-model`, on a database that is thrown away afterwards.
//!
//! `LEDGER_MODEL_OPERATIONS` sets how many (100,000), `LEDGER_MODEL_SEED` which; a seed shows the same again. Where the
//! two differ, what led there is printed, and then as few operations as were found to lead there too.
//!
//! Owns: the run and its report. What may happen at all is `choose`'s, what is right the model's.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that runs on a developer's machine, and says there what it has found"
)]

mod chance;
mod choose;
mod database;
mod expect;
mod shrink;
mod stage;
mod tally;
mod trial;
mod wire;

use ledger_model::answer::Answer;
use ledger_model::names::OperationNumber;
use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::process::ExitCode;
use std::time::Instant;

use crate::choose::Chooser;
use crate::database::Database;
use crate::shrink::{Done, shrink};
use crate::tally::Tally;
use crate::trial::Trial;

const OPERATIONS: u32 = 100_000;
/// So many operations of a session are printed where something is wrong with it.
const TOLD: usize = 30;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let operations = number_of("LEDGER_MODEL_OPERATIONS")?.unwrap_or(u64::from(OPERATIONS)).try_into()?;
    let seed = number_of("LEDGER_MODEL_SEED")?.unwrap_or_else(|| RandomState::new().hash_one("seed"));
    let url = env::var("SUPABASE_DB_URL").map_err(|_| "SUPABASE_DB_URL does not say which database to test")?;
    let mut database = Database::open(&url, &stage::world())?;
    println!("{operations} operations, LEDGER_MODEL_SEED={seed}");

    let started = Instant::now();
    let (mut trial, mut chooser, mut tally) = (Trial::new(), Chooser::new(seed), Tally::default());
    let mut history: Vec<Done> = Vec::new();
    for number in (0..operations).map(OperationNumber) {
        let operation = chooser.next(&trial.ledger);
        let mut step = trial.step(&mut database, number, &operation)?;
        if number.0 + 1 == operations && step.differences.is_empty() {
            trial.compare_whole(&mut database, &mut step.differences)?;
        }
        chooser.remember(&trial.ledger, &operation, &step.answer, &step.changes);
        tally.count(&operation, &step.answer);
        history.push(Done { number, operation, answer: step.answer, sessions: step.sessions });
        if !step.differences.is_empty() {
            report(&mut database, seed, &history, &step.differences)?;
            return Ok(ExitCode::FAILURE);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{tally}");
    println!(
        "the model and the database agree, and I6 to I12 held after each of {operations} operations, in {seconds:.1} s ({:.0} a second)",
        f64::from(operations) / seconds
    );
    let missing = tally.missing(operations);
    if missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("but the run says little of what it hardly reached: {}", missing.join("; "));
    Ok(ExitCode::FAILURE)
}

fn number_of(variable: &str) -> Result<Option<u64>, Box<dyn Error>> {
    let text = env::var(variable).ok().filter(|text| !text.is_empty());
    let number = text.map(|text| text.parse().map_err(|_| format!("{variable} is no number: {text}")));
    Ok(number.transpose()?)
}

/// Says what is wrong, what led there, and what few operations lead there as well.
fn report(database: &mut Database, seed: u64, history: &[Done], differences: &[String]) -> Result<(), Box<dyn Error>> {
    let Some(last) = history.last() else { return Ok(()) };
    println!("\nFAILED at operation {} of LEDGER_MODEL_SEED={seed}: {:?}", last.number.0, last.operation);
    tell(differences);
    let concerned: Vec<&Done> = history
        .iter()
        .filter(|done| !done.sessions.is_disjoint(&last.sessions) || done.number == last.number)
        .collect();
    let told = &concerned[concerned.len().saturating_sub(TOLD)..];
    println!("\nThe last {} operations on what it touched, {:?}:", told.len(), last.sessions);
    told.iter().for_each(|done| list(done, &done.answer));

    println!("\nLooking for fewer operations that show it…");
    match shrink(database, history, &last.sessions)? {
        None => println!("Doing all of them again shows nothing: the database does not answer the same twice."),
        Some(fewest) => {
            println!("These {} of {} operations lead to:", fewest.operations.len(), history.len());
            tell(&fewest.differences);
            fewest.operations.iter().zip(&fewest.answers).for_each(|(done, answer)| list(done, answer));
        }
    }
    Ok(())
}

fn tell(differences: &[String]) {
    let distinct: BTreeSet<&String> = differences.iter().collect();
    distinct.iter().for_each(|difference| println!("  {difference}"));
}

fn list(done: &Done, answer: &Answer) {
    println!("  {:>6} {:?}\n         => {answer:?}", done.number.0, done.operation);
}
