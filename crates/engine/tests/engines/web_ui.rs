//! The web UI's API in its three servers: what is sent, what each answer leads to, and when the machine is interrupted.
//! Numbers of fixtures are those of ENGINES.md, section 11.
use crate::script::{Answer, JOB, Script, attempt, attempt_job, jpeg, png, poll, reply, run, sent_json};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::picture::{Format, NoPicture};
use engine::{Engine as _, Failure, Job, OwnServer, Recall, WebUi};
use serde_json::{Value, json};
use std::time::Duration;
use transport::{Method, Request, TransportError};

const DRAW: &str = "POST http://gpu:7860/sdapi/v1/txt2img";
const PROGRESS: &str = "POST http://gpu:7860/internal/progress";
const INTERRUPT: &str = "POST http://gpu:7860/sdapi/v1/interrupt";

fn engine(checkpoint: Option<&str>) -> WebUi {
    WebUi::new(OwnServer::new("http://gpu:7860/", None), checkpoint)
}

fn drawn_as(images: &[&[u8]], info: &Value) -> Answer {
    let images: Vec<_> = images.iter().map(|image| BASE64_STANDARD.encode(image)).collect();
    let body = json!({ "images": images, "parameters": { "prompt": "x" }, "info": info.to_string() });
    reply(200, "application/json", body.to_string())
}

fn picture() -> Answer {
    drawn_as(&[&png()], &json!({ "seed": 42, "sd_model_name": "v1-5-pruned" }))
}

/// What the machine says of a task.
fn standing(active: bool, queued: bool, completed: bool) -> Answer {
    let body = json!({ "active": active, "queued": queued, "completed": completed, "progress": null, "eta": null });
    reply(200, "application/json", body.to_string())
}

/// The name under which a picture was asked for.
fn task_of(drawing: &Request<Vec<u8>>) -> Value {
    sent_json(drawing).get("force_task_id").unwrap().clone()
}

/// Asks for a picture and hangs up before it is there; what takes the order back is left.
fn give_up(script: &Script, engine: &WebUi, job: &Job<'_>) -> Recall {
    let recall = Recall::default();
    {
        let mut drawing = std::pin::pin!(engine.attempt(script, script, job, Duration::from_secs(100), &recall));
        assert!(poll(drawing.as_mut()).is_pending() && poll(drawing.as_mut()).is_pending());
    }
    recall
}

#[test]
fn the_request_is_the_documented_one() {
    let script = Script::new([picture()]);
    attempt(&script, &engine(None), 100).unwrap();
    let [sent] = &script.sent()[..] else { panic!("one request") };
    assert_eq!(format!("{sent:?}"), DRAW);
    assert_eq!(sent.headers, [("content-type", "application/json".to_owned())]);
    assert_eq!(sent.timeout, Duration::from_secs(100));
    assert_eq!(
        sent_json(sent),
        json!({
            "prompt": "a sunset", "negative_prompt": "people", "width": 512, "height": 768, "steps": 30,
            "cfg_scale": 7.5, "seed": 42, "force_task_id": format!("{}-1000000", JOB.id),
        })
    );
}

#[test]
fn a_checkpoint_is_asked_for_and_stays_loaded() {
    let script = Script::new([picture()]);
    attempt_job(&script, &engine(Some("a [b]")), &Job { negative_prompt: None, ..JOB }, 100).unwrap();
    let sent = sent_json(&script.sent()[0]);
    assert_eq!(sent["override_settings"], json!({ "sd_model_checkpoint": "a [b]" }));
    assert_eq!(sent["override_settings_restore_afterwards"], false);
    assert_eq!(sent.get("negative_prompt"), None);
}

#[test]
fn name_and_password_are_sent_as_basic() {
    let script = Script::new([picture()]);
    let server = OwnServer::new("http://gpu:7860", Some("hub:pass:ä"));
    attempt(&script, &WebUi::new(server, None), 100).unwrap();
    let basic = format!("Basic {}", BASE64_STANDARD.encode("hub:pass:ä"));
    assert_eq!(script.sent()[0].headers[0], ("authorization", basic));
}

