//! A session: the hours that a customer bought, and where they stand at a moment.
//!
//! Owns: rules 1 and 2 of credit: when the clock runs, which hour it is, when the session is over. Must not: know of
//! pictures more than whether one keeps the clock running.

use crate::names::CustomerId;
use crate::time::{Moment, Span};
use crate::world::READY_FOR;
use domain::plan::Plan;

/// How many hours a session may have in all: those that were bought first, and those that were added.
pub const HOURS: std::ops::RangeInclusive<u32> = 1..=24;

/// Who started the clock. One that a picture started stops again if that picture never arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartedBy {
    /// The customer himself.
    Customer,
    /// His first picture.
    Picture,
}

/// A clock that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Since when.
    pub started_at: Moment,
    /// Since whom.
    pub started_by: StartedBy,
}

/// A session as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub customer: CustomerId,
    /// What an hour holds.
    pub plan: Plan,
    /// How many hours.
    pub hours: u32,
    /// When it was bought.
    pub created_at: Moment,
    /// None while it waits to be started.
    pub clock: Option<Clock>,
    /// Whether somebody has written down that it is over. It only says what the clock says as well.
    pub marked_ended: bool,
    /// Pictures that were made and paid.
    pub images_generated: u32,
}

/// What a session is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Paid, and waiting to be started.
    Ready,
    /// In one of its hours.
    Active,
    /// Over: its hours are, or it was not started in time.
    Ended,
}

/// A session as it stands at a moment, whatever is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// What it is.
    pub standing: Standing,
    /// Its hour, counted from 0.
    pub hour_index: i64,
    /// When its credits are whole again; never in the last hour.
    pub resets_at: Option<Moment>,
    /// When its hours end.
    pub expires_at: Option<Moment>,
}

impl Session {
    /// When its hours end, where the clock runs.
    #[must_use]
    pub fn expires_at(&self) -> Option<Moment> {
        self.clock.map(|clock| clock.started_at + Span::HOUR * i64::from(self.hours))
    }

    /// The hour at a moment; the first where no clock runs.
    #[must_use]
    pub fn hour_at(&self, now: Moment) -> i64 {
        self.clock.map_or(0, |clock| (now - clock.started_at).0.div_euclid(Span::HOUR.0))
    }

    /// Where it stands. `kept` says whether one of its pictures is there or still under way: without one, a clock that a
    /// picture started has stopped, whether or not anybody has written that down.
    #[must_use]
    pub fn at(&self, now: Moment, kept: bool) -> View {
        let mut session = self.clone();
        if session.clock.is_some_and(|clock| clock.started_by == StartedBy::Picture) && !session.marked_ended && !kept {
            session.clock = None;
        }
        let expires_at = session.expires_at();
        let over = match expires_at {
            Some(end) => end <= now,
            None => session.created_at + READY_FOR <= now,
        };
        let hour_index = session.hour_at(now);
        let next_hour = session.clock.map(|clock| clock.started_at + Span::HOUR * (hour_index + 1));
        View {
            standing: match (over || session.marked_ended, session.clock) {
                (true, _) => Standing::Ended,
                (false, None) => Standing::Ready,
                (false, Some(_)) => Standing::Active,
            },
            hour_index,
            resets_at: next_hour.filter(|next| !over && Some(*next) < expires_at),
            expires_at,
        }
    }
}

/// What is left of an hour, as every answer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The plan.
    pub plan: Plan,
    /// Where the session stands.
    pub view: View,
    /// What is left of the hour's credits: none when the session is over.
    pub credits_remaining: u32,
    /// Credits of the hour that are held and not yet spent.
    pub credits_held: u32,
}
