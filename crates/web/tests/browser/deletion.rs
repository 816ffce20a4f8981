//! Deleting a picture and taking that back, whatever the hub answers and whenever it does.

use domain::generation::Status;
use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web::bridge::Row;
use web::components::toaster::toaster;
use web::components::turn::turn as turn_view;
use web::markup::view;
use web::signal::Memo;
use web::store::{Job, Phase, Store, deletion, rows};
use web_state::turn::{Picture, turns};
use web_state::wait::Facts;
use web_sys::HtmlElement;

use crate::fake;
use crate::stage::{Stage, stage, turn};

const DELETED: &str = r#"{ "status": 200, "body": { "outcome": "deleted" } }"#;
const RESTORED: &str = r#"{ "status": 200, "body": { "outcome": "restored" } }"#;
const SILENCE: &str = r#"{ "status": 0 }"#;
const GATEWAY: &str = r#"{ "status": 502, "body": {} }"#;
const UNDO: &str = ".toast .button:not(.icon-only)";

/// A picture that is there.
fn picture() -> Picture {
    let fields =
        [("id", "p"), ("requestId", "r"), ("status", "completed"), ("url", "data:,"), ("prompt", "a tea stall")];
    rows::picture(&Row::of(&fields.map(|(name, value)| (name, value.into()))))
}

/// A toaster over the one turn of a conversation, whose picture is there.
fn conversation() -> Stage<Store> {
    fake::begin();
    stage(|| {
        let store = Store::new();
        store.pictures.set(vec![picture()]);
        let only = Memo::new(move |_| store.pictures.with(|pictures| turns(&[], pictures).into_iter().next()));
        let view = view! { <ol>{turn_view(store, only)}</ol>{toaster(store)} };
        (store, view.into_any())
    })
}

/// How often the hub was asked to delete and to bring back.
fn asked() -> (usize, usize) {
    (fake::asked("deletePictures").len(), fake::asked("restorePictures").len())
}

fn is_deleted(stage: &Stage<Store>) -> bool {
    stage.kept.pictures.with_untracked(|known| known.iter().all(|picture| picture.deleted))
}

