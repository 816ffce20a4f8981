//! The near part of a landscape: the ground before us, what stands on it, and what is on the water.

use super::far::{firs, paint_landmark};
use super::{Ground, Plan};
use crate::painter::animals::{self, Pose};
use crate::painter::buildings::{self, Site};
use crate::painter::canvas::Canvas;
use crate::painter::color::Color;
use crate::painter::noise::{Dice, hash_unit, smoothstep};
use crate::painter::palette::Palette;
use crate::painter::scene::Style;
use crate::painter::terrain::{self, Layer, Shape};
use crate::painter::trees::{self, Stand};
use crate::painter::words::Word;
use crate::painter::{things, water, weather};

/// Paints it.
pub fn paint(canvas: &mut Canvas, plan: &Plan) {
    let mut dice = Dice::new(plan.scene.composition, "near");
    let feet = match plan.ground {
        Ground::Sea | Ground::Lake => paint_waters(canvas, plan, &mut dice),
        Ground::Land => paint_fields(canvas, plan, &mut dice),
        Ground::Desert => paint_dunes(canvas, plan, &mut dice),
        Ground::Forest => paint_forest(canvas, plan, &mut dice),
    };
    paint_subjects(canvas, plan, &feet, &mut Dice::new(plan.scene.composition, "subject"));
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

/// On open water: islands, boats, a lighthouse, a beach or a bank before us.
fn paint_waters(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
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
        things::boat(canvas, palette, scene, canvas.x(u), canvas.y(v), size, dice.side(), plan.ground == Ground::Sea);
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

/// Dark ground at the very front, with grass.
fn near_bank(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice, base: f32) -> Vec<f32> {
    let palette = plan.palette;
    let albedo = palette.grass.mix(Color::hex(0x2E3A28), 0.55);
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

/// Fields and meadows to the bottom, with what grows and stands there.
fn paint_fields(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
    let (scene, palette) = (plan.scene, plan.palette);
    let soft = scene.style == Style::Minimal;
    let count = if soft { 3 } else { 5 };
    let lavender = scene.has(Word::Purple);
    let mut layers: Vec<Layer> = (0..count)
        .map(|i| {
            let t = i as f32 / (count - 1) as f32;
            let mottle = palette.grass.mix(palette.leaf, 0.15 + 0.45 * dice.unit());
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
        let one = Color::hex(crate::painter::palette::color_of(word));
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
fn river(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let unit = canvas.unit();
    let top = plan.horizon + 0.055;
    let (phase, swing, side) = (dice.range(0.0, 6.3), dice.range(0.16, 0.26), dice.range(-0.2, 0.2));
    let points: Vec<_> = (0..=40)
        .map(|i| {
            let t = i as f32 / 40.0;
            let v = top + (1.06 - top) * t.powf(1.5);
            let u = side * (1.0 - t) + (phase + 4.4 * t.powf(0.8)).sin() * swing * (0.25 + t) * canvas.scale();
            (canvas.x(u), canvas.y(v), unit * (0.006 + 0.26 * t.powf(1.6)) * canvas.scale())
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
    trees_ribbon(canvas, &bank, palette.lit(palette.grass * 0.35, 0.4));
    let seed = dice.seed();
    crate::painter::path::Path::ribbon(&points).shade(canvas, 0.96, |x, y, _| {
        let t = (y / unit - top).max(0.01);
        let (px, py) = ((x / unit - 0.5) / t * 1.1, 2.2 / t);
        let wave = crate::painter::noise::noise(px, py, seed) * 0.6
            + crate::painter::noise::noise(px * 2.3, py * 2.0, seed ^ 1) * 0.4;
        let row = (y + wave * unit * 0.03).clamp(0.0, mirrored.len() as f32 - 1.0) as usize;
        mirrored[row].mix(palette.deep, 0.18 + 0.16 * wave) * (1.0 + 0.10 * wave)
    });
}

fn trees_ribbon(canvas: &mut Canvas, points: &[(f32, f32, f32)], color: Color) {
    crate::painter::path::Path::ribbon(points).fill(canvas, color, 0.75);
}

/// Dunes to the bottom.
fn paint_dunes(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
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
fn paint_forest(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
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
            open_middle(canvas, plan, &line, stand, dice);
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
fn open_middle(canvas: &mut Canvas, plan: &Plan, line: &[f32], stand: Stand, dice: &mut Dice) {
    let gap = dice.range(-0.25, 0.25);
    for i in 0..16 {
        let at = i as f32 / 15.0 * 2.0 - 1.0 + dice.range(-0.05, 0.05);
        let away = smoothstep(0.12, 0.75, (at - gap).abs());
        let x = canvas.x(at * canvas.half_width() * 1.05);
        let column = (x.max(0.0) as usize).min(line.len() - 1);
        let height = stand.height * (0.35 + 0.95 * away) * dice.range(0.8, 1.2);
        let seed = dice.seed();
        trees::fir(canvas, Stand { x, y: line[column] + canvas.unit() * 0.02, height, seed, ..stand });
    }
    let _ = plan;
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
    crate::painter::path::Path::polygon(&outline).shade(canvas, 1.0, |px, py, _| {
        let facet = crate::painter::noise::ridged(px / unit * 17.0, py / unit * 22.0, 4, seed);
        let side = ((px - x) / size * ls * 0.5 + 0.5).clamp(0.0, 1.0);
        dark.mix(lit, (side * 0.6 + facet * 0.6 - 0.25).clamp(0.0, 1.0))
            .mix(palette.deep, smoothstep(-0.05, 0.0, (py - y) / size) * 0.6)
    });
    for ring in 0..3 {
        let w = size * (1.02 + 0.06 * ring as f32);
        let foam = palette.lit(Color::WHITE, 0.8);
        crate::painter::path::Path::ellipse(x, y + size * 0.015 * ring as f32, w, size * 0.012, 0.0).fill(
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
    crate::painter::path::Path::ellipse(x, y, size, size * 0.085, 0.0).fill(canvas, sand, 1.0);
    crate::painter::path::Path::ellipse(x, y + size * 0.06, size * 1.05, size * 0.035, 0.0).fill(
        canvas,
        palette.deep,
        0.35,
    );
    for i in 0..6 {
        let px = x + dice.range(-0.65, 0.65) * size;
        let height = size * dice.range(0.55, 1.0);
        let stand = Stand { x: px, y: y + size * 0.01, ..firs(plan, height, 0.10, dice.seed()) };
        let stand = Stand { lit: palette.lit(palette.leaf, 0.85), ..stand };
        trees::palm(canvas, stand, dice.range(-0.25, 0.25));
        let bush = [(px - size * 0.12, y), (px, y - size * 0.07), (px + size * 0.14, y)];
        crate::painter::path::Path::smooth(&bush).fill(canvas, palette.lit(palette.leaf, 0.6), 1.0);
        let _ = i;
    }
}

/// The things that the prompt is about, before us.
fn paint_subjects(canvas: &mut Canvas, plan: &Plan, feet: &[f32], dice: &mut Dice) {
    let (scene, palette) = (plan.scene, plan.palette);
    let unit = canvas.unit();
    let scale = canvas.scale();
    let foot = |x: f32| feet[(x.max(0.0) as usize).min(feet.len() - 1)];
    let (u_tree, u_one) = (dice.range(0.25, 0.6) * -plan.light_side, dice.range(-0.3, 0.3));
    if scene.any(&[Word::Tree, Word::Autumn, Word::Spring])
        && !scene.any(&[Word::Forest, Word::City, Word::Palm])
        && scene.allows(Word::Tree)
    {
        let x = canvas.x(u_tree * canvas.half_width());
        let height = unit * dice.range(0.50, 0.62) * scale;
        let stand = Stand {
            x,
            y: foot(x) + unit * 0.012,
            dark: palette.lit(palette.leaf * 0.22, 0.2).mix(palette.ink, 0.35),
            ..firs(plan, height, 0.0, dice.seed())
        };
        let leaf = if scene.subject_color.is_some() && scene.has(Word::Tree) {
            Palette::of_subject(scene, 0)
        } else {
            palette.leaf
        };
        trees::broad(canvas, stand, palette.lit(leaf, 0.95), (1150.0 * plan.detail.share) as usize);
    }
    let x = canvas.x(u_one * canvas.half_width());
    let pose = |hex: u32, size: f32| {
        let coat = Palette::of_subject(scene, hex);
        Pose {
            x,
            y: foot(x) + unit * 0.018,
            size: unit * size * scale,
            facing: if u_one > 0.0 { -1.0 } else { 1.0 },
            light_side: plan.light_side,
            body: palette.lit(coat, 0.32).mix(palette.ink, 0.22),
            rim: palette.lit(coat.lighten(1.15), 1.0) + palette.sun * (0.18 * plan.light.glow),
        }
    };
    if scene.has(Word::Elephant) {
        animals::elephant(canvas, pose(0x7A7078, 0.34));
    }
    if scene.has(Word::Deer) {
        animals::deer(canvas, pose(0x9A6A42, 0.36));
    }
    if scene.has(Word::Dog) {
        animals::dog(canvas, pose(0xA8703E, 0.34));
    }
    if scene.has(Word::Cat) {
        animals::cat(canvas, pose(0x5A4A44, 0.40), Color::hex(0xD8E05A) * 0.9);
    }
    if scene.any(&[Word::Woman, Word::Man, Word::Child, Word::Portrait]) {
        let tall = unit * scale * if scene.has(Word::Child) { 0.17 } else { 0.25 };
        things::wanderer(canvas, palette, scene, x + unit * 0.02, foot(x) + unit * 0.012, tall);
        if scene.has(Word::Child) && scene.any(&[Word::Man, Word::Woman]) {
            things::wanderer(canvas, palette, scene, x + unit * 0.12, foot(x) + unit * 0.012, tall * 1.5);
        }
    }
}
