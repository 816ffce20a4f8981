//! All pictures of the customer, the newest first, as far as they are known.
//!
//! Owns: their order, which page is asked for next, and that pictures which come and go meanwhile are shown once and in
//! their place. Must not: ask for them, or know how they are laid out.

use crate::turn::Picture;

/// Pictures of a page, where somebody looks at one after the other.
pub const PAGE: usize = 60;
/// Pictures of a page, where somebody is far ahead of what is known: as many as the hub gives at once.
pub const PAGE_MAX: usize = 1_000;
/// Pictures that can still be brought back.
const REMOVED_MAX: usize = 100;

/// The pictures of the past.
#[derive(Debug, Default)]
pub struct Past {
    pictures: Vec<Picture>,
    /// How many there are; none while that is being asked for.
    pub count: Option<usize>,
    /// Whether those that are known are all.
    is_all: bool,
    /// Whether the hub did not give what it was asked for last.
    pub is_stuck: bool,
    /// Whether more are being asked for.
    pub is_asking: bool,
    /// Whether the first page of this visit has come.
    pub has_begun: bool,
    /// Goes up with every beginning, so that an answer to an earlier question is known as such.
    pub visit: u32,
    /// Those that were deleted here.
    removed: Vec<Picture>,
    /// The last one that the hub gave: behind it the next page begins.
    end: Option<Picture>,
    /// How many somebody wants to see.
    wanted: usize,
}

impl Past {
    /// Nothing known, and nothing that comes from earlier is taken.
    pub fn forget(&mut self) {
        *self = Self { visit: self.visit.wrapping_add(1), ..Self::default() };
    }

    /// Begins anew, keeping what is known until the first page has come; the number of this visit.
    pub fn begin(&mut self) -> u32 {
        self.visit = self.visit.wrapping_add(1);
        (self.is_asking, self.is_stuck, self.has_begun, self.wanted) = (true, false, false, PAGE);
        self.visit
    }

    /// Takes the first page of a visit, in the place of all that was known.
    pub fn restart(&mut self, found: Vec<Picture>) {
        self.has_begun = true;
        self.pictures.clear();
        self.end = None;
        let is_all = found.len() < PAGE;
        self.append(found, is_all);
    }

    /// The pictures that are known, without a gap.
    #[must_use]
    pub fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// How many there are, as far as one can tell.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.is_all { self.pictures.len() } else { self.count.unwrap_or_default().max(self.pictures.len()) }
    }

    /// Whether it is known how many there are.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        self.is_all || self.count.is_some()
    }

    /// Whether there is none, for certain.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_all && self.pictures.is_empty()
    }

    /// Where a picture is, or would be. The database's times and its ids sort as their letters do.
    #[must_use]
    pub fn place(&self, created_at: &str, id: &str) -> usize {
        self.pictures.partition_point(|known| (known.created_at.as_str(), known.id.as_str()) > (created_at, id))
    }

    /// Where that picture is; none where it is not among the known ones.
    #[must_use]
    pub fn known_place(&self, created_at: &str, id: &str) -> Option<usize> {
        let place = self.place(created_at, id);
        self.pictures.get(place).is_some_and(|known| known.id == id).then_some(place)
    }

    /// Where the picture of that id is.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<usize> {
        self.pictures.iter().position(|known| known.id == id)
    }

    /// Somebody wants to see so many; whether that is something to be asked for by a new asker.
    pub fn want(&mut self, wanted: usize) -> bool {
        self.wanted = self.wanted.max(wanted);
        let begins = !self.is_asking && self.next_page().is_some();
        self.is_asking |= begins;
        begins
    }

    /// The next page to ask for: its cursor, as `created_at,id`, and how many; none where nobody wants more.
    #[must_use]
    pub fn next_page(&self) -> Option<(String, usize)> {
        let missing = self.wanted.saturating_sub(self.pictures.len());
        if self.is_all || self.is_stuck || missing == 0 {
            return None;
        }
        let cursor = self.end.as_ref().map(|end| [end.created_at.as_str(), ",", &end.id].concat());
        Some((cursor.unwrap_or_default(), missing.clamp(PAGE, PAGE_MAX)))
    }

    /// Takes what the hub gave, or a part of it; `is_all` where nothing lies behind that.
    pub fn append(&mut self, found: Vec<Picture>, is_all: bool) {
        if let Some(last) = found.last() {
            self.end = Some(last.clone());
        }
        for picture in found {
            // One that came meanwhile is not shown twice, one that was just deleted not again.
            if !self.is_removed(&picture) && !self.has(&picture) {
                let place = self.place(&picture.created_at, &picture.id);
                self.pictures.insert(place, picture);
            }
        }
        self.is_all = is_all;
    }

    /// Takes what is known of the newest pictures; whether there are more now. None where nothing changes.
    #[must_use]
    pub fn changes(&self, newest: &[Picture]) -> bool {
        newest.iter().any(|picture| self.has(picture) != picture.is_there() && !self.is_removed(picture))
    }

    /// Takes what is known of the newest pictures: those that are new stand in their places, the deleted ones go. Whether
    /// there are new ones.
    pub fn meet(&mut self, newest: &[Picture]) -> bool {
        let mut has_come = false;
        for picture in newest {
            if picture.deleted {
                self.remove(&picture.id);
            } else if picture.is_there() && !self.is_removed(picture) {
                has_come |= self.insert(picture);
            }
        }
        has_come
    }

    /// Takes a picture out.
    pub fn remove(&mut self, id: &str) {
        let Some(place) = self.find(id) else { return };
        self.removed.push(self.pictures.remove(place));
        self.count = self.count.map(|count| count.saturating_sub(1));
        let surplus = self.removed.len().saturating_sub(REMOVED_MAX);
        self.removed.drain(..surplus);
    }

    /// Puts a picture back that was taken out.
    pub fn bring_back(&mut self, id: &str) {
        if let Some(place) = self.removed.iter().position(|picture| picture.id == id) {
            let picture = self.removed.remove(place);
            self.insert(&picture);
        }
    }

    fn has(&self, picture: &Picture) -> bool {
        self.known_place(&picture.created_at, &picture.id).is_some()
    }

    fn is_removed(&self, picture: &Picture) -> bool {
        self.removed.iter().any(|removed| removed.id == picture.id)
    }

    /// Puts a picture where it belongs; whether it was not there. What lies behind the known ones comes with its page.
    fn insert(&mut self, picture: &Picture) -> bool {
        let key = (picture.created_at.as_str(), picture.id.as_str());
        let end = self.end.as_ref().map(|end| (end.created_at.as_str(), end.id.as_str()));
        let is_behind = !self.is_all && end.is_none_or(|end| key < end);
        if is_behind || self.has(picture) {
            return false;
        }
        self.pictures.insert(self.place(key.0, key.1), picture.clone());
        self.count = self.count.map(|count| count.saturating_add(1));
        true
    }
}

#[cfg(test)]
mod tests;
