//! Chance that can be had again: the same seed draws the same numbers.
//!
//! Owns: the generator (SplitMix64, by Steele, Lea and Flood). Must not: know what is drawn for.

/// A source of numbers.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below the end. The bias of the remainder is of no matter here.
    pub fn below(&mut self, end: u32) -> u32 {
        let end = u64::from(end.max(1));
        u32::try_from(self.next() % end).unwrap_or(0)
    }

    /// A number of the range, both ends included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// Yes, so many times of a hundred.
    pub fn percent(&mut self, yes: u32) -> bool {
        self.below(100) < yes
    }

    /// One of a list; nothing of an empty one.
    pub fn one_of<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        let place = self.below(u32::try_from(list.len()).ok()?);
        list.get(usize::try_from(place).ok()?).cloned()
    }

    /// One of a list, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, list: &[(u32, T)]) -> Option<T> {
        let mut left = self.below(list.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in list {
            if left < *weight {
                return Some(*item);
            }
            left -= weight;
        }
        None
    }
}
