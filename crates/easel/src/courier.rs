//! How pictures travel: as a body of their own, as base64 inside a JSON answer, or by address from the media host. What
//! a fault does to the file happens here, and where the file travels, in the same way for every protocol; what an engine
//! says is the protocols' own matter.
//!
//! A picture that is carried inside an answer breaks that answer (`text_page`, `empty`, `reset`, `huge`); one that is
//! named by address breaks its own download. `json_b64` carries any picture as a `data:` address, `json_url` and
//! `download_failed` carry any by address.

use crate::encode::{EncodeError, Format};
use crate::faults::Fault;
use crate::media::File;
use crate::painter::Request;
use crate::studio::{Studio, random};
use crate::wire;
use axum::body::{Body, Bytes};
use axum::http::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Stands in an answer for a picture that is too large to be made; it is no base64.
const HUGE_MARK: &str = "<huge>";

/// A page where a picture should be.
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>";

/// How a protocol carries its pictures when nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Inside the answer.
    Inside,
    /// By address.
    ByAddress,
}

/// A picture on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The file in base64, perhaps with a `data:` prefix.
    Base64(String),
    /// Where the file can be fetched.
    Address(String),
}

impl Carried {
    /// What stands in the answer, for protocols that have one place for both.
    pub fn text(self) -> String {
        match self {
            Self::Base64(text) | Self::Address(text) => text,
        }
    }
}

/// Carries the pictures of one request.
#[derive(Clone, Copy, Debug)]
pub struct Courier<'a> {
    /// Where they are painted and kept.
    pub studio: &'a Arc<Studio>,
    /// The host that addresses name.
    pub host: &'a str,
    /// What the pictures are made for.
    pub prompt: &'a str,
    /// What goes wrong.
    pub fault: Option<&'a Fault>,
    /// How long each picture takes beyond its painting.
    pub latency: Duration,
}

impl Courier<'_> {
    /// Lets the fault delay the answer: not at all, for a while, or for ever.
    pub async fn stall(&self) {
        match self.fault {
            Some(Fault::Hang {}) => std::future::pending().await,
            Some(Fault::Slow { ms }) => tokio::time::sleep(Duration::from_millis(*ms)).await,
            _ => {}
        }
    }

    /// The file that the request asks for, or what the fault makes of it.
    pub async fn file(&self, mut request: Request, format: Format) -> Result<Bytes, EncodeError> {
        tokio::time::sleep(self.latency).await;
        match self.fault {
            Some(Fault::Nsfw {}) => return self.studio.black(&request, format).await,
            Some(Fault::Mislabelled {}) => return self.studio.picture(request, Format::Jpeg).await,
            Some(Fault::WrongSize { width, height }) => (request.width, request.height) = (*width, *height),
            _ => {}
        }
        self.studio.picture(request, format).await
    }

    /// What a file of this format is said to be.
    pub fn label(&self, format: Format) -> Format {
        if matches!(self.fault, Some(Fault::Mislabelled {})) { Format::Png } else { format }
    }

    /// Carries one picture.
    pub async fn carry(&self, request: Request, format: Format, way: Way) -> Result<Carried, EncodeError> {
        let label = self.label(format);
        let bytes = self.file(request, format).await?;
        if self.way(way) == Way::ByAddress {
            let file = File { prompt: self.prompt.to_owned(), bytes, label, fault: self.fault.cloned() };
            return Ok(Carried::Address(format!("http://{}{}", self.host, self.studio.media.keep(file))));
        }
        Ok(Carried::Base64(match self.fault {
            Some(Fault::JsonB64 {}) => data_address(&bytes, label),
            Some(Fault::Truncated { fraction }) => STANDARD.encode(wire::truncated(&bytes, *fraction)),
            Some(Fault::Garbage { bytes }) => STANDARD.encode(wire::garbage(*bytes, random())),
            Some(Fault::Huge { .. }) => HUGE_MARK.to_owned(),
            _ => STANDARD.encode(bytes),
        }))
    }

    /// One picture as a `data:` address.
    pub async fn data_address(&self, request: Request, format: Format) -> Result<String, EncodeError> {
        Ok(match self.carry(request, format, Way::Inside).await? {
            Carried::Base64(text) if !text.starts_with("data:") && text != HUGE_MARK => {
                format!("data:{};base64,{text}", format.content_type())
            }
            carried => carried.text(),
        })
    }

    /// The JSON answer that holds the pictures, broken where they travel inside it and the fault wants it broken.
    pub fn answer(&self, status: u16, body: &Value, way: Way) -> Response<Body> {
        if self.way(way) == Way::ByAddress {
            return wire::json(status, body);
        }
        match self.fault {
            Some(Fault::TextPage {}) => wire::answer(200, "text/html; charset=utf-8", LOGIN_PAGE),
            Some(Fault::Empty {}) => wire::answer(200, "application/json", Body::empty()),
            Some(Fault::Reset { after_bytes }) => {
                wire::reset(&Bytes::from(body.to_string()), "application/json", *after_bytes)
            }
            Some(Fault::Huge { mib, declared }) => match body.to_string().split_once(HUGE_MARK) {
                Some((head, tail)) => wire::huge_base64(head, &tail.replace(HUGE_MARK, ""), *mib, *declared),
                None => wire::json(status, body),
            },
            _ => wire::json(status, body),
        }
    }

    fn way(&self, way: Way) -> Way {
        match self.fault {
            Some(Fault::JsonB64 {}) => Way::Inside,
            Some(Fault::JsonUrl { .. } | Fault::DownloadFailed { .. }) => Way::ByAddress,
            _ => way,
        }
    }
}

/// A file as a body of its own, or what the fault makes of its delivery.
pub fn deliver(file: &Bytes, content_type: &str, fault: Option<&Fault>) -> Response<Body> {
    match fault {
        Some(Fault::TextPage {}) => wire::answer(200, "text/html; charset=utf-8", LOGIN_PAGE),
        Some(Fault::Empty {}) => wire::answer(200, content_type, Body::empty()),
        Some(Fault::Truncated { fraction }) => wire::answer(200, content_type, wire::truncated(file, *fraction)),
        Some(Fault::Reset { after_bytes }) => wire::reset(file, content_type, *after_bytes),
        Some(Fault::Huge { mib, declared }) => wire::huge(content_type, *mib, *declared),
        Some(Fault::Garbage { bytes }) => wire::answer(200, content_type, wire::garbage(*bytes, random())),
        _ => wire::answer(200, content_type, file.clone()),
    }
}

fn data_address(file: &Bytes, label: Format) -> String {
    format!("data:{};base64,{}", label.content_type(), STANDARD.encode(file))
}
