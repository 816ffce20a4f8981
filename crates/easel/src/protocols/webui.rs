//! Stable Diffusion's WebUI: AUTOMATIC1111, Forge, or the server of stable-diffusion.cpp, as the flag `--webui` says.
//! Pictures come as base64 in JSON. An edit paints from the prompt; that a picture came along is checked, and what is on
//! it is not looked at.
//!
//! `slow` is a longer sampling and `never_done` an endless one: both are seen in the progress and can be interrupted.
//! `job_failed` is a crash. `cold` is what stands before a WebUI that is starting, with `Retry-After` unless it is to be
//! `html`. There is no moderation: `refuse_prompt` is a 400 as an extension would raise it, and `nsfw` the black picture
//! of a filter. `poll_failed` is its status. `json_b64` sends `data:` addresses in the place of bare base64, `json_url`
//! and `download_failed` the addresses of files.

mod floor;
mod info;
mod lists;
mod read;
mod words;

use crate::config::{Config, WebUi};
use crate::courier::{Courier, Way};
use crate::encode::{EncodeError, Format};
use crate::faults::Fault;
use crate::incoming::{Incoming, Outcome};
use crate::painter::Request;
use crate::protocols::fields::Fields;
use crate::studio::{Studio, random_seed};
use crate::wire;
use axum::body::Body;
use axum::http::{Response, header};
use axum::routing::{get, post};
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floor::Floor;
use read::{Refusal, Wish};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The routes under `/sdapi/v1`, and the one at which the WebUI's own page asks about its tasks. stable-diffusion.cpp can
/// neither be watched nor interrupted.
pub fn routes(webui: WebUi) -> Router<Arc<Studio>> {
    let mut router = Router::new()
        .route("/sdapi/v1/txt2img", post(text_to_image))
        .route("/sdapi/v1/img2img", post(image_to_image))
        .route("/sdapi/v1/sd-models", get(list_models))
        .route("/sdapi/v1/samplers", get(list_samplers))
        .route("/sdapi/v1/schedulers", get(list_schedulers))
        .route("/sdapi/v1/options", get(list_options));
    if webui != WebUi::SdCpp {
        router = router
            .route("/sdapi/v1/progress", get(show_progress))
            .route("/sdapi/v1/interrupt", post(interrupt))
            .route("/sdapi/v1/skip", post(skip))
            .route("/internal/progress", post(show_task));
    }
    router.layer(Extension(Arc::<Floor>::default()))
}

type TheFloor = Extension<Arc<Floor>>;

async fn text_to_image(Extension(floor): TheFloor, incoming: Incoming) -> Response<Body> {
    generate(&floor, incoming, false).await
}

async fn image_to_image(Extension(floor): TheFloor, incoming: Incoming) -> Response<Body> {
    generate(&floor, incoming, true).await
}

async fn generate(floor: &Floor, incoming: Incoming, from_picture: bool) -> Response<Body> {
    let started = Instant::now();
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let prompt = shown.get("prompt").and_then(Value::as_str).unwrap_or_default().to_owned();
    let webui = incoming.studio.config.webui;
    let call = Call { floor, incoming: &incoming, webui, from_picture, prompt: &prompt };
    let response = incoming.record(shown, &prompt, call.answer(parsed)).await;
    if webui != WebUi::A1111 {
        return response;
    }
    wire::with_header(response, "x-process-time", &format!("{:.4}", started.elapsed().as_secs_f64()))
}

/// One request for pictures.
struct Call<'a> {
    floor: &'a Floor,
    incoming: &'a Incoming,
    webui: WebUi,
    from_picture: bool,
    prompt: &'a str,
}

