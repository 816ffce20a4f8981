//! Dry ground before us: fields, dunes, and the belts of a forest. Each returns the row of the ground in every column.

use super::Plan;
use super::far::{firs, paint_landmark};
use crate::painter::canvas::Canvas;
use crate::painter::color::Color;
use crate::painter::noise::{Dice, hash_unit, noise, smoothstep};
use crate::painter::palette::color_of;
use crate::painter::path::Path;
use crate::painter::scene::Style;
use crate::painter::terrain::{self, Layer, Shape};
use crate::painter::trees::{self, Stand};
use crate::painter::words::Word;
use crate::painter::{things, weather};

/// Fields and meadows to the bottom, with what grows and stands there.
pub fn paint_fields(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
    let (scene, palette) = (plan.scene, plan.palette);
    let soft = scene.style == Style::Minimal;
    let count = if soft { 3 } else { 5 };
    let lavender = scene.has(Word::Purple);
    let mut layers: Vec<Layer> = (0..count)
        .map(|i| {
            let t = i as f32 / (count - 1) as f32;
            // Leaves may be pink or red by season; only green ones belong into the grass.
            let blend = (0.15 + 0.45 * dice.unit()) * if scene.any(&[Word::Spring, Word::Autumn]) { 0.2 } else { 1.0 };
            let mottle = palette.grass.mix(palette.leaf, blend);
            Layer {
                shape: Shape::Rolling,
                seed: dice.seed(),
                base: plan.horizon + 0.02 + 0.31 * t.powf(1.25),
                relief: 0.035 + 0.045 * t,
                frequency: 2.3 - 1.4 * t,
                distance: 0.40 * (1.0 - t).powf(1.2),
                albedo: if lavender { mottle.mix(Color::hex(0x7A5AB8), 0.45) } else { mottle },
                snow: 0.0,
                relief_shading: 1.0,
            }
        })
        .collect();
    let last = layers.split_off(3.min(layers.len()));
    let back = terrain::paint_layers(canvas, &layers, palette, plan.light, 1.0, plan.detail.octaves);
    if scene.allows(Word::Tree) && !soft && !scene.has(Word::Desert) {
        groves(canvas, plan, &back, dice);
    }
    paint_landmark(canvas, plan, plan.horizon + 0.10, 0.17, 0.12);
    let front = terrain::paint_layers(canvas, &last, palette, plan.light, 1.0, plan.detail.octaves);
    if scene.has(Word::River) {
        river(canvas, plan, dice);
    }
    let blooming = scene.any(&[Word::Meadow, Word::Garden, Word::Flower, Word::Spring, Word::Sunflower, Word::Rose]);
    if blooming && scene.allows(Word::Flower) {
        let tints = flower_tints(plan, dice);
        let count = (2600.0 * plan.detail.share * canvas.half_width() * 2.0) as usize;
        things::meadow_flowers(canvas, palette, &tints, plan.horizon + 0.10, count, dice.seed());
    }
    let feet = front.into_iter().next_back().unwrap_or_else(|| vec![canvas.unit() * 0.94; canvas.width]);
    let bottom: Vec<f32> = feet.iter().map(|_| canvas.unit() * 1.005).collect();
    if !scene.has(Word::Snow) && !soft {
        let count = (420.0 * plan.detail.share * canvas.half_width() * 2.0) as usize;
        let (dark, lit) = (palette.lit(palette.grass * 0.35, 0.3), palette.lit(palette.grass, 0.95));
        trees::grass(canvas, &bottom, canvas.unit() * 0.095, count, dark, lit, dice.seed());
    }
    vec![canvas.unit() * 0.945; canvas.width]
}

