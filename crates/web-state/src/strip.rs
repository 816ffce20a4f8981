//! Credits as frames of film: what the hour holds, what was made of it, and the same in words.
//!
//! Owns: which frames there are, and what the next picture leaves. Must not: count credits, which the ledger does.

use crate::phrase::{Phrase, Value};

/// What the ledger says is left of a session's hour: `private.balance`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Pictures in each hour.
    pub per_hour: u32,
    /// Pictures that can still be asked for in this one.
    pub remaining: u32,
    /// Pictures that are waited for.
    pub held: u32,
    /// When the next strip begins; none in the last hour, and before the clock runs.
    pub resets_at_ms: Option<u64>,
    /// When the session ends; none before its clock runs.
    pub expires_at_ms: Option<u64>,
    /// How the session stands.
    pub session: SessionStatus,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionStatus {
    /// Paid; its clock starts when the customer starts it, or with the first picture.
    #[default]
    Ready,
    /// Its clock runs.
    Active,
    /// Its hours are over, or were given back.
    Ended,
}

impl SessionStatus {
    /// The status of a name, as the database has it. What it does not know can not be drawn from.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "ready" => Self::Ready,
            "active" => Self::Active,
            _ => Self::Ended,
        }
    }
}

impl Balance {
    /// Pictures of this hour that are made and spent.
    #[must_use]
    pub const fn spent(&self) -> u32 {
        self.per_hour.saturating_sub(self.remaining).saturating_sub(self.held)
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A picture was made with it.
    Used {
        /// Where the picture is; none where it is deleted, or not known here.
        url: Option<String>,
    },
    /// A picture is waited for.
    Held,
    /// Free.
    Free,
}

/// The most frames that are drawn, whatever a plan holds.
const FRAMES_MAX: usize = 60;

/// The frames of an hour: first those used, the oldest first, then those held, then the free ones. The numbers are the
/// ledger's; the pictures are those that the page happens to know, and may be fewer.
#[must_use]
pub fn frames(per_hour: u32, spent: u32, held: u32, urls: &[String]) -> Vec<Frame> {
    let size = |count: u32| usize::try_from(count).unwrap_or(FRAMES_MAX).min(FRAMES_MAX);
    // What a plan held before it was made smaller was used all the same.
    let total = size(per_hour.max(spent.saturating_add(held)));
    let mut frames: Vec<Frame> = Vec::with_capacity(total);
    frames.extend((0..size(spent)).map(|place| Frame::Used { url: urls.get(place).cloned() }));
    frames.extend((0..size(held)).map(|_| Frame::Held));
    frames.resize(total, Frame::Free);
    frames
}

/// What the next request leaves, said before it is sent: `2 pictures, 6 left after this`; none where it cannot be afforded.
#[must_use]
pub fn price(cost: u32, remaining: u32) -> Option<Phrase> {
    let left = remaining.checked_sub(cost)?;
    Some(Phrase::counted("panel.cost", cost).with("left", Value::Number(left)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(per_hour: u32, spent: u32, held: u32, known: &[&str]) -> String {
        let urls: Vec<String> = known.iter().map(|url| (*url).to_owned()).collect();
        frames(per_hour, spent, held, &urls)
            .iter()
            .map(|frame| match frame {
                Frame::Used { url: Some(url) } => url.as_str(),
                Frame::Used { url: None } => "x",
                Frame::Held => "~",
                Frame::Free => ".",
            })
            .collect()
    }

    #[test]
    fn a_strip_has_a_frame_for_each_credit() {
        for (per_hour, spent, held, known, expected) in [
            (3, 0, 0, &[][..], "..."),
            (8, 2, 1, &["a", "b"], "ab~....."),
            (8, 3, 0, &["a"], "axx....."),
            (3, 1, 0, &["a", "b", "c"], "a.."),
            (3, 4, 1, &[], "xxxx~"),
            (0, 0, 0, &[], ""),
        ] {
            assert_eq!(drawn(per_hour, spent, held, known), expected);
        }
        assert_eq!(frames(u32::MAX, u32::MAX, u32::MAX, &[]).len(), 60);
    }

    #[test]
    fn what_is_spent_is_neither_left_nor_held() {
        let balance = Balance { per_hour: 8, remaining: 5, held: 1, ..Balance::default() };
        assert_eq!(balance.spent(), 2);
        assert_eq!(Balance { remaining: 9, ..balance }.spent(), 0);
        assert_eq!(
            ["ready", "active", "ended", "?"].map(SessionStatus::from_name),
            [SessionStatus::Ready, SessionStatus::Active, SessionStatus::Ended, SessionStatus::Ended]
        );
    }

    #[test]
    fn the_price_is_said_only_where_it_can_be_paid() {
        assert_eq!(
            price(2, 8).map(|phrase| (phrase.count, phrase.values)),
            Some((Some(2), vec![("left", Value::Number(6))]))
        );
        assert_eq!(price(2, 1), None);
    }
}
