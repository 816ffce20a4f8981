//! Stable Diffusion's WebUI in its three dialects.

use crate::support::{Answer, Easel, described_base64, described_file, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::Read;

const PAINT: &str = "/sdapi/v1/txt2img";
const REPAINT: &str = "/sdapi/v1/img2img";
const TASK: &str = "/internal/progress";

fn body(prompt: &str) -> Value {
    json!({ "prompt": prompt, "width": 96, "height": 64, "steps": 30, "cfg_scale": 7.5, "seed": 7 })
}

fn post(easel: &Easel, path: &str, body: &Value) -> Answer {
    easel.post(path, &[], body.to_string().as_bytes())
}

/// The information inside an answer, which is JSON in a string.
fn info(reply: &Value) -> Value {
    serde_json::from_str(reply["info"].as_str().unwrap()).unwrap()
}

/// What a client sees of an answer.
fn seen(easel: &Easel, answer: &Answer) -> String {
    if let Some(broken) = answer.broken() {
        return broken;
    }
    let reply = answer.json();
    match &reply["images"][0] {
        _ if answer.status != 200 => format!("{} {reply}", answer.status),
        Value::String(address) if address.starts_with("http:") => described_file(&easel.fetch(&reply["images"][0])),
        Value::String(text) => described_base64(text),
        _ => format!("images {}", reply["images"]),
    }
}

#[test]
fn pictures_come_as_base64_with_what_is_to_be_known_of_them() {
    for webui in ["a1111", "forge", "sdcpp"] {
        let easel = Easel::start(&["--webui", webui]);
        let answer = post(&easel, PAINT, &body("a lake"));
        let reply = answer.json();
        let file = STANDARD.decode(reply["images"][0].as_str().unwrap()).unwrap();
        assert_eq!(file, easel.imagine("a lake").body, "{webui}");
        assert_eq!((&reply["parameters"]["seed"], &reply["parameters"]["width"]), (&json!(7), &json!(96)));
        let info = info(&reply);
        assert_eq!(
            (&info["seed"], &info["all_seeds"], &info["sd_model_name"]),
            (&json!(7), &json!([7]), &json!("sketch-1"))
        );
        assert!(info["infotexts"][0].as_str().unwrap().starts_with("a lake\nSteps: 30, "), "{webui}");
        assert_eq!(info.get("sd_model_hash").is_some(), webui != "sdcpp");
        assert_eq!(answer.header("x-process-time").is_empty(), webui != "a1111");
    }
}

#[test]
fn batches_multiply_and_each_picture_has_the_next_seed() {
    let easel = Easel::start(&["--model", "easel/sketch-2"]);
    let mut many = body("hills");
    many["batch_size"] = json!(2);
    many["n_iter"] = json!(2);
    many["override_settings"] = json!({ "sd_model_checkpoint": "sketch-2" });
    let reply = post(&easel, PAINT, &many).json();
    let images = reply["images"].as_array().unwrap();
    assert_eq!((images.len(), images[0] != images[3]), (4, true));
    let info = info(&reply);
    assert_eq!((&info["all_seeds"], &info["sd_model_name"]), (&json!([7, 8, 9, 10]), &json!("sketch-2")));
    let mut next = body("hills");
    next["seed"] = json!(10);
    assert_eq!(post(&easel, PAINT, &next).json()["images"][0], images[3]);
    let mut unseen = body("hills");
    unseen["send_images"] = json!(false);
    assert_eq!(post(&easel, PAINT, &unseen).json()["images"], json!([]));
}

#[test]
fn without_a_seed_it_is_thrown_and_told() {
    let easel = Easel::start(&[]);
    let throw = || {
        let reply = post(&easel, PAINT, &json!({ "prompt": "x", "width": 64, "height": 64, "seed": -1 })).json();
        info(&reply)["seed"].as_u64().unwrap()
    };
    assert_ne!(throw(), throw());
}

#[test]
fn sides_are_rounded_down_to_eight() {
    let easel = Easel::start(&[]);
    let reply = post(&easel, PAINT, &json!({ "prompt": "x", "width": 103, "height": 71 })).json();
    assert_eq!(described_base64(reply["images"][0].as_str().unwrap()), "png 96x64");
    assert_eq!(info(&reply)["width"], 96);
}

#[test]
fn to_repaint_needs_a_picture() {
    let picture = STANDARD.encode(Easel::start(&[]).imagine("a lake").body);
    for (webui, missing) in [
        (
            "a1111",
            Some(json!({ "error": "HTTPException", "detail": "Init image not found", "body": "", "errors": "" })),
        ),
        ("forge", Some(json!({ "detail": "Init image not found" }))),
        ("sdcpp", None),
    ] {
        let easel = Easel::start(&["--webui", webui]);
        let without = post(&easel, REPAINT, &body("x"));
        match missing {
            Some(error) => assert_eq!((without.status, without.json()), (404, error)),
            None => assert_eq!(seen(&easel, &without), "png 96x64"),
        }
        let mut with = body("x");
        with["init_images"] = json!([picture]);
        with["denoising_strength"] = json!(0.4);
        let reply = post(&easel, REPAINT, &with).json();
        assert_eq!(described_base64(reply["images"][0].as_str().unwrap()), "png 96x64");
        if webui != "sdcpp" {
            assert_eq!(
                (&reply["parameters"]["init_images"], &info(&reply)["denoising_strength"]),
                (&Value::Null, &json!(0.4))
            );
        }
    }
}

#[test]
fn each_dialect_has_its_own_errors() {
    let wrapped = |detail: &str| json!({ "error": "HTTPException", "detail": detail, "body": "", "errors": "" });
    let rows = [
        ("a1111", json!({ "sampler_name": "DPM++ 2M Karras" }), 400, wrapped("Sampler not found")),
        ("forge", json!({ "sampler_name": "DPM++ 2M Karras" }), 400, json!({ "detail": "Sampler not found" })),
        (
            "a1111",
            json!({ "steps": "many" }),
            422,
            json!({ "detail": [{ "loc": ["body", "steps"], "msg": "value is not a valid integer",
                "type": "type_error.integer" }] }),
        ),
        (
            "forge",
            json!({ "steps": "many" }),
            422,
            json!({ "detail": [{ "loc": ["body", "steps"], "msg": "Input should be a valid integer",
                "type": "int_parsing", "input": "many" }] }),
        ),
        (
            "a1111",
            json!({ "width": 100_000 }),
            500,
            json!({ "error": "OutOfMemoryError", "detail": "", "body": "",
                "errors": "CUDA out of memory. Tried to allocate more than the card has." }),
        ),
        ("sdcpp", json!({ "prompt": "" }), 400, json!({ "error": "prompt required" })),
        ("sdcpp", json!({ "width": 0 }), 400, json!({ "error": "width and height must be positive" })),
    ];
    for (webui, wrong, status, error) in rows {
        let easel = Easel::start(&["--webui", webui]);
        let mut sent = body("x");
        sent.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let answer = post(&easel, PAINT, &sent);
        assert_eq!((answer.status, answer.json()), (status, error), "{webui} {wrong}");
    }
    let crashed = post(&Easel::start(&["--webui", "forge"]), PAINT, &json!({ "width": 100_000 }));
    assert_eq!((crashed.status, crashed.text().as_str()), (500, "Internal Server Error"));
    assert!(crashed.header("content-type").starts_with("text/plain"));
}

#[test]
fn what_is_no_json_is_refused_in_each_dialect() {
    for (webui, status, key) in [("a1111", 422, "detail"), ("forge", 422, "detail"), ("sdcpp", 500, "error")] {
        let easel = Easel::start(&["--webui", webui]);
        for broken in ["{not json", "[]"] {
            let answer = easel.post(PAINT, &[], broken.as_bytes());
            assert_eq!((answer.status, answer.json().get(key).is_some()), (status, true), "{webui} {broken}");
        }
    }
    let empty = Easel::start(&["--webui", "sdcpp"]).post(PAINT, &[], b"");
    assert_eq!((empty.status, empty.json()), (400, json!({ "error": "empty body" })));
}

#[test]
fn with_a_password_nobody_else_is_served() {
    let easel = Easel::start(&["--webui-auth", "me:secret"]);
    let good = format!("Basic {}", STANDARD.encode("me:secret"));
    let bad = format!("Basic {}", STANDARD.encode("me:wrong"));
    for (headers, status) in
        [(vec![], 401), (vec![("authorization", bad.as_str())], 401), (vec![("authorization", good.as_str())], 200)]
    {
        for answer in [
            easel.post(PAINT, &headers, body("x").to_string().as_bytes()),
            easel.get_with("/sdapi/v1/options", &headers),
            easel.get_with("/sdapi/v1/progress", &headers),
            easel.post("/sdapi/v1/interrupt", &headers, b""),
        ] {
            assert_eq!(answer.status, status);
            if status == 401 {
                assert_eq!(answer.header("www-authenticate"), "Basic");
                assert_eq!(answer.json()["detail"], "Incorrect username or password");
            }
        }
    }
    assert_eq!(post(&easel, TASK, &json!({ "id_task": "1" })).status, 200, "its own page asks without one");
}

#[test]
fn what_there_is_to_choose_from_is_listed() {
    for webui in ["a1111", "forge", "sdcpp"] {
        let easel = Easel::start(&["--webui", webui, "--model", "easel/sketch-2"]);
        let list = |name: &str| easel.get(&format!("/sdapi/v1/{name}")).json();
        let models = list("sd-models");
        assert_eq!(models.as_array().unwrap().len(), if webui == "sdcpp" { 1 } else { 2 });
        assert_eq!((&models[0]["model_name"], models[0]["hash"].as_str().unwrap().len()), (&json!("sketch-1"), 10));
        assert_eq!(
            (&list("options")["samples_format"], &list("options")["sd_model_checkpoint"]),
            (&json!("png"), &models[0]["title"])
        );
        for name in ["samplers", "schedulers"] {
            assert!(list(name).as_array().unwrap().iter().all(|entry| entry["name"].is_string()), "{webui} {name}");
        }
    }
}

#[test]
fn the_progress_is_shown_and_an_interruption_answers_at_once() {
    let easel = Easel::start(&["--control"]);
    let idle = easel.get("/sdapi/v1/progress").json();
    assert_eq!((&idle["progress"], &idle["state"]["job_count"]), (&json!(0.0), &json!(0)));
    easel.order("endless", json!(1), json!({ "kind": "never_done" }));
    let mut many = body("endless");
    many["n_iter"] = json!(3);
    let mut pending = easel.post_raw(PAINT, &many);
    until("the painting has begun", || easel.get("/sdapi/v1/progress").json()["state"]["job_count"] == 3);
    let progress = easel.get("/sdapi/v1/progress?skip_current_image=true").json();
    assert_eq!((&progress["progress"], &progress["current_image"]), (&json!(0.01), &Value::Null));
    assert_eq!(
        (&progress["state"]["job"], &progress["state"]["sampling_steps"]),
        (&json!("scripts_txt2img"), &json!(30))
    );
    let interrupted = easel.post("/sdapi/v1/interrupt", &[], b"");
    assert_eq!((interrupted.status, interrupted.json()), (200, json!({})));
    let answer = read_to_end(&mut pending);
    let (head, reply) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let reply: Value = serde_json::from_str(reply).unwrap();
    assert_eq!((reply["images"].as_array().unwrap().len(), &info(&reply)["all_seeds"]), (1, &json!([7])));
    assert_eq!(described_base64(reply["images"][0].as_str().unwrap()), "png 96x64");
    assert_eq!(easel.get("/sdapi/v1/progress").json()["state"]["job_count"], 0);
    let whats: Vec<_> = easel.requests("endless").iter().map(|entry| entry["answer"]["what"].clone()).collect();
    assert!(whats.contains(&json!("interrupt")) && whats.contains(&json!("never_done")), "{whats:?}");
}

#[test]
fn a_skip_goes_on_with_the_next_batch() {
    let easel = Easel::start(&["--control"]);
    easel.order("skipped", json!(1), json!({ "kind": "never_done" }));
    let mut two = body("skipped");
    two["n_iter"] = json!(2);
    let mut pending = easel.post_raw(PAINT, &two);
    for batch in 0..2 {
        let at_batch = || {
            let state = easel.get("/sdapi/v1/progress").json()["state"].clone();
            state["job_count"] == 2 && state["job_no"] == batch && state["skipped"] == false
        };
        until("the batch has begun", at_batch);
        assert_eq!(easel.post("/sdapi/v1/skip", &[], b"").json(), Value::Null);
    }
    let answer = read_to_end(&mut pending);
    let reply: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(reply["images"].as_array().unwrap().len(), 2);
}

#[test]
fn a_task_is_asked_about_by_the_name_that_its_client_gave_it() {
    for webui in ["a1111", "forge"] {
        let easel = Easel::start(&["--control", "--webui", webui]);
        let ask = |task: &str| post(&easel, TASK, &json!({ "id_task": task, "live_preview": false })).json();
        let flags = |task: &str| {
            let standing = ask(task);
            ["active", "queued", "completed"].map(|flag| standing[flag].as_bool().unwrap())
        };
        easel.order("task", json!(2), json!({ "kind": "never_done" }));
        let begin = |task: &str| {
            let mut named = body(&format!("the {task} task"));
            named["force_task_id"] = json!(task);
            easel.post_raw(PAINT, &named)
        };
        let interrupt = || easel.post("/sdapi/v1/interrupt", &[], b"");

        assert_eq!(flags("first"), [false; 3]);
        let mut first = begin("first");
        until("the first is painted", || flags("first") == [true, false, false]);
        let mut second = begin("second");
        until("the second waits", || flags("second") == [false, true, false]);
        assert_eq!(flags("first"), [true, false, false]);
        let active = ask("first");
        assert_eq!((&active["progress"], &active["eta"]), (&json!(0.0), &Value::Null));
        let queued = ask("second");
        assert_eq!((&queued["progress"], &queued["textinfo"]), (&Value::Null, &json!("In queue: 1/1")));

        interrupt();
        read_to_end(&mut first);
        until("the second is painted", || flags("second") == [true, false, false]);
        assert_eq!(flags("first"), [false, false, true]);
        assert_eq!(flags("nobody's"), [false; 3]);
        interrupt();
        read_to_end(&mut second);
        assert_eq!(flags("second"), [false, false, true]);
        let whats: Vec<_> = easel.requests("the second").iter().map(|entry| entry["answer"]["what"].clone()).collect();
        assert!(whats.contains(&json!("task")) && whats.contains(&json!("interrupt")), "{whats:?}");
    }
}

#[test]
fn a_question_about_a_task_is_read_as_strictly_as_a_request() {
    let easel = Easel::start(&[]);
    for wrong in ["{not json", "[]", r#"{"id_task":7}"#] {
        assert_eq!(easel.post(TASK, &[], wrong.as_bytes()).status, 422, "{wrong}");
    }
    let mut unnamed = body("x");
    for name in [json!(""), Value::Null] {
        unnamed["force_task_id"] = name;
        assert_eq!(post(&easel, PAINT, &unnamed).status, 200);
    }
    assert_eq!(post(&easel, TASK, &json!({})).json()["completed"], false);
}

/// Reads an answer whose connection stays open.
fn read_to_end(stream: &mut std::net::TcpStream) -> String {
    let mut text = Vec::new();
    let mut chunk = [0; 65536];
    loop {
        let count = stream.read(&mut chunk).unwrap();
        text.extend_from_slice(&chunk[..count]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        if body.len() >= length || count == 0 {
            return so_far;
        }
    }
}

#[test]
fn a_half_sampled_picture_can_be_seen() {
    let easel = Easel::start(&["--control"]);
    easel.order("long", json!(1), json!({ "kind": "slow", "ms": 6000 }));
    let mut long = body("long");
    long["steps"] = json!(100);
    let pending = easel.post_raw(PAINT, &long);
    let mut preview = String::new();
    until("there is something to be seen", || {
        let progress = easel.get("/sdapi/v1/progress").json();
        preview = progress["current_image"].as_str().unwrap_or_default().to_owned();
        !preview.is_empty()
    });
    assert_eq!(described_base64(&preview), "png 16x16");
    drop(pending);
    until("the floor is empty", || easel.get("/sdapi/v1/progress").json()["state"]["job_count"] == 0);
}

#[test]
fn a_slow_request_is_slow_once_and_can_be_skipped() {
    let easel = Easel::start(&["--control"]);
    easel.order("slow", json!(1), json!({ "kind": "slow", "ms": 600_000 }));
    let mut two = body("slow");
    two["n_iter"] = json!(2);
    let mut pending = easel.post_raw(PAINT, &two);
    until("the painting has begun", || easel.get("/sdapi/v1/progress").json()["state"]["job_count"] == 2);
    easel.post("/sdapi/v1/skip", &[], b"");
    let answer = read_to_end(&mut pending);
    let reply: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(reply["images"].as_array().unwrap().len(), 2);
}

#[test]
fn stable_diffusion_cpp_cannot_be_watched() {
    let easel = Easel::start(&["--webui", "sdcpp"]);
    assert_eq!(easel.get("/sdapi/v1/progress").status, 404);
    assert_eq!(easel.post("/sdapi/v1/interrupt", &[], b"").status, 404);
    assert_eq!(post(&easel, TASK, &json!({ "id_task": "1" })).status, 404);
}

#[test]
fn each_status_has_the_shape_of_its_dialect() {
    for webui in ["a1111", "forge", "sdcpp"] {
        let easel = Easel::start(&["--control", "--webui", webui]);
        for status in [400, 401, 404, 410, 422, 429, 500, 502, 503, 504] {
            easel.order("", json!(1), json!({ "kind": "status", "status": status }));
            let answer = post(&easel, PAINT, &body("x"));
            assert_eq!(u64::from(answer.status), status, "{webui}");
            match (webui, status) {
                (_, 502..=504) => assert!(answer.header("content-type").starts_with("text/html"), "{webui} {status}"),
                ("forge", 500) => assert_eq!(answer.text(), "Internal Server Error"),
                ("a1111", 404 | 422) | ("forge", _) => {
                    assert!(answer.json().get("detail").is_some() && answer.json().get("error").is_none());
                }
                ("a1111", _) => assert!(answer.json()["error"].is_string() && answer.json()["errors"].is_string()),
                _ => assert!(answer.json()["error"].is_string(), "{webui} {status}"),
            }
        }
    }
}

#[test]
fn every_fault_is_seen_where_it_happens() {
    let rows = [
        (json!({ "kind": "status", "status": 404 }), r#"404 {"detail":"Not Found"}"#),
        (json!({ "kind": "cold" }), "503 page"),
        (json!({ "kind": "cold", "html": true }), "503 page"),
        (json!({ "kind": "text_page" }), "200 page"),
        (json!({ "kind": "empty" }), "200 nothing"),
        (json!({ "kind": "truncated" }), "broken png"),
        (json!({ "kind": "mislabelled" }), "jpeg"),
        (json!({ "kind": "json_b64" }), "data: png 96x64"),
        (json!({ "kind": "json_url" }), "png 96x64 as image/png"),
        (json!({ "kind": "json_url", "missing": true }), "404"),
        (json!({ "kind": "slow", "ms": 1 }), "png 96x64"),
        (json!({ "kind": "reset", "after_bytes": 100 }), "cut off"),
        (
            json!({ "kind": "refuse_prompt" }),
            r#"400 {"body":"","detail":"The prompt is not allowed here","error":"HTTPException","errors":""}"#,
        ),
        (json!({ "kind": "wrong_size", "width": 80, "height": 40 }), "png 80x40"),
        (json!({ "kind": "huge", "mib": 2 }), "1 MiB"),
        (json!({ "kind": "garbage", "bytes": 50 }), "no picture"),
        (
            json!({ "kind": "job_failed", "error": "out of paint" }),
            r#"500 {"body":"","detail":"","error":"RuntimeError","errors":"out of paint"}"#,
        ),
        (json!({ "kind": "poll_failed", "status": 503 }), "503 page"),
        (json!({ "kind": "nsfw" }), "black png 96x64"),
        (json!({ "kind": "empty_list" }), "images []"),
        (json!({ "kind": "download_failed", "status": 403 }), "403"),
    ];
    let easel = Easel::start(&["--control"]);
    easel.assert_faults(&rows, &["hang", "never_done"], |prompt| seen(&easel, &post(&easel, PAINT, &body(prompt))));
    for kind in ["hang", "never_done"] {
        easel.assert_hangs(kind, PAINT, &body("PROMPT"));
    }
}

#[test]
fn a_server_that_hangs_shows_no_progress_and_hears_no_interruption() {
    let easel = Easel::start(&["--control"]);
    easel.order("dead", json!(1), json!({ "kind": "hang" }));
    let _pending = easel.post_raw(PAINT, &body("dead"));
    until("the request is seen", || easel.requests("dead").len() == 1);
    assert_eq!(easel.get("/sdapi/v1/progress").json()["state"]["job_count"], 0);
    easel.post("/sdapi/v1/interrupt", &[], b"");
    assert_eq!(easel.requests("dead")[0]["answer"], Value::Null);
}