fn flower_tints(plan: &Plan, dice: &mut Dice) -> Vec<Color> {
    if let Some(word) = plan.scene.subject_color {
        let one = Color::hex(color_of(word));
        return vec![one, one.lighten(1.12), one.saturate(0.75)];
    }
    let sets = [
        [0xE2483A, 0xF2A03C, 0xF6E6C8, 0xD23A4A],
        [0x8A62C8, 0xB48AE0, 0xF2E6F6, 0x6A4AB0],
        [0xF28CB0, 0xF6C4D2, 0xFFFFFF, 0xE25A8C],
        [0xF6C23A, 0xFFE28A, 0xFFFFFF, 0xF29A2E],
    ];
    let set = if plan.scene.has(Word::Sunflower) {
        3
    } else if plan.scene.has(Word::Purple) {
        1
    } else {
        dice.pick(4)
    };
    sets[set].map(Color::hex).to_vec()
}

/// Trees in small groups on the far fields.
fn groves(canvas: &mut Canvas, plan: &Plan, lines: &[Vec<f32>], dice: &mut Dice) {
    let unit = canvas.unit();
    for (row, feet) in lines.iter().enumerate() {
        let near = row as f32 / lines.len().max(1) as f32;
        let seed = dice.seed();
        let many = if plan.scene.any(&[Word::Forest, Word::Tree, Word::Garden]) { 26 } else { 12 };
        for i in 0..many {
            let cluster = hash_unit(i / 4, 1, seed) * 1.1 - 0.05 + (hash_unit(i, 2, seed) - 0.5) * 0.16;
            let x = cluster * canvas.width as f32;
            if x < 0.0 || x >= canvas.width as f32 {
                continue;
            }
            let height = unit * (0.022 + 0.040 * near) * (0.7 + 0.6 * hash_unit(i, 3, seed));
            let stand = Stand {
                x,
                y: feet[x as usize] + height * 0.08,
                ..firs(plan, height, 0.42 * (1.0 - near), seed ^ i as u32)
            };
            if plan.scene.any(&[Word::Pine, Word::Mountain]) || plan.scene.has(Word::Snow) {
                trees::fir(canvas, Stand { height: height * 1.3, ..stand });
            } else {
                let leaf = plan.palette.afar(plan.palette.lit(plan.palette.leaf, 0.9), 0.42 * (1.0 - near));
                trees::broad(canvas, stand, leaf, 20);
            }
        }
    }
}

/// A river that winds towards us and mirrors the sky.
pub fn river(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let unit = canvas.unit();
    let top = plan.horizon + 0.115;
    let (phase, swing, side) = (dice.range(0.0, 6.3), dice.range(0.16, 0.26), dice.range(-0.2, 0.2));
    // Where little ground is left below the horizon the bends are tighter, and a wide river would fold over itself.
    let room = ((1.06 - top) / 0.42).min(1.0);
    let swing = swing * room;
    let points: Vec<_> = (0..=40)
        .map(|i| {
            let t = i as f32 / 40.0;
            let v = top + (1.06 - top) * t.powf(1.5);
            let u = side * (1.0 - t) + (phase + 4.4 * t.powf(0.8)).sin() * swing * (0.25 + t) * canvas.scale();
            (canvas.x(u), canvas.y(v), unit * (0.006 + 0.26 * room * t.powf(1.6)) * canvas.scale())
        })
        .collect();
    let bank: Vec<_> = points.iter().map(|&(x, y, w)| (x, y, w * 1.03 + unit * 0.002)).collect();
    let palette = plan.palette;
    let mirrored: Vec<Color> = (0..canvas.height)
        .map(|y| {
            let v = (y as f32 / unit - top).max(0.0);
            palette.sky.at(1.0 - v * 1.25)
        })
        .collect();
    Path::ribbon(&bank).fill(canvas, palette.lit(palette.grass * 0.35, 0.4), 0.4);
    let seed = dice.seed();
    Path::ribbon(&points).shade(canvas, 0.96, |x, y, _| {
        let t = (y / unit - top).max(0.01);
        let (px, py) = ((x / unit - 0.5) / t * 1.1, 2.2 / t);
        let wave = noise(px, py, seed) * 0.6 + noise(px * 2.3, py * 2.0, seed ^ 1) * 0.4;
        let row = (y + wave * unit * 0.03).clamp(0.0, mirrored.len() as f32 - 1.0) as usize;
        mirrored[row].mix(palette.deep, 0.18 + 0.16 * wave) * (1.0 + 0.10 * wave)
    });
}

