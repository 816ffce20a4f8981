//! Toasts: what is said in passing, for how long, and the log in which it can be read afterwards.
//!
//! Owns: which toasts are shown and which are kept. Must not: say them, or do what they offer.

use crate::phrase::Phrase;

/// How many are shown at once.
pub const SHOWN_MAX: usize = 3;
/// How many the log keeps.
pub const LOG_MAX: usize = 200;
/// How long something can be taken back.
pub const UNDO_MS: u64 = 10_000;
/// How long it can at most, under a pointer or the focus: the hub removes what was deleted after 20 seconds. An offer that is
/// made a second time may come too late, which is said then.
const UNDO_HELD_MS: u64 = 17_000;
/// How long good news and notes stay.
const STAYS_MS: u64 = 6_000;
/// Bad news takes longer to read.
const BAD_STAYS_MS: u64 = 12_000;

/// What kind of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something worked.
    Good,
    /// Something did not.
    Bad,
    /// Something to know.
    Note,
}

impl Kind {
    /// The key of what it is called in the log.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Good => "toast.kind_good",
            Self::Bad => "toast.kind_bad",
            Self::Note => "toast.kind_note",
        }
    }
}

/// What a toast offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Takes a deletion back.
    Restore {
        /// The pictures.
        pictures: Vec<String>,
    },
    /// Keeps a conversation that was about to be deleted.
    Keep {
        /// The conversation.
        conversation: String,
    },
    /// Shows the turn of a conversation.
    Show {
        /// The conversation.
        conversation: String,
    },
    /// Leads to another hour.
    AddHour,
}

impl Action {
    /// The key of the button's words.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Restore { .. } | Self::Keep { .. } => "toast.undo",
            Self::Show { .. } => "toast.show",
            Self::AddHour => "remedy.add_hour",
        }
    }
}

/// Something said in passing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// Its number in this page, from 1.
    pub id: u32,
    /// What kind of news.
    pub kind: Kind,
    /// What is said.
    pub words: Phrase,
    /// When.
    pub at_ms: u64,
    /// What can be done about it.
    pub action: Option<Action>,
    /// How long it is shown.
    pub stays_ms: u64,
    /// Whether it was closed, or its offer taken.
    pub dismissed: bool,
}

/// All toasts of this page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toasts {
    log: Vec<Toast>,
    last_id: u32,
    held_since_ms: Option<u64>,
}

impl Toasts {
    /// Says something, and returns its number. The same words while they are still shown are not said twice.
    pub fn say(&mut self, kind: Kind, words: Phrase, action: Option<Action>, now_ms: u64) -> u32 {
        if let Some(same) = self.shown(now_ms).into_iter().find(|toast| toast.words == words && toast.action == action)
        {
            return same.id;
        }
        let stays_ms = match (&action, kind) {
            (Some(Action::Restore { .. } | Action::Keep { .. }), _) => UNDO_MS,
            (_, Kind::Bad) => BAD_STAYS_MS,
            _ => STAYS_MS,
        };
        self.last_id = self.last_id.saturating_add(1);
        let id = self.last_id;
        self.log.push(Toast { id, kind, words, at_ms: now_ms, action, stays_ms, dismissed: false });
        let surplus = self.log.len().saturating_sub(LOG_MAX);
        self.log.drain(..surplus);
        id
    }

    /// Closes one.
    pub fn dismiss(&mut self, id: u32) {
        if let Some(toast) = self.log.iter_mut().find(|toast| toast.id == id) {
            toast.dismissed = true;
        }
    }

    /// Those that are shown, the newest last.
    #[must_use]
    pub fn shown(&self, now_ms: u64) -> Vec<&Toast> {
        let mut shown: Vec<&Toast> =
            self.log.iter().rev().filter(|toast| self.is_shown(toast, now_ms)).take(SHOWN_MAX).collect();
        shown.reverse();
        shown
    }

    /// Stops the time for those that are shown: a pointer or the focus is on them.
    pub fn hold(&mut self, now_ms: u64) {
        self.held_since_ms.get_or_insert(now_ms);
    }

    /// Lets it run on, as if it had not run meanwhile. An offer to take something back is prolonged only as far as the hub
    /// waits for it.
    pub fn release(&mut self, now_ms: u64) {
        let Some(since_ms) = self.held_since_ms.take() else { return };
        let held_ms = now_ms.saturating_sub(since_ms);
        for toast in self.log.iter_mut().filter(|toast| toast.is_shown(since_ms)) {
            let stays_ms = toast.stays_ms.saturating_add(held_ms);
            toast.stays_ms = toast.undo_ms().map_or(stays_ms, |undo_ms| stays_ms.min(undo_ms));
        }
    }

