//! The studio and its gate: when an engine is asked, when it is not, and what is told of it. The clock is moved by hand.
use crate::script::{Script, hf_inference, png, reply, run};
use engine::{Admission, Commission, Drawn, EngineError, Failure, Job, Recall, draw};
use std::time::Duration;

const JOB: Job<'static> =
    Job { id: "1", prompt: "x", negative_prompt: None, width: 512, height: 512, steps: 30, cfg_scale: 7.5, seed: 1 };

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn draw_with(script: &Script, models: &[&str]) -> Result<Drawn<Vec<u8>>, EngineError> {
    let engines: Vec<_> = models.iter().map(|model| hf_inference(model)).collect();
    let recall = Recall::default();
    let (gate, transport, timer, budget) = (script, script, script, seconds(100));
    let commission = Commission { engines: &engines, gate, transport, timer, job: &JOB, budget, recall: &recall };
    run(draw(&commission)).map(|(_, drawn)| drawn)
}

#[test]
fn an_engine_that_is_passed_over_is_not_asked() {
    let script = Script::new([reply(200, "image/png", png())]).admitting([Admission::PassedOver(Failure::Unpaid)]);
    assert_eq!(draw_with(&script, &["a/unpaid", "b/good"]).unwrap().model, "b/good");
    assert_eq!(script.sent().len(), 1);
    assert!(script.reported().is_empty(), "what is known already is not told again");
}

#[test]
fn where_all_are_passed_over_the_most_hopeful_reason_is_told() {
    let limited = Failure::RateLimited(Some(seconds(40)));
    let script = Script::new([]).admitting([Admission::PassedOver(limited), Admission::PassedOver(Failure::Gone)]);
    assert_eq!(draw_with(&script, &["a/limited", "b/gone"]).unwrap_err().failure, limited);
}

#[test]
fn the_last_engine_is_waited_for_until_its_turn() {
    let script = Script::new([reply(200, "image/png", png())])
        .admitting([Admission::Wait(seconds(60)), Admission::Wait(seconds(2))]);
    assert!(draw_with(&script, &["a/a"]).is_ok());
    assert_eq!(script.slept(), [60_000, 2_000]);
}

#[test]
fn a_turn_that_comes_too_late_is_told_with_its_time() {
    let script = Script::new([]).admitting([Admission::Wait(seconds(1_800))]);
    assert_eq!(draw_with(&script, &["a/a"]).unwrap_err().failure, Failure::RateLimited(Some(seconds(1_800))));
    assert!(script.slept().is_empty() && script.reported().is_empty());
}

#[test]
fn where_another_engine_is_free_a_turn_is_not_waited_for_long() {
    let script = Script::new([reply(200, "image/png", png())]).admitting([Admission::Wait(seconds(6))]);
    assert_eq!(draw_with(&script, &["a/limited", "b/free"]).unwrap().model, "b/free");
    let script = Script::new([reply(200, "image/png", png())]).admitting([Admission::Wait(seconds(2))]);
    assert_eq!(draw_with(&script, &["a/limited", "b/free"]).unwrap().model, "a/limited");
}

#[test]
fn every_retry_takes_a_turn_of_its_own() {
    let broken = || reply(500, "text/plain", "oops");
    let script = Script::new([broken(), reply(200, "image/png", png())]).admitting([
        Admission::Granted,
        Admission::Wait(seconds(3)),
        Admission::Granted,
    ]);
    assert!(draw_with(&script, &["a/a"]).is_ok());
    assert_eq!(script.slept(), [1_000, 3_000]);
    assert_eq!(script.waited(), [Failure::Broken, Failure::RateLimited(Some(seconds(3)))], "who looks on is told");
}

#[test]
fn each_engine_is_told_of_once_with_its_last_failure() {
    let unavailable = || reply(503, "text/html", "down");
    let script = Script::new([
        unavailable(),
        unavailable(),
        unavailable(),
        unavailable(),
        reply(410, "application/json", "{}"),
        reply(200, "image/png", png()),
    ]);
    assert_eq!(draw_with(&script, &["a/down", "b/gone", "c/good"]).unwrap().model, "c/good");
    let told = [
        ("huggingface/hf-inference:a/down".to_owned(), Failure::Unavailable),
        ("huggingface/hf-inference:b/gone".to_owned(), Failure::Gone),
    ];
    assert_eq!(script.reported(), told);
}
