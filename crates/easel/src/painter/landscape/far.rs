//! The far part of a landscape: mountains and hills, what stands on the far shore, and the water that mirrors it.

use super::{Ground, Plan, vista};
use crate::painter::buildings::{self, Site};
use crate::painter::canvas::Canvas;
use crate::painter::city;
use crate::painter::color::Color;
use crate::painter::massif::{self, Massif};
use crate::painter::noise::{Dice, noise, ridged, smoothstep};
use crate::painter::path::Path;
use crate::painter::scene::{Style, Time};
use crate::painter::terrain::{self, Layer, Shape};
use crate::painter::trees::{self, Stand};
use crate::painter::water::{self, Water};
use crate::painter::words::Word;

/// Paints it.
pub fn paint(canvas: &mut Canvas, plan: &Plan) {
    let mut dice = Dice::new(plan.scene.composition, "far");
    if vista::fits(plan.scene) {
        vista::paint_far(canvas, plan, &mut dice);
    } else {
        paint_ranges(canvas, plan, &mut dice);
    }
    if plan.scene.has(Word::City) {
        city::paint_skyline(canvas, plan.scene, plan.palette, plan.horizon + 0.008, plan.light.u, plan.detail);
    }
    if matches!(plan.ground, Ground::Lake) {
        if vista::fits(plan.scene) {
            vista::paint_shore(canvas, plan, &mut dice);
        } else {
            paint_shore(canvas, plan, &mut dice);
        }
    }
    if matches!(plan.ground, Ground::Lake | Ground::Sea) {
        if plan.ground == Ground::Lake {
            paint_landmark(canvas, plan, plan.horizon + 0.012, 0.16, 0.20);
        }
        let rough = match plan.ground {
            Ground::Sea if plan.scene.has(Word::Storm) => 1.0,
            Ground::Sea => dice.range(0.45, 0.75),
            _ => dice.range(0.06, 0.24),
        };
        let sheet = Water { top: plan.horizon + 0.010, rough, seed: dice.seed() };
        water::paint_water(canvas, sheet, plan.palette, plan.light, plan.detail.octaves);
    }
}

/// Mountains and far hills.
fn paint_ranges(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let scene = plan.scene;
    let mountains = scene.any(&[Word::Mountain, Word::Waterfall])
        || (plan.ground == Ground::Lake && !scene.has(Word::City))
        || scene.has(Word::Aurora)
        || (matches!(plan.ground, Ground::Land | Ground::Forest) && dice.chance(0.5) && !scene.has(Word::City));
    let mountains = mountains && scene.allows(Word::Mountain) && plan.ground != Ground::Desert;
    let mut layers = Vec::new();
    if mountains && (plan.ground != Ground::Sea || scene.has(Word::Mountain)) {
        let grand = if scene.has(Word::Mountain) { 1.0 } else { 0.72 };
        let count = if scene.style == Style::Minimal { 2 } else { 3 };
        let (rise, pace) = (dice.range(0.72, 1.28), dice.range(0.95, 1.75));
        let grown = scene.has(Word::Mountain) && scene.style != Style::Minimal;
        if grown {
            let massif = Massif {
                seed: dice.seed(),
                foot: plan.horizon + 0.005,
                rise: 0.36 * rise.clamp(0.85, 1.15),
                pace: pace.min(1.75),
                valley: 0.0,
                snow: if scene.has(Word::Snow) { 0.85 } else { dice.range(0.38, 0.58) },
                air: (0.10, 0.42),
                climb: 0.60,
            };
            massif::paint(canvas, massif, plan.palette, plan.light, plan.detail.octaves);
        }
        let near = plan.palette.leaf.mix(plan.palette.snow, if scene.has(Word::Snow) { 0.45 } else { 0.0 });
        for i in 0..if grown { 2 } else { 0 } {
            let t = i as f32;
            layers.push(Layer {
                shape: Shape::Rolling,
                seed: dice.seed(),
                base: plan.horizon - 0.012 + 0.018 * t,
                relief: 0.058 - 0.016 * t,
                frequency: 1.5 + t,
                distance: 0.46 - 0.14 * t,
                albedo: near.mix(plan.palette.rock, 0.30 - 0.15 * t),
                snow: 0.0,
                relief_shading: 0.8,
            });
        }
        for i in 0..if grown { 0 } else { count } {
            let t = i as f32 / (count - 1) as f32;
            let snow = if scene.has(Word::Snow) {
                1.3
            } else if scene.has(Word::Mountain) {
                0.75 - 0.45 * t
            } else {
                0.28 - 0.28 * t
            };
            layers.push(Layer {
                shape: Shape::Alpine,
                seed: dice.seed(),
                base: plan.horizon - (0.105 - 0.095 * t) * rise,
                relief: (0.34 - 0.17 * t) * grand * rise,
                frequency: pace + 1.5 * t + dice.range(-0.2, 0.3),
                distance: 0.54 - 0.34 * t,
                albedo: plan.palette.rock.mix(plan.palette.leaf, 0.30 * t),
                snow: snow.max(0.0),
                relief_shading: 1.0,
            });
        }
    } else if plan.ground != Ground::Desert {
        let sea = plan.ground == Ground::Sea;
        for i in 0..2 {
            let t = i as f32;
            layers.push(Layer {
                shape: Shape::Rolling,
                seed: dice.seed(),
                base: plan.horizon + if sea { 0.022 } else { -0.015 + 0.02 * t },
                relief: if sea { 0.055 } else { 0.075 },
                frequency: if sea { 1.1 } else { 1.6 + t },
                distance: 0.74 - 0.18 * t,
                albedo: plan.palette.leaf.mix(plan.palette.rock, 0.5),
                snow: 0.0,
                relief_shading: 0.6,
            });
        }
    }
    terrain::paint_layers(canvas, &layers, plan.palette, plan.light, plan.horizon + 0.03, plan.detail.octaves);
}

