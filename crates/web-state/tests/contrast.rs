//! Every colour of the hub against what it lies on, in both themes, by the rule of WCAG 2: 4.5 for text, 3 for edges
//! and marks that carry meaning. Reads the styles as they ship; a colour that no pair names fails as well.
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::expect_used, reason = "a test that panics has failed, as it should")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const TEXT: f64 = 4.5;
const EDGE: f64 = 3.0;

/// What lies on what, and how far apart the two must be.
const PAIRS: &[(&str, &[&str], f64)] = &[
    ("ink", &["ground", "raised", "shade", "tint"], TEXT),
    ("quiet", &["ground", "raised", "shade", "tint"], TEXT),
    ("accent", &["ground", "raised"], TEXT),
    ("on-accent", &["accent", "accent-strong"], TEXT),
    ("video", &["ground", "raised"], TEXT),
    ("good", &["ground", "raised"], TEXT),
    ("bad", &["ground", "raised", "shade"], TEXT),
    // The chosen one of a few, a pressed button, the line that says one is offline.
    ("ground", &["ink"], TEXT),
    // Borders of what is typed into and pressed, and of the sizes to choose from.
    ("edge", &["ground", "raised"], EDGE),
    // The warning's border, the chosen size, the mark of the conversation that is open.
    ("accent", &["tint", "shade"], EDGE),
    // Progress and the clock's ring on their tracks.
    ("accent", &["line"], EDGE),
    ("bad", &["line", "tint"], EDGE),
    // A free frame by its edge, a held one against the film and against a free one.
    ("film-edge", &["film"], EDGE),
    ("film-held", &["film", "film-free"], EDGE),
    ("film-video", &["film", "film-free"], EDGE),
];

/// What tells nothing: without the perforations, a strip of frames still reads as one.
const DECORATION: [&str; 1] = ["film-hole"];

type Colour = [f64; 3];

fn styles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/styles")
}

fn colour(text: &str) -> Colour {
    let digits = text.trim().strip_prefix('#').expect("a colour in hexadecimal");
    let number = u32::from_str_radix(digits, 16).expect("six digits");
    assert_eq!(digits.len(), 6, "{text}");
    let [_, red, green, blue] = number.to_be_bytes();
    [red, green, blue].map(|part| f64::from(part) / 255.0)
}

/// Each token with its colour on the light table and in the darkroom.
fn tokens() -> BTreeMap<String, [Colour; 2]> {
    let css = fs::read_to_string(styles().join("tokens.css")).expect("the tokens");
    let mut found = BTreeMap::new();
    for line in css.lines() {
        let Some((name, rest)) = line.trim().strip_prefix("--").and_then(|line| line.split_once(": light-dark("))
        else {
            continue;
        };
        let pair = rest.strip_suffix(");").and_then(|pair| pair.split_once(',')).expect("two colours");
        let before = found.insert(name.to_owned(), [colour(pair.0), colour(pair.1)]);
        assert!(before.is_none(), "--{name} is set twice");
    }
    found
}

fn luminance(colour: Colour) -> f64 {
    let [red, green, blue] =
        colour.map(|part| if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    if one > other { one / other } else { other / one }
}

#[test]
fn every_pair_can_be_told_apart_in_both_themes() {
    let tokens = tokens();
    let mut failures = Vec::new();
    for (front, backs, least) in PAIRS {
        for back in *backs {
            let [front_light, front_dark] = tokens.get(*front).expect(front);
            let [back_light, back_dark] = tokens.get(*back).expect(back);
            for (theme, ratio) in
                [("light", contrast(*front_light, *back_light)), ("dark", contrast(*front_dark, *back_dark))]
            {
                if ratio < *least {
                    failures.push(format!("{front} on {back}, {theme}: {ratio:.2}, must be {least}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_colour_is_in_a_pair() {
    let named: Vec<&str> =
        PAIRS.iter().flat_map(|(front, backs, _)| backs.iter().copied().chain([*front])).chain(DECORATION).collect();
    let tokens = tokens();
    assert!(tokens.len() > 10, "the tokens were not read: {tokens:?}");
    for name in tokens.keys() {
        assert!(named.contains(&name.as_str()), "--{name} is in no pair");
    }
}

#[test]
fn only_the_tokens_name_colours_and_every_token_is_used() {
    let mut all = String::new();
    for entry in fs::read_dir(styles()).expect("the styles") {
        let path = entry.expect("a file").path();
        let css = fs::read_to_string(&path).expect("text");
        if !path.ends_with("tokens.css") {
            for (number, line) in css.lines().enumerate() {
                let literal = ["#", "rgb(", "hsl(", "oklch("].iter().any(|start| line.contains(start));
                assert!(!literal, "{}:{}: a colour outside the tokens: {line}", path.display(), number + 1);
            }
        }
        all.push_str(&css);
    }
    for name in tokens().keys() {
        assert!(all.contains(&format!("var(--{name})")), "--{name} is used nowhere");
    }
}

#[test]
fn the_rule_is_the_one_of_wcag() {
    assert!((contrast(colour("#000000"), colour("#ffffff")) - 21.0).abs() < 1e-9);
    assert!((contrast(colour("#777777"), colour("#ffffff")) - 4.478).abs() < 1e-3);
}
