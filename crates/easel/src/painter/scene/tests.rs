//! Prompts, and what is read out of them.

use super::*;

fn read(prompt: &str) -> Scene {
    Scene::read(prompt, "", 1)
}

#[test]
fn places_and_times_are_understood() {
    #[rustfmt::skip]
    let rows: &[(&str, Kind, Time, &[Word])] = &[
        ("A quiet mountain lake at sunrise", Kind::Landscape, Time::Sunrise, &[Word::Mountain, Word::Lake]),
        ("misty pine forests, golden hour", Kind::Landscape, Time::Golden, &[Word::Pine, Word::Forest, Word::Fog]),
        ("neon city street in the rain", Kind::Street, Time::Night, &[Word::City, Word::Rain]),
        ("Portrait of a woman at dusk", Kind::Portrait, Time::Dusk, &[Word::Woman]),
        ("a woman on a beach at sunset", Kind::Landscape, Time::Sunset, &[Word::Woman, Word::Beach]),
        ("a spiral galaxy", Kind::Space, Time::Night, &[Word::Galaxy]),
        ("a pink lotus, morning", Kind::Bloom, Time::Sunrise, &[Word::Lotus]),
        ("northern lights over mountains", Kind::Landscape, Time::Night, &[Word::Aurora, Word::Mountain]),
        ("पहाड़ों पर सूर्यास्त, पहाड़", Kind::Landscape, Time::Sunset, &[Word::Mountain]),
        ("raat mein nadi aur chand", Kind::Landscape, Time::Night, &[Word::River, Word::Moon]),
    ];
    for (prompt, kind, time, words) in rows {
        let scene = read(prompt);
        assert_eq!((scene.kind, scene.time), (*kind, *time), "{prompt}");
        for word in *words {
            assert!(scene.has(*word), "{prompt} lacks {word:?}");
        }
    }
}

#[test]
fn a_negation_takes_away_the_next_thing_only() {
    let scene = read("night sea, no moon, stars");
    assert!(!scene.has(Word::Moon) && !scene.allows(Word::Moon));
    assert!(scene.has(Word::Stars) && scene.has(Word::Sea));
}

#[test]
fn a_negation_ends_at_the_comma() {
    let scene = read("no frills, a moon over hills");
    assert!(scene.has(Word::Moon));
}

#[test]
fn the_negative_prompt_wins_over_the_prompt() {
    let scene = Scene::read("a cat under stars by a lake", "cats, stars", 1);
    assert!(!scene.has(Word::Cat) && !scene.has(Word::Stars) && scene.has(Word::Lake));
}

#[test]
fn a_colour_before_a_thing_belongs_to_the_thing() {
    let scene = read("a red boat on a lake");
    assert_eq!(scene.subject_color, Some(Word::Red));
    assert!(!scene.has(Word::Red));
    assert!(read("a lake, everything red").has(Word::Red));
}

#[test]
fn unknown_words_move_the_composition_and_their_order_does_not() {
    let (plain, strange) = (read("a lake"), read("a zorbic lake of quux"));
    assert_ne!(plain.composition, strange.composition);
    assert_eq!(read("quux zorbic lake").composition, strange.composition);
}

#[test]
fn known_words_keep_the_composition_of_the_seed() {
    assert_eq!(read("a lake at night").composition, read("a lake, watercolor").composition);
}

#[test]
fn styles_are_understood() {
    for (prompt, style) in [
        ("oil painting of hills", Style::Oil),
        ("ink wash, mountains", Style::Ink),
        ("watercolour lake", Style::Watercolor),
        ("travel poster of Goa", Style::Poster),
        ("minimalist dunes", Style::Minimal),
        ("dunes", Style::Natural),
    ] {
        assert_eq!(read(prompt).style, style, "{prompt}");
    }
}
