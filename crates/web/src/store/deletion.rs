//! Deleting pictures, and taking that back.
//!
//! Owns: what the customer wants of a picture while the hub has not said that it is so. What he wants is shown at once, and
//! the hub is told one thing after the other: whatever he wants by then. Must not: draw buttons.

use crate::bridge::spawn_local;
use web_state::failure;
use web_state::phrase::Phrase;
use web_state::toast::{Action, Kind};
use web_state::turn::Picture;

use super::{Store, notices, past};
use crate::bridge::{Answer, Ask, browser, hub};

/// How long a deletion that got no answer may still be under way.
const LATE_MS: u64 = 5_000;
/// So often it is looked whether something else is wanted meanwhile.
const SLICE_MS: u32 = 250;

/// A deletion that the hub has not said to be so, or not to be so any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    picture_id: String,
    /// Whether the customer wants the picture deleted; else he wants it back.
    is_wanted: bool,
}

/// Deletes a picture at once, and offers to take that back.
pub fn delete(store: Store, picture: &Picture) {
    want(store, &picture.id, true);
    let offer = Action::Restore { pictures: vec![picture.id.clone()] };
    notices::tell(store, Kind::Note, Phrase::counted("toast.deleted", 1), Some(offer));
}

/// Takes a deletion back.
pub fn restore(store: Store, picture_ids: &[String]) {
    for picture_id in picture_ids {
        want(store, picture_id, false);
    }
}

/// Has rows that were read before the hub answered say what the customer wants of them.
pub fn as_wanted(store: Store, found: &mut [Picture]) {
    store.deletions.with_untracked(|deletions| {
        for Deletion { picture_id, is_wanted } in deletions {
            found
                .iter_mut()
                .filter(|picture| picture.id == *picture_id)
                .for_each(|picture| picture.deleted = *is_wanted);
        }
    });
}

fn want(store: Store, picture_id: &str, is_wanted: bool) {
    mark(store, picture_id, is_wanted);
    let is_under_way = store.deletions.update_untracked(|deletions| {
        let known = deletions.iter_mut().find(|deletion| deletion.picture_id == picture_id);
        let is_known = known.map(|deletion| deletion.is_wanted = is_wanted).is_some();
        if !is_known {
            deletions.push(Deletion { picture_id: picture_id.to_owned(), is_wanted });
        }
        is_known
    });
    if !is_under_way {
        spawn_local(tell(store, picture_id.to_owned()));
    }
}

/// Tells the hub what is wanted by then, until it has answered or nobody has a few times. Telling it the same twice is telling
/// it once.
async fn tell(store: Store, picture_id: String) {
    let ids = [picture_id];
    let [picture_id] = &ids;
    let (mut told, mut tries, mut may_come_late) = (None, 0_u32, false);
    while let Some(is_wanted) = wanted(store, picture_id) {
        if told.replace(is_wanted) != Some(is_wanted) {
            tries = 0;
        }
        let answer = hub().ask(if is_wanted { Ask::Delete(&ids) } else { Ask::Restore(&ids) }).await;
        may_come_late |= is_wanted && is_unsure(&answer);
        let waits_ms =
            failure::asks_by_itself_after_ms(tries).filter(|_| is_unsure(&answer) && store.is_online.get_untracked());
        if let Some(waits_ms) = waits_ms {
            tries = tries.saturating_add(1);
            pause(store, picture_id, is_wanted, waits_ms).await;
        } else if is_done(&answer, false) && std::mem::take(&mut may_come_late) {
            // A deletion that got no answer may reach the hub after what took it back.
            pause(store, picture_id, is_wanted, LATE_MS).await;
        } else if wanted(store, picture_id) == Some(is_wanted) {
            store.deletions.update_untracked(|deletions| deletions.retain(|one| one.picture_id != *picture_id));
            if is_done(&answer, is_wanted) {
                // Rows that were read meanwhile may have said something else.
                mark(store, picture_id, is_wanted);
            } else {
                refused(store, picture_id, is_wanted, &answer);
            }
        }
    }
}

/// Waits as long as nothing else is wanted.
async fn pause(store: Store, picture_id: &str, is_wanted: bool, waits_ms: u64) {
    for _ in 0..waits_ms.div_ceil(u64::from(SLICE_MS)) {
        if wanted(store, picture_id) != Some(is_wanted) {
            return;
        }
        browser().sleep(SLICE_MS).await;
    }
}

/// Whether a picture is wanted deleted; none once the hub has said what is so, or another customer is here.
fn wanted(store: Store, picture_id: &str) -> Option<bool> {
    store.deletions.with_untracked(|deletions| {
        deletions.iter().find(|deletion| deletion.picture_id == picture_id).map(|deletion| deletion.is_wanted)
    })
}

fn is_done(answer: &Answer, is_wanted: bool) -> bool {
    answer.is_ok() && answer.body.text("outcome") == if is_wanted { "deleted" } else { "restored" }
}

/// Whether nobody knows if the hub did it: whatever stands in front of it may have answered in its place.
fn is_unsure(answer: &Answer) -> bool {
    answer.is_silence() || answer.status == 429 || answer.status >= 500
}

/// It is shown as it was, and can be had back wherever it may be otherwise.
fn refused(store: Store, picture_id: &str, was_wanted: bool, answer: &Answer) {
    mark(store, picture_id, !was_wanted);
    let offer = Action::Restore { pictures: vec![picture_id.to_owned()] };
    withdraw(store, &offer);
    let (words, offer) = match (was_wanted, is_unsure(answer)) {
        (true, true) => ("toast.delete_unsure", Some(offer)),
        (true, false) => ("toast.delete_failed", None),
        (false, _) if answer.is_ok() => ("toast.restore_failed", None),
        (false, _) => ("toast.restore_unsure", Some(offer)),
    };
    notices::tell(store, Kind::Bad, Phrase::new(words), offer);
}

/// There is nothing to take back.
fn withdraw(store: Store, offer: &Action) {
    store.toasts.update(|toasts| {
        let offers: Vec<u32> =
            toasts.log().iter().filter(|toast| toast.action.as_ref() == Some(offer)).map(|toast| toast.id).collect();
        for offer in offers {
            toasts.dismiss(offer);
        }
    });
}

/// Shows a picture as deleted, or as there again, wherever it is known.
fn mark(store: Store, picture_id: &str, deleted: bool) {
    for known in [store.pictures, store.strip] {
        let is_other = |picture: &Picture| picture.id == picture_id && picture.deleted != deleted;
        if known.with_untracked(|known| known.iter().any(is_other)) {
            known.update(|known| mark_in(known, picture_id, deleted));
        }
    }
    past::mark(store, picture_id, deleted);
    store.lightbox.update(|lightbox| {
        if let Some(lightbox) = lightbox {
            mark_in(&mut lightbox.pictures, picture_id, deleted);
        }
    });
}

fn mark_in(pictures: &mut [Picture], picture_id: &str, deleted: bool) {
    for picture in pictures.iter_mut().filter(|picture| picture.id == picture_id) {
        picture.deleted = deleted;
    }
}
