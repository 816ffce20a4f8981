//! The customer's side, apart from asking for pictures: buying and starting hours, looking, taking back.
//!
//! Owns: what a customer is told of his own. Of anybody else's he is told that there is no such thing.

use crate::Ledger;
use crate::answer::{Answer, Outcome, Settled, Status, Waiting};
use crate::generation::{Generation, State};
use crate::ledger::{RowRefused, failure_of};
use crate::names::{CustomerId, RequestId, SessionId};
use crate::session::{HOURS, Session, Standing, StartedBy};
use crate::world::Engine;
use domain::plan::Plan;

impl Ledger {
    /// A session bought now, ready to be started.
    pub(crate) fn grant(&mut self, customer: CustomerId, plan: Option<Plan>, hours: u32) -> Result<Answer, RowRefused> {
        let Some(plan) = plan else { return Ok(Answer::Granted(None)) };
        if !HOURS.contains(&hours) {
            return Err(RowRefused);
        }
        let created_at = self.now;
        let session =
            Session { customer, plan, hours, created_at, clock: None, marked_ended: false, images_generated: 0 };
        Ok(Answer::Granted(Some(self.new_session(session))))
    }

    /// Starts the clock; one that a picture started runs on for the customer's sake, also if that picture never arrives.
    pub(crate) fn start(&mut self, customer: CustomerId, id: SessionId) -> Answer {
        if self.session_of(customer, id).is_none() {
            return Answer::SessionNotFound;
        }
        self.sweep(id);
        match self.view(id).standing {
            Standing::Ended => return Answer::SessionExpired(self.books.session(id).expires_at()),
            Standing::Ready => self.start_clock(id, StartedBy::Customer),
            Standing::Active => {}
        }
        self.books.write_session(id, |session| {
            if let Some(clock) = &mut session.clock {
                clock.started_by = StartedBy::Customer;
            }
        });
        Answer::Started(self.books.session(id).clock.map(|clock| clock.started_at), self.balance(id))
    }

    /// What is left, for the customer it belongs to.
    pub(crate) fn look(&self, customer: CustomerId, id: SessionId) -> Answer {
        Answer::Left(self.session_of(customer, id).map(|_| self.balance(id)))
    }

    /// Where a request stands, whatever is written down of leases that have run out.
    pub(crate) fn status(&self, customer: CustomerId, request: RequestId, engines: &[Engine]) -> Answer {
        let ids = self.books.request(customer, request);
        let rows = ids.iter().map(|id| self.books.generation(*id));
        let Some(session) = rows.clone().next().map(|row| row.contents.session) else {
            return Answer::RequestNotFound;
        };
        let runs = rows.clone().any(|row| row.state.lease().is_some() && row.state.is_held_at(self.now));
        let waits = rows.clone().any(|row| row.state.is_queued() && row.state.is_held_at(self.now));
        let completed = rows.clone().any(|row| row.state.is_completed());
        let failure = failure_of(rows.clone());
        let outcome = match (runs, waits, completed) {
            (true, _, _) | (false, true, true) => Outcome::Running,
            (false, true, false) => Outcome::Queued,
            (false, false, true) => Outcome::Completed,
            (false, false, false) if failure.is_some() => Outcome::Failed,
            (false, false, false) => Outcome::Expired,
        };
        let cancelled = rows.clone().any(|row| row.cancel_requested_at.is_some());
        let place = if outcome == Outcome::Queued { self.place(ids, engines) } else { None };
        let waiting = if waits && !runs { waiting(rows) } else { None };
        let settled = Settled { outcome, failure, generations: ids.to_vec(), balance: self.balance(session) };
        Answer::Status(Status { settled, cancelling: cancelled && (runs || waits), place, waiting })
    }

    /// Takes a request back: what waits is given up at once, of what runs the worker is told.
    pub(crate) fn cancel(&mut self, customer: CustomerId, request: RequestId) -> Answer {
        let ids = self.books.request(customer, request).to_vec();
        let Some(first) = ids.first() else { return Answer::RequestNotFound };
        let session = self.books.generation(*first).contents.session;
        self.sweep(session);
        let now = self.now;
        let mut waiting = ids.clone();
        waiting.retain(|id| self.books.generation(*id).state.is_queued());
        self.give_up(session, &waiting, "cancelled", customer);
        for id in ids {
            self.books.write(id, |row| {
                let told = matches!(row.state, State::Running { .. }) && row.cancel_requested_at.is_none();
                if told || waiting.contains(&id) {
                    row.cancel_requested_at = Some(now);
                }
            });
        }
        self.status(customer, request, &[])
    }
}

/// What rows of a request were put back for, and when the first of them is tried again.
fn waiting<'a>(rows: impl Iterator<Item = &'a Generation>) -> Option<Waiting> {
    let put_back: Vec<_> = rows
        .filter_map(|row| match row.state {
            State::Queued { waits_for, not_before, .. } => waits_for.map(|code| (code, not_before)),
            _ => None,
        })
        .collect();
    let code = put_back.iter().map(|(code, _)| *code).min()?;
    let not_before = put_back.iter().map(|(_, not_before)| *not_before).min()?;
    Some(Waiting { code, not_before })
}
