//! Starts the program and talks to it. No test sleeps: waiting means to ask again until a deadline.

use base64::Engine as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running easel; it is ended with the test.
pub struct Easel {
    child: Child,
    pub url: String,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
    /// Whether the body was as long as promised.
    pub whole: bool,
}

impl Easel {
    /// Starts with these flags and waits for the line that says that it is ready.
    pub fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_easel"))
            .args(["--listen", "127.0.0.1:0"])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("easel listening on ").unwrap().to_owned();
        Self { child, url }
    }

    /// The address without its scheme.
    pub fn host(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Orders a fault for a prompt.
    pub fn order(&self, prompt: &str, times: Value, fault: Value) {
        let order = json!({ "prompt_contains": prompt, "times": times, "fault": fault });
        let answer = self.post("/easel/faults", &[], order.to_string().as_bytes());
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    /// Asks for a picture with a good token.
    pub fn imagine(&self, prompt: &str) -> Answer {
        self.imagine_with(&json!({ "inputs": prompt, "parameters": { "width": 96, "height": 64, "seed": 7 } }))
    }

    /// Asks with this body and a good token.
    pub fn imagine_with(&self, body: &Value) -> Answer {
        self.post(MODEL, &[("authorization", "Bearer hf_test")], body.to_string().as_bytes())
    }

    /// Posts JSON with a good token.
    pub fn ask(&self, path: &str, body: &Value) -> Answer {
        self.post(path, &[TOKEN], body.to_string().as_bytes())
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = agent().post(format!("{}{path}", self.url));
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send(body).unwrap())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = agent().get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.call().unwrap())
    }

    pub fn put(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = agent().put(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send_empty().unwrap())
    }

    /// Fetches what an answer named by address, which must be on this host.
    pub fn fetch(&self, address: &Value) -> Answer {
        let address = address.as_str().unwrap_or_else(|| panic!("{address} is no address"));
        self.get(address.strip_prefix(&self.url).unwrap_or_else(|| panic!("{address} is on another host")))
    }

    pub fn delete(&self, path: &str) -> Answer {
        Answer::read(agent().delete(format!("{}{path}", self.url)).call().unwrap())
    }

    /// The log of requests for this prompt.
    pub fn requests(&self, prompt: &str) -> Vec<Value> {
        let answer = self.get(&format!("/easel/requests?prompt_contains={}", prompt.replace(' ', "%20")));
        answer.json()["requests"].as_array().unwrap().clone()
    }

    /// Sends a request for a picture over a bare connection, for answers that no client library would accept.
    pub fn send_raw(&self, prompt: &str) -> TcpStream {
        self.post_raw(MODEL, &json!({ "inputs": prompt, "parameters": { "width": 256, "height": 256 } }))
    }

    /// Posts JSON with a token over a bare connection, and does not wait for the answer.
    pub fn post_raw(&self, path: &str, body: &Value) -> TcpStream {
        let body = body.to_string();
        let mut stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: easel\r\nauthorization: Bearer t\r\nprefer: wait\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        stream
    }

    /// Orders a fault for one prompt, asks, and sees to it that no answer comes.
    pub fn assert_hangs(&self, kind: &str, path: &str, body: &Value) {
        let prompt = format!("{kind}-of-{}", path.replace('/', "-"));
        let body: Value = serde_json::from_str(&body.to_string().replace("PROMPT", &prompt)).unwrap();
        self.order(&prompt, json!(1), json!({ "kind": kind }));
        let mut stream = self.post_raw(path, &body);
        until("the request is seen", || self.requests(&prompt).len() == 1);
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let error = stream.read(&mut [0; 1]).unwrap_err();
        assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
        assert_eq!(self.requests(&prompt)[0]["answer"], Value::Null, "{kind} {path}");
    }

    /// Plays every fault but those that hang, each for a prompt of its own, and compares what a client sees of it with
    /// the table. The table must name every kind.
    pub fn assert_faults(&self, rows: &[(Value, &str)], hanging: &[&str], client: impl Fn(&str) -> String) {
        let named: BTreeSet<&str> = rows.iter().map(|(fault, _)| fault["kind"].as_str().unwrap()).collect();
        let all: BTreeSet<&str> = named.iter().chain(hanging).copied().collect();
        assert_eq!(all, BTreeSet::from(FAULTS), "the kinds that the table names");
        for (number, (fault, expected)) in rows.iter().enumerate() {
            let prompt = format!("row-{number}-");
            self.order(&prompt, json!(1), fault.clone());
            assert_eq!(client(&prompt), *expected, "{fault}");
        }
    }
}