    /// The log, the newest first.
    #[must_use]
    pub fn log(&self) -> Vec<&Toast> {
        self.log.iter().rev().collect()
    }

    /// While they are held the time stands still for those that were shown, but for what the hub does not wait for.
    fn is_shown(&self, toast: &Toast, now_ms: u64) -> bool {
        match self.held_since_ms {
            Some(since_ms) if toast.at_ms <= since_ms => {
                let is_over = |undo_ms| now_ms >= toast.at_ms.saturating_add(undo_ms);
                toast.is_shown(since_ms) && !toast.undo_ms().is_some_and(is_over)
            }
            Some(_) => !toast.dismissed,
            None => toast.is_shown(now_ms),
        }
    }
}

impl Toast {
    fn ends_ms(&self) -> u64 {
        self.at_ms.saturating_add(self.stays_ms)
    }

    fn is_shown(&self, now_ms: u64) -> bool {
        !self.dismissed && now_ms < self.ends_ms()
    }

    /// For how long what it offers can be done, where that ends: the hub waits a while with a picture, this page with a
    /// conversation.
    const fn undo_ms(&self) -> Option<u64> {
        match self.action {
            Some(Action::Restore { .. }) => Some(UNDO_HELD_MS),
            Some(Action::Keep { .. }) => Some(UNDO_MS),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_000_000_000;

    fn words(number: u32) -> Phrase {
        Phrase::counted("x", number)
    }

    fn ids(toasts: &Toasts, after_ms: u64) -> Vec<u32> {
        toasts.shown(NOW.saturating_add(after_ms)).iter().map(|toast| toast.id).collect()
    }

    #[test]
    fn the_newest_three_are_shown_for_their_time() {
        let mut toasts = Toasts::default();
        for number in 1..=4 {
            toasts.say(Kind::Note, words(number), None, NOW);
        }
        toasts.say(Kind::Bad, words(5), None, NOW + 1_000);
        assert_eq!(ids(&toasts, 1_000), [3, 4, 5]);
        toasts.dismiss(4);
        assert_eq!(ids(&toasts, 1_000), [2, 3, 5]);
        assert_eq!(ids(&toasts, 6_000), [5]);
        assert_eq!(ids(&toasts, 13_000), Vec::<u32>::new());
        assert_eq!(toasts.log().first().map(|toast| toast.id), Some(5));
    }

    #[test]
    fn what_is_shown_already_is_not_said_twice() {
        let mut toasts = Toasts::default();
        let first = toasts.say(Kind::Bad, words(1), None, NOW);
        assert_eq!(toasts.say(Kind::Bad, words(1), None, NOW + 5), first);
        assert_ne!(toasts.say(Kind::Bad, words(1), Some(Action::AddHour), NOW + 5), first);
        assert_ne!(toasts.say(Kind::Bad, words(1), None, NOW + 60_000), first);
    }

    #[test]
    fn time_stands_still_under_a_pointer_but_not_for_an_undo() {
        let mut toasts = Toasts::default();
        let restore = Action::Restore { pictures: vec!["p".to_owned()] };
        toasts.say(Kind::Note, words(1), None, NOW);
        toasts.say(Kind::Note, words(2), Some(restore), NOW);
        toasts.hold(NOW + 5_000);
        toasts.hold(NOW + 7_000);
        assert_eq!(ids(&toasts, 16_999), [1, 2]);
        assert_eq!(ids(&toasts, 60_000), [1]);
        toasts.release(NOW + 65_000);
        assert_eq!(ids(&toasts, 65_000), [1]);
        assert_eq!(ids(&toasts, 66_000), Vec::<u32>::new());
        toasts.release(NOW + 66_000);
    }

    #[test]
    fn a_conversation_can_be_kept_no_longer_than_this_page_waits_with_it() {
        let mut toasts = Toasts::default();
        let keep = Action::Keep { conversation: "c".to_owned() };
        toasts.say(Kind::Note, words(1), Some(keep), NOW);
        toasts.hold(NOW + 5_000);
        assert_eq!(ids(&toasts, UNDO_MS - 1), [1]);
        assert_eq!(ids(&toasts, UNDO_MS), Vec::<u32>::new());
        toasts.release(NOW + 9_000);
        assert_eq!(ids(&toasts, UNDO_MS), Vec::<u32>::new());
    }

    #[test]
    fn the_log_keeps_the_newest() {
        let mut toasts = Toasts::default();
        for number in 0..250 {
            toasts.say(Kind::Good, words(number), None, NOW + u64::from(number) * 10_000);
        }
        assert_eq!(toasts.log().len(), LOG_MAX);
        assert_eq!(toasts.log().last().map(|toast| toast.id), Some(51));
    }
}
