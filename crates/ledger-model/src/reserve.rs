//! Taking the hold on the credits of a request.
//!
//! Owns: the order in which a request is checked, which decides what its customer is told, and rules 4 and 6 of credit.

use crate::Ledger;
use crate::answer::{Answer, Settled};
use crate::generation::{Contents, Generation, Prompt, State};
use crate::ledger::{ASK_AGAIN_AFTER, RowRefused, failure_of, outcome_of};
use crate::names::{CustomerId, GenerationId, SessionId};
use crate::operation::Reserve;
use crate::session::{Standing, StartedBy};
use crate::time::Span;
use crate::world::{Engine, LEASE, PATIENCE};

/// The largest seed.
const SEED_MAX: i64 = u32::MAX as i64;
/// What an engine that only its owner can mend is passed over for: nothing waits for it.
pub(crate) const MISCONFIGURED: &str = "engine_misconfigured";

impl Ledger {
    pub(crate) fn reserve(&mut self, asked: &Reserve) -> Result<Answer, RowRefused> {
        let contents = &asked.contents;
        let engines = self.engines_of(&asked.engines);
        if let Some(field) = wrong_shape(contents) {
            return Ok(Answer::Invalid(field));
        }
        if let Err(retry_after) = self.take_allowance(asked.customer) {
            return Ok(Answer::RateLimited { retry_after, balance: None });
        }
        if self.session_of(asked.customer, contents.session).is_none() {
            return Ok(Answer::SessionNotFound);
        }
        self.sweep(contents.session);
        if let Some(answer) = self.earlier_answer(asked, &engines) {
            return Ok(answer);
        }
        if let Some(answer) = self.refusal(asked, &engines) {
            return Ok(answer);
        }
        self.hold(asked, &engines)
    }

    /// The generic cell rate algorithm: one request uses up one step of the allowance, which refills with time.
    fn take_allowance(&mut self, customer: CustomerId) -> Result<(), i64> {
        let allowance = self.world.allowance;
        let step = Span(Span::MINUTE.0 / i64::from(allowance.per_minute));
        let full_at = self.allowances.get(&customer).map_or(self.now, |full_at| *full_at.max(&self.now)) + step;
        let latest = self.now + step * i64::from(allowance.burst);
        if full_at > latest {
            return Err((full_at - latest).seconds_up().max(1));
        }
        self.allowances.insert(customer, full_at);
        Ok(())
    }

    /// Rule 6: the same id is the same request. Nothing for an id that is new.
    fn earlier_answer(&self, asked: &Reserve, engines: &[Engine]) -> Option<Answer> {
        let ids = self.books.request(asked.customer, asked.request);
        let rows = ids.iter().map(|id| self.books.generation(*id));
        let first = rows.clone().next()?;
        if first.contents != asked.contents {
            return Some(Answer::RequestIdReused);
        }
        if asked.respond_async && rows.clone().all(|row| row.state.is_queued()) {
            return self.queued_answer(ids, asked, engines);
        }
        if let Some(until) = rows.clone().filter_map(|row| row.state.held_until()).min() {
            let retry_after = ASK_AGAIN_AFTER.min(until - self.now).seconds_up();
            return Some(Answer::InProgress { retry_after });
        }
        Some(Answer::Settled(Settled {
            outcome: outcome_of(rows.clone()),
            failure: failure_of(rows),
            generations: ids.to_vec(),
            balance: self.balance(asked.contents.session),
        }))
    }

    fn queued_answer(&self, ids: &[GenerationId], asked: &Reserve, engines: &[Engine]) -> Option<Answer> {
        let place = self.place(ids, engines)?;
        Some(Answer::Queued(place, self.balance(asked.contents.session)))
    }

