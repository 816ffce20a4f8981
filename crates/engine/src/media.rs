//! Pictures as engines hand them over: in base64, as a data URL, or at an address from which they must be fetched.
//!
//! Owns: which addresses are fetched at all, and decoding. An engine's answer names the address, so it is not to be
//! trusted: never with a key, only over the web, and never at what could be this machine or its neighbours.
//! Must not: send anything.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// Where a picture is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the text itself, which may be a data URL.
    Base64(String),
    /// At an address, which may be a data URL as well.
    Address(String),
}

/// The first picture of JSON that lists them in the ways of OpenAI (`data`) or of Replicate (`output`, which may be a
/// single one).
pub fn first_listed(mut json: Value) -> Option<Place> {
    let base64 = take_text(&mut json, "/data/0/b64_json").map(Place::Base64);
    base64.or_else(|| take_address(&mut json, &["/data/0/url", "/output/0", "/output"]))
}

/// The address in the first of these places that holds one.
pub fn take_address(json: &mut Value, places: &[&str]) -> Option<Place> {
    places.iter().find_map(|place| take_text(json, place)).map(Place::Address)
}

/// The text at a place of JSON, which is no longer there then; pictures are long. Some servers send empty ones.
pub fn take_text(json: &mut Value, place: &str) -> Option<String> {
    match json.pointer_mut(place)?.take() {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Base64 with or without its padding: engines differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 or a data URL.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let base64 = text.split_once(";base64,").map_or(text, |(_, base64)| base64);
    BASE64.decode(base64.trim()).ok()
}

/// Whether a picture may be fetched there: on the web over TLS at a host with a public name, or at the engine's own
/// origin. Addresses in numbers are none that a provider hands out, and would be the way to reach what is not on the
/// web.
pub fn is_fetchable(address: &str, own_origin: &str) -> bool {
    if !address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return false;
    }
    if address.strip_prefix(own_origin).is_some_and(|rest| rest.starts_with('/')) {
        return true;
    }
    let Some(rest) = address.strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    port.bytes().all(|byte| byte.is_ascii_digit()) && is_public_name(host)
}

/// Ends of names that never lead out of a network (RFC 6761, RFC 6762, RFC 8375, and the clouds' own).
const INWARD_ENDS: [&str; 6] = ["localhost", "localdomain", "local", "internal", "lan", "arpa"];

/// A name with a top-level domain. URL parsers read a host whose last label is a number, also `0x7f` or `1`, as an IPv4
/// address.
fn is_public_name(host: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let Some((rest, top)) = host.rsplit_once('.') else { return false };
    rest.split('.').all(is_label)
        && is_label(top)
        && top.starts_with(|first: char| first.is_ascii_alphabetic())
        && !INWARD_ENDS.iter().any(|end| top.eq_ignore_ascii_case(end))
}

/// `scheme://host:port` of an address, without anything behind it.
pub fn origin(address: &str) -> &str {
    let end = address.find("://").and_then(|at| at.checked_add(3)).unwrap_or_default();
    let length = address.get(end..).and_then(|rest| rest.find(['/', '?', '#']));
    length.and_then(|length| address.get(..end.checked_add(length)?)).unwrap_or(address)
}

/// The path of an address or, where there is none, what is a path already: to be put on a host that is known. Only what
/// cannot climb out of the place where it is put.
pub fn path(address: &str) -> Option<&str> {
    let path = address.get(origin(address).len()..).unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.strip_prefix('/').is_some_and(is_plain_path).then_some(path)
}

/// A path of names that need no escaping, none of them a step up or nothing.
pub fn is_plain_path(path: &str) -> bool {
    path.split('/').all(|name| {
        !matches!(name, "" | "." | "..")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_and_the_engines_own_origin_are_fetched() {
        let own = "http://127.0.0.1:9000";
        let rows = [
            ("https://v3.fal.media/files/a/b_c.png?x=1", true),
            ("https://replicate.delivery:443/x", true),
            ("http://127.0.0.1:9000/easel/media/1.png", true),
            ("http://127.0.0.1:9000.evil.example/1.png", false),
            ("http://127.0.0.1:90001/1.png", false),
            ("http://v3.fal.media/1.png", false),
            ("ftp://v3.fal.media/1.png", false),
            ("file:///etc/passwd", false),
            ("HTTPS://v3.fal.media/1.png", false),
            ("https://", false),
            ("https://localhost/", false),
            ("https://api.localhost/", false),
            ("https://metadata.google.internal/", false),
            ("https://printer.local/", false),
            ("https://intranet/", false),
            ("https://127.0.0.1/", false),
            ("https://127.1/", false),
            ("https://2130706433/", false),
            ("https://0x7f.0.0.0x1/", false),
            ("https://a.0x7f/", false),
            ("https://8.8.8.8/", false),
            ("https://[::1]/", false),
            ("https://[::ffff:10.0.0.1]/", false),
            ("https://user@fal.media/", false),
            ("https://fal.media\\@10.0.0.1/", false),
            ("https://10.0.0.1%2efal.media/", false),
            ("https://fal.media./", false),
            ("https://fal..media/", false),
            ("https://fal.media:80a/", false),
            (" https://fal.media/", false),
            ("https://127.0\n.0.1/", false),
            ("https://１２７.0.0.1/", false),
        ];
        for (address, expected) in rows {
            assert_eq!(is_fetchable(address, own), expected, "{address}");
        }
    }

    #[test]
    fn an_address_is_taken_apart() {
        let rows = [
            ("https://queue.fal.run/fal-ai/flux/requests/1", "https://queue.fal.run", Some("/fal-ai/flux/requests/1")),
            ("http://h:1/a?b=c", "http://h:1", Some("/a")),
            ("https://h/a/../b", "https://h", None),
            ("https://h/%2e%2e/b", "https://h", None),
            ("https://h//b", "https://h", None),
            ("https://h", "https://h", None),
            ("https://h?x=/a", "https://h", None),
            ("/a/b", "/a/b", Some("/a/b")),
            ("", "", None),
        ];
        for (address, expected_origin, expected_path) in rows {
            assert_eq!(path(address), expected_path, "{address}");
            if address.contains("://") {
                assert_eq!(origin(address), expected_origin, "{address}");
            }
        }
    }

    #[test]
    fn base64_is_decoded_however_it_is_dressed() {
        for text in ["AQI=", "AQI", "data:image/png;base64,AQI=", "AQI=\n"] {
            assert_eq!(decode(text), Some(vec![1, 2]), "{text}");
        }
        assert_eq!(decode("!"), None);
    }

    #[test]
    fn the_first_picture_of_a_list_is_found() {
        let address = |text: &str| Some(Place::Address(text.to_owned()));
        let rows = [
            (r#"{"data":[{"b64_json":"AA"},{"b64_json":"BB"}]}"#, Some(Place::Base64("AA".to_owned()))),
            (r#"{"data":[{"b64_json":null,"url":"https://a"}]}"#, address("https://a")),
            (r#"{"data":[{"b64_json":"","url":"https://a"}]}"#, address("https://a")),
            (r#"{"output":"https://a"}"#, address("https://a")),
            (r#"{"output":["https://a","https://b"]}"#, address("https://a")),
            (r#"{"output":[1]}"#, None),
            (r#"{"output":null}"#, None),
            (r#"{"data":[]}"#, None),
            (r#"{"data":[{}]}"#, None),
        ];
        for (json, expected) in rows {
            assert_eq!(first_listed(serde_json::from_str(json).unwrap()), expected, "{json}");
        }
    }
}
