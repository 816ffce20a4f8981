//! All pictures of the customer: bringing them in.
//!
//! Owns: when the hub is asked for a page of them, and for how many there are. Must not: know their order (that is
//! `web_state::past`), how they are laid out, or delete any at the hub (that is `deletion`).

use crate::bridge::spawn_local;
use web_state::past::PAGE;
use web_state::turn::Picture;

use super::{Store, rows};
use crate::bridge::{Ask, Row, browser, hub};

/// Rows that are read in one go: reading a thousand would be felt.
const ROWS_AT_ONCE: usize = 60;

/// Begins anew: somebody opened the page of the past. What is known is shown until the hub has answered.
pub fn open(store: Store) {
    let visit = store.past.update_untracked(|past| past.begin());
    count(store);
    spawn_local(async move {
        let found = hub().ask(Ask::History("", whole(PAGE))).await.rows();
        if is_over(store, visit) {
            return;
        }
        store.past.update(|past| match found {
            Some(found) => past.restart(rows::pictures(&found)),
            None => past.is_stuck = true,
        });
        // What was made while that was asked for.
        meet(store, &store.strip.get_untracked());
        fill(store, visit).await;
    });
}

/// Forgets everything: somebody else may sign in.
pub fn forget(store: Store) {
    store.past.update(|past| past.forget());
}

/// Asks how many there are.
fn count(store: Store) {
    let visit = store.past.with_untracked(|past| past.visit);
    spawn_local(async move {
        let answer = hub().ask(Ask::HistoryCount).await;
        if answer.is_ok() && !is_over(store, visit) {
            let count = usize::try_from(answer.body.as_whole()).unwrap_or_default();
            store.past.update(|past| past.count = Some(count));
        }
    });
}

/// Sees to it that so many are known, as soon as the hub gives them.
pub fn reach(store: Store, wanted: usize) {
    let begins = store.past.update_untracked(|past| past.want(wanted).then_some(past.visit));
    if let Some(visit) = begins {
        spawn_local(fill(store, visit));
    }
}

/// Asks again, after the hub did not give what it was asked for.
pub fn try_again(store: Store) {
    let (is_stuck, has_begun) = store.past.with_untracked(|past| (past.is_stuck, past.has_begun));
    if is_stuck && !has_begun {
        open(store);
    } else if is_stuck {
        store.past.update(|past| past.is_stuck = false);
        reach(store, 0);
    }
}

/// Takes what is known of the newest pictures: one that was made while somebody looks stands on top.
pub fn meet(store: Store, newest: &[Picture]) {
    if store.past.with_untracked(|past| past.changes(newest)) {
        store.past.update(|past| {
            past.meet(newest);
        });
    }
}

/// Takes what is known now of pictures, whatever another page has done to them.
pub fn learn(store: Store, found: &[Picture]) {
    for picture in found {
        mark(store, &picture.id, picture.deleted);
    }
    meet(store, found);
}

/// Takes a picture out, or puts it back where it was.
pub fn mark(store: Store, id: &str, deleted: bool) {
    if store.past.with_untracked(|past| past.find(id).is_some()) == deleted {
        store.past.update(|past| if deleted { past.remove(id) } else { past.bring_back(id) });
    }
}

async fn fill(store: Store, visit: u32) {
    while let Some((cursor, limit)) = store.past.with_untracked(|past| past.next_page()) {
        let found = hub().ask(Ask::History(&cursor, whole(limit))).await.rows();
        if is_over(store, visit) {
            return;
        }
        match found {
            None => store.past.update(|past| past.is_stuck = true),
            // A hub may give less at once than it is asked for; less than the smallest page is the end.
            Some(found) if !take(store, visit, found.len() < PAGE, &found).await => return,
            Some(_) => {}
        }
    }
    store.past.update_untracked(|past| past.is_asking = false);
}

/// Takes a page, a part at a time; between two parts the page can be scrolled. Whether somebody still waits for more.
async fn take(store: Store, visit: u32, is_last_page: bool, found: &[Row]) -> bool {
    let parts = found.len().div_ceil(ROWS_AT_ONCE).max(1);
    for part in 0..parts {
        let from = part.saturating_mul(ROWS_AT_ONCE);
        let rows = found.get(from..).unwrap_or_default();
        let part_rows = rows::pictures(rows.get(..ROWS_AT_ONCE).unwrap_or(rows));
        let is_last = part.saturating_add(1) == parts;
        store.past.update(|past| past.append(part_rows, is_last_page && is_last));
        if !is_last {
            browser().sleep(0).await;
            if is_over(store, visit) {
                return false;
            }
        }
    }
    true
}

/// Whether the page was opened anew, or left by the customer, since that visit.
fn is_over(store: Store, visit: u32) -> bool {
    store.past.with_untracked(|past| past.visit != visit)
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