    /// Why a new request is not served, in the order in which that is checked.
    fn refusal(&mut self, asked: &Reserve, engines: &[Engine]) -> Option<Answer> {
        let Contents { session, conversation, prompt, batch_count, .. } = asked.contents;
        if conversation.is_some_and(|id| self.world.owner_of(id) != Some(asked.customer)) {
            return Some(Answer::Invalid("conversationId"));
        }
        if self.view(session).standing == Standing::Ended {
            let expires_at = self.books.session(session).expires_at();
            self.mark_ended(session);
            return Some(Answer::SessionExpired(expires_at));
        }
        let balance = self.balance(session);
        if balance.plan.image_credits_per_hour().0 < batch_count {
            return Some(Answer::NotInPlan(balance));
        }
        if balance.credits_remaining < batch_count {
            let retry_after = balance.view.resets_at.map(|resets_at| (resets_at - self.now).seconds_up());
            return Some(Answer::CreditsExhausted { retry_after, balance });
        }
        if prompt == Prompt::Refused {
            self.count_refusal(asked.customer);
            return Some(Answer::PromptRefused(balance));
        }
        let sight = self.engines.sight(engines, self.world.budgets, self.now);
        let none_is_left = !engines.is_empty() && sight.passed_over.len() == engines.len();
        let one_comes_back = sight.passed_over.iter().any(|engine| engine.failure != MISCONFIGURED);
        if none_is_left && !(asked.respond_async && one_comes_back) {
            return Some(Answer::EnginesPassedOver(sight, balance));
        }
        if asked.respond_async {
            let place = self.place_in_turn(self.next_turn(asked.customer));
            let retry_after = (self.estimate(place, engines) - self.now).seconds_up();
            if Span::SECOND * retry_after > PATIENCE {
                return Some(Answer::RateLimited { retry_after, balance: Some(balance) });
            }
        }
        None
    }

    /// Writes down that a session is over; but not while a first picture that is still under way may stop its clock.
    fn mark_ended(&mut self, id: SessionId) {
        let paid = self.books.of_session(id).any(|row| row.state.is_completed());
        self.books.write_session(id, |session| {
            let may_stop = session.clock.is_some_and(|clock| clock.started_by == StartedBy::Picture) && !paid;
            session.marked_ended |= !may_stop;
        });
    }

    pub(crate) fn count_refusal(&mut self, customer: CustomerId) {
        *self.refusals.entry(customer).or_insert(0) += 1;
    }

    /// Rule 4: the credits are held, of this hour.
    fn hold(&mut self, asked: &Reserve, engines: &[Engine]) -> Result<Answer, RowRefused> {
        if asked.contents.prompt == Prompt::Unprintable {
            return Err(RowRefused);
        }
        let id = asked.contents.session;
        let first_turn = self.next_turn(asked.customer);
        let lease = self.new_lease();
        if self.books.session(id).clock.is_none() {
            self.start_clock(id, StartedBy::Picture);
        }
        let hour_index = self.books.session(id).hour_at(self.now);
        let now = self.now;
        let mut generations = Vec::new();
        for batch_index in 0..asked.contents.batch_count {
            let state = if asked.respond_async {
                let turn = first_turn + i64::from(batch_index);
                State::Queued { turn, not_before: now, until: now + PATIENCE, waits_for: None }
            } else {
                State::Running { lease, until: now + LEASE, turn: None }
            };
            generations.push(self.books.add_generation(Generation {
                customer: asked.customer,
                request: asked.request,
                contents: asked.contents.clone(),
                batch_index,
                hour_index,
                created_at: now,
                respond_async: asked.respond_async,
                attempts: u32::from(!asked.respond_async),
                cancel_requested_at: None,
                settled_at: None,
                state,
            }));
        }
        if let (true, Some(answer)) = (asked.respond_async, self.queued_answer(&generations, asked, engines)) {
            return Ok(answer);
        }
        let sight = self.engines.sight(engines, self.world.budgets, now);
        Ok(Answer::Reserved { lease, sight, generations, balance: self.balance(id) })
    }
}

fn wrong_shape(contents: &Contents) -> Option<&'static str> {
    if !(1..=4).contains(&contents.batch_count) {
        return Some("batchCount");
    }
    contents.seed.filter(|seed| !(0..=SEED_MAX).contains(seed)).map(|_| "seed")
}
