//! What is being waited for, in whose words, and when a screen reader is told.
//!
//! Owns: the kinds of waiting. Must not: ask anybody how it stands.

use crate::clock::Span;
use crate::phrase::{Phrase, Value};
use domain::code::Code;
use domain::generation::Status;

/// What is known of a request that is under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// How it stands; none before the hub has answered that it has it.
    pub status: Option<Status>,
    /// Why it was put back into the queue, or what its worker waits for.
    pub wait_code: Option<Code>,
    /// Before when it is not tried again.
    pub not_before_ms: Option<u64>,
    /// Its place in the queue, from 1.
    pub position: Option<u32>,
    /// When it is begun, as far as can be told.
    pub estimated_start_ms: Option<u64>,
    /// Since when it is drawn, as far as this page knows; before that, when it was asked for.
    pub since_ms: u64,
    /// Whether the customer is taking it back.
    pub cancelling: bool,
    /// Whether there is no network.
    pub offline: bool,
}

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The hub's first answer.
    Sending,
    /// A turn.
    Queued {
        /// The place, from 1, where it is known.
        position: Option<u32>,
        /// Until it is begun, where that can be told.
        seconds: Option<u32>,
    },
    /// The engine, which is waking up.
    Waking {
        /// Until it is asked again; nothing where that is due.
        seconds: u32,
    },
    /// Another try, after one that failed in a way that passes.
    Retrying {
        /// Until it is made.
        seconds: u32,
    },
    /// The picture.
    Drawing {
        /// For how long already.
        for_seconds: u32,
    },
    /// The end of a request that is being taken back.
    Cancelling,
    /// The network. What was asked for goes on without it.
    Offline,
}

impl Wait {
    /// What is being waited for; nothing, once it is settled.
    #[must_use]
    pub fn of(facts: &Facts, now_ms: u64) -> Option<Self> {
        if facts.status.is_some_and(Status::is_settled) {
            return None;
        }
        if facts.offline {
            return Some(Self::Offline);
        }
        if facts.cancelling {
            return Some(Self::Cancelling);
        }
        let until = |at_ms: u64| seconds(at_ms.saturating_sub(now_ms).saturating_add(999));
        Some(match (facts.status, facts.wait_code, facts.not_before_ms) {
            (None, ..) => Self::Sending,
            (Some(Status::Queued), Some(Code::ModelLoading), not_before_ms) => {
                Self::Waking { seconds: not_before_ms.map(until).unwrap_or_default() }
            }
            (Some(Status::Queued), Some(_), Some(at_ms)) if at_ms > now_ms => Self::Retrying { seconds: until(at_ms) },
            (Some(Status::Queued), ..) => Self::Queued {
                position: facts.position,
                seconds: facts.estimated_start_ms.map(until).filter(|seconds| *seconds > 0),
            },
            // A worker that has the picture in hand waits for its engine.
            (Some(_), Some(Code::ModelLoading), Some(at_ms)) if at_ms > now_ms => {
                Self::Waking { seconds: until(at_ms) }
            }
            (Some(_), Some(_), Some(at_ms)) if at_ms > now_ms => Self::Retrying { seconds: until(at_ms) },
            (Some(_), ..) => Self::Drawing { for_seconds: seconds(now_ms.saturating_sub(facts.since_ms)) },
        })
    }

    /// What the tile says.
    #[must_use]
    pub fn phrase(self) -> Phrase {
        let about = |seconds: u32| Value::Phrase(Span::about(seconds).long());
        match self {
            Self::Sending => Phrase::new("wait.sending"),
            Self::Queued { position: None | Some(0), seconds: None } => Phrase::new("wait.queued"),
            Self::Queued { position: None | Some(0), seconds: Some(seconds) } => {
                Phrase::new("wait.queued_about").with("time", about(seconds))
            }
            Self::Queued { position: Some(1), seconds: None } => Phrase::new("wait.next"),
            Self::Queued { position: Some(1), seconds: Some(seconds) } => {
                Phrase::new("wait.next_about").with("time", about(seconds))
            }
            Self::Queued { position: Some(place), seconds: None } => {
                Phrase::new("wait.place").with("place", Value::Number(place))
            }
            Self::Queued { position: Some(place), seconds: Some(seconds) } => {
                Phrase::new("wait.place_about").with("place", Value::Number(place)).with("time", about(seconds))
            }
            Self::Waking { seconds: 0 } => Phrase::new("wait.waking"),
            Self::Waking { seconds } => Phrase::new("wait.waking_about").with("time", about(seconds)),
            Self::Retrying { seconds } => Phrase::new("wait.retrying").with("time", about(seconds)),
            Self::Drawing { for_seconds: 0..5 } => Phrase::new("wait.drawing"),
            Self::Drawing { for_seconds } => Phrase::new("wait.drawing_for").with("time", about(for_seconds)),
            Self::Cancelling => Phrase::new("wait.cancelling"),
            Self::Offline => Phrase::new("wait.offline"),
        }
    }

    /// Whether it can be taken back now.
    #[must_use]
    pub const fn can_cancel(self) -> bool {
        !matches!(self, Self::Cancelling | Self::Offline)
    }

