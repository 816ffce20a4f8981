//! The queue: in which order pictures are begun, and when.
//!
//! Owns: places and estimates. A customer's n-th picture that waits, waits for round n, so that nobody waits behind one
//! person's two hundred.

use crate::Ledger;
use crate::answer::Place;
use crate::generation::{Generation, State};
use crate::ledger::count;
use crate::names::{CustomerId, GenerationId};
use crate::time::{Moment, Span};
use crate::world::Engine;

/// Pictures that are drawn at once.
const DRAWN_AT_ONCE: u32 = 4;
/// How long a picture takes, as long as none was made.
const PACE_MS: u32 = 5_000;
/// The newest pictures tell how long one takes now.
const PACES: usize = 20;

/// What decides who is first: the round, then who has waited longer.
type Turn = (i64, Moment, GenerationId);

impl Ledger {
    /// The queue as written down, in its order.
    pub(crate) fn queue(&self) -> Vec<(Turn, &Generation)> {
        let mut queue: Vec<_> = self
            .books
            .open()
            .filter_map(|(id, row)| match row.state {
                State::Queued { turn, .. } => Some(((turn, row.created_at, id), row)),
                _ => None,
            })
            .collect();
        queue.sort_unstable_by_key(|(turn, _)| *turn);
        queue
    }

    /// What a worker may begin now, in order: what is not to be left alone for a while, and has not waited too long.
    pub(crate) fn ready_to_claim(&self) -> Vec<GenerationId> {
        let queue = self.queue().into_iter();
        let ready = queue.filter(|(_, row)| match row.state {
            State::Queued { not_before, until, .. } => not_before <= self.now && until > self.now,
            _ => false,
        });
        ready.map(|((.., id), _)| id).collect()
    }

    /// Where a request's first picture of the queue stands.
    pub(crate) fn place(&self, rows: &[GenerationId], engines: &[Engine]) -> Option<Place> {
        let queue = self.queue();
        let first = queue.iter().position(|((.., id), _)| rows.contains(id))?;
        let position = count(first) + 1;
        Some(Place { position, estimated_start_at: self.estimate(position, engines) })
    }

    /// When the picture at a place is begun: four at a time at the pace of the newest, and not before one of the accounts
    /// has a turn for it.
    pub(crate) fn estimate(&self, place: u32, engines: &[Engine]) -> Moment {
        let rounds = i128::from((place - 1) / DRAWN_AT_ONCE);
        let paces = self.books.newest_paces_ms(PACES);
        let (sum, pictures) = match paces {
            [] => (i128::from(PACE_MS), 1),
            paces => (paces.iter().copied().map(i128::from).sum(), i128::from(count(paces.len()))),
        };
        let wait = half_even(rounds * sum * i128::from(Span::MILLISECOND.0), pictures);
        let at_pace = self.now + Span(i64::try_from(wait).unwrap_or(i64::MAX));
        let turns = engines.iter().map(|engine| {
            let budget = self.world.budget_of(engine.account);
            self.engines.turn_at(budget, place, self.now)
        });
        turns.min().map_or(at_pace, |turn_at| turn_at.max(at_pace))
    }

    /// The round in which a customer's next picture would be begun: after his last one that waits; if none does, in the
    /// round that is on.
    pub(crate) fn next_turn(&self, customer: CustomerId) -> i64 {
        let queue = self.queue();
        let own = queue.iter().filter(|(_, row)| row.customer == customer);
        let after_own = own.map(|((turn, ..), _)| turn + 1).max();
        let round_that_is_on = queue.first().map(|((turn, ..), _)| *turn);
        after_own.max(round_that_is_on).unwrap_or(0).max(0)
    }

    /// The place of a picture that would be queued in that round.
    pub(crate) fn place_in_turn(&self, next: i64) -> u32 {
        1 + count(self.queue().iter().filter(|((turn, ..), _)| *turn <= next).count())
    }
}

/// A fraction to the nearest whole; of two that are as near, the even one, as the database rounds an interval.
fn half_even(numerator: i128, denominator: i128) -> i128 {
    let (whole, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let above_half = (rest * 2).cmp(&denominator);
    whole + i128::from(above_half.is_gt() || (above_half.is_eq() && whole % 2 != 0))
}

#[cfg(test)]
mod tests {
    use super::half_even;

    #[test]
    fn halves_go_to_the_even_one() {
        for (fraction, whole) in [((1, 2), 0), ((3, 2), 2), ((5, 3), 2), ((4, 3), 1), ((6, 3), 2)] {
            assert_eq!(half_even(fraction.0, fraction.1), whole, "{fraction:?}");
        }
    }
}