/// The far bank of a lake: low hills and a belt of firs.
fn paint_shore(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let scene = plan.scene;
    if scene.has(Word::City) {
        return;
    }
    let palette = plan.palette;
    let bank = Layer {
        shape: Shape::Rolling,
        seed: dice.seed(),
        base: plan.horizon - 0.004,
        relief: 0.022,
        frequency: 2.2,
        distance: 0.34,
        albedo: palette.grass.mix(palette.leaf, 0.5),
        snow: 0.0,
        relief_shading: 0.8,
    };
    let lines = terrain::paint_layers(canvas, &[bank], palette, plan.light, plan.horizon + 0.03, plan.detail.octaves);
    let wooded =
        scene.any(&[Word::Forest, Word::Pine]) || !scene.any(&[Word::Palace, Word::Temple]) && dice.chance(0.75);
    if let (Some(feet), true) = (lines.first(), wooded && scene.allows(Word::Tree) && scene.allows(Word::Forest)) {
        let unit = canvas.unit();
        for (row, air) in [(0.0, 0.46), (0.006, 0.30)] {
            let height = unit * 0.052 * dice.range(0.8, 1.3);
            let feet: Vec<f32> = feet.iter().map(|y| y + unit * row).collect();
            let stand = firs(plan, height, air, dice.seed());
            trees::belt(canvas, &feet, height * 0.26, dice, stand);
        }
    }
}

/// A fir of this height behind this much air.
pub fn firs(plan: &Plan, height: f32, air: f32, seed: u32) -> Stand {
    let palette = plan.palette;
    let needle = if plan.scene.has(Word::Autumn) {
        palette.leaf.mix(Color::hex(0x3A4A34), 0.45)
    } else {
        palette.leaf.mix(Color::hex(0x1E3A34), 0.5)
    };
    let snowy = if plan.scene.has(Word::Snow) { 0.55 } else { 0.0 };
    let lit = palette.lit(needle.mix(palette.snow, snowy), 0.75);
    let dark = palette.lit(needle, 0.10).mix(palette.ink, 0.45);
    // Against a low sun all firs are dark and take the colour of the shade.
    let (dark, lit) = if vista::fits(plan.scene) {
        let (near, _) = vista::tones(plan, 1.0);
        (dark.mix(near, 0.75), lit.mix(near, 0.75))
    } else {
        (dark, lit)
    };
    Stand {
        x: 0.0,
        y: 0.0,
        height,
        dark: palette.afar(dark, air),
        lit: palette.afar(lit, air),
        mist: palette.haze,
        mist_share: air * 0.95,
        light_side: plan.light_side,
        seed,
    }
}