/// Dunes to the bottom.
pub fn paint_dunes(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
    let palette = plan.palette;
    let count = 6;
    let layers: Vec<Layer> = (0..count)
        .map(|i| {
            let t = i as f32 / (count - 1) as f32;
            Layer {
                shape: Shape::Dune,
                seed: dice.seed(),
                base: plan.horizon + 0.005 + 0.34 * t.powf(1.4),
                relief: 0.035 + 0.085 * t,
                frequency: 2.6 - 1.5 * t,
                distance: 0.62 * (1.0 - t).powf(1.3),
                albedo: palette.sand.mix(Color::hex(0xB8683A), 0.25 + 0.25 * t),
                snow: 0.0,
                relief_shading: 1.0,
            }
        })
        .collect();
    let (back, front) = layers.split_at(3);
    terrain::paint_layers(canvas, back, palette, plan.light, 1.0, plan.detail.octaves);
    paint_landmark(canvas, plan, plan.horizon + 0.075, 0.16, 0.25);
    terrain::paint_layers(canvas, front, palette, plan.light, 1.0, plan.detail.octaves);
    vec![canvas.unit() * 0.93; canvas.width]
}

/// Firs in belts, with fog between them.
pub fn paint_forest(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
    let unit = canvas.unit();
    let belts = 5;
    let mut feet = Vec::new();
    for i in 0..belts {
        let t = i as f32 / (belts - 1) as f32;
        let air = 0.70 * (1.0 - t).powf(0.9);
        let slope = Layer {
            shape: Shape::Rolling,
            seed: dice.seed(),
            base: plan.horizon + 0.05 + 0.40 * t.powf(1.15),
            relief: 0.05,
            frequency: 1.5,
            distance: air,
            albedo: plan.palette.grass.mix(plan.palette.leaf, 0.6) * 0.6,
            snow: 0.0,
            relief_shading: 0.8,
        };
        let line = terrain::outline(canvas, &slope, 3);
        let height = unit * (0.075 + 0.27 * t * t) * dice.range(0.9, 1.1);
        let lifted: Vec<f32> = line.iter().map(|y| y + unit * 0.004).collect();
        let stand = firs(plan, height, air, dice.seed());
        if i == belts - 1 {
            open_middle(canvas, &line, stand, dice);
        } else {
            trees::belt(canvas, &lifted, height * 0.25, dice, stand);
        }
        terrain::paint_layers(canvas, &[slope], plan.palette, plan.light, 1.0, plan.detail.octaves);
        if t < 0.9 {
            let level = line.iter().sum::<f32>() / line.len().max(1) as f32 / unit;
            weather::paint_fog(canvas, plan.palette, level + 0.015, 0.045 + 0.03 * t, 0.55 - 0.25 * t, dice.seed());
        }
        feet = line;
    }
    paint_landmark(canvas, plan, 0.90, 0.20, 0.05);
    feet.iter().map(|y| y.max(unit * 0.90)).collect()
}

/// The nearest firs stand to both sides and leave the view open.
fn open_middle(canvas: &mut Canvas, line: &[f32], stand: Stand, dice: &mut Dice) {
    let gap = dice.range(-0.25, 0.25);
    for i in 0..16 {
        let at = i as f32 / 15.0 * 2.0 - 1.0 + dice.range(-0.05, 0.05);
        let away = smoothstep(0.12, 0.75, (at - gap).abs());
        let x = canvas.x(at * canvas.half_width() * 1.05);
        let column = (x.max(0.0) as usize).min(line.len() - 1);
        let height = stand.height * (0.35 + 0.95 * away) * dice.range(0.8, 1.2);
        let seed = dice.seed();
        trees::fir(canvas, Stand { x, y: line[column] + height * 0.085, height, seed, ..stand });
    }
}
