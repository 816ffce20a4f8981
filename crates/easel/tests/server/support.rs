//! Starts the program and talks to it. No test sleeps: waiting means to ask again until a deadline.

use serde_json::{Value, json};
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

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = agent().post(format!("{}{path}", self.url)).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send(body).unwrap())
    }

    pub fn get(&self, path: &str) -> Answer {
        Answer::read(agent().get(format!("{}{path}", self.url)).call().unwrap())
    }

    pub fn delete(&self, path: &str) -> Answer {
        Answer::read(agent().delete(format!("{}{path}", self.url)).call().unwrap())
    }

    /// The log of requests for this prompt.
    pub fn requests(&self, prompt: &str) -> Vec<Value> {
        let answer = self.get(&format!("/easel/requests?prompt_contains={prompt}"));
        answer.json()["requests"].as_array().unwrap().clone()
    }

    /// Sends a request for a picture over a bare connection, for answers that no client library would accept.
    pub fn send_raw(&self, prompt: &str) -> TcpStream {
        let body = json!({ "inputs": prompt, "parameters": { "width": 256, "height": 256 } }).to_string();
        let mut stream = TcpStream::connect(self.host()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(
            stream,
            "POST {MODEL} HTTP/1.1\r\nhost: easel\r\nauthorization: Bearer t\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        stream
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
        response.body_mut().as_reader().read_to_end(&mut body).unwrap();
        Self { status: response.status().as_u16(), headers: response.headers().clone(), body }
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

/// The model that is always there.
pub const MODEL: &str = "/hf-inference/models/easel/sketch-1";

/// How long anything may take before the test calls it lost.
pub const DEADLINE: Duration = Duration::from_secs(20);

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
