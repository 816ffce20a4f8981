//! Trees one by one: conifers, broad crowns, palms; and belts of them.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::{Dice, hash_unit};
use super::path::Path;

/// How a tree stands in the light. Positions in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    /// Middle of the foot.
    pub x: f32,
    /// The foot.
    pub y: f32,
    /// Height.
    pub height: f32,
    /// Colour on the dark side.
    pub dark: Color,
    /// Colour on the side of the light.
    pub lit: Color,
    /// Colour of the air at its foot.
    pub mist: Color,
    /// How much of that air hides the foot, 0 to 1.
    pub mist_share: f32,
    /// -1 when the light comes from the left, 1 from the right.
    pub light_side: f32,
    /// Its own shape.
    pub seed: u32,
}

/// A fir: tiers of hanging branches.
pub fn fir(canvas: &mut Canvas, stand: Stand) {
    let Stand { x, y, height, seed, .. } = stand;
    let tiers = ((height / 5.0) as i32).clamp(5, 15);
    let half = height * (0.15 + 0.09 * hash_unit(1, 0, seed));
    let lean = (hash_unit(2, 0, seed) - 0.5) * height * 0.04;
    let mut right = vec![(x + lean, y - height)];
    let mut left = Vec::new();
    for tier in 1..=tiers {
        let t = tier as f32 / tiers as f32;
        let level = y - height * (1.0 - t * 0.93);
        let reach = half * t.powf(0.85);
        for (side, points) in [(1.0f32, &mut right), (-1.0, &mut left)] {
            let wild = 0.72 + 0.5 * hash_unit(tier, side as i32 + 5, seed);
            let axis = x + lean * (1.0 - t);
            points.push((axis + side * reach * wild, level + height * 0.018 * hash_unit(tier, 9, seed)));
            points.push((axis + side * reach * wild * 0.48, level - height * 0.012));
        }
    }
    let trunk = height * 0.018;
    right.extend([(x + trunk, y - height * 0.07), (x + trunk, y), (x - trunk, y), (x - trunk, y - height * 0.07)]);
    left.reverse();
    right.extend(left);
    Path::polygon(&right).shade(canvas, 1.0, |px, py, _| {
        let side = ((px - x) / half * stand.light_side * 0.5 + 0.5).clamp(0.0, 1.0);
        let up = ((y - py) / height).clamp(0.0, 1.0);
        let color = stand.dark.mix(stand.lit, side * (0.35 + 0.65 * up));
        color.mix(stand.mist, stand.mist_share * (1.0 - up).powi(2))
    });
}

/// A broad-leaved tree: trunk, limbs, and a crown of leaf clumps, dark below and lit above.
pub fn broad(canvas: &mut Canvas, stand: Stand, leaf: Color, clumps: usize) {
    let Stand { x, y, height, seed, .. } = stand;
    let crown = (x + height * 0.05 * (hash_unit(1, 0, seed) - 0.5), y - height * 0.64);
    let (rx, ry) = (height * (0.36 + 0.10 * hash_unit(2, 0, seed)), height * 0.34);
    let bark = stand.dark;
    if height < 46.0 {
        small(canvas, stand, leaf);
        return;
    }
    let trunk = [
        (x, y, height * 0.085),
        (x + height * 0.012, y - height * 0.16, height * 0.058),
        (x, y - height * 0.36, height * 0.045),
        (crown.0, crown.1, height * 0.020),
    ];
    Path::ribbon(&trunk).fill(canvas, bark, 1.0);
    for limb in 0..5 {
        let angle = -2.6 + 2.1 * limb as f32 / 4.0 + 0.3 * hash_unit(limb, 3, seed);
        let to = (crown.0 + angle.cos() * rx * 0.75, crown.1 + angle.sin() * ry * 0.7);
        let from = (x, y - height * (0.28 + 0.05 * limb as f32));
        Path::stroke(from, to, height * 0.026, height * 0.006).fill(canvas, bark, 1.0);
    }
    // Dark clumps first, then lit ones higher up and towards the light.
    for pass in 0..3 {
        let count = clumps / 3 + 1;
        for i in 0..count as i32 {
            let (a, b) = (hash_unit(i, pass, seed ^ 0x91), hash_unit(i, pass, seed ^ 0x92));
            let (angle, out) = (a * std::f32::consts::TAU, b.sqrt() * (1.0 - 0.13 * pass as f32));
            let (cx, cy) = (angle.cos() * out, angle.sin() * out * if angle.sin() > 0.0 { 0.72 } else { 1.0 });
            let toward = (cx * stand.light_side * 0.45 - cy * 0.75) * 0.5 + 0.5;
            let depth = pass as f32 / 2.0;
            let lit =
                (toward * 0.75 + depth * 0.35 - 0.22 + 0.22 * (hash_unit(i, pass, seed ^ 0x93) - 0.5)).clamp(0.0, 1.0);
            let size = height * (0.044 - 0.018 * depth) * (0.55 + 0.8 * hash_unit(i, pass, seed ^ 0x94));
            let shift = depth * height * 0.03;
            let color = stand.dark.mix(leaf, lit);
            let (ex, ey) = (crown.0 + cx * rx + shift * stand.light_side * 0.6, crown.1 + cy * ry - shift);
            clump(canvas, ex, ey, size, color, seed ^ (i as u32 * 31 + pass as u32));
        }
    }
}