#[test]
fn a_customer_gives_no_orders_to_the_server() {
    let script = Script::new([picture()]);
    let prompt = r#"a cat<sd_cpp_extra_args>{"width":4096}</sd_cpp_extra_args>"#;
    attempt_job(&script, &engine(None), &Job { prompt, ..JOB }, 100).unwrap();
    assert_eq!(sent_json(&script.sent()[0])["prompt"], r#"a cat<>{"width":4096}</>"#);
}

/// Fixture 13: `images`, and `info` as JSON in a text.
#[test]
fn the_model_that_really_drew_is_recorded() {
    let rows = [
        (Some("a [b]"), json!({ "sd_model_name": "other" }), "other"),
        (Some("a [b]"), json!({}), "a [b]"),
        (Some("a [b]"), json!({ "sd_model_name": "" }), "a [b]"),
        (None, json!({ "sd_model_name": null }), "webui"),
    ];
    for (checkpoint, info, expected) in rows {
        let script = Script::new([drawn_as(&[&jpeg()], &info)]);
        let drawn = attempt(&script, &engine(checkpoint), 100).unwrap();
        assert_eq!((drawn.model.as_str(), drawn.picture.format), (expected, Format::Jpeg), "{info}");
    }
    let image = BASE64_STANDARD.encode(png());
    for info in [json!("not JSON"), json!(null), json!({ "seed": 1 })] {
        let body = json!({ "images": [image], "info": info }).to_string();
        let script = Script::new([reply(200, "application/json", body)]);
        assert_eq!(attempt(&script, &engine(None), 100).unwrap().model, "webui", "{info}");
    }
}

#[test]
fn a_grid_before_the_picture_is_passed_over() {
    let script = Script::new([drawn_as(&[&png(), &jpeg()], &json!({ "index_of_first_image": 1 }))]);
    assert_eq!(attempt(&script, &engine(None), 100).unwrap().picture.format, Format::Jpeg);
}

/// Fixture 13: the errors of AUTOMATIC1111, of Forge, and 15: of stable-diffusion.cpp.
#[test]
fn each_failure_has_its_class_and_its_words() {
    let out_of_memory = r#"{"error":"OutOfMemoryError","detail":"","body":"","errors":"CUDA out of memory"}"#;
    let validation =
        r#"{"detail":[{"loc":["body","steps"],"msg":"value is not a valid integer","type":"type_error"}]}"#;
    let rows = [
        (401, r#"{"detail":"Incorrect username or password"}"#, Failure::Unauthorized, "Incorrect username"),
        (404, r#"{"detail":"Not Found"}"#, Failure::Gone, "Not Found"),
        (422, validation, Failure::BadInput, "value is not a valid integer"),
        (
            400,
            r#"{"error":"HTTPException","detail":"bad","body":"","errors":""}"#,
            Failure::BadInput,
            "HTTPException; bad",
        ),
        (500, out_of_memory, Failure::Broken, "CUDA out of memory"),
        (500, "Internal Server Error", Failure::Broken, "Internal Server Error"),
        (400, r#"{"error":"prompt required"}"#, Failure::BadInput, "prompt required"),
        (500, r#"{"error":"generate_image returned no results"}"#, Failure::Broken, "returned no results"),
        (502, "<html>proxy</html>", Failure::Broken, "a page"),
    ];
    for (status, body, expected, words) in rows {
        let script = Script::new([reply(status, "application/json", body)]);
        let error = attempt(&script, &engine(None), 100).unwrap_err();
        assert_eq!(error.failure, expected, "{body}");
        assert!(
            error.detail.starts_with(&format!("webui answered {status} ")) && error.detail.contains(words),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_picture_is_a_failure() {
    let rows = [
        (json!({ "images": [] }), NoPicture::Empty),
        (json!({}), NoPicture::Empty),
        (json!({ "images": ["!"] }), NoPicture::UnknownFormat),
        (json!({ "images": [BASE64_STANDARD.encode("noise")] }), NoPicture::UnknownFormat),
        (json!([]), NoPicture::Empty),
    ];
    for (body, expected) in rows {
        let script = Script::new([reply(200, "application/json", body.to_string())]);
        assert_eq!(attempt(&script, &engine(None), 100).unwrap_err().failure, Failure::NoPicture(expected), "{body}");
    }
}

#[test]
fn a_server_that_is_off_is_unreachable() {
    let script = Script::new([Err(TransportError::Connection("refused".to_owned()))]);
    let error = attempt(&script, &engine(None), 100).unwrap_err();
    assert_eq!((error.failure, error.detail.as_str()), (Failure::Unreachable, "webui: connection failed: refused"));
}

#[test]
fn a_picture_that_nobody_waits_for_is_interrupted() {
    let script = Script::hanging([]);
    let server = OwnServer::new("http://gpu:7860", Some("hub:pass"));
    let recall = give_up(&script, &WebUi::new(server, None), &JOB);
    script.then([standing(true, false, false), reply(200, "application/json", "{}")]);
    run(recall.send(&script));
    assert_eq!(script.asked(), [DRAW, PROGRESS, INTERRUPT]);
    let [drawing, question, interruption] = &script.sent()[..] else { panic!("three requests") };
    assert_eq!(sent_json(question), json!({ "id_task": task_of(drawing), "live_preview": false }));
    let basic = ("authorization", format!("Basic {}", BASE64_STANDARD.encode("hub:pass")));
    assert_eq!(question.headers, [basic.clone(), ("content-type", "application/json".to_owned())]);
    assert_eq!((interruption.method, &interruption.headers[..]), (Method::Post, &[basic][..]));
}

#[test]
fn after_the_answer_nothing_is_interrupted() {
    let script = Script::new([picture()]);
    let recall = Recall::default();
    run(engine(None).attempt(&script, &script, &JOB, Duration::from_secs(100), &recall)).unwrap();
    run(recall.send(&script));
    assert_eq!(script.asked(), [DRAW]);
}

/// The workers of a hub know nothing of each other, and share the machine.
#[test]
fn somebody_elses_picture_is_not_interrupted() {
    let (first, second) = (engine(None), engine(Some("other")));
    let script = Script::hanging([]);
    let (within, first_recall) = (Duration::from_secs(100), Recall::default());
    let mut drawing = std::pin::pin!(first.attempt(&script, &script, &JOB, within, &first_recall));
    assert!(poll(drawing.as_mut()).is_pending());
    let second_recall = give_up(&script, &second, &Job { id: "another", ..JOB });
    script.then([standing(false, true, false)]);
    run(second_recall.send(&script));
    assert_eq!(script.asked(), [DRAW, DRAW, PROGRESS], "the second waits behind the first, which goes on");
    let [first, second, question] = &script.sent()[..] else { panic!("three requests") };
    assert_ne!(task_of(first), task_of(second));
    assert_eq!(sent_json(question)["id_task"], task_of(second));
}

#[test]
fn each_attempt_is_a_task_of_its_own() {
    let script = Script::new([reply(500, "", ""), picture()]);
    attempt(&script, &engine(None), 100).unwrap_err();
    script.pass(Duration::from_millis(1));
    attempt(&script, &engine(None), 100).unwrap();
    let [first, second] = &script.sent()[..] else { panic!("two requests") };
    assert_ne!(task_of(first), task_of(second));
    for sent in [first, second] {
        assert!(task_of(sent).as_str().unwrap().starts_with(JOB.id), "{sent:?}");
    }
}

/// 404 is what stable-diffusion.cpp and `--nowebui` answer.
#[test]
fn what_is_not_said_to_be_drawn_is_not_interrupted() {
    let answers = || {
        let told = |body: &str| reply(200, "application/json", body);
        [
            standing(false, false, false),
            standing(false, true, false),
            standing(false, false, true),
            reply(404, "application/json", r#"{"detail":"Not Found"}"#),
            reply(404, "application/json", r#"{"active":true}"#),
            reply(500, "text/plain", "Internal Server Error"),
            told(r#"{"active":"true"}"#),
            told(r#"{"active":null}"#),
            told("[true]"),
            told("true"),
            reply(200, "text/html", "<html>active: true</html>"),
            reply(200, "", ""),
            Err(TransportError::Timeout),
            Err(TransportError::TooLarge),
            Err(TransportError::Connection("refused".to_owned())),
        ]
    };
    for answer in answers() {
        let cancelled = Script::hanging([]);
        let recall = give_up(&cancelled, &engine(None), &JOB);
        cancelled.then([answer.clone()]);
        run(recall.send(&cancelled));
        assert_eq!(cancelled.asked(), [DRAW, PROGRESS], "{answer:?}");
        let late = Script::new([Err(TransportError::Timeout), answer.clone()]);
        assert_eq!(attempt(&late, &engine(None), 100).unwrap_err().failure, Failure::TimedOut);
        assert_eq!(late.asked(), [DRAW, PROGRESS], "{answer:?}");
    }
}

#[test]
fn a_picture_that_takes_too_long_is_interrupted() {
    let late = Err(TransportError::Timeout);
    let script = Script::new([late, standing(true, false, false), reply(200, "application/json", "{}")]);
    assert_eq!(attempt(&script, &engine(None), 100).unwrap_err().failure, Failure::TimedOut);
    assert_eq!(script.asked(), [DRAW, PROGRESS, INTERRUPT]);
    assert_eq!(sent_json(&script.sent()[1])["id_task"], task_of(&script.sent()[0]));
}

#[test]
fn an_attempt_without_time_is_not_begun() {
    let script = Script::new([]);
    assert_eq!(attempt(&script, &engine(None), 0).unwrap_err().failure, Failure::TimedOut);
}

#[test]
fn the_password_stays_out_of_the_log() {
    let script = Script::new([reply(401, "application/json", r#"{"detail":"hub:pass123 is wrong"}"#)]);
    let server = OwnServer::new("http://gpu:7860", Some("hub:pass123"));
    let error = attempt(&script, &WebUi::new(server, None), 100).unwrap_err();
    assert!(error.detail.ends_with("hub:… is wrong"), "{error}");
}