/// The one building of the picture, if the prompt names one.
pub fn paint_landmark(canvas: &mut Canvas, plan: &Plan, ground: f32, size: f32, distance: f32) {
    let scene = plan.scene;
    let mut dice = Dice::new(scene.composition, "landmark");
    let u = dice.range(0.02, 0.40) * plan.light_side * canvas.half_width();
    let size_px = canvas.unit() * size * canvas.scale();
    let mut site = Site {
        x: canvas.x(u),
        y: canvas.y(ground),
        size: size_px,
        distance,
        light_side: plan.light_side,
        lamps: plan.lamps,
        seed: dice.seed(),
        palette: plan.palette,
    };
    if scene.has(Word::Palace) {
        site.x = canvas.x(u * 0.3);
        site.size *= 1.15;
        buildings::palace(canvas, site);
    }
    if scene.has(Word::Temple) {
        buildings::temple(canvas, Site { size: size_px * 1.15, ..site });
    }
    if scene.has(Word::Castle) {
        buildings::castle(canvas, Site { size: size_px * 1.35, ..site });
    }
    if scene.has(Word::Waterfall) {
        waterfall(canvas, plan, ground, &mut dice);
    }
    if scene.has(Word::Bridge) {
        buildings::bridge(canvas, Site { x: canvas.x(0.0), size: canvas.unit() * 0.25, distance: 0.06, ..site });
    }
    let houses = if scene.has(Word::Village) { 9 } else { usize::from(scene.has(Word::House)) };
    for i in 0..houses {
        let scale = if houses > 1 { 0.46 + 0.26 * dice.unit() } else { 0.85 };
        let slot = (i * 4 % 9) as f32 / 8.0 * 1.5 - 0.75;
        let at = if houses > 1 { (slot + dice.range(-0.08, 0.08)) * canvas.half_width() } else { u };
        let drop = if houses > 1 { 0.005 + 0.080 * (i as f32 / 9.0) } else { 0.012 };
        let site =
            Site { x: canvas.x(at), y: canvas.y(ground + drop), size: size_px * scale, seed: dice.seed(), ..site };
        buildings::house(canvas, site, scene);
    }
    let smoke = houses > 0 && scene.time != Time::Day;
    if smoke && plan.detail.share > 0.6 {
        for i in 0..5 {
            let r = size_px * (0.04 + 0.02 * i as f32);
            let (x, y) = (canvas.x(u) + r * 1.2, canvas.y(ground) - size_px * (0.75 + 0.10 * i as f32));
            canvas.glow(x, y, r, plan.palette.haze * 0.05);
        }
    }
}

/// A cliff at one side, and the water that falls from it.
fn waterfall(canvas: &mut Canvas, plan: &Plan, ground: f32, dice: &mut Dice) {
    let (palette, side, seed) = (plan.palette, plan.light_side, dice.seed());
    let (unit, foot) = (canvas.unit(), canvas.y(ground));
    let tall = unit * dice.range(0.24, 0.30);
    let edge = canvas.half_width() * unit;
    let middle = canvas.width as f32 * 0.5;
    let mut cliff = vec![(middle + side * edge * 1.05, foot + 1.0)];
    for i in 0..=18 {
        let t = i as f32 / 18.0;
        let rough = noise(t * 7.0, 0.5, seed) * 0.10;
        let ledge = [0.0, 0.0, 0.0, 0.02, 0.05, 0.10, 0.13, 0.34, 0.60][(t * 8.0) as usize];
        let height = tall * (1.08 - ledge - 0.10 * t + rough);
        let jag = 0.03 * noise(t * 11.0, 4.5, seed);
        cliff.push((middle + side * edge * (1.05 - 0.68 * t + jag), foot - height));
    }
    cliff.push((middle + side * edge * 0.30, foot + 1.0));
    let (dark, lit) = (palette.lit(palette.rock * 0.45, 0.10), palette.lit(palette.rock, 0.75));
    Path::polygon(&cliff).shade(canvas, 1.0, |x, y, _| {
        let crag = ridged(x / unit * 9.0, y / unit * 4.0, 4, seed);
        palette.afar(dark.mix(lit, (crag * 1.2 - 0.15).clamp(0.0, 1.0)), 0.14 + 0.16 * smoothstep(-tall, 0.0, y - foot))
    });
    let x = middle + side * edge * 0.55;
    let wide = unit * 0.050;
    let fall =
        [(x, foot - tall * 0.98, wide * 0.7), (x - side * wide * 0.2, foot - tall * 0.6, wide), (x, foot, wide * 1.5)];
    let foam = palette.lit(Color::WHITE, 0.8) * 0.9;
    Path::ribbon(&fall).shade(canvas, 0.95, |px, py, under| {
        let strand = noise((px - x) / wide * 5.0, py / unit * 3.0, seed ^ 1) * 0.5 + 0.5;
        under.mix(foam, 0.55 + 0.45 * strand)
    });
    canvas.glow(x, foot, wide * 3.0, palette.haze * 0.16);
}
