//! The command line of the server.

use crate::mapping::{Entry, Mapping, Shape};
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// The model that is always served.
pub const SKETCH_MODEL: &str = "easel/sketch-1";

/// Whose dialect the WebUI's routes speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebUi {
    /// AUTOMATIC1111's.
    #[default]
    A1111,
    /// Forge's.
    Forge,
    /// The server of stable-diffusion.cpp.
    SdCpp,
}

impl FromStr for WebUi {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "a1111" => Ok(Self::A1111),
            "forge" => Ok(Self::Forge),
            "sdcpp" => Ok(Self::SdCpp),
            _ => Err(()),
        }
    }
}

/// What replicate's models put out: some a list of addresses, some a single one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// A list.
    #[default]
    Array,
    /// The one address, as long as there is only one.
    String,
}

impl FromStr for Output {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "array" => Ok(Self::Array),
            "string" => Ok(Self::String),
            _ => Err(()),
        }
    }
}

/// How the server is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Seconds that a model needs to load after its first request.
    pub cold_seconds: u64,
    /// Added to every picture.
    pub latency_ms: u64,
    /// How often a queued job is asked for before it is done.
    pub queue_polls: u64,
    /// The only token accepted; without it any non-empty one is.
    pub token: Option<String>,
    /// Models served.
    pub models: Vec<String>,
    /// Who serves them, for models about which it was said.
    pub mappings: Vec<Mapping>,
    /// The shape of the hub's answer about it.
    pub mapping_shape: Shape,
    /// What predictions at replicate put out.
    pub replicate_output: Output,
    /// Whose dialect the WebUI speaks.
    pub webui: WebUi,
    /// `user:password`, when the WebUI wants them.
    pub webui_auth: Option<String>,
    /// Whether tests may order faults and read the log.
    pub control: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7860)),
            cold_seconds: 0,
            latency_ms: 0,
            queue_polls: 1,
            token: None,
            models: vec![SKETCH_MODEL.to_owned()],
            mappings: Vec::new(),
            mapping_shape: Shape::default(),
            replicate_output: Output::default(),
            webui: WebUi::default(),
            webui_auth: None,
            control: false,
        }
    }
}

impl Config {
    /// Reads the flags; an error is a sentence for the person who typed them.
    pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut config = Self::default();
        let mut args = args.into_iter();
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--listen" => config.listen = parsed(&flag, &value()?)?,
                "--cold-seconds" => config.cold_seconds = parsed(&flag, &value()?)?,
                "--latency-ms" => config.latency_ms = parsed(&flag, &value()?)?,
                "--queue-polls" => config.queue_polls = parsed(&flag, &value()?)?,
                "--token" => config.token = Some(value()?),
                "--model" => config.serve(value()?),
                "--mapping" => config.map(parsed(&flag, &value()?)?),
                "--mapping-shape" => config.mapping_shape = parsed(&flag, &value()?)?,
                "--replicate-output" => config.replicate_output = parsed(&flag, &value()?)?,
                "--webui" => config.webui = parsed(&flag, &value()?)?,
                "--webui-auth" => config.webui_auth = Some(credentials(&flag, value()?)?),
                "--control" => config.control = true,
                _ => return Err(format!("unknown flag {flag}")),
            }
        }
        Ok(config)
    }

    /// Who serves a model, or nothing if it is not known here.
    pub fn providers_of(&self, model: &str) -> Option<Vec<Entry>> {
        let mapping = self.mappings.iter().find(|mapping| mapping.model == model);
        let entries = mapping.map(|mapping| mapping.entries.clone());
        entries.or_else(|| self.serves(model).then(|| vec![Entry::of_hf_inference(model)]))
    }

    /// Whether some provider serves some model under an id of which this holds.
    pub fn provides(&self, provider: &str, is_meant: impl Fn(&str) -> bool) -> bool {
        let entries = self.models.iter().filter_map(|model| self.providers_of(model)).flatten();
        entries.into_iter().any(|entry| entry.provider == provider && is_meant(&entry.provider_id))
    }

    /// Whether a model is known here, whoever serves it.
    pub fn serves(&self, model: &str) -> bool {
        self.models.iter().any(|known| known == model)
    }

    fn serve(&mut self, model: String) {
        if !self.serves(&model) {
            self.models.push(model);
        }
    }

    /// What is said last about a model holds.
    fn map(&mut self, mapping: Mapping) {
        self.serve(mapping.model.clone());
        self.mappings.retain(|known| known.model != mapping.model);
        self.mappings.push(mapping);
    }
}

fn credentials(flag: &str, value: String) -> Result<String, String> {
    if value.contains(':') { Ok(value) } else { Err(format!("{flag} must be user:password")) }
}

/// A value in the type that its flag wants.
pub fn parsed<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} cannot be {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Config, String> {
        Config::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_are_read() {
        let config = parse("--listen 127.0.0.1:0 --cold-seconds 3 --latency-ms 5 --token t --model a/b --control");
        let config = config.unwrap();
        assert_eq!((config.listen.port(), config.cold_seconds, config.latency_ms), (0, 3, 5));
        assert_eq!((config.token.as_deref(), config.control), (Some("t"), true));
        assert_eq!(config.models, [SKETCH_MODEL, "a/b"]);
    }

    #[test]
    fn the_flags_of_the_protocols_are_read() {
        let line =
            "--queue-polls 3 --webui forge --webui-auth me:secret --mapping-shape object --replicate-output string";
        let config = parse(line).unwrap();
        assert_eq!((config.queue_polls, config.webui, config.mapping_shape), (3, WebUi::Forge, Shape::Object));
        assert_eq!((config.webui_auth.as_deref(), config.replicate_output), (Some("me:secret"), Output::String));
    }

    #[test]
    fn a_mapped_model_is_served_by_whom_the_mapping_names() {
        let config = parse("--model a/b --mapping c/d=fal-ai:x/y --mapping e/f=").unwrap();
        assert_eq!(config.models, [SKETCH_MODEL, "a/b", "c/d", "e/f"]);
        assert_eq!(config.providers_of("a/b"), Some(vec![Entry::of_hf_inference("a/b")]));
        assert_eq!((config.providers_of("e/f"), config.providers_of("no/thing")), (Some(vec![]), None));
        assert!(config.provides("fal-ai", |id| id == "x/y") && !config.provides("hf-inference", |id| id == "c/d"));
    }

    #[test]
    fn wrong_flags_are_refused() {
        for line in [
            "--listen",
            "--listen somewhere",
            "--cold-seconds -1",
            "--colour red",
            "--webui comfy",
            "--webui-auth me",
            "--mapping a/b",
            "--mapping-shape round",
            "--replicate-output number",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
