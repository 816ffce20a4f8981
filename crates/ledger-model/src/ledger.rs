//! The ledger: what every operation has in common.
//!
//! Owns: [`Ledger::apply`], and the rules that several operations follow: when a hold ends, when a clock stops, what is
//! left. Each function reads time once, and whatever it repairs on the way it keeps, also where it then refuses.

use crate::answer::{Answer, Outcome};
use crate::books::{Books, Changes};
use crate::engines::Engines;
use crate::generation::{Generation, Prompt, State};
use crate::names::{CustomerId, GenerationId, LeaseId, OperationNumber, SessionId};
use crate::operation::Operation;
use crate::session::{Balance, Clock, Session, Standing, StartedBy, View};
use crate::time::{Moment, Span};
use crate::world::{Engine, World};
use std::collections::{BTreeMap, BTreeSet};

/// SQLSTATE of a row that a table does not take.
const CHECK_VIOLATION: &str = "23514";

/// A row that a table does not take: then nothing of the whole statement happens.
pub(crate) struct RowRefused;

/// The ledger.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// What it was told.
    pub world: World,
    /// What time it is.
    pub now: Moment,
    /// What is written down.
    pub books: Books,
    /// What is known of the engines.
    pub engines: Engines,
    /// When each customer's allowance is whole again.
    pub(crate) allowances: BTreeMap<CustomerId, Moment>,
    /// How often each customer's prompts were refused.
    pub refusals: BTreeMap<CustomerId, u32>,
    number: OperationNumber,
    leases_given: u32,
}

impl Ledger {
    /// A ledger in which nothing has happened yet.
    #[must_use]
    pub fn new(world: World, now: Moment) -> Self {
        Self {
            world,
            now,
            books: Books::default(),
            engines: Engines::default(),
            allowances: BTreeMap::new(),
            refusals: BTreeMap::new(),
            number: OperationNumber(0),
            leases_given: 0,
        }
    }

    /// Does the operation of that number, and answers with what it wrote.
    pub fn apply(&mut self, number: OperationNumber, operation: &Operation) -> (Answer, Changes) {
        // Only what may be refused by a table can be undone as a whole, and little of that is ever asked.
        let before = may_be_rejected(operation).then(|| self.clone());
        self.number = number;
        self.leases_given = 0;
        let answer = match self.answer(operation) {
            Ok(answer) => answer,
            Err(RowRefused) => {
                if let Some(before) = before {
                    *self = before;
                }
                Answer::Rejected(CHECK_VIOLATION)
            }
        };
        (answer, self.books.take_changes())
    }

    fn answer(&mut self, operation: &Operation) -> Result<Answer, RowRefused> {
        Ok(match operation {
            Operation::Clock(moment) => {
                self.now = self.now.max(*moment);
                Answer::Nothing
            }
            Operation::Grant { customer, plan, hours } => self.grant(*customer, *plan, *hours)?,
            Operation::Start(customer, session) => self.start(*customer, *session),
            Operation::Balance(customer, session) => self.look(*customer, *session),
            Operation::Reserve(reserve) => self.reserve(reserve)?,
            Operation::Status(customer, request, engines) => {
                let engines = self.engines_of(engines);
                self.status(*customer, *request, &engines)
            }
            Operation::Cancel(customer, request) => self.cancel(*customer, *request),
            Operation::Claim { engines, count_max, running_max } => {
                let engines = self.engines_of(engines);
                self.claim(&engines, *count_max, *running_max)
            }
            Operation::Renew(lease) => self.renew(*lease),
            Operation::Requeue { lease, delay_seconds, failure } => self.requeue(*lease, *delay_seconds, failure),
            Operation::Complete(settle) | Operation::Fail(settle) => self.settle(settle)?,
            Operation::Expire(holds_max) => self.expire(*holds_max),
            Operation::Tick => self.expire(Some(100)),
            Operation::TakeTurn { account, for_queue } => self.take_turn(account, *for_queue),
            Operation::Report { engine, failure, pass_over_seconds } => {
                self.engines.report(engine, failure, *pass_over_seconds, self.now);
                Answer::Nothing
            }
        })
    }

    pub(crate) fn engines_of(&self, places: &[usize]) -> Vec<Engine> {
        places.iter().map(|place| self.world.engines[*place]).collect()
    }

    pub(crate) fn new_lease(&mut self) -> LeaseId {
        let lease = LeaseId(self.number, self.leases_given);
        self.leases_given += 1;
        lease
    }

    pub(crate) fn new_session(&mut self, session: Session) -> SessionId {
        let id = SessionId(self.number);
        self.books.add_session(id, session);
        id
    }

    /// A session of the caller; nothing for anybody else's.
    pub(crate) fn session_of(&self, customer: CustomerId, id: SessionId) -> Option<&Session> {
        self.books.find_session(id).filter(|session| session.customer == customer)
    }

    /// A session as it stands now: a picture that is there, or whose hold lives, keeps its clock running.
    #[must_use]
    pub fn view(&self, id: SessionId) -> View {
        let mut rows = self.books.of_session(id);
        let kept = rows.any(|row| row.state.is_completed() || row.state.is_held_at(self.now));
        self.books.session(id).at(self.now, kept)
    }

