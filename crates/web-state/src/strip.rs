//! Credits as frames of film: what the hour holds, what was made of it, and the same in words.
//!
//! Owns: which frames there are and which sentence stands beside them. Must not: count credits, which the ledger does.

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

impl Frame {
    /// The key of what it is called.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Used { .. } => "strip.frame_used",
            Self::Held => "strip.frame_held",
            Self::Free => "strip.frame_free",
        }
    }
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

/// Which strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reel {
    /// Of pictures.
    Pictures,
    /// Of videos.
    Videos,
}

/// The strip in words.
#[must_use]
pub fn sentence(reel: Reel, balance: &Balance) -> Phrase {
    let pictures = reel == Reel::Pictures;
    let pick = |of_pictures: &'static str, of_videos: &'static str| if pictures { of_pictures } else { of_videos };
    let all = balance.per_hour;
    if all == 0 {
        return Phrase::new(pick("strip.none_in_plan", "strip.videos_none_in_plan"));
    }
    match (balance.session, balance.remaining, balance.resets_at_ms) {
        (SessionStatus::Ended, ..) => Phrase::new("strip.ended"),
        (SessionStatus::Ready, ..) => Phrase::counted(pick("strip.ready", "strip.videos_ready"), all),
        (SessionStatus::Active, 0, Some(at)) => {
            Phrase::counted(pick("strip.all_made_until", "strip.videos_all_made_until"), all)
                .with("time", Value::TimeOfDay(at))
        }
        (SessionStatus::Active, 0, None) => {
            Phrase::counted(pick("strip.all_made_last", "strip.videos_all_made_last"), all)
        }
        (SessionStatus::Active, left, Some(at)) => {
            Phrase::counted(pick("strip.left_until", "strip.videos_left_until"), all)
                .with("left", Value::Number(left))
                .with("time", Value::TimeOfDay(at))
        }
        (SessionStatus::Active, left, None) => {
            Phrase::counted(pick("strip.left_last", "strip.videos_left_last"), all).with("left", Value::Number(left))
        }
    }
}

/// The first half of the sentence while the clock runs, for where it stands apart: `5 of 8 left`.
#[must_use]
pub fn left(balance: &Balance) -> Phrase {
    Phrase::new("strip.left")
        .with("left", Value::Number(balance.remaining))
        .with("count", Value::Number(balance.per_hour))
}

/// The other half: `new strip at 14:20`, or that there will be none.
#[must_use]
pub fn next(balance: &Balance) -> Phrase {
    match balance.resets_at_ms {
        Some(at) => Phrase::new("strip.new_at").with("time", Value::TimeOfDay(at)),
        None => Phrase::new("strip.last_hour"),
    }
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
    fn the_sentence_says_what_is_left_and_what_comes() {
        let balance = |session, remaining, resets_at_ms| Balance {
            per_hour: 8,
            remaining,
            resets_at_ms,
            session,
            ..Balance::default()
        };
        use SessionStatus::{Active, Ended, Ready};
        for (session, remaining, resets, expected) in [
            (Ready, 8, None, "strip.ready"),
            (Active, 5, Some(9), "strip.left_until"),
            (Active, 5, None, "strip.left_last"),
            (Active, 0, Some(9), "strip.all_made_until"),
            (Active, 0, None, "strip.all_made_last"),
            (Ended, 0, None, "strip.ended"),
        ] {
            assert_eq!(sentence(Reel::Pictures, &balance(session, remaining, resets)).key, expected);
        }
        let none = Balance { session: Active, ..Balance::default() };
        assert_eq!(sentence(Reel::Videos, &none).key, "strip.videos_none_in_plan");
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
