//! The command line of the server.

use std::net::{Ipv4Addr, SocketAddr};

/// The model that is always served.
pub const SKETCH_MODEL: &str = "easel/sketch-1";

/// How the server is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Seconds that a model needs to load after its first request.
    pub cold_seconds: u64,
    /// Added to every picture.
    pub latency_ms: u64,
    /// The only token accepted; without it any non-empty one is.
    pub token: Option<String>,
    /// Models served.
    pub models: Vec<String>,
    /// Whether tests may order faults and read the log.
    pub control: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7860)),
            cold_seconds: 0,
            latency_ms: 0,
            token: None,
            models: vec![SKETCH_MODEL.to_owned()],
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
                "--token" => config.token = Some(value()?),
                "--model" => config.models.push(value()?),
                "--control" => config.control = true,
                _ => return Err(format!("unknown flag {flag}")),
            }
        }
        Ok(config)
    }
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
    fn wrong_flags_are_refused() {
        for line in ["--listen", "--listen somewhere", "--cold-seconds -1", "--colour red"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
