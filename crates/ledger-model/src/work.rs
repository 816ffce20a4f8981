//! The workers' side: claiming what waits, keeping a lease alive, putting back.
//!
//! Owns: who gets what, and for how long.

use crate::Ledger;
use crate::answer::{Answer, Outcome, Work};
use crate::generation::{Generation, State};
use crate::ledger::outcome_of;
use crate::names::{GenerationId, LeaseId};
use crate::operation::LeaseClaim;
use crate::time::{Moment, Span};
use crate::world::{Engine, LEASE, PATIENCE};

impl Ledger {
    /// Gives a worker what it may draw: in the order of the queue, never more of it at once than all workers together
    /// may, and one by one where every engine that is worth asking has a budget.
    pub(crate) fn claim(&mut self, engines: &[Engine], count_max: i32, running_max: i32) -> Answer {
        let now = self.now;
        let sight = self.engines.sight(engines, self.world.budgets, now);
        let mut unlimited = false;
        let mut first_at: Option<Moment> = None;
        for engine in engines {
            let budget = self.world.budget_of(engine.account);
            let passed_over = sight.passed_over.iter().find(|passed| passed.engine == engine.name);
            let back_at = passed_over.map_or(now, |passed| now + Span::SECOND * passed.retry_after);
            let at = self.engines.turn_at(budget, 1, now).max(back_at);
            unlimited |= budget.is_none() && passed_over.is_none();
            first_at = Some(first_at.map_or(at, |first| first.min(at)));
        }
        let mut room = 0;
        if first_at.is_some_and(|at| at <= now) {
            let drawn =
                |row: &Generation| row.respond_async && row.state.lease().is_some() && row.state.is_held_at(now);
            let running = self.open_of(drawn);
            room = count_max.min(running_max - i32::try_from(running.len()).unwrap_or(i32::MAX));
            room = if unlimited { room } else { room.min(1) };
        }
        let work: Vec<Work> = self
            .ready_to_claim()
            .into_iter()
            .take(usize::try_from(room).unwrap_or(0))
            .map(|generation| Work { generation, lease: self.claim_one(generation) })
            .collect();
        let wait_ms = if work.is_empty() { self.wait_ms(first_at) } else { None };
        Answer::Claimed { sight, work, wait_ms }
    }

    /// A claim is a lease of its own, so that an earlier worker cannot settle what a later one draws.
    fn claim_one(&mut self, id: GenerationId) -> LeaseId {
        let (lease, until) = (self.new_lease(), self.now + LEASE);
        self.books.write(id, |row| {
            let turn = match row.state {
                State::Queued { turn, .. } => Some(turn),
                _ => None,
            };
            row.state = State::Running { lease, until, turn };
            row.attempts += 1;
        });
        lease
    }

    /// When the first picture that waits can be begun; nothing where none waits.
    fn wait_ms(&self, first_at: Option<Moment>) -> Option<i64> {
        let queue = self.queue().into_iter();
        let waiting = queue.filter_map(|(_, row)| match row.state {
            State::Queued { not_before, until, .. } if until > self.now => Some(not_before),
            _ => None,
        });
        let next = waiting.min()?.max(self.now);
        Some((first_at.map_or(next, |at| at.max(next)) - self.now).milliseconds_up())
    }

    /// The pictures that run under a lease, as written down.
    pub(crate) fn under(&self, lease: LeaseClaim) -> Vec<GenerationId> {
        match lease {
            LeaseClaim::Given(lease) => self.open_of(|row| row.state.lease() == Some(lease)),
            LeaseClaim::Invented => Vec::new(),
        }
    }

    /// A lease that lives is renewed; one that has run out is not, even if nobody has noticed yet.
    pub(crate) fn renew(&mut self, lease: LeaseClaim) -> Answer {
        let now = self.now;
        let mut alive = self.under(lease);
        alive.retain(|id| self.books.generation(*id).state.is_held_at(now));
        let cancel_requested = alive.iter().any(|id| self.books.generation(*id).cancel_requested_at.is_some());
        for id in &alive {
            self.books.write(*id, |row| {
                if let State::Running { until, .. } = &mut row.state {
                    *until = now + LEASE;
                }
            });
        }
        Answer::Renewed { held: !alive.is_empty(), cancel_requested }
    }

    /// Puts what runs under a lease back into its round of the queue, or gives it up where it may not wait so long or is
    /// not wanted any more.
    pub(crate) fn requeue(&mut self, lease: LeaseClaim, delay_seconds: i32, failure: &'static str) -> Answer {
        let Some(first) = self.under(lease).first().copied() else { return Answer::Requeued(Outcome::Expired) };
        let row = self.books.generation(first).clone();
        self.sweep(row.contents.session);
        let rows = self.under(lease);
        if rows.is_empty() {
            return Answer::Requeued(Outcome::Expired);
        }
        let not_before = self.now + Span::SECOND * i64::from(delay_seconds.max(1));
        let until = row.created_at + PATIENCE;
        if row.cancel_requested_at.is_some() || not_before >= until {
            let code = if row.cancel_requested_at.is_some() { "cancelled" } else { failure };
            self.give_up(row.contents.session, &rows, code, row.customer);
            let of_request = self.books.request(row.customer, row.request).iter();
            return Answer::Requeued(outcome_of(of_request.map(|id| self.books.generation(*id))));
        }
        for id in rows {
            self.books.write(id, |row| {
                // What was not taken from the queue goes to its front.
                let turn = match row.state {
                    State::Running { turn: Some(turn), .. } => turn,
                    _ => 0,
                };
                row.state = State::Queued { turn, not_before, until, waits_for: Some(failure) };
            });
        }
        Answer::Requeued(Outcome::Queued)
    }
}
