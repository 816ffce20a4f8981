//! Choosing the next operation.
//!
//! Owns: what is likely, so that a run reaches every outcome often: what just happened is asked about again, moments are
//! sought out at which something ends, and now and then somebody names what is not his. It sees the model alone, so that
//! a seed chooses the same operations whatever the database answers.

mod moments;
mod requests;
#[cfg(test)]
mod tests;

use domain::plan::Plan;
use ledger_model::Ledger;
use ledger_model::answer::Answer;
use ledger_model::books::Changes;
use ledger_model::names::{CustomerId, LeaseId, OperationNumber, RequestId, SessionId};
use ledger_model::operation::{EngineList, LeaseClaim, Operation};
use ledger_model::session::Standing;
use std::collections::VecDeque;

use crate::chance::Chance;

/// So much of what happened is remembered.
const REQUESTS_KEPT: usize = 40;
const SESSIONS_KEPT: usize = 16;
const LEASES_KEPT: usize = 24;

/// Why a picture was not made.
const FAILURES: [&str; 4] = ["engine_failed", "engine_timeout", "prompt_refused", "cancelled"];

/// What can be chosen, each as likely as its weight says.
const KINDS: [(u32, Kind); 17] = [
    (190, Kind::Clock),
    (250, Kind::Reserve),
    (80, Kind::Claim),
    (130, Kind::Complete),
    (45, Kind::Fail),
    (60, Kind::Renew),
    (50, Kind::Requeue),
    (40, Kind::Cancel),
    (25, Kind::Expire),
    (10, Kind::Tick),
    (50, Kind::Status),
    (20, Kind::Balance),
    (15, Kind::Start),
    (12, Kind::Grant),
    (20, Kind::TakeTurn),
    (12, Kind::Report),
    (4, Kind::Storm),
];

#[derive(Clone, Copy, Debug)]
enum Kind {
    Clock,
    Reserve,
    Claim,
    Complete,
    Fail,
    Renew,
    Requeue,
    Cancel,
    Expire,
    Tick,
    Status,
    Balance,
    Start,
    Grant,
    TakeTurn,
    Report,
    /// One customer asks again and again without waiting.
    Storm,
}

/// Whoever chooses, and what it remembers.
#[derive(Debug)]
pub struct Chooser {
    chance: Chance,
    requests: VecDeque<(CustomerId, RequestId)>,
    sessions: VecDeque<SessionId>,
    leases: VecDeque<LeaseId>,
    next_request: u32,
    storm: Option<(CustomerId, u32)>,
    /// Something of this session ends about now.
    focus: Option<SessionId>,
}

