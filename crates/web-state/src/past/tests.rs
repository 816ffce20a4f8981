//! Pages in their order, and pictures that come and go between them.

use domain::generation::Status;

use super::*;

/// The picture of that number; the higher, the newer.
fn picture(number: usize) -> Picture {
    Picture {
        id: format!("{number:05}"),
        request_id: "r".to_owned(),
        conversation_id: None,
        session_id: "s".to_owned(),
        batch_index: 0,
        batch_count: 1,
        hour_index: 0,
        status: Status::Completed,
        prompt: "tea".to_owned(),
        negative_prompt: String::new(),
        width: 512,
        height: 512,
        steps: 30,
        cfg_scale_tenths: 75,
        seed: 7,
        url: Some("blob:".to_owned()),
        object_name: None,
        model: None,
        failure_code: None,
        wait_code: None,
        not_before_ms: None,
        created_at_ms: 0,
        created_at: format!("2026-11-28T17:00:00.{number:05}+00:00"),
        settled_at_ms: None,
        deleted: false,
    }
}

/// The hub's answer: so many, from that number down.
fn page(newest: usize, count: usize) -> Vec<Picture> {
    (0..count).map(|back| picture(newest.saturating_sub(back))).collect()
}

/// After the first page of so many.
fn opened(total: usize) -> Past {
    let mut past = Past::default();
    past.begin();
    past.count = Some(total);
    past.restart(page(total, total.min(PAGE)));
    past.is_asking = false;
    past
}

fn ids(past: &Past) -> Vec<&str> {
    past.pictures().iter().map(|picture| picture.id.as_str()).collect()
}

#[test]
fn the_first_page_tells_whether_it_is_all() {
    assert!(opened(0).is_empty());
    let few = opened(59);
    assert_eq!((few.len(), few.next_page()), (59, None));
    let many = opened(10_000);
    assert_eq!((many.len(), many.pictures().len(), many.is_empty()), (10_000, 60, false));
    assert!(!Past::default().is_empty());
    assert!(!Past::default().is_counted());
}

#[test]
fn pages_are_as_large_as_somebody_is_ahead() {
    let mut past = opened(10_000);
    assert_eq!(past.next_page(), None);
    assert!(past.want(61));
    assert!(!past.want(62), "one asks already");
    let cursor = "2026-11-28T17:00:00.09941+00:00,09941".to_owned();
    assert_eq!(past.next_page(), Some((cursor.clone(), PAGE)));
    past.want(400);
    assert_eq!(past.next_page(), Some((cursor.clone(), 340)));
    past.want(9_000);
    assert_eq!(past.next_page(), Some((cursor, PAGE_MAX)));
    past.append(page(9_940, 1_000), false);
    assert_eq!(past.pictures().len(), 1_060);
    assert_eq!(past.next_page().map(|(_, limit)| limit), Some(PAGE_MAX));
    past.append(page(8_940, 10), true);
    assert_eq!((past.next_page(), past.len()), (None, 1_070));
}

#[test]
fn nothing_is_asked_for_while_the_hub_does_not_give() {
    let mut past = opened(100);
    past.is_stuck = true;
    assert!(!past.want(100));
    past.is_stuck = false;
    assert!(past.want(0), "what was wanted still is");
}

#[test]
fn what_is_made_meanwhile_stands_in_its_place_and_once() {
    let mut past = opened(100);
    let unfinished = Picture { url: None, ..picture(103) };
    assert!(past.changes(&[picture(101)]));
    assert!(past.meet(&[picture(102), picture(101), unfinished.clone(), picture(100)]));
    assert_eq!(ids(&past)[..3], ["00102", "00101", "00100"]);
    assert_eq!(past.len(), 102);
    assert!(!past.changes(&[picture(102), unfinished]));
    assert!(!past.meet(&[picture(102)]));
    assert!(!past.meet(&[picture(3)]), "it comes with its page");
    past.append(vec![picture(40), picture(39)], false);
    past.append(vec![picture(39)], false);
    assert_eq!(ids(&past).iter().filter(|id| **id == "00039").count(), 1);
}

#[test]
fn what_is_deleted_goes_and_comes_back_to_its_place() {
    let mut past = opened(100);
    past.remove("00090");
    past.remove("nobody");
    assert_eq!((past.len(), past.find("00090")), (99, None));
    assert!(!past.meet(&[picture(90)]), "the hub has not heard of it yet");
    past.bring_back("00090");
    past.bring_back("00090");
    assert_eq!((past.len(), past.find("00090")), (100, Some(10)));
    assert!(!past.meet(&[Picture { deleted: true, ..picture(90) }]));
    assert_eq!(past.len(), 99);
    // The last one that is known is no different, though the next page begins behind it.
    past.remove("00041");
    past.bring_back("00041");
    assert_eq!(ids(&past).last(), Some(&"00041"));
}

#[test]
fn a_page_that_was_on_its_way_does_not_bring_back_what_was_deleted() {
    let mut past = opened(100);
    past.remove("00100");
    past.restart(page(100, PAGE));
    assert_eq!(ids(&past).first(), Some(&"00099"));
}

#[test]
fn somebody_else_finds_nothing() {
    let mut past = opened(100);
    let visit = past.visit;
    past.forget();
    assert_eq!((past.len(), past.visit), (0, visit + 1));
    assert_eq!(past.begin(), visit + 2);
}
