//! Choosing how time goes on.
//!
//! Owns: the steps of the clock, most of them short, and the moments at which something ends: those are sought out, and
//! the microseconds before and after them.

use ledger_model::Ledger;
use ledger_model::generation::State;
use ledger_model::names::SessionId;
use ledger_model::operation::Operation;
use ledger_model::time::{Moment, Span};
use ledger_model::world::READY_FOR;

use super::Chooser;

#[derive(Clone, Copy)]
enum Pace {
    Still,
    Moments,
    Seconds,
    Lease,
    ToAnEnd,
    Hour,
    Days,
    Month,
}

const PACES: [(u32, Pace); 8] = [
    (80, Pace::Still),
    (200, Pace::Moments),
    (430, Pace::Seconds),
    (60, Pace::Lease),
    (200, Pace::ToAnEnd),
    (22, Pace::Hour),
    (5, Pace::Days),
    (3, Pace::Month),
];

impl Chooser {
    pub(super) fn clock(&mut self, ledger: &Ledger) -> Operation {
        self.focus = None;
        let low_high = |low: Span, high: Span| (low.0, high.0);
        let (low, high) = match self.chance.weighted(&PACES).unwrap_or(Pace::Still) {
            Pace::Still => (0, 1),
            Pace::Moments => low_high(Span::MICROSECOND, Span::SECOND),
            Pace::Seconds => low_high(Span::SECOND, Span::SECOND * 8),
            Pace::Lease => low_high(Span::SECOND * 20, Span::SECOND * 70),
            Pace::Hour => low_high(Span::MINUTE * 10, Span::MINUTE * 70),
            Pace::Days => low_high(Span::DAY, Span::DAY * 9),
            Pace::Month => low_high(READY_FOR, Span(READY_FOR.0 + Span::DAY.0)),
            Pace::ToAnEnd => return Operation::Clock(self.end_of_something(ledger)),
        };
        Operation::Clock(ledger.now + Span(self.chance.between(low, high)))
    }

    /// One of the next moments at which something ends, or a microsecond before or after it; and whose end it is, so that
    /// somebody looks.
    fn end_of_something(&mut self, ledger: &Ledger) -> Moment {
        let mut ends: Vec<(Moment, Option<SessionId>)> = Vec::new();
        let unstarted = self.chance.percent(3);
        for id in &self.sessions {
            let (session, view) = (ledger.books.session(*id), ledger.view(*id));
            if unstarted && session.clock.is_none() {
                ends.push((session.created_at + READY_FOR, Some(*id)));
            } else if !unstarted {
                let of_session = view.resets_at.into_iter().chain(view.expires_at);
                ends.extend(of_session.map(|end| (end, Some(*id))));
            }
        }
        if !unstarted {
            ends.extend(ledger.engines.turning_points().map(|end| (end, None)));
            for (_, row) in ledger.books.open() {
                let not_before = match row.state {
                    State::Queued { not_before, .. } => Some(not_before),
                    _ => None,
                };
                let of_hold = row.state.held_until().into_iter().chain(not_before);
                ends.extend(of_hold.map(|end| (end, Some(row.contents.session))));
            }
        }
        ends.retain(|(end, _)| *end > ledger.now);
        ends.sort_unstable();
        ends.dedup();
        // The nearest are the likeliest: further ones would end everything else on the way.
        ends.truncate(if self.chance.percent(90) { 2 } else { 12 });
        let aside = Span(self.chance.between(-1, 1));
        let Some((end, session)) = self.chance.one_of(&ends) else { return ledger.now };
        self.focus = session;
        (end + aside).max(ledger.now)
    }
}
