//! The model alone, under the operations that the database would be asked: what always holds must hold in it as well.

use ledger_model::Ledger;
use ledger_model::generation::{Generation, State};
use ledger_model::names::OperationNumber;
use ledger_model::session::Standing;
use std::collections::BTreeMap;

use super::Chooser;
use crate::stage;

const OPERATIONS: u32 = 20_000;

/// Runs a seed and shows the ledger after each operation.
fn run(seed: u64, mut look: impl FnMut(&Ledger, &ledger_model::books::Changes)) {
    let (mut ledger, mut chooser) = (Ledger::new(stage::world(), stage::BEGINNING), Chooser::new(seed));
    for number in (0..OPERATIONS).map(OperationNumber) {
        let operation = chooser.next(&ledger);
        let (answer, changes) = ledger.apply(number, &operation);
        chooser.remember(&ledger, &operation, &answer, &changes);
        look(&ledger, &changes);
    }
}

#[test]
fn i6_i7_i12_a_settled_picture_stays_and_no_hold_ends_early_or_is_charged_late() {
    let mut books: BTreeMap<usize, Generation> = BTreeMap::new();
    run(6, |ledger, changes| {
        for id in &changes.generations {
            let now = ledger.books.generation(*id).clone();
            let was = books.insert(id.0, now.clone());
            match was.map(|row| (row.state, row.state.held_until())) {
                None => assert!(now.state.held_until().is_some(), "a picture begins as a hold: {now:?}"),
                Some((State::Expired { present: None }, _)) => {
                    assert!(
                        matches!(now.state, State::Expired { present: Some(_) }),
                        "only a present changes it: {now:?}"
                    );
                }
                Some((before, None)) => panic!("{before:?} was settled and is {now:?}"),
                Some((_, Some(until))) => match now.state {
                    State::Expired { .. } => assert!(until <= ledger.now, "ended early: {now:?}"),
                    State::Completed { .. } => assert!(until > ledger.now, "charged late: {now:?}"),
                    State::Queued { .. } | State::Running { .. } | State::Failed { .. } => {
                        assert!(until > ledger.now, "brought back: {now:?}");
                    }
                },
            }
        }
    });
}

#[test]
fn i8_i9_i10_no_hour_holds_more_than_the_plan_gives_and_the_counter_counts_what_is_there() {
    run(9, |ledger, changes| {
        for id in &changes.sessions {
            let session = ledger.books.session(*id);
            let mut used: BTreeMap<i64, u32> = BTreeMap::new();
            let mut made = 0;
            for row in ledger.books.of_session(*id) {
                let is_used = row.state.is_completed() || row.state.held_until().is_some();
                *used.entry(row.hour_index).or_default() += u32::from(is_used);
                made += u32::from(row.state.is_completed());
            }
            let credits = session.plan.image_credits_per_hour().0;
            assert!(used.values().all(|used| *used <= credits), "{used:?} of {credits}");
            assert_eq!(session.images_generated, made);
            let balance = ledger.balance(*id);
            assert!(balance.credits_remaining + balance.credits_held <= credits, "{balance:?}");
            let outside = ledger.books.of_session(*id).any(|row| row.hour_index >= i64::from(session.hours));
            assert!(!outside, "a credit of an hour that was not bought");
            assert!(balance.view.standing != Standing::Active || balance.view.expires_at > Some(ledger.now));
        }
    });
}

#[test]
fn a_seed_chooses_the_same_operations_again() {
    let record = || {
        let mut seen = Vec::new();
        run(11, |ledger, changes| seen.push((ledger.now, changes.clone())));
        seen
    };
    assert!(record() == record());
}
