//! What people type into the panel, and what becomes of it.

use super::*;
use domain::request::{CFG_SCALE, ImageRequest, SIDES};

#[test]
fn the_defaults_are_those_of_the_hub() {
    let body = br#"{"prompt":"x","sessionId":"7f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11"}"#;
    let request = ImageRequest::from_json(body).unwrap();
    let settings = Settings::default();
    assert_eq!((settings.size.width(), settings.size.height()), (request.width, request.height));
    assert_eq!((settings.steps, settings.count), (request.steps, request.batch_count));
    assert_eq!(f64::from(settings.cfg_scale_tenths) / 10.0, request.cfg_scale);
    assert_eq!((settings.negative_to_send(), settings.seed_to_send()), (Ok(request.negative_prompt), request.seed));
    assert_eq!(f64::from(*CFG_SCALE_TENTHS.start()) / 10.0, *CFG_SCALE.start());
    assert_eq!(f64::from(*CFG_SCALE_TENTHS.end()) / 10.0, *CFG_SCALE.end());
}

#[test]
fn every_size_is_one_that_the_hub_takes() {
    for size in Size::ALL {
        assert!(SIDES.contains(&size.width()) && SIDES.contains(&size.height()), "{size:?}");
        assert_eq!(Size::from_id(size.id()), Some(size));
    }
    assert_eq!(Size::nearest(504, 760), Size::Portrait);
    assert_eq!(Size::nearest(u32::MAX, u32::MAX), Size::Small, "all are as far as numbers reach");
}

#[test]
fn fields_take_the_nearest_and_never_fail() {
    for (typed, steps, tenths) in [
        ("20", 20, 200),
        ("0", 10, 10),
        ("", 30, 75),
        ("many", 30, 75),
        ("-3", 30, 75),
        ("९", 10, 90),
        ("99999999999999999999", 50, 200),
        ("7,5", 30, 75),
        ("12.39", 30, 123),
        (".5", 30, 10),
        (".", 30, 75),
        ("1.x", 30, 75),
    ] {
        let mut settings = Settings::default();
        settings.set_steps(typed);
        settings.set_cfg_scale(typed);
        assert_eq!((settings.steps, settings.cfg_scale_tenths), (steps, tenths), "{typed:?}");
    }
    assert_eq!(Settings { count: 4, ..Settings::default() }.cost(), 4);
    assert_eq!([tenths_text(75), tenths_text(80), tenths_text(200)], ["7.5", "8", "20"]);
}

#[test]
fn a_seed_is_sent_only_while_it_is_locked() {
    let mut settings = Settings::default();
    settings.note_seed(7);
    assert_eq!((settings.seed, settings.seed_to_send()), (Some(7), None));
    settings.seed_locked = true;
    settings.note_seed(8);
    assert_eq!(settings.seed_to_send(), Some(7));
    settings.set_seed("4294967295");
    assert_eq!(settings.seed_to_send(), Some(u32::MAX));
    settings.set_seed("4294967296");
    assert_eq!(settings.seed_to_send(), Some(u32::MAX));
    settings.set_seed("abc");
    assert_eq!(settings.seed_to_send(), Some(u32::MAX));
    settings.set_seed(" ");
    assert_eq!((settings.seed, settings.seed_locked), (None, false));
}

#[test]
fn a_draft_is_read_back_as_it_was() {
    let settings = Settings {
        negative_prompt: "blur; \"धुंध\"\nlines".to_owned(),
        size: Size::Landscape,
        steps: 42,
        cfg_scale_tenths: 123,
        seed: Some(u32::MAX),
        seed_locked: true,
        count: 3,
    };
    for settings in [settings, Settings::default()] {
        assert_eq!(Settings::from_text(&settings.to_text()), settings);
    }
    for kept in ["", "1", "2;small;30;75;;0;1;", "1;huge;30;75;;0;1;", "1;small;30;75;x;0;1;", "1;small;30;75;;0;1"] {
        assert_eq!(Settings::from_text(kept), Settings::default(), "{kept}");
    }
    assert_eq!(Settings::from_text("1;small;5;999;;0;9;").steps, 10);
}

#[test]
fn a_negative_prompt_is_cleaned_and_limited() {
    let sent = |typed: &str| Settings { negative_prompt: typed.to_owned(), ..Settings::default() }.negative_to_send();
    assert_eq!(sent("  blur "), Ok(Some("blur".to_owned())));
    assert_eq!(sent(" \n"), Ok(None));
    assert_eq!(sent("a\0"), Err(TextError::Nul));
    assert_eq!(sent(&"x".repeat(1_001)), Err(TextError::TooLong { characters_max: 1_000 }));
}
