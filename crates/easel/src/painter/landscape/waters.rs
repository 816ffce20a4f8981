//! Open water before us: islands, boats, a lighthouse, and the beach or the bank that we stand on.

use super::far::firs;
use super::{Ground, Plan};
use crate::painter::buildings::{self, Site};
use crate::painter::canvas::Canvas;
use crate::painter::color::Color;
use crate::painter::noise::{Dice, hash_unit, ridged, smoothstep};
use crate::painter::path::Path;
use crate::painter::scene::Style;
use crate::painter::terrain::{self, Layer, Shape};
use crate::painter::things::Spot;
use crate::painter::trees::{self, Stand};
use crate::painter::words::Word;
use crate::painter::{things, water};

/// Paints it and returns the row of the ground in every column.
pub fn paint(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
    let (scene, palette) = (plan.scene, plan.palette);
    let unit = canvas.unit();
    let side = -plan.light_side;
    if scene.has(Word::Lighthouse) {
        let x = canvas.x(side * dice.range(0.20, 0.34) * canvas.half_width() * 2.0);
        rock(canvas, plan, x, unit * (plan.horizon + 0.13), unit * 0.30 * canvas.scale(), dice.seed());
        let site = Site {
            x,
            y: unit * (plan.horizon + 0.055),
            size: unit * 0.27 * canvas.scale(),
            distance: 0.05,
            light_side: plan.light_side,
            lamps: plan.lamps,
            seed: dice.seed(),
            palette,
        };
        buildings::lighthouse(canvas, site, scene);
    }
    if scene.has(Word::Island) {
        island(canvas, plan, dice);
    }
    let casual = plan.ground == Ground::Sea && dice.chance(0.35) && !scene.has(Word::Storm);
    if scene.has(Word::Boat) || casual && scene.allows(Word::Boat) {
        let size = unit * canvas.scale() * if scene.has(Word::Boat) { dice.range(0.13, 0.18) } else { 0.035 };
        let u = plan.light.u * 0.4 + dice.range(-0.22, 0.22) * canvas.half_width();
        let v = plan.horizon + if scene.has(Word::Boat) { dice.range(0.11, 0.17) } else { 0.03 };
        let spot = Spot { x: canvas.x(u), y: canvas.y(v), size, side: dice.side() };
        things::boat(canvas, palette, scene, spot, plan.ground == Ground::Sea);
    }
    if scene.has(Word::Beach) || plan.ground == Ground::Sea && (needs_ground(plan) || dice.chance(0.25)) {
        let (edge, tilt) = (dice.range(0.80, 0.86), dice.range(-0.22, 0.22));
        water::paint_beach(canvas, palette, edge, tilt, dice.seed(), plan.detail.octaves);
        if scene.any(&[Word::Palm, Word::Island, Word::Beach]) && scene.allows(Word::Tree) && scene.allows(Word::Palm) {
            frame_with_palms(canvas, plan, dice);
        }
        return vec![unit * 0.945; canvas.width];
    }
    let frame = plan.ground == Ground::Lake && scene.style != Style::Minimal || needs_ground(plan);
    if !frame {
        return vec![unit * 0.97; canvas.width];
    }
    let feet = near_bank(canvas, plan, dice, if needs_ground(plan) { 0.90 } else { 0.965 });
    if scene.allows(Word::Tree) && !scene.has(Word::Palace) && dice.chance(0.7) {
        frame_with_firs(canvas, plan, &feet, dice);
    }
    feet
}

/// Whether something needs ground to stand on before us.
fn needs_ground(plan: &Plan) -> bool {
    plan.scene.any(&[
        Word::Cat,
        Word::Dog,
        Word::Deer,
        Word::Elephant,
        Word::Woman,
        Word::Man,
        Word::Child,
        Word::Portrait,
        Word::Tree,
        Word::Flower,
        Word::Garden,
        Word::Meadow,
        Word::Sunflower,
        Word::Rose,
    ])
}

/// Dark ground at the very front, with grass.
fn near_bank(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice, base: f32) -> Vec<f32> {
    let palette = plan.palette;
    let albedo = palette.grass.mix(Color::hex(0x2E3A28), 0.55) * if plan.fore.is_some() { 0.5 } else { 1.0 };
    let bank = Layer {
        shape: Shape::Rolling,
        seed: dice.seed(),
        base,
        relief: 0.035,
        frequency: 1.5,
        distance: 0.0,
        albedo: albedo * 0.55,
        snow: 0.0,
        relief_shading: 1.0,
    };
    let lines = terrain::paint_layers(canvas, &[bank], palette, plan.light, 1.0, plan.detail.octaves);
    let feet = lines.into_iter().next().unwrap_or_default();
    let height = canvas.unit() * 0.050;
    let count = (520.0 * plan.detail.share * canvas.half_width() * 2.0) as usize;
    let (dark, lit) = (palette.lit(albedo * 0.4, 0.2), palette.lit(albedo, 0.8));
    trees::grass(canvas, &feet, height, count, dark, lit, dice.seed());
    feet
}

