//! The picture that fills the window: which one is next, and what keys and fingers do.
//!
//! Owns: the order and its ends. Must not: hold the pictures or the focus.

/// From one picture to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the next one.
    Next,
    /// To the one before.
    Previous,
    /// To the first.
    First,
    /// To the last.
    Last,
}

/// What a key does in the lightbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Closes it.
    Close,
    /// Goes to another picture.
    Go(Step),
    /// Deletes the picture.
    Delete,
}

/// Where a step leads; none at the ends: the list does not go round, so that one knows when all were seen.
#[must_use]
pub fn go(step: Step, index: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let index = index.min(last);
    let to = match step {
        Step::Next => index.saturating_add(1).min(last),
        Step::Previous => index.saturating_sub(1),
        Step::First => 0,
        Step::Last => last,
    };
    (to != index).then_some(to)
}

/// Which picture is shown after one was taken away there: the one that moved into its place, or the last; none when there
/// is none left and the lightbox closes.
#[must_use]
pub fn after_removal(index: usize, count_left: usize) -> Option<usize> {
    count_left.checked_sub(1).map(|last| index.min(last))
}

/// What a key does; none of the lightbox's own otherwise.
#[must_use]
pub fn on_key(key: &str) -> Option<Action> {
    Some(match key {
        "Escape" => Action::Close,
        "ArrowRight" => Action::Go(Step::Next),
        "ArrowLeft" => Action::Go(Step::Previous),
        "Home" => Action::Go(Step::First),
        "End" => Action::Go(Step::Last),
        "Delete" => Action::Delete,
        _ => return None,
    })
}

/// A finger must have moved so far, in pixels, and rather sideways than up or down.
const SWIPE_MIN: u32 = 48;

/// Where a swipe leads, by how far the finger has moved to the right and down.
#[must_use]
pub const fn swipe(right: i32, down: i32) -> Option<Step> {
    let (across, along) = (right.unsigned_abs(), down.unsigned_abs());
    if across < SWIPE_MIN || across < along.saturating_mul(2) {
        None
    } else if right < 0 {
        Some(Step::Next)
    } else {
        Some(Step::Previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_ends_at_its_ends() {
        for (step, index, count, expected) in [
            (Step::Next, 0, 3, Some(1)),
            (Step::Next, 2, 3, None),
            (Step::Previous, 0, 3, None),
            (Step::Previous, 2, 3, Some(1)),
            (Step::First, 2, 3, Some(0)),
            (Step::Last, 0, 3, Some(2)),
            (Step::Last, 2, 3, None),
            (Step::Next, 9, 3, None),
            (Step::Previous, 9, 3, Some(1)),
            (Step::Next, 0, 0, None),
            (Step::Next, 0, 1, None),
        ] {
            assert_eq!(go(step, index, count), expected, "{step:?} {index} {count}");
        }
    }

    #[test]
    fn what_was_deleted_gives_place_to_its_neighbour() {
        assert_eq!([after_removal(0, 2), after_removal(2, 2), after_removal(0, 0)], [Some(0), Some(1), None]);
    }

    #[test]
    fn keys_and_fingers_do_what_one_expects() {
        assert_eq!(on_key("Escape"), Some(Action::Close));
        assert_eq!(on_key("ArrowLeft"), Some(Action::Go(Step::Previous)));
        assert_eq!(on_key("x"), None);
        assert_eq!(swipe(-60, 5), Some(Step::Next));
        assert_eq!(swipe(60, -5), Some(Step::Previous));
        assert_eq!(swipe(40, 0), None);
        assert_eq!(swipe(60, 50), None);
        assert_eq!(swipe(i32::MIN, 0), Some(Step::Next));
    }
}
