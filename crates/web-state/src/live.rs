//! How fresh what is shown is: when to read it again, beside what the hub tells by itself.
//!
//! Owns: how often. Broadcasts are hints and may be lost, so reading never stops while there is a network. Must not: read.

/// How the page stands to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether there is a network.
    pub online: bool,
    /// Whether the page is in sight.
    pub visible: bool,
    /// Whether the hub tells it what happens.
    pub joined: bool,
    /// Whether a picture is waited for.
    pub in_flight: bool,
}

impl Default for Standing {
    /// As a page begins: in sight, and nobody tells it anything yet.
    fn default() -> Self {
        Self { online: true, visible: true, joined: false, in_flight: false }
    }
}

impl Standing {
    /// How long after the last reading to read again; none without a network.
    #[must_use]
    pub fn reads_after_ms(self) -> Option<u64> {
        if !self.online {
            return None;
        }
        let every_ms: u64 = match (self.joined, self.in_flight) {
            (true, false) => 60_000,
            // A hint may be lost, and the place in the queue has none.
            (true, true) => 10_000,
            (false, false) => 5_000,
            (false, true) => 2_000,
        };
        // Nobody looks; what is drawn is drawn all the same.
        Some(if self.visible { every_ms } else { every_ms.saturating_mul(5) })
    }

    /// Whether to read now.
    #[must_use]
    pub fn is_due(self, last_read_ms: Option<u64>, now_ms: u64) -> bool {
        let Some(after_ms) = self.reads_after_ms() else { return false };
        last_read_ms.is_none_or(|last_ms| now_ms.saturating_sub(last_ms) >= after_ms)
    }

    /// Whether to read at once because of what changed: the network came back, the page came into sight, or the hub began
    /// to tell, which it has not done of what went before.
    #[must_use]
    pub const fn catches_up(self, before: Self) -> bool {
        self.online && (!before.online || (self.visible && !before.visible) || (self.joined && !before.joined))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOINED: Standing = Standing { online: true, visible: true, joined: true, in_flight: false };

    #[test]
    fn it_reads_as_often_as_it_needs_to() {
        for (standing, expected) in [
            (JOINED, Some(60_000)),
            (Standing { in_flight: true, ..JOINED }, Some(10_000)),
            (Standing::default(), Some(5_000)),
            (Standing { in_flight: true, ..Standing::default() }, Some(2_000)),
            (Standing { visible: false, ..Standing::default() }, Some(25_000)),
            (Standing { visible: false, ..JOINED }, Some(300_000)),
            (Standing { online: false, in_flight: true, ..JOINED }, None),
        ] {
            assert_eq!(standing.reads_after_ms(), expected, "{standing:?}");
        }
    }

    #[test]
    fn what_was_never_read_is_due() {
        assert!(JOINED.is_due(None, 0));
        assert!(!JOINED.is_due(Some(1_000), 60_999));
        assert!(JOINED.is_due(Some(1_000), 61_000));
        assert!(!Standing { online: false, ..JOINED }.is_due(None, 0));
    }

    #[test]
    fn it_catches_up_on_what_it_did_not_hear() {
        let offline = Standing { online: false, ..JOINED };
        let hidden = Standing { visible: false, ..JOINED };
        assert!(JOINED.catches_up(offline));
        assert!(JOINED.catches_up(hidden));
        assert!(JOINED.catches_up(Standing::default()));
        assert!(!JOINED.catches_up(JOINED));
        assert!(!offline.catches_up(JOINED));
        assert!(!hidden.catches_up(JOINED));
    }
}
