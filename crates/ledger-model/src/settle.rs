//! The end of a request: credits are spent on what was made, and free again for the rest.
//!
//! Owns: rule 3 of credit, and that a settled picture stays as it is.

use crate::Ledger;
use crate::answer::{Answer, Settled};
use crate::generation::{Picture, State};
use crate::ledger::{RowRefused, failure_of, outcome_of};
use crate::names::{CustomerId, GenerationId, PictureName, SessionId};
use crate::operation::{LeaseClaim, Settle};

impl Ledger {
    /// Settles a request, or the part of it that runs under a lease: every picture that is stored is recorded and its
    /// credit spent, every other hold released. A picture whose hold ended with its lease is recorded as well, and costs
    /// nothing.
    pub(crate) fn settle(&mut self, asked: &Settle) -> Result<Answer, RowRefused> {
        let ids = self.books.request(asked.customer, asked.request).to_vec();
        let Some(first) = ids.first() else { return Ok(Answer::RequestNotFound) };
        let session = self.books.generation(*first).contents.session;
        self.sweep(session);

        let picture = Picture { generation_time_ms: asked.generation_time_ms };
        let mut spent = 0;
        let mut made = ids.clone();
        made.retain(|id| asked.made.contains(&self.name_of(*id)));
        for id in made {
            let state = self.books.generation(id).state;
            let presented = matches!(state, State::Expired { present: None });
            let completed = state.held_until().is_some() && self.is_part(id, asked.lease);
            if (presented || completed) && asked.misplaced {
                return Err(RowRefused);
            }
            if completed {
                self.settle_row(id, State::Completed { picture });
                spent += 1;
            } else if presented {
                self.books.write(id, |row| row.state = State::Expired { present: Some(picture) });
            }
        }
        if asked.made.iter().any(|name| self.exists(*name)) {
            let engine = self.world.engines[asked.engine];
            self.engines.has_drawn(engine.name);
        }
        let mut unmade = ids.clone();
        unmade.retain(|id| self.books.generation(*id).state.held_until().is_some() && self.is_part(*id, asked.lease));
        self.give_up(session, &unmade, asked.failure, asked.customer);
        self.books.write_session(session, |session| session.images_generated += spent);

        let rows = ids.iter().map(|id| self.books.generation(*id));
        let (outcome, failure) = (outcome_of(rows.clone()), failure_of(rows));
        let balance = self.balance(session);
        Ok(Answer::Settled(Settled { outcome, failure, generations: ids, balance }))
    }

    /// Releases holds for a reason; what an engine found in a prompt is counted as a refusal.
    pub(crate) fn give_up(&mut self, session: SessionId, ids: &[GenerationId], code: &'static str, of: CustomerId) {
        for id in ids {
            self.settle_row(*id, State::Failed { code });
        }
        if !ids.is_empty() {
            self.stop_clock_without_picture(session);
            if code == "prompt_refused" {
                self.count_refusal(of);
            }
        }
    }

    /// Whether a hold is of the part that is settled: all of the request, or what runs under the lease.
    fn is_part(&self, id: GenerationId, lease: Option<LeaseClaim>) -> bool {
        match lease {
            None => true,
            Some(LeaseClaim::Given(lease)) => self.books.generation(id).state.lease() == Some(lease),
            Some(LeaseClaim::Invented) => false,
        }
    }

    fn exists(&self, name: PictureName) -> bool {
        usize::try_from(name.batch_index)
            .is_ok_and(|place| place < self.books.request(name.customer, name.request).len())
    }

    /// A picture of the books as operations name it.
    #[must_use]
    pub fn name_of(&self, id: GenerationId) -> PictureName {
        let row = self.books.generation(id);
        PictureName { customer: row.customer, request: row.request, batch_index: row.batch_index }
    }
}
