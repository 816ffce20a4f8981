//! Whole pictures: the same again, another for another seed, and what the words change.

use super::*;

fn request(prompt: &str, seed: u64) -> Request {
    Request { prompt: prompt.to_owned(), width: 160, height: 160, seed, ..Request::default() }
}

/// Mean distance of two pictures per channel, in steps of eight bits.
fn distance(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.rgb.len(), b.rgb.len());
    let sum: u64 = a.rgb.iter().zip(&b.rgb).map(|(&x, &y)| u64::from(x.abs_diff(y))).sum();
    sum as f64 / a.rgb.len() as f64
}

/// One prompt for every kind of picture and every finish.
const PROMPTS: &[&str] = &[
    "a quiet lake",
    "stormy sea, lighthouse, rain",
    "pine forest in fog",
    "city skyline at night",
    "desert with a castle",
    "rainy street at night",
    "village in snow",
    "aurora over mountains",
    "portrait of a woman",
    "portrait of a man",
    "a cat and a dog",
    "deer and elephant in a meadow",
    "beach with palms and a boat",
    "hot air balloons, rainbow",
    "lotus",
    "rose",
    "sunflower",
    "flower",
    "ringed planet",
    "spiral galaxy",
    "abstract swirl",
    "temple by a river",
    "taj mahal and a bridge",
    "lanterns, diwali",
    "lake, watercolor",
    "lake, oil painting",
    "lake, ink",
    "lake, poster",
    "minimal dunes",
    "words that nobody knows",
    "",
];

#[test]
fn every_kind_of_picture_has_its_size_and_the_same_bytes_twice() {
    for prompt in PROMPTS {
        let first = paint(&request(prompt, 3));
        assert_eq!(first.rgb.len(), 160 * 160 * 3, "{prompt}");
        assert_eq!(first, paint(&request(prompt, 3)), "{prompt}");
    }
}

#[test]
fn no_picture_is_flat() {
    for prompt in PROMPTS {
        let picture = paint(&request(prompt, 5));
        let (low, high) = picture.rgb.iter().fold((255u8, 0u8), |(low, high), &v| (low.min(v), high.max(v)));
        assert!(high - low > 90, "{prompt}: {low}..{high}");
    }
}

#[test]
fn another_seed_is_another_picture() {
    for prompt in ["a mountain lake", "city at night", "abstract", "portrait", "galaxy"] {
        let distance = distance(&paint(&request(prompt, 1)), &paint(&request(prompt, 2)));
        assert!(distance > 8.0, "{prompt}: {distance}");
    }
}

#[test]
fn the_same_seed_at_another_size_is_the_same_composition() {
    for prompt in ["a mountain lake at sunset", "desert dunes", "misty forest"] {
        let small = paint(&request(prompt, 4));
        let large = paint(&Request { width: 320, height: 320, ..request(prompt, 4) });
        let mut halved = Picture { width: 160, height: 160, rgb: Vec::new() };
        for y in 0..160usize {
            for x in 0..160usize {
                for channel in 0..3usize {
                    let at =
                        |dx: usize, dy: usize| u32::from(large.rgb[((2 * y + dy) * 320 + 2 * x + dx) * 3 + channel]);
                    halved.rgb.push(((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4) as u8);
                }
            }
        }
        let (same, other) = (distance(&small, &halved), distance(&small, &paint(&request(prompt, 5))));
        assert!(same * 2.0 < other, "{prompt}: {same} against {other}");
    }
}

#[test]
fn words_change_the_picture() {
    let plain = paint(&request("a lake", 6));
    for prompt in
        ["a lake at night", "a lake, boat", "a lake in fog", "a lake, red", "a lake, ink wash", "a glimmering lake"]
    {
        assert!(distance(&plain, &paint(&request(prompt, 6))) > 0.5, "{prompt}");
    }
}

#[test]
fn the_negative_prompt_takes_things_away() {
    let with = request("a night sea with moon and stars", 8);
    let without = Request { negative_prompt: "moon, stars".to_owned(), ..with.clone() };
    let bright = |picture: &Picture| picture.rgb.chunks(3).filter(|p| p.iter().all(|&v| v > 200)).count();
    let (with, without) = (paint(&with), paint(&without));
    assert!(bright(&with) > 20, "the moon is missing: {}", bright(&with));
    assert_eq!(bright(&without), 0);
}

#[test]
fn steps_refine_the_same_picture() {
    let draft = paint(&Request { steps: 10, ..request("a mountain lake at sunset", 9) });
    let fine = paint(&Request { steps: 50, ..request("a mountain lake at sunset", 9) });
    let other = paint(&request("a mountain lake at sunset", 10));
    let moved = distance(&draft, &fine);
    assert!(moved > 0.3 && moved < distance(&fine, &other), "{moved}");
}

#[test]
fn odd_requests_are_painted_all_the_same() {
    for (width, height, steps, guidance) in
        [(16, 2048, 1, f32::NAN), (1024, 64, 100, 1e9), (64, 1024, 50, -5.0), (0, 0, 0, 0.0)]
    {
        let request =
            Request { width, height, steps, guidance, ..request("\u{0} \u{FFFD} 🙂 no, no no moon,, not", 1) };
        let picture = paint(&request);
        assert_eq!(picture.rgb.len(), (picture.width * picture.height * 3) as usize);
    }
}

#[test]
fn every_kind_of_picture_is_painted_in_every_format() {
    for prompt in PROMPTS {
        for (width, height) in [(64, 160), (160, 64), (16, 16)] {
            let picture = paint(&Request { width, height, ..request(prompt, 11) });
            assert_eq!((picture.width, picture.height), (width, height), "{prompt}");
        }
    }
}

#[test]
fn a_sunset_over_mountains_shows_its_sun_and_ends_in_shade() {
    for seed in 0..12 {
        let picture = paint(&request("a beautiful sunset over mountains", seed));
        let row = |y: usize| &picture.rgb[y * 160 * 3..(y + 1) * 160 * 3];
        // The disc is the only thing that is nearly white; it has to stand free of ridges and clouds.
        let disc = (0..100).flat_map(|y| row(y).chunks(3)).filter(|p| p[0] > 240 && p[1] > 215 && p[2] > 140).count();
        assert!(disc > 60, "seed {seed}: {disc} bright pixels");
        let mean = |y: usize| row(y).iter().map(|&v| u32::from(v)).sum::<u32>() / 480;
        assert!(mean(157) * 3 < mean(70) * 2, "seed {seed}: {} below {}", mean(157), mean(70));
    }
}
