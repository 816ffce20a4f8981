//! What is known of the engines: who failed lately, and who has a turn left.
//!
//! Owns: standings and turns, as far as an answer of the ledger depends on them. Must not: know of pictures.

use crate::answer::{PassedOver, Sight};
use crate::time::{Moment, Span};
use crate::world::{Budget, Engine};
use std::collections::BTreeMap;

/// Failures in a row that pass an engine over for [`PAUSE`], each within [`ROW`] of the one before.
const FAILURES_MAX: u32 = 5;
const ROW: Span = Span::MINUTE;
const PAUSE: Span = Span(15 * Span::SECOND.0);
/// Nobody is passed over for longer.
const PASSED_OVER_SECONDS_MAX: i32 = 86_400;

/// How an engine, or an account, did lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What a customer is told.
    pub failure: &'static str,
    /// Failures in a row.
    pub failures: u32,
    /// When the last was.
    pub failed_at: Moment,
    /// Until when nobody should ask.
    pub passed_over_until: Option<Moment>,
}

/// Standings by engine or account, and turns by account.
#[derive(Clone, Debug, Default)]
pub struct Engines {
    standings: BTreeMap<&'static str, Standing>,
    turns: BTreeMap<&'static str, Vec<Moment>>,
}

impl Engines {
    /// How an engine or an account did.
    #[must_use]
    pub fn standing(&self, name: &str) -> Option<Standing> {
        self.standings.get(name).copied()
    }

    /// The standing that keeps an engine from being asked: its own or its account's, whichever lasts longer.
    #[must_use]
    pub fn passed_over(&self, engine: Engine, now: Moment) -> Option<(Standing, Moment)> {
        [engine.name, engine.account]
            .into_iter()
            .filter_map(|name| self.standing(name))
            .filter_map(|standing| Some((standing, standing.passed_over_until?)))
            .filter(|(_, until)| *until > now)
            .max_by_key(|(_, until)| *until)
    }

    /// What is known of these engines; of accounts only which of those named have a budget.
    #[must_use]
    pub fn sight(&self, asked: &[Engine], budgets: &[Budget], now: Moment) -> Sight {
        let passed_over = asked.iter().filter_map(|engine| {
            let (standing, until) = self.passed_over(*engine, now)?;
            let retry_after = (until - now).seconds_up();
            Some(PassedOver { engine: engine.name, failure: standing.failure, retry_after })
        });
        let named = |budget: &&Budget| asked.iter().any(|engine| engine.account == budget.account);
        let mut budgeted: Vec<_> = budgets.iter().filter(named).map(|budget| budget.account).collect();
        budgeted.sort_unstable();
        Sight { passed_over: passed_over.collect(), budgeted }
    }

    /// The moment of an account's n-th turn from now, if nobody else took one: 1 is the next. At once where it has no
    /// budget.
    #[must_use]
    pub fn turn_at(&self, budget: Option<Budget>, nth: u32, now: Moment) -> Moment {
        let Some(budget) = budget else { return now };
        // Newest first. What is an hour old is forgotten.
        let taken = self.turns.get(budget.account).into_iter().flatten().rev().copied();
        let turns: Vec<Moment> = taken.take_while(|taken_at| *taken_at + Span::HOUR > now).collect();
        let ahead = i64::from(nth) - 1;
        let after_gaps = match turns.first() {
            Some(newest) => (*newest + budget.gap * i64::from(nth)).max(now + budget.gap * ahead),
            None => now + budget.gap * ahead,
        };
        let Some(per_hour) = budget.turns_per_hour else { return after_gaps };
        // The turn that must be an hour old before there is room for one more; beyond a full hour's turns the hour's
        // pattern repeats itself.
        let (rounds, place) = ((nth - 1) / per_hour, (nth - 1) % per_hour);
        let blocking = usize::try_from(per_hour - 1 - place).ok().and_then(|older| turns.get(older));
        let room_at = blocking.map_or(now, |taken_at| *taken_at + Span::HOUR);
        after_gaps.max(room_at + Span::HOUR * i64::from(rounds))
    }

    /// Takes a turn of an account's budget; `ahead` pictures of the queue come first.
    ///
    /// # Errors
    /// When there is one, where there is none now.
    pub fn take_turn(&mut self, budget: Budget, ahead: u32, now: Moment) -> Result<(), Moment> {
        let turn_at = self.turn_at(Some(budget), ahead + 1, now);
        if turn_at > now {
            return Err(turn_at);
        }
        self.turns.entry(budget.account).or_default().push(now);
        Ok(())
    }

    /// Remembers that an engine, or an account, did not draw: with seconds it is passed over for so long, without the
    /// failure counts.
    pub fn report(&mut self, engine: &'static str, failure: &'static str, seconds: Option<i32>, now: Moment) {
        let until = seconds.map(|seconds| now + Span::SECOND * i64::from(seconds.clamp(0, PASSED_OVER_SECONDS_MAX)));
        let before = self.standing(engine);
        let in_a_row =
            before.filter(|standing| standing.failed_at >= now - ROW).map_or(0, |standing| standing.failures);
        let failures = in_a_row + 1;
        let pause = (until.is_none() && failures >= FAILURES_MAX).then_some(now + PAUSE);
        let passed_over_until = before.and_then(|standing| standing.passed_over_until).max(until).max(pause);
        self.standings.insert(engine, Standing { failure, failures, failed_at: now, passed_over_until });
    }

    /// An engine that draws is in good standing again.
    pub fn has_drawn(&mut self, engine: &str) {
        if let Some(standing) = self.standings.get_mut(engine).filter(|standing| standing.failures > 0) {
            standing.failures = 0;
            standing.passed_over_until = None;
        }
    }

    /// The moments at which something changes for an engine: for whoever wants to be there just then.
    pub fn turning_points(&self) -> impl Iterator<Item = Moment> {
        let standings = self.standings.values().filter_map(|standing| standing.passed_over_until);
        let oldest = self.turns.values().filter_map(|turns| turns.iter().rev().take(4).next_back());
        standings.chain(oldest.map(|taken_at| *taken_at + Span::HOUR))
    }
}
