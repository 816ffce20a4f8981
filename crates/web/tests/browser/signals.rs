//! Signals, memos and effects: when they work, and whom they tell.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web::signal::{Memo, RwSignal, effect};

use crate::stage::{stage, turn};

/// Counts one more.
fn count(counter: &Cell<u32>) {
    counter.set(counter.get().saturating_add(1));
}

#[wasm_bindgen_test]
fn a_memo_works_when_it_is_read_and_only_where_something_changed() {
    let worked = Rc::new(Cell::new(0_u32));
    let stage = stage(|| {
        let number = RwSignal::new(1_u32);
        let worked = worked.clone();
        let doubled = Memo::new(move |_| {
            count(&worked);
            number.get().saturating_mul(2)
        });
        ((number, doubled), ().into_any())
    });
    let (number, doubled) = stage.kept;
    assert_eq!(worked.get(), 0, "nobody has read it");
    assert_eq!((doubled.get_untracked(), doubled.get_untracked(), worked.get()), (2, 2, 1));
    number.set(5);
    number.set(6);
    assert_eq!(worked.get(), 1, "nobody has read it since");
    assert_eq!((doubled.get_untracked(), worked.get()), (12, 2));
    number.update_untracked(|number| *number = 7);
    assert_eq!((doubled.get_untracked(), worked.get()), (12, 2), "it was told of nothing");
}

#[wasm_bindgen_test]
async fn a_memo_tells_its_readers_only_of_another_value() {
    let read = Rc::new(RefCell::new(Vec::new()));
    let before = Rc::new(RefCell::new(Vec::new()));
    let stage = stage(|| {
        let number = RwSignal::new(1_u32);
        let before = before.clone();
        let is_even = Memo::new(move |earlier: Option<&bool>| {
            before.borrow_mut().push(earlier.copied());
            number.get().is_multiple_of(2)
        });
        let read = read.clone();
        effect(move |_: Option<()>| read.borrow_mut().push(is_even.get()));
        (number, ().into_any())
    });
    for number in [1, 3, 5, 6, 8, 9] {
        stage.kept.set(number);
        turn().await;
    }
    assert_eq!(*read.borrow(), [false, true, false]);
    let earlier: Vec<Option<bool>> = vec![None, Some(false), Some(false), Some(false), Some(true), Some(true)];
    // The first of the six was set before the effect ran at all.
    assert_eq!(*before.borrow(), earlier);
}

#[wasm_bindgen_test]
async fn an_effect_is_given_what_it_answered_before() {
    let given = Rc::new(RefCell::new(Vec::new()));
    let stage = stage(|| {
        let word = RwSignal::new("a".to_owned());
        let given = given.clone();
        effect(move |earlier: Option<String>| {
            given.borrow_mut().push(earlier);
            word.get()
        });
        (word, ().into_any())
    });
    turn().await;
    for word in ["b", "c"] {
        stage.kept.set(word.to_owned());
        turn().await;
    }
    stage.kept.update_untracked(|word| word.clear());
    turn().await;
    assert_eq!(*given.borrow(), [None, Some("a".to_owned()), Some("b".to_owned())]);
}

#[wasm_bindgen_test]
async fn what_comes_after_a_part_of_the_page_has_gone_changes_nothing() {
    let heard = Rc::new(Cell::new(0_u32));
    let drawn = stage(|| {
        let word = RwSignal::new("a");
        let heard = heard.clone();
        effect(move |_: Option<()>| {
            word.track();
            count(&heard);
        });
        (word, ().into_any())
    });
    let word = drawn.kept;
    turn().await;
    assert_eq!((word.try_with_untracked(|word| *word), heard.get()), (Some("a"), 1));
    drop(drawn);
    let mut is_changed = false;
    word.update(|_| is_changed = true);
    word.set("b");
    turn().await;
    assert_eq!((is_changed, word.try_with_untracked(|word| *word), heard.get()), (false, None, 1));
}