impl Call<'_> {
    async fn answer(&self, body: serde_json::Result<Value>) -> Outcome {
        if let Some(refusal) = refusal(self.incoming) {
            return refusal;
        }
        if self.webui == WebUi::SdCpp && self.incoming.body.is_empty() {
            return Outcome::new(words::exception(self.webui, 400, "empty body"), "invalid_json");
        }
        let body = match body {
            Ok(body) if body.is_object() => body,
            Ok(body) => return words::no_object(self.webui, &body),
            Err(error) => return words::malformed(self.webui, &error),
        };
        let models = &self.incoming.studio.config.models;
        let read = match self.webui {
            WebUi::A1111 | WebUi::Forge => read::of_python(&body, self.from_picture, models, random_seed()),
            WebUi::SdCpp => read::of_sdcpp(&body, models, random_seed()),
        };
        let wish = match read {
            Ok(wish) => wish,
            Err(Refusal::Wrong(wrong)) => return words::invalid(self.webui, &wrong),
            Err(Refusal::Exception(status, detail)) => {
                return Outcome::new(words::exception(self.webui, status, detail), "invalid_parameters");
            }
            Err(Refusal::Crash(crash)) => return Outcome::new(words::crash(self.webui, crash), "crash"),
        };
        let fault = self.incoming.fault(self.prompt, &wish.model);
        let courier = self.incoming.courier(self.prompt, fault.as_ref());
        match self.play(courier, &wish).await {
            Ok(response) => Outcome::painted(response, fault.as_ref(), wish.request.seed),
            Err(error) => {
                let message = error.to_string();
                let crash = words::Crash { class: "RuntimeError", message: &message };
                Outcome::new(words::crash(self.webui, crash), "internal")
            }
        }
    }

    async fn play(&self, courier: Courier<'_>, wish: &Wish) -> Result<Response<Body>, EncodeError> {
        let webui = self.webui;
        Ok(match courier.fault {
            Some(Fault::Status { status, body, content_type, headers }) => {
                let usual = || words::usual(webui, *status);
                wire::with_headers(wire::made_to_order(*status, body.clone(), content_type.clone(), usual), headers)
            }
            Some(Fault::PollFailed { status, .. }) => words::usual(webui, *status),
            Some(Fault::Cold { html: true, .. }) => wire::unavailable(),
            Some(Fault::Cold { estimated_time, .. }) => {
                let seconds = estimated_time.max(0.0).ceil().to_string();
                wire::with_header(wire::unavailable(), "retry-after", &seconds)
            }
            Some(Fault::Hang {}) => std::future::pending().await,
            Some(Fault::JobFailed { error }) => {
                let usual = match webui {
                    WebUi::SdCpp => "generate_image returned no results",
                    WebUi::A1111 | WebUi::Forge => "The picture could not be made",
                };
                let message = error.as_deref().unwrap_or(usual);
                words::crash(webui, words::Crash { class: "RuntimeError", message })
            }
            Some(Fault::RefusePrompt {}) => words::exception(webui, 400, "The prompt is not allowed here"),
            Some(Fault::EmptyList {}) => wire::json(200, &self.reply(wish, &[], 0)),
            _ => {
                let images = self.paint(courier, wish).await?;
                let count = u32::try_from(images.len()).unwrap_or(u32::MAX);
                let sent = if wish.send_images { images.as_slice() } else { &[] };
                courier.answer(200, &self.reply(wish, sent, count), Way::Inside)
            }
        })
    }

    /// Paints batch by batch; what an interruption leaves of the last one is painted as far as it had come.
    async fn paint(&self, courier: Courier<'_>, wish: &Wish) -> Result<Vec<String>, EncodeError> {
        let job = if self.from_picture { "scripts_img2img" } else { "scripts_txt2img" };
        let seat = self.floor.sit(wish.request.clone(), wish.task.clone(), job, wish.batches);
        let latency = courier.latency.saturating_mul(wish.batch_size);
        let sampling = |batch: u32| match (courier.fault, batch) {
            (Some(Fault::NeverDone {}), _) => None,
            (Some(Fault::Slow { ms }), 0) => Some(latency.saturating_add(Duration::from_millis(*ms))),
            _ => Some(latency),
        };
        let courier = Courier { latency: Duration::ZERO, ..courier };
        let mut images = Vec::new();
        for batch in 0..wish.batches {
            if seat.is_interrupted() {
                break;
            }
            let steps = seat.sample(batch, sampling(batch)).await;
            for number in 0..wish.batch_size {
                if number > 0 && seat.is_interrupted() {
                    break;
                }
                let seed = wish.request.seed.wrapping_add(images.len() as u64);
                let request = Request { seed, steps, ..wish.request.clone() };
                images.push(courier.carry(request, Format::Png, Way::Inside).await?.text());
            }
        }
        Ok(images)
    }

    fn reply(&self, wish: &Wish, images: &[String], count: u32) -> Value {
        let denoising = if self.from_picture { wish.echo.get("denoising_strength") } else { None };
        json!({
            "images": images,
            "parameters": wish.echo,
            "info": info::info(self.webui, wish, count, denoising),
        })
    }
}