impl Chooser {
    pub fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            requests: VecDeque::new(),
            sessions: VecDeque::new(),
            leases: VecDeque::new(),
            next_request: 0,
            storm: None,
            focus: None,
        }
    }

    /// Remembers what came of an operation.
    pub fn remember(&mut self, ledger: &Ledger, operation: &Operation, answer: &Answer, changes: &Changes) {
        if let (Operation::Reserve(reserve), false) = (operation, changes.generations.is_empty()) {
            keep(&mut self.requests, (reserve.customer, reserve.request), REQUESTS_KEPT);
        }
        if let Answer::Granted(Some(session)) = answer {
            keep(&mut self.sessions, *session, SESSIONS_KEPT);
        }
        for id in &changes.generations {
            if let Some(lease) = ledger.books.generation(*id).state.lease() {
                keep(&mut self.leases, lease, LEASES_KEPT);
            }
        }
    }

    /// The next operation.
    pub fn next(&mut self, ledger: &Ledger) -> Operation {
        if let Some((customer, left)) = self.storm {
            self.storm = (left > 0).then(|| (customer, left - 1));
            return self.reserve(ledger, customer);
        }
        let mut kind = self.chance.weighted(&KINDS).unwrap_or(Kind::Clock);
        let idle = ledger.books.open().all(|(_, row)| row.state.lease().is_none());
        if idle && matches!(kind, Kind::Renew | Kind::Requeue) && self.chance.percent(85) {
            kind = Kind::Reserve;
        }
        if let (Kind::Reserve, Some(customer)) = (kind, self.without_hours(ledger)) {
            return self.grant(customer);
        }
        match kind {
            Kind::Clock => self.clock(ledger),
            Kind::Reserve => {
                let customer = self.customer(ledger);
                self.reserve(ledger, customer)
            }
            Kind::Claim => Operation::Claim {
                engines: self.engines(),
                count_max: i32::try_from(self.chance.below(6)).unwrap_or(0),
                running_max: self.chance.one_of(&[4, 4, 4, 4, 8, 8, 40, 1]).unwrap_or(4),
            },
            Kind::Complete => self.complete(ledger),
            Kind::Fail => self.fail(ledger),
            Kind::Renew => Operation::Renew(self.lease(ledger)),
            Kind::Requeue => self.requeue(ledger),
            Kind::Cancel => {
                let (customer, request) = self.request(ledger);
                Operation::Cancel(customer, request)
            }
            Kind::Expire => self.expire(ledger),
            // A sweeper that may choose would choose for itself.
            Kind::Tick if ledger.lapsed_sessions(100).1 => Operation::Expire(Some(1_000)),
            Kind::Tick => Operation::Tick,
            Kind::Status => {
                let (customer, request) = self.request(ledger);
                Operation::Status(customer, request, self.engines())
            }
            Kind::Balance => {
                let customer = self.customer(ledger);
                Operation::Balance(customer, self.session(ledger, customer))
            }
            Kind::Start => {
                let customer = self.customer(ledger);
                Operation::Start(customer, self.session(ledger, customer))
            }
            Kind::Grant => {
                let customer = self.customer(ledger);
                self.grant(customer)
            }
            Kind::TakeTurn => Operation::TakeTurn {
                account: self.chance.one_of(ledger.world.engines).map_or("forge", |engine| engine.account),
                for_queue: self.chance.percent(50),
            },
            Kind::Report => self.report(ledger),
            Kind::Storm => {
                let customer = self.customer(ledger);
                self.storm = Some((customer, self.chance.below(15)));
                self.reserve(ledger, customer)
            }
        }
    }

    /// A customer who needs hours, most often: without them he can only be refused.
    fn without_hours(&mut self, ledger: &Ledger) -> Option<CustomerId> {
        let is_over = |id: &SessionId| ledger.view(*id).standing == Standing::Ended;
        let provided: Vec<CustomerId> =
            self.sessions.iter().filter(|id| !is_over(id)).map(|id| ledger.books.session(*id).customer).collect();
        let needy = (0..ledger.world.customers).map(CustomerId).find(|customer| !provided.contains(customer));
        needy.filter(|_| self.chance.percent(90))
    }

    fn customer(&mut self, ledger: &Ledger) -> CustomerId {
        match self.focus.filter(|_| self.chance.percent(50)) {
            Some(session) => ledger.books.session(session).customer,
            None => CustomerId(self.chance.below(ledger.world.customers)),
        }
    }

    fn grant(&mut self, customer: CustomerId) -> Operation {
        let plan = if self.chance.percent(4) { None } else { self.chance.one_of(&Plan::ALL) };
        let hours = if self.chance.percent(3) {
            self.chance.one_of(&[0, 25, 1_000])
        } else {
            self.chance.one_of(&[1, 1, 2, 3, 4, 24])
        };
        Operation::Grant { customer, plan, hours: hours.unwrap_or(1) }
    }

    /// One of a customer's sessions, most often the last that is not over; at times another's, or one that is none.
    fn session(&mut self, ledger: &Ledger, customer: CustomerId) -> SessionId {
        let nobodys = SessionId(OperationNumber(u32::MAX));
        let focus = self.focus.filter(|id| ledger.books.session(*id).customer == customer);
        if let Some(session) = focus.filter(|_| self.chance.percent(75)) {
            return session;
        }
        let sought = self.chance.below(100);
        let of_interest: Vec<SessionId> = self.sessions.iter().copied().collect();
        let own: Vec<SessionId> =
            of_interest.iter().copied().filter(|id| ledger.books.session(*id).customer == customer).collect();
        let live: Vec<SessionId> =
            own.iter().copied().filter(|id| ledger.view(*id).standing != Standing::Ended).collect();
        let chosen = match sought {
            0..85 => self.chance.one_of(&live).or_else(|| own.last().copied()),
            85..93 => self.chance.one_of(&own),
            93..98 => self.chance.one_of(&of_interest),
            _ => None,
        };
        chosen.unwrap_or(nobodys)
    }

    /// A request that somebody made lately, most often named by whoever made it.
    fn request(&mut self, ledger: &Ledger) -> (CustomerId, RequestId) {
        let known: Vec<_> = self.requests.iter().copied().collect();
        // What is still open is of more interest than what is over.
        let open: Vec<_> =
            known.iter().copied().filter(|(customer, request)| is_open(ledger, *customer, *request)).collect();
        let chosen = if self.chance.percent(60) { self.chance.one_of(&open) } else { None };
        let (customer, request) =
            chosen.or_else(|| self.chance.one_of(&known)).unwrap_or((CustomerId(0), RequestId(u32::MAX)));
        if self.chance.percent(4) { (self.customer(ledger), request) } else { (customer, request) }
    }

    /// A lease, most often one under which something runs.
    fn lease(&mut self, ledger: &Ledger) -> LeaseClaim {
        let running: Vec<LeaseId> = ledger.books.open().filter_map(|(_, row)| row.state.lease()).collect();
        let given: Vec<LeaseId> = self.leases.iter().copied().collect();
        let chosen = match self.chance.below(100) {
            0..75 => self.chance.one_of(&running),
            75..95 => self.chance.one_of(&given),
            _ => None,
        };
        chosen.map_or(LeaseClaim::Invented, LeaseClaim::Given)
    }

    fn requeue(&mut self, ledger: &Ledger) -> Operation {
        Operation::Requeue {
            lease: self.lease(ledger),
            delay_seconds: self.chance.one_of(&[-5, 0, 1, 2, 5, 30, 300, 3_540, 3_600]).unwrap_or(1),
            failure: self.failure(),
        }
    }

    fn failure(&mut self) -> &'static str {
        self.chance.one_of(&FAILURES).unwrap_or("engine_failed")
    }

    fn expire(&mut self, ledger: &Ledger) -> Operation {
        let holds_max = if self.chance.percent(60) { None } else { Some(self.chance.below(4)) };
        match ledger.lapsed_sessions(holds_max.unwrap_or(100)) {
            // A sweeper that may choose would choose for itself.
            (_, true) => Operation::Expire(Some(1_000)),
            (_, false) => Operation::Expire(holds_max),
        }
    }

    /// Engines that a caller has, in his order.
    fn engines(&mut self) -> EngineList {
        let lists: [&[usize]; 8] = [&[0], &[0], &[0, 1], &[1, 2], &[3], &[3, 1, 0], &[4], &[]];
        self.chance.one_of(&lists).unwrap_or_default().to_vec()
    }

    fn report(&mut self, ledger: &Ledger) -> Operation {
        let engine = self.chance.one_of(ledger.world.engines);
        let (name, account) = engine.map_or(("forge:sdxl", "forge"), |engine| (engine.name, engine.account));
        let engine = if self.chance.percent(20) { account } else { name };
        let codes = ["engine_failed", "rate_limited", "engine_unpaid", "engine_misconfigured"];
        let failure = self.chance.one_of(&codes).unwrap_or("engine_failed");
        let seconds = self.chance.one_of(&[-1, 0, 1, 5, 17, 60, 300, 100_000]);
        let pass_over_seconds = seconds.filter(|_| self.chance.percent(35));
        // Where an engine and its account end at one moment, either may be named: such a report is not made.
        let mut after = ledger.engines.clone();
        after.report(engine, failure, pass_over_seconds, ledger.now);
        let until = |name: &str| after.standing(name).and_then(|standing| standing.passed_over_until);
        let tied =
            ledger.world.engines.iter().any(|engine| {
                until(engine.name).is_some_and(|end| end > ledger.now && until(engine.account) == Some(end))
            });
        if tied { Operation::Tick } else { Operation::Report { engine, failure, pass_over_seconds } }
    }
}

fn is_open(ledger: &Ledger, customer: CustomerId, request: RequestId) -> bool {
    let mut rows = ledger.books.request(customer, request).iter();
    rows.any(|id| ledger.books.generation(*id).state.held_until().is_some())
}

fn keep<T: PartialEq>(kept: &mut VecDeque<T>, item: T, count_max: usize) {
    if !kept.contains(&item) {
        kept.push_back(item);
    }
    if kept.len() > count_max {
        kept.pop_front();
    }
}