    fn is_alike(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

/// How often the same kind of waiting is said again.
pub const SAID_AGAIN_AFTER_MS: u64 = 15_000;

/// What a screen reader was told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    last: Option<(Wait, u64)>,
}

impl Announced {
    /// Whether to say this now, and that it was said: another kind of waiting at once, the same one every quarter of a
    /// minute. Once nothing is waited for it forgets, so that the next wait is said at once.
    pub fn say(&mut self, wait: Option<Wait>, now_ms: u64) -> Option<Phrase> {
        let Some(wait) = wait else {
            self.last = None;
            return None;
        };
        let due = match self.last {
            Some((last, at_ms)) => !last.is_alike(wait) || now_ms.saturating_sub(at_ms) >= SAID_AGAIN_AFTER_MS,
            None => true,
        };
        due.then(|| {
            self.last = Some((wait, now_ms));
            wait.phrase()
        })
    }
}

fn seconds(span_ms: u64) -> u32 {
    u32::try_from(span_ms / 1_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_000_000_000;

    #[test]
    fn each_wait_is_named_for_what_it_is() {
        let queued = Facts { status: Some(Status::Queued), since_ms: NOW - 1_000, ..Facts::default() };
        let back = |wait_code, in_ms: u64| Facts {
            wait_code: Some(wait_code),
            not_before_ms: Some(NOW + in_ms),
            ..queued.clone()
        };
        let of = |status| Facts { status: Some(status), since_ms: NOW - 7_900, ..Facts::default() };
        for (facts, expected) in [
            (Facts::default(), Some(Wait::Sending)),
            (queued.clone(), Some(Wait::Queued { position: None, seconds: None })),
            (
                Facts { position: Some(3), estimated_start_ms: Some(NOW + 39_001), ..queued.clone() },
                Some(Wait::Queued { position: Some(3), seconds: Some(40) }),
            ),
            (
                Facts { position: Some(1), estimated_start_ms: Some(NOW - 1), ..queued.clone() },
                Some(Wait::Queued { position: Some(1), seconds: None }),
            ),
            (back(Code::ModelLoading, 17_500), Some(Wait::Waking { seconds: 18 })),
            (back(Code::EngineUnavailable, 4_000), Some(Wait::Retrying { seconds: 4 })),
            (back(Code::EngineUnavailable, 0), Some(Wait::Queued { position: None, seconds: None })),
            (of(Status::Running), Some(Wait::Drawing { for_seconds: 7 })),
            (
                Facts { status: Some(Status::Running), ..back(Code::ModelLoading, 17_500) },
                Some(Wait::Waking { seconds: 18 }),
            ),
            (
                Facts { status: Some(Status::Running), ..back(Code::EngineFailed, 1_500) },
                Some(Wait::Retrying { seconds: 2 }),
            ),
            (
                Facts { status: Some(Status::Running), since_ms: NOW, ..back(Code::ModelLoading, 0) },
                Some(Wait::Drawing { for_seconds: 0 }),
            ),
            (Facts { cancelling: true, ..of(Status::Running) }, Some(Wait::Cancelling)),
            (Facts { offline: true, ..of(Status::Running) }, Some(Wait::Offline)),
            (Facts { offline: true, cancelling: true, ..of(Status::Completed) }, None),
            (of(Status::Failed), None),
            (of(Status::Expired), None),
        ] {
            assert_eq!(Wait::of(&facts, NOW), expected, "{facts:?}");
        }
    }

    #[test]
    fn the_words_fit_what_is_known() {
        let queued = |position, seconds| Wait::Queued { position, seconds }.phrase().key;
        assert_eq!(queued(None, None), "wait.queued");
        assert_eq!(queued(Some(0), Some(9)), "wait.queued_about");
        assert_eq!(queued(Some(1), Some(9)), "wait.next_about");
        assert_eq!(queued(Some(1), None), "wait.next");
        assert_eq!(queued(Some(2), None), "wait.place");
        assert_eq!(queued(Some(2), Some(9)), "wait.place_about");
        assert_eq!(Wait::Drawing { for_seconds: 4 }.phrase().key, "wait.drawing");
        assert_eq!(Wait::Drawing { for_seconds: 5 }.phrase().key, "wait.drawing_for");
    }

    #[test]
    fn the_same_is_said_every_quarter_of_a_minute() {
        let mut announced = Announced::default();
        let mut said = |wait, at_ms: u64| announced.say(wait, NOW + at_ms).is_some();
        let place = |place| Some(Wait::Queued { position: Some(place), seconds: None });
        assert!(said(place(3), 0));
        assert!(!said(place(2), 5_000));
        assert!(!said(place(2), 14_999));
        assert!(said(place(1), 15_000));
        assert!(said(Some(Wait::Drawing { for_seconds: 0 }), 15_001));
        assert!(!said(Some(Wait::Drawing { for_seconds: 4 }), 19_000));
        assert!(!said(None, 20_000));
        assert!(said(Some(Wait::Drawing { for_seconds: 0 }), 20_001));
    }
}