/// The same, with the picture deleted just now.
async fn deleted() -> Stage<Store> {
    let stage = conversation();
    fake::answer("deletePictures", DELETED);
    deletion::delete(stage.kept, &picture());
    turn().await;
    assert!(is_deleted(&stage));
    assert_eq!(stage.text(".toast p"), "Picture deleted.");
    assert_eq!(fake::asked("deletePictures"), [r#"[["p"]]"#]);
    stage
}

#[wasm_bindgen_test]
async fn undo_takes_a_deletion_back() {
    let stage = deleted().await;
    fake::answer("restorePictures", RESTORED);
    stage.click(UNDO).await;
    assert_eq!(fake::asked("restorePictures"), [r#"[["p"]]"#]);
    assert!(!is_deleted(&stage) && !stage.has(".toast"));
}

#[wasm_bindgen_test]
async fn undo_that_comes_too_late_says_so() {
    let stage = deleted().await;
    fake::answer("restorePictures", r#"{ "status": 200, "body": { "outcome": "gone" } }"#);
    stage.click(UNDO).await;
    assert!(is_deleted(&stage));
    assert_eq!(
        (stage.text(".toast p"), stage.attribute(".toast", "data-kind").as_deref()),
        ("It was too late.".to_owned(), Some("bad"))
    );
    assert!(!stage.has(UNDO), "there is nothing to try again");
}

#[wasm_bindgen_test]
async fn a_notice_that_is_dismissed_asks_for_nothing() {
    let stage = deleted().await;
    stage.click(".toast .icon-only").await;
    assert!(!stage.has(".toast") && is_deleted(&stage));
    assert_eq!(asked(), (1, 0));
}

#[wasm_bindgen_test]
async fn what_nobody_answers_is_asked_again() {
    let stage = deleted().await;
    fake::answer_in_turn("restorePictures", &[SILENCE, GATEWAY, RESTORED]);
    stage.click(UNDO).await;
    assert_eq!(asked(), (1, 3));
    assert!(!is_deleted(&stage) && !stage.has(".toast"));
}

#[wasm_bindgen_test]
async fn a_picture_that_nobody_brings_back_is_offered_again() {
    let stage = deleted().await;
    fake::answer("restorePictures", SILENCE);
    stage.click(UNDO).await;
    assert_eq!(asked(), (1, 4));
    assert!(is_deleted(&stage));
    fake::answer("restorePictures", RESTORED);
    stage.click(UNDO).await;
    assert_eq!(asked(), (1, 5));
    assert!(!is_deleted(&stage));
}

#[wasm_bindgen_test]
async fn a_deletion_that_nobody_answers_is_shown_as_none_and_can_be_taken_back_in_case_it_is_one() {
    let stage = conversation();
    fake::answer("deletePictures", SILENCE);
    deletion::delete(stage.kept, &picture());
    turn().await;
    assert_eq!(asked(), (4, 0));
    assert!(!is_deleted(&stage));
    assert_eq!((stage.text(".toast p"), stage.all(".toast").len()), ("toast.delete_unsure".to_owned(), 1));
    fake::answer("restorePictures", RESTORED);
    stage.click(UNDO).await;
    assert_eq!(asked(), (4, 1));
    assert!(!is_deleted(&stage) && !stage.has(".toast"));
}

#[wasm_bindgen_test]
async fn a_deletion_that_is_refused_is_none() {
    let stage = conversation();
    fake::answer("deletePictures", r#"{ "status": 403, "body": {} }"#);
    deletion::delete(stage.kept, &picture());
    turn().await;
    assert_eq!(asked(), (1, 0));
    assert!(!is_deleted(&stage));
    assert_eq!(stage.text(".toast p"), "toast.delete_failed");
    assert!(!stage.has(UNDO), "there is nothing to take back");
}

#[wasm_bindgen_test]
async fn a_deletion_that_may_still_be_under_way_is_taken_back_once_more() {
    let stage = conversation();
    fake::answer("deletePictures", SILENCE);
    fake::answer("restorePictures", RESTORED);
    deletion::delete(stage.kept, &picture());
    JsFuture::from(Promise::resolve(&JsValue::NULL)).await.expect("nothing");
    deletion::restore(stage.kept, &["p".to_owned()]);
    turn().await;
    assert_eq!(asked(), (1, 2));
    assert!(!is_deleted(&stage));
}

#[wasm_bindgen_test]
async fn rows_that_were_read_before_a_deletion_do_not_undo_it() {
    let stage = conversation();
    fake::answer("deletePictures", DELETED);
    deletion::delete(stage.kept, &picture());
    stage.kept.pictures.set(vec![picture()]);
    turn().await;
    assert!(is_deleted(&stage));
}

#[wasm_bindgen_test]
async fn a_deletion_that_is_taken_back_before_it_is_answered_is_taken_back_at_the_hub() {
    let stage = conversation();
    fake::answer("deletePictures", DELETED);
    fake::answer("restorePictures", RESTORED);
    deletion::delete(stage.kept, &picture());
    // So that it is asked, and not answered yet.
    JsFuture::from(Promise::resolve(&JsValue::NULL)).await.expect("nothing");
    assert_eq!(asked(), (1, 0));
    deletion::restore(stage.kept, &["p".to_owned()]);
    assert_eq!(asked(), (1, 0), "one thing after the other");
    let mut read = [Picture { deleted: true, ..picture() }];
    deletion::as_wanted(stage.kept, &mut read);
    assert!(!read[0].deleted, "what is read meanwhile says what is wanted");
    turn().await;
    assert_eq!(asked(), (1, 1));
    assert!(!is_deleted(&stage));
    read[0].deleted = true;
    deletion::as_wanted(stage.kept, &mut read);
    assert!(read[0].deleted, "afterwards it says what is so");
}

#[wasm_bindgen_test]
async fn whoever_deletes_a_picture_by_the_keyboard_stays_on_its_turn() {
    let stage = conversation();
    fake::answer("deletePictures", DELETED);
    turn().await;
    let delete: HtmlElement = stage.find("[aria-label='picture.delete']").unchecked_into();
    delete.focus().expect("the focus");
    delete.click();
    turn().await;
    assert!(!stage.has("[aria-label='picture.delete']"));
    drawn().await;
    let active = document().active_element().expect("an element with the focus");
    assert!(active.is_same_node(Some(&stage.find("li.turn"))));
}

#[wasm_bindgen_test]
async fn whoever_takes_a_request_back_by_the_keyboard_stays_on_its_turn() {
    let stage = conversation();
    fake::answer("call", SILENCE);
    let facts = Facts { status: Some(Status::Running), ..Facts::default() };
    let job = Job { request_id: "r".to_owned(), conversation_id: String::new(), phase: Phase::UnderWay(facts) };
    stage.kept.jobs.set(vec![job]);
    stage.kept.pictures.set(vec![Picture { status: Status::Running, url: None, ..picture() }]);
    turn().await;
    let cancel: HtmlElement = stage.find(".picture-wait button").unchecked_into();
    cancel.focus().expect("the focus");
    cancel.click();
    turn().await;
    assert!(!stage.has(".picture-wait button"));
    drawn().await;
    let active = document().active_element().expect("an element with the focus");
    assert!(active.is_same_node(Some(&stage.find("li.turn"))));
}

/// Lets the browser draw.
async fn drawn() {
    let next = Promise::new(&mut |done, _| {
        window().request_animation_frame(&done).expect("a frame");
    });
    JsFuture::from(next).await.expect("a frame");
}