/// A broad-leaved tree so far away that its crown is a few rounded masses.
fn small(canvas: &mut Canvas, stand: Stand, leaf: Color) {
    let Stand { x, y, height, seed, .. } = stand;
    Path::stroke((x, y), (x, y - height * 0.45), height * 0.10, height * 0.05).fill(canvas, stand.dark, 1.0);
    for i in 0..6 {
        let (a, b) = (hash_unit(i, 0, seed) - 0.5, hash_unit(i, 1, seed));
        let r = height * (0.24 + 0.10 * hash_unit(i, 2, seed));
        let (cx, cy) = (x + a * height * 0.62, y - height * (0.42 + 0.34 * b));
        let lit = (0.25 + 0.5 * b + a * stand.light_side * 0.6).clamp(0.0, 1.0);
        Path::ellipse(cx, cy, r, r * 0.82, 0.0).fill(canvas, stand.dark.mix(leaf, lit * 0.8), 0.96);
    }
}

/// A ragged clump of leaves.
fn clump(canvas: &mut Canvas, x: f32, y: f32, size: f32, color: Color, seed: u32) {
    let count = if size > 5.0 { 11 } else { 7 };
    let point = |i: i32| {
        let angle = i as f32 / count as f32 * std::f32::consts::TAU;
        let r = size * (0.62 + 0.62 * hash_unit(i, 0, seed));
        (x + angle.cos() * r, y + angle.sin() * r * 0.8)
    };
    let points: Vec<_> = (0..count).map(point).collect();
    Path::polygon(&points).fill(canvas, color, 0.94);
}

/// A palm leaning over.
pub fn palm(canvas: &mut Canvas, stand: Stand, lean: f32) {
    let Stand { x, y, height, seed, .. } = stand;
    let top = (x + lean * height, y - height);
    let trunk: Vec<_> = (0..=8)
        .map(|i| {
            let t = i as f32 / 8.0;
            (x + lean * height * t * t, y - height * t, height * (0.040 - 0.020 * t))
        })
        .collect();
    Path::ribbon(&trunk).fill(canvas, stand.dark, 1.0);
    for frond in 0..11 {
        let spread = frond as f32 / 10.0 * 2.0 - 1.0;
        let reach = height * (0.34 + 0.12 * hash_unit(frond, 1, seed));
        let angle = -1.35 + spread.abs() * 0.75 + 0.2 * hash_unit(frond, 2, seed);
        let side = if frond % 2 == 0 { 1.0 } else { -1.0 } * spread.abs().max(0.25);
        let mut spine = Vec::new();
        for i in 0..=10 {
            let t = i as f32 / 10.0;
            let (dx, dy) =
                (side * reach * t, angle.sin() * reach * t * 0.55 + reach * 0.85 * t * t * spread.abs().max(0.35));
            let wide = (t * (1.0 - t) * 4.0).sqrt() * height * 0.030 * if i % 2 == 0 { 1.0 } else { 0.55 };
            spine.push((top.0 + dx, top.1 + dy, wide + 0.6));
        }
        let color = stand.dark.mix(stand.lit, hash_unit(frond, 3, seed) * 0.6);
        Path::ribbon(&spine).fill(canvas, color, 1.0);
    }
    for nut in 0..3 {
        let nx = top.0 + (nut as f32 - 1.0) * height * 0.022;
        Path::ellipse(nx, top.1 + height * 0.018, height * 0.017, height * 0.019, 0.0).fill(canvas, stand.dark, 1.0);
    }
}

/// A belt of firs along a line of feet (pixels), `spacing` pixels apart.
pub fn belt(canvas: &mut Canvas, feet: &[f32], spacing: f32, dice: &mut Dice, stand: Stand) {
    let mut x = -spacing;
    let mut index = 0;
    while x < canvas.width as f32 + spacing {
        let seed = stand.seed ^ (index as u32).wrapping_mul(0x9E37);
        let column = (x.max(0.0) as usize).min(feet.len().saturating_sub(1));
        let tall = stand.height * (0.55 + 0.75 * hash_unit(index, 1, stand.seed).powi(2) + dice.range(0.0, 0.12));
        fir(canvas, Stand { x, y: feet[column] + tall * 0.085, height: tall, seed, ..stand });
        x += spacing * (0.45 + 0.9 * hash_unit(index, 2, stand.seed));
        index += 1;
    }
}

/// Blades of grass along the bottom, bent by the wind.
pub fn grass(canvas: &mut Canvas, feet: &[f32], height: f32, count: usize, dark: Color, lit: Color, seed: u32) {
    let wind = hash_unit(0, 0, seed) * 0.9 - 0.45;
    for i in 0..count as i32 {
        let x = hash_unit(i, 1, seed) * canvas.width as f32;
        let foot = feet[(x as usize).min(feet.len() - 1)] + 3.0 + hash_unit(i, 5, seed) * height * 0.4;
        let tall = height * (0.35 + 0.75 * hash_unit(i, 2, seed));
        let bend = (wind + 0.7 * (hash_unit(i, 3, seed) - 0.5)) * tall;
        let width = (height * 0.035).max(1.0);
        let blade =
            [(x, foot, width), (x + bend * 0.25, foot - tall * 0.55, width * 0.7), (x + bend, foot - tall, 0.2)];
        Path::ribbon(&blade).fill(canvas, dark.mix(lit, hash_unit(i, 4, seed).powi(2)), 0.95);
    }
}