/// Turns away who brings no good name and password, when they are wanted.
fn refusal(incoming: &Incoming) -> Option<Outcome> {
    let expected = incoming.studio.config.webui_auth.as_ref()?;
    let sent = incoming.header(header::AUTHORIZATION).strip_prefix("Basic ").map(|sent| STANDARD.decode(sent.trim()));
    let is_good = sent.is_some_and(|sent| sent.is_ok_and(|sent| sent == expected.as_bytes()));
    (!is_good).then(|| Outcome::new(words::unauthorized(incoming.studio.config.webui), "unauthorized"))
}

async fn list_models(incoming: Incoming) -> Response<Body> {
    tell(incoming, |config| lists::models(config.webui, &config.models)).await
}

async fn list_samplers(incoming: Incoming) -> Response<Body> {
    tell(incoming, |config| lists::samplers(config.webui)).await
}

async fn list_schedulers(incoming: Incoming) -> Response<Body> {
    tell(incoming, |config| lists::schedulers(config.webui)).await
}

async fn list_options(incoming: Incoming) -> Response<Body> {
    tell(incoming, |config| lists::options(config.webui, &config.models)).await
}

async fn tell(incoming: Incoming, what: impl Fn(&Config) -> Value) -> Response<Body> {
    let answer = async {
        let told = || Outcome::new(wire::json(200, &what(&incoming.studio.config)), "list");
        refusal(&incoming).unwrap_or_else(told)
    };
    incoming.record(Value::Null, "", answer).await
}

async fn show_progress(Extension(floor): TheFloor, incoming: Incoming) -> Response<Body> {
    let sitting = floor.oldest();
    let prompt = sitting.as_ref().map_or("", |sitting| &sitting.request.prompt).to_owned();
    let answer = async {
        if let Some(refusal) = refusal(&incoming) {
            return refusal;
        }
        let Some(sitting) = sitting else {
            return Outcome::new(wire::json(200, &floor::idle()), "progress");
        };
        let mut progress = sitting.progress();
        let is_wanted = !incoming.query("skip_current_image").iter().any(|skip| skip == "true" || skip == "1");
        if let Some(preview) = sitting.preview().filter(|_| is_wanted)
            && let (Some(progress), Ok(file)) =
                (progress.as_object_mut(), incoming.studio.picture(preview, Format::Png).await)
        {
            progress.insert("current_image".to_owned(), STANDARD.encode(file).into());
        }
        Outcome::new(wire::json(200, &progress), "progress")
    };
    incoming.record(Value::Null, &prompt, answer).await
}

/// Tells of one task. The password guards `/sdapi` alone, so that the WebUI's page can ask without it.
async fn show_task(Extension(floor): TheFloor, incoming: Incoming) -> Response<Body> {
    let webui = incoming.studio.config.webui;
    let parsed = incoming.json();
    let shown = parsed.as_ref().ok().cloned().unwrap_or_default();
    let sitting = shown.get("id_task").and_then(Value::as_str).and_then(|task| floor.find(task));
    let prompt = sitting.as_ref().map_or("", |sitting| &sitting.request.prompt);
    let answer = async {
        let body = match parsed {
            Ok(body) if body.is_object() => body,
            Ok(body) => return words::no_object(webui, &body),
            Err(error) => return words::malformed(webui, &error),
        };
        match Fields::lenient(&body).text("id_task") {
            Ok(task) => Outcome::new(wire::json(200, &floor.standing(task.unwrap_or_default())), "task"),
            Err(wrong) => words::invalid(webui, &wrong),
        }
    };
    incoming.record(shown, prompt, answer).await
}

async fn interrupt(Extension(floor): TheFloor, incoming: Incoming) -> Response<Body> {
    command(&floor, incoming, floor::Sitting::interrupt, json!({}), "interrupt").await
}

async fn skip(Extension(floor): TheFloor, incoming: Incoming) -> Response<Body> {
    command(&floor, incoming, floor::Sitting::skip, Value::Null, "skip").await
}

/// Does something to the request that is being painted; where none is, nothing.
async fn command(
    floor: &Floor,
    incoming: Incoming,
    act: impl Fn(&floor::Sitting),
    reply: Value,
    what: &'static str,
) -> Response<Body> {
    let sitting = floor.oldest();
    let prompt = sitting.as_ref().map_or("", |sitting| &sitting.request.prompt).to_owned();
    let answer = async {
        if let Some(refusal) = refusal(&incoming) {
            return refusal;
        }
        if let Some(sitting) = sitting {
            act(&sitting);
        }
        Outcome::new(wire::json(200, &reply), what)
    };
    incoming.record(Value::Null, &prompt, answer).await
}
