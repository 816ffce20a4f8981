//! What becomes of pictures: the strip of an hour, and a picture that failed.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web::bridge::Row;
use web::components::film::film;
use web::components::picture::picture;
use web::signal::{Memo, RwSignal};
use web::store::{Job, Phase, Store, rows};
use web_state::failure::Remedy;
use web_state::strip::frames;
use web_state::turn::Picture;

use crate::fake;
use crate::stage::{Stage, stage, turn};

/// A picture of request `r`, with those fields.
fn row(status: &str, more: &[(&str, &str)]) -> Picture {
    let mut fields = vec![("id", "p".into()), ("requestId", "r".into()), ("status", status.into())];
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).into())));
    rows::picture(&Row::of(&fields))
}

#[wasm_bindgen_test]
async fn a_strip_shows_what_is_used_held_and_free() {
    fake::begin();
    let stage = stage(|| {
        let hour = RwSignal::new((4_u32, 0_u32, 0_u32));
        let all = Memo::new(move |_| {
            let (per_hour, spent, held) = hour.get();
            frames(per_hour, spent, held, &["data:,1".to_owned(), "data:,2".to_owned()])
        });
        let view = view_of(Store::new(), all);
        (hour, view)
    });
    for (hour, expected) in [
        ((4, 0, 0), "free free free free"),
        ((4, 1, 2), "used held held free"),
        ((4, 2, 1), "used used held free"),
        ((2, 2, 0), "used used"),
    ] {
        let first = stage.all(".large .frame img").into_iter().next();
        stage.kept.set(hour);
        turn().await;
        for strip in [".large", ".small"] {
            let states = stage.attributes(&[strip, " .frame"].concat(), "data-state").join(" ");
            assert_eq!(states, expected, "{strip}");
        }
        assert_eq!(stage.attribute(".large ol", "data-count"), Some(hour.0.to_string()));
        assert_eq!(stage.all("img").len(), usize::try_from(hour.1).unwrap_or_default(), "none in the small one");
        if let Some(first) = first.filter(|_| hour.0 == 4) {
            assert!(first.is_same_node(stage.all("img").first().map(AsRef::as_ref)), "it is not drawn anew");
        }
    }
}

fn view_of(store: Store, all: Memo<Vec<web_state::strip::Frame>>) -> AnyView {
    web::markup::view! {
        <div class="large">{film(store, "picture", false, all)}</div>
        <div class="small">{film(store, "picture", true, all)}</div>
    }
    .into_any()
}

/// A picture on the stage, and which remedies its button asked for.
fn shown(one: Picture, phase: Option<Phase>) -> Stage<Rc<RefCell<Vec<Remedy>>>> {
    fake::begin();
    stage(|| {
        let store = Store::new();
        store.jobs.set(phase.into_iter().map(job).collect());
        let wanted = Rc::new(RefCell::new(Vec::new()));
        let asked = wanted.clone();
        (wanted, picture(store, one, true, vec![], move |remedy| asked.borrow_mut().push(remedy)))
    })
}

fn job(phase: Phase) -> Job {
    Job { request_id: "r".to_owned(), conversation_id: "c".to_owned(), phase }
}

#[wasm_bindgen_test]
async fn a_picture_that_failed_says_what_it_cost_and_its_button_acts() {
    let refused = |code: &str| Phase::Refused { code: code.parse().ok(), retry_after: None };
    for (one, phase, sentence, is_free, remedy) in [
        (
            row("failed", &[("failureCode", "engine_failed")]),
            None,
            "failure.engine_failed",
            true,
            Remedy::TryAgainNewId,
        ),
        (row("expired", &[]), None, "failure.expired", true, Remedy::TryAgainNewId),
        (row("failed", &[]), Some(refused("prompt_refused")), "failure.prompt_refused", true, Remedy::EditPrompt),
        // Nobody knows what became of it, so nothing is promised.
        (row("failed", &[]), Some(refused("internal")), "failure.unconfirmed", false, Remedy::AskAgainSameId),
        (row("queued", &[]), Some(Phase::Silent(9)), "failure.no_answer", false, Remedy::AskAgainSameId),
    ] {
        let stage = shown(one, phase);
        turn().await;
        assert_eq!(stage.text(".picture-failed > p:not(.uncharged):not(.hint)"), sentence);
        assert_eq!(stage.has(".uncharged"), is_free, "{sentence}");
        assert_eq!(stage.text("figure").contains("You were not charged."), is_free, "{sentence}");
        assert!(stage.kept.borrow().is_empty());
        stage.click("button").await;
        assert_eq!(*stage.kept.borrow(), [remedy], "{sentence}");
    }
}

#[wasm_bindgen_test]
async fn a_picture_that_is_still_asked_for_offers_no_button() {
    let stage = shown(row("queued", &[]), Some(Phase::Silent(1)));
    turn().await;
    assert_eq!(stage.attribute("figure", "data-state").as_deref(), Some("waiting"));
    assert!(stage.has("progress") && !stage.has(".picture-failed"));
}