/// Tall firs at one or both edges.
fn frame_with_firs(canvas: &mut Canvas, plan: &Plan, feet: &[f32], dice: &mut Dice) {
    let unit = canvas.unit();
    let side = -plan.light_side;
    for i in 0..6 {
        let edge = side * (0.98 - 0.10 * i as f32 + dice.range(-0.05, 0.05));
        let x = canvas.x(edge * canvas.half_width());
        let column = (x.max(0.0) as usize).min(feet.len() - 1);
        let height = unit * (0.50 - 0.065 * i as f32) * dice.range(0.75, 1.15) * canvas.scale();
        let stand = firs(plan, height, 0.0, dice.seed());
        trees::fir(canvas, Stand { x, y: feet[column] + unit * 0.015, mist_share: 0.0, ..stand });
    }
}

fn frame_with_palms(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let (unit, side) = (canvas.unit(), -plan.light_side);
    for i in 0..3 {
        let x = canvas.x(side * (0.92 - 0.13 * i as f32) * canvas.half_width());
        let height = unit * (0.62 - 0.12 * i as f32) * canvas.scale();
        let palette = plan.palette;
        let stand = Stand {
            x,
            y: unit * 0.985,
            dark: palette.lit(palette.leaf * 0.25, 0.2).mix(palette.ink, 0.5),
            lit: palette.lit(palette.leaf, 0.6),
            height,
            ..firs(plan, height, 0.0, dice.seed())
        };
        trees::palm(canvas, stand, -side * dice.range(0.12, 0.30));
    }
}

/// A bare rock in the water.
fn rock(canvas: &mut Canvas, plan: &Plan, x: f32, y: f32, size: f32, seed: u32) {
    let palette = plan.palette;
    let mut outline = Vec::new();
    for i in 0..=22 {
        let t = i as f32 / 22.0 * 2.0 - 1.0;
        let rise = (1.0 - t * t).max(0.0).powf(0.6) * (0.75 + 0.45 * hash_unit(i, 1, seed));
        outline.push((x + t * size, y - rise * size * 0.34));
    }
    let (dark, lit) = (palette.lit(palette.rock * 0.35, 0.2), palette.lit(palette.rock, 0.75));
    let (ls, unit) = (plan.light_side, canvas.unit());
    Path::polygon(&outline).shade(canvas, 1.0, |px, py, _| {
        let facet = ridged(px / unit * 17.0, py / unit * 22.0, 4, seed);
        let side = ((px - x) / size * ls * 0.5 + 0.5).clamp(0.0, 1.0);
        dark.mix(lit, (side * 0.6 + facet * 0.6 - 0.25).clamp(0.0, 1.0))
            .mix(palette.deep, smoothstep(-0.05, 0.0, (py - y) / size) * 0.6)
    });
    for ring in 0..3 {
        let w = size * (1.02 + 0.06 * ring as f32);
        let foam = palette.lit(Color::WHITE, 0.8);
        Path::ellipse(x, y + size * 0.015 * ring as f32, w, size * 0.012, 0.0).fill(
            canvas,
            foam,
            0.30 - 0.08 * ring as f32,
        );
    }
}

/// A small island with palms on the horizon side of the picture.
fn island(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let unit = canvas.unit();
    let (x, y) = (canvas.x(dice.range(-0.45, 0.45) * canvas.half_width()), canvas.y(plan.horizon + 0.075));
    let size = unit * dice.range(0.20, 0.28) * canvas.scale();
    let palette = plan.palette;
    let sand = palette.lit(palette.sand, 0.9);
    Path::ellipse(x, y, size, size * 0.085, 0.0).fill(canvas, sand, 1.0);
    Path::ellipse(x, y + size * 0.06, size * 1.05, size * 0.035, 0.0).fill(canvas, palette.deep, 0.35);
    for _ in 0..6 {
        let px = x + dice.range(-0.65, 0.65) * size;
        let height = size * dice.range(0.55, 1.0);
        let stand = Stand { x: px, y: y + size * 0.01, ..firs(plan, height, 0.10, dice.seed()) };
        let stand = Stand { lit: palette.lit(palette.leaf, 0.85), ..stand };
        trees::palm(canvas, stand, dice.range(-0.25, 0.25));
        let bush = [(px - size * 0.12, y), (px, y - size * 0.07), (px + size * 0.14, y)];
        Path::smooth(&bush).fill(canvas, palette.lit(palette.leaf, 0.6), 1.0);
    }
}