impl Drop for Easel {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Answer {
    fn read(mut response: ureq::http::Response<ureq::Body>) -> Self {
        let mut body = Vec::new();
        let whole = response.body_mut().as_reader().read_to_end(&mut body).is_ok();
        Self { status: response.status().as_u16(), headers: response.headers().clone(), body, whole }
    }

    /// What went wrong with the answer itself, if it is neither JSON nor an answer with status 200 or above 200.
    pub fn broken(&self) -> Option<String> {
        let status = self.status;
        match self.header("content-type") {
            _ if !self.whole => Some("cut off".to_owned()),
            _ if self.body.is_empty() => Some(format!("{status} nothing")),
            html if html.starts_with("text/html") => Some(format!("{status} page")),
            json if json.starts_with("application/json") => None,
            other => Some(format!("{status} {other}")),
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The size of the picture in the body, if it is a whole PNG.
    pub fn png_size(&self) -> Option<(u32, u32)> {
        png_size(&self.body)
    }
}

/// Every kind of fault.
pub const FAULTS: [&str; 21] = [
    "status",
    "cold",
    "text_page",
    "empty",
    "truncated",
    "mislabelled",
    "json_b64",
    "json_url",
    "hang",
    "slow",
    "reset",
    "refuse_prompt",
    "wrong_size",
    "huge",
    "garbage",
    "job_failed",
    "never_done",
    "poll_failed",
    "nsfw",
    "empty_list",
    "download_failed",
];

/// A token that is good unless another was configured.
pub const TOKEN: (&str, &str) = ("authorization", "Bearer hf_test");

/// The model that is always there.
pub const MODEL: &str = "/hf-inference/models/easel/sketch-1";

/// How long anything may take before the test calls it lost.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// What a file is, in a few words.
pub fn described(bytes: &[u8]) -> String {
    match png_size(bytes) {
        Some((width, height)) if is_black(bytes) => format!("black png {width}x{height}"),
        Some((width, height)) => format!("png {width}x{height}"),
        None if bytes.len() >= 1 << 20 => format!("{} MiB", bytes.len() >> 20),
        None if bytes.starts_with(b"\x89PNG") => "broken png".to_owned(),
        None if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) => "jpeg".to_owned(),
        None => "no picture".to_owned(),
    }
}

/// What base64 holds, with or without what stands before it in a `data:` address.
pub fn described_base64(text: &str) -> String {
    let (prefix, base64) = text.rsplit_once(',').map_or(("", text), |(_, base64)| ("data: ", base64));
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64);
    bytes.map_or_else(|_| "no base64".to_owned(), |bytes| format!("{prefix}{}", described(&bytes)))
}

/// What comes when the file is fetched, with the type that it is said to have.
pub fn described_file(answer: &Answer) -> String {
    match answer.broken() {
        Some(broken) if !broken.contains("image/") => broken,
        _ if answer.status != 200 => answer.status.to_string(),
        _ => format!("{} as {}", described(&answer.body), answer.header("content-type")),
    }
}

fn is_black(bytes: &[u8]) -> bool {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels.iter().all(|channel| *channel == 0)
}

/// The size of a PNG that can be decoded to its end.
pub fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut pixels).ok()?;
    Some((frame.width, frame.height))
}

/// Asks until the condition holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < DEADLINE, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(DEADLINE)).build().into()
}
