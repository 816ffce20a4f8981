//! The model and the database side by side.
//!
//! Owns: doing one operation in both, and everything that is compared afterwards. Must not: choose operations.

use ledger_model::Ledger;
use ledger_model::answer::Answer;
use ledger_model::books::Changes;
use ledger_model::names::{OperationNumber, SessionId};
use ledger_model::operation::Operation;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::error::Error;

use crate::database::{Database, Reply};
use crate::expect;
use crate::stage;
use crate::wire::{Names, Row};

/// Every so many operations the whole of the books is compared, and not only what was touched.
const WHOLE_EVERY: u32 = 10_000;

/// What an operation came to.
pub struct Step {
    /// The model's answer.
    pub answer: Answer,
    /// What it wrote.
    pub changes: Changes,
    /// The sessions that it named or wrote.
    pub sessions: BTreeSet<SessionId>,
    /// What the two do not agree on, or what does not hold; nothing where all is well.
    pub differences: Vec<String>,
}

/// A model and what the database calls its things.
pub struct Trial {
    pub ledger: Ledger,
    names: Names,
    steps: u32,
}

impl Trial {
    pub fn new() -> Self {
        Self { ledger: Ledger::new(stage::world(), stage::BEGINNING), names: Names::default(), steps: 0 }
    }

    /// Does an operation in both.
    pub fn step(
        &mut self,
        database: &mut Database,
        number: OperationNumber,
        operation: &Operation,
    ) -> Result<Step, Box<dyn Error>> {
        let (name, arg) = expect::asked(&self.ledger, &self.names, operation);
        let moment = match operation {
            Operation::Clock(moment) => self.ledger.now.max(*moment),
            _ => self.ledger.now,
        };
        let reply = database.step(&moment.to_string(), name, &arg)?;
        let (answer, changes) = self.ledger.apply(number, operation);
        let mut sessions = self.sessions_of(operation);
        let mut differences = Vec::new();
        match (&answer, reply) {
            (Answer::Rejected(code), Reply::Rejected(said, _)) if *code == said => {}
            (_, Reply::Rejected(code, words)) => {
                differences.push(format!("expected {answer:?}, but the database refused it: {code} {words}"));
            }
            (_, Reply::Done { answer: said, written, wrong }) => {
                differences.extend(wrong);
                let touched = self.compare_rows(&changes, &written, &mut differences);
                sessions.extend(touched);
                let expected = expect::answer(&self.ledger, &self.names, operation, &answer);
                if let Answer::Rejected(code) = answer {
                    differences.push(format!("expected {code}, but the database did it and answered {said}"));
                } else {
                    differ("answer", &expected, &said, &mut differences);
                }
            }
        }
        self.steps += 1;
        if self.steps.is_multiple_of(WHOLE_EVERY) {
            self.compare_whole(database, &mut differences)?;
        }
        Ok(Step { answer, changes, sessions, differences })
    }

    /// Compares the whole of the books, as far as sums can tell, and asks the database what does not hold anywhere.
    pub fn compare_whole(&self, database: &mut Database, differences: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
        differences.extend(database.wrong_anywhere()?);
        let mut pictures = json!({});
        let mut presents = 0;
        for (_, row) in self.ledger.books.generations() {
            let word = row.state.word();
            pictures[word] = (pictures[word].as_u64().unwrap_or(0) + 1).into();
            presents += u32::from(!row.state.is_completed() && row.state.picture().is_some());
        }
        let refusals: u32 = self.ledger.refusals.values().sum();
        let expected = json!({ "pictures": pictures, "presents": presents, "refusals": refusals });
        differ("all", &expected, &database.sums()?, differences);
        Ok(())
    }

    /// The sessions that an operation names, itself or through a request.
    fn sessions_of(&self, operation: &Operation) -> BTreeSet<SessionId> {
        let books = &self.ledger.books;
        let of = |customer, request| {
            books.request(customer, request).first().map(|id| books.generation(*id).contents.session)
        };
        let named = match operation {
            Operation::Start(_, session) | Operation::Balance(_, session) => Some(*session),
            Operation::Reserve(reserve) => Some(reserve.contents.session),
            Operation::Status(customer, request, _) | Operation::Cancel(customer, request) => of(*customer, *request),
            Operation::Complete(settle) | Operation::Fail(settle) => of(settle.customer, settle.request),
            _ => None,
        };
        named.into_iter().collect()
    }

    /// Compares every row that was written with the model's, and sees that none is missing; answers whose they are.
    fn compare_rows(&mut self, changes: &Changes, written: &[Value], differences: &mut Vec<String>) -> Vec<SessionId> {
        let mut last = std::collections::BTreeMap::new();
        for note in written {
            let table = note["table"].as_str().unwrap_or_default();
            match self.names.learn(&self.ledger, changes, table, &note["new"]) {
                Some(row) => drop(last.insert(row, &note["new"])),
                None => differences.push(format!("wrote a row that the model does not have: {}", note["new"])),
            }
        }
        for (row, actual) in &last {
            let expected = match row {
                Row::Session(id) => self.names.session_row(*id, self.ledger.books.session(*id)),
                Row::Generation(id) => self.names.generation_row(&self.ledger, *id),
            };
            // Columns that the model does not have are not compared.
            let columns = expected.as_object().into_iter().flatten();
            for (column, value) in columns.filter(|(column, value)| *value != &actual[*column]) {
                differ(&format!("{row:?} {column}"), value, &actual[column], differences);
            }
        }
        let sessions = changes.sessions.iter().map(|id| Row::Session(*id));
        let missing = sessions.chain(changes.generations.iter().map(|id| Row::Generation(*id)));
        for row in missing.filter(|row| !last.contains_key(row)) {
            differences.push(format!(
                "did not write {row:?}, which should be {}",
                match row {
                    Row::Session(id) => format!("{:?}", self.ledger.books.session(id)),
                    Row::Generation(id) => format!("{:?}", self.ledger.books.generation(id)),
                }
            ));
        }
        let touched = last.into_keys().map(|row| match row {
            Row::Session(id) => id,
            Row::Generation(id) => self.ledger.books.generation(id).contents.session,
        });
        touched.collect()
    }
}

/// Notes where two values differ, down to the field.
fn differ(place: &str, expected: &Value, actual: &Value, differences: &mut Vec<String>) {
    if expected == actual {
        return;
    }
    match (expected, actual) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                match (left.get(key), right.get(key)) {
                    (Some(left), Some(right)) => differ(&format!("{place}.{key}"), left, right, differences),
                    (left, right) => differences.push(format!("{place}.{key}: expected {left:?}, is {right:?}")),
                }
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (nth, (left, right)) in left.iter().zip(right).enumerate() {
                differ(&format!("{place}[{nth}]"), left, right, differences);
            }
        }
        (left, right) => differences.push(format!("{place}: expected {left}, is {right}")),
    }
}

#[cfg(test)]
mod tests {
    use super::differ;
    use serde_json::json;

    #[test]
    fn a_difference_is_told_down_to_the_field() {
        let mut differences = Vec::new();
        let (expected, actual) = (json!({"a": [1, {"b": 2}], "c": 3}), json!({"a": [1, {"b": 4}], "d": 3}));
        differ("answer", &expected, &actual, &mut differences);
        assert_eq!(
            differences,
            [
                "answer.a[1].b: expected 2, is 4",
                "answer.c: expected Some(Number(3)), is None",
                "answer.d: expected None, is Some(Number(3))"
            ]
        );
    }
}