    /// Rules 5 and 7: used are the credits of pictures that are there or held, and a hold whose lease has run out holds
    /// nothing, also where nobody has written that down yet.
    #[must_use]
    pub fn balance(&self, id: SessionId) -> Balance {
        let view = self.view(id);
        let plan = self.books.session(id).plan;
        let of_hour = self.books.of_session(id).filter(|row| row.hour_index == view.hour_index);
        let (mut spent, mut held) = (0, 0);
        for row in of_hour {
            spent += u32::from(row.state.is_completed());
            held += u32::from(row.state.is_held_at(self.now));
        }
        let over = view.standing == Standing::Ended;
        let left = plan.image_credits_per_hour().0.saturating_sub(spent + held);
        Balance { plan, view, credits_remaining: if over { 0 } else { left }, credits_held: held }
    }

    /// Ends the holds of a session whose lease has run out, and says how many.
    pub(crate) fn sweep(&mut self, id: SessionId) -> u32 {
        let now = self.now;
        let lapsed = self.open_of(|row| row.contents.session == id && !row.state.is_held_at(now));
        for row in &lapsed {
            self.settle_row(*row, State::Expired { present: None });
        }
        if !lapsed.is_empty() {
            self.stop_clock_without_picture(id);
        }
        count(lapsed.len())
    }

    /// Rule 1: a clock that a picture started stops when no picture of the session is there or to come.
    pub(crate) fn stop_clock_without_picture(&mut self, id: SessionId) {
        let kept = self.books.of_session(id).any(|row| row.state.is_completed() || row.state.held_until().is_some());
        self.books.write_session(id, |session| {
            if !kept
                && !session.marked_ended
                && session.clock.is_some_and(|clock| clock.started_by == StartedBy::Picture)
            {
                session.clock = None;
            }
        });
    }

    pub(crate) fn start_clock(&mut self, id: SessionId, started_by: StartedBy) {
        let started_at = self.now;
        self.books.write_session(id, |session| session.clock = Some(Clock { started_at, started_by }));
    }

    pub(crate) fn settle_row(&mut self, id: GenerationId, state: State) {
        let now = self.now;
        self.books.write(id, |row| {
            row.state = state;
            row.settled_at = Some(now);
        });
    }

    /// Of the pictures that wait or run, as written down, those that are meant.
    pub(crate) fn open_of(&self, meant: impl Fn(&Generation) -> bool) -> Vec<GenerationId> {
        self.books.open().filter(|(_, row)| meant(row)).map(|(id, _)| id).collect()
    }

    /// The sessions on which a sweeper works that looks at so many holds: those of the holds that ended first; and whether
    /// it may choose, because several ended at once.
    #[must_use]
    pub fn lapsed_sessions(&self, holds_max: u32) -> (BTreeSet<SessionId>, bool) {
        let lapsed = self.books.open().filter_map(|(_, row)| Some((row.state.held_until()?, row.contents.session)));
        let mut lapsed: Vec<_> = lapsed.filter(|(until, _)| *until <= self.now).collect();
        lapsed.sort_unstable();
        let holds_max = usize::try_from(holds_max).unwrap_or(usize::MAX);
        let (looked_at, passed) = lapsed.split_at(holds_max.min(lapsed.len()));
        let tied = looked_at.last().zip(passed.first()).is_some_and(|((last, _), (next, _))| last == next);
        let chosen = looked_at.iter().map(|(_, session)| *session).collect();
        (chosen, tied)
    }

    /// Ends what has lapsed, oldest first.
    fn expire(&mut self, holds_max: Option<u32>) -> Answer {
        let (sessions, _) = self.lapsed_sessions(holds_max.unwrap_or(100));
        Answer::Released(sessions.into_iter().map(|session| self.sweep(session)).sum())
    }

    /// Rule 6 and 8: what waits goes first, so that a request that is not of the queue gets a turn only if the queue does
    /// not need it.
    fn take_turn(&mut self, account: &str, for_queue: bool) -> Answer {
        let Some(budget) = self.world.budget_of(account) else { return Answer::Turn { wait_ms: None } };
        let ahead = if for_queue { 0 } else { count(self.ready_to_claim().len()) };
        let taken = self.engines.take_turn(budget, ahead, self.now);
        Answer::Turn { wait_ms: taken.err().map(|turn_at| (turn_at - self.now).milliseconds_up()) }
    }
}

/// The outcome of a settled request: a picture counts more than what became of the others.
pub(crate) fn outcome_of<'a>(rows: impl Iterator<Item = &'a Generation> + Clone) -> Outcome {
    let has = |word: &str| rows.clone().any(|row| row.state.word() == word);
    if has("completed") {
        Outcome::Completed
    } else if has("queued") || has("running") {
        Outcome::Running
    } else if has("failed") {
        Outcome::Failed
    } else {
        Outcome::Expired
    }
}

/// Why a request failed, of several reasons the first of the alphabet.
pub(crate) fn failure_of<'a>(rows: impl Iterator<Item = &'a Generation>) -> Option<&'static str> {
    let codes = rows.filter_map(|row| match row.state {
        State::Failed { code } => Some(code),
        _ => None,
    });
    codes.min()
}

pub(crate) fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

fn may_be_rejected(operation: &Operation) -> bool {
    match operation {
        Operation::Grant { hours, .. } => !crate::session::HOURS.contains(hours),
        Operation::Reserve(reserve) => reserve.contents.prompt == Prompt::Unprintable,
        Operation::Complete(settle) => settle.misplaced,
        _ => false,
    }
}

/// No wait is shorter than this where somebody has to ask again.
pub(crate) const ASK_AGAIN_AFTER: Span = Span(2 * Span::SECOND.0);
