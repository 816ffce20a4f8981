//! Hugging Face's own inference ("hf-inference"), text to image, through the router.
//!
//! Owns: its request, what its answers mean, and the three shapes in which a picture can come back.
//! Must not: retry. Source: the task's schema in Hugging Face's documentation of Inference Providers, and the official
//! clients `@huggingface/inference` 4.13 and `huggingface_hub` 2.4.

use crate::{Drawn, Engine, EngineError, Failure, Job, PICTURE_BYTES_MAX};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::picture::{HEAD_BYTES, TAIL_BYTES, inspect};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use transport::{Body, Method, Payload, Request, Response, Transport};

mod answer;

/// One model at Hugging Face.
#[derive(Clone)]
pub struct HuggingFace {
    url: String,
    key: String,
    model: String,
}

/// One try to fetch a picture that the answer only names. It comes on top of the time for the answer, and together they
/// stay within what the platform allows a request.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Text of an answer is read up to here: errors are short, a picture in base64 is a third larger than it is.
const TEXT_BYTES_MAX: usize = PICTURE_BYTES_MAX / 3 * 4 + 4_096;

#[derive(Serialize)]
struct TextToImage<'a> {
    inputs: &'a str,
    parameters: Parameters<'a>,
}

#[derive(Serialize)]
struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<&'a str>,
    width: u32,
    height: u32,
    num_inference_steps: u32,
    guidance_scale: f64,
    seed: u32,
}

/// A picture in JSON, as some of the router's back ends answer.
#[derive(Deserialize)]
struct JsonPicture {
    #[serde(default)]
    data: Vec<Base64Picture>,
    #[serde(default)]
    output: Vec<String>,
}

#[derive(Deserialize)]
struct Base64Picture {
    b64_json: String,
}

impl HuggingFace {
    /// The model behind that router, asked with that key.
    #[must_use]
    pub fn new(router_url: &str, key: &str, model: &str) -> Self {
        Self { url: router_url.trim_end_matches('/').to_owned(), key: key.to_owned(), model: model.to_owned() }
    }

    fn request<B>(&self, job: &Job<'_>, timeout: Duration) -> Request<B> {
        let body = TextToImage {
            inputs: job.prompt,
            parameters: Parameters {
                negative_prompt: job.negative_prompt,
                width: job.width,
                height: job.height,
                num_inference_steps: steps_for(&self.model, job.steps),
                guidance_scale: job.cfg_scale,
                seed: job.seed,
            },
        };
        Request {
            method: Method::Post,
            url: format!("{}/hf-inference/models/{}", self.url, self.model),
            headers: vec![
                ("authorization", format!("Bearer {}", self.key)),
                ("content-type", "application/json".to_owned()),
                ("accept", "image/png".to_owned()),
            ],
            // Strings and finite numbers always serialize.
            payload: Payload::Text(serde_json::to_string(&body).unwrap_or_default()),
            timeout,
            bytes_max: TEXT_BYTES_MAX,
        }
    }

    async fn picture_from_json<T: Transport>(
        &self,
        transport: &T,
        response: &Response<T::Body>,
    ) -> Result<T::Body, EngineError> {
        let no_picture = |detail: &str| {
            EngineError::new(Failure::NoPicture(domain::picture::NoPicture::UnknownFormat), self.detail(detail))
        };
        let json: JsonPicture = serde_json::from_str(&response.body.text(TEXT_BYTES_MAX))
            .map_err(|_| no_picture("JSON that holds no picture"))?;
        if let Some(first) = json.data.first() {
            // Some servers put a data URL where base64 should be.
            let base64 = first.b64_json.split_once(";base64,").map_or(first.b64_json.as_str(), |(_, base64)| base64);
            let bytes = BASE64_STANDARD.decode(base64).map_err(|_| no_picture("base64 that cannot be decoded"))?;
            return Ok(T::Body::from_bytes(&bytes));
        }
        let url = json.output.first().ok_or_else(|| no_picture("JSON that lists no picture"))?;
        // Never with the key, and never to what is not the web.
        if !url.starts_with("https://") && !url.starts_with(&format!("{}/", self.url)) {
            return Err(no_picture("a picture at an address that is not https"));
        }
        self.download(transport, url).await.ok_or_else(|| no_picture("a picture whose address does not deliver it"))
    }

    /// Fetches a picture that is drawn, and paid for, already: so once more where the first try fails.
    async fn download<T: Transport>(&self, transport: &T, url: &str) -> Option<T::Body> {
        for _ in 0..2 {
            let download = Request {
                method: Method::Get,
                url: url.to_owned(),
                headers: vec![],
                payload: Payload::None,
                timeout: DOWNLOAD_TIMEOUT,
                bytes_max: PICTURE_BYTES_MAX,
            };
            match transport.send(download).await {
                Ok(downloaded) if downloaded.is_success() => return Some(downloaded.body),
                _ => {}
            }
        }
        None
    }

    fn detail(&self, what: &str) -> String {
        format!("huggingface:{} answered with {what}", self.model)
    }
}

impl Engine for HuggingFace {
    fn model(&self) -> &str {
        &self.model
    }

    async fn attempt<T: Transport>(
        &self,
        transport: &T,
        job: &Job<'_>,
        timeout: Duration,
    ) -> Result<Drawn<T::Body>, EngineError> {
        let response = transport.send(self.request(job, timeout)).await?;
        if !response.is_success() {
            return Err(answer::error(&response, &self.model));
        }
        let is_json = response.header("content-type").is_some_and(|media_type| media_type.contains("json"));
        let bytes = if is_json { self.picture_from_json(transport, &response).await? } else { response.body };
        let length = bytes.length();
        if length > PICTURE_BYTES_MAX {
            return Err(EngineError::new(Failure::TooLarge, self.detail("more bytes than a picture may have")));
        }
        let tail = bytes.copy(length.saturating_sub(TAIL_BYTES), TAIL_BYTES);
        let picture = inspect(&bytes.copy(0, HEAD_BYTES), &tail, length).map_err(|reason| {
            EngineError::new(Failure::NoPicture(reason), self.detail(&format!("{length} bytes that are no picture")))
        })?;
        Ok(Drawn { bytes, picture, model: self.model.clone() })
    }
}

/// Models that were distilled to a few steps refuse or waste more.
fn steps_for(model: &str, steps: u32) -> u32 {
    if model.to_ascii_lowercase().contains("schnell") { steps.min(4) } else { steps }
}
