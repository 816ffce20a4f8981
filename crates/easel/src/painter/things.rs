//! Small things in a landscape: boats, balloons, lanterns, birds, meadow flowers, people far away. Positions in pixels.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::{Dice, hash_unit, smoothstep};
use super::palette::Palette;
use super::path::Path;
use super::scene::Scene;
use super::words::Word;

/// Where a thing is, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// Its middle.
    pub x: f32,
    /// Its middle, or the waterline of a boat.
    pub y: f32,
    /// Its size.
    pub size: f32,
    /// The side that it looks to, or that its light comes from: -1 or 1.
    pub side: f32,
}

/// A sailing boat or, on quiet water, a wooden boat, with its reflection.
pub fn boat(canvas: &mut Canvas, palette: &Palette, scene: &Scene, spot: Spot, sailing: bool) {
    let Spot { x, y, size, side: facing } = spot;
    let color = Palette::of_subject(scene, if sailing { 0xF4EDE0 } else { 0x7A4A2E });
    let (hull, sail) = if sailing { (Color::hex(0x5A3A2A), color) } else { (color, Color::hex(0xE9DDC8)) };
    let (hull, sail) = (palette.lit(hull, 0.55), palette.lit(sail, 0.92));
    let mut shapes: Vec<(Vec<(f32, f32)>, Color)> = Vec::new();
    if sailing {
        shapes.push((vec![(-0.012, 0.0), (-0.012, -1.32), (0.012, -1.32), (0.012, 0.0)], hull * 0.7));
        shapes.push((vec![(0.035, -0.12), (0.035, -1.28), (0.22, -0.80), (0.46, -0.42), (0.62, -0.14)], sail));
        shapes.push((vec![(-0.035, -0.14), (-0.035, -1.14), (-0.20, -0.72), (-0.48, -0.16)], sail * 0.80));
        shapes.push((
            vec![(-0.62, -0.10), (-0.48, 0.10), (0.44, 0.10), (0.70, -0.12), (0.30, -0.05), (-0.30, -0.05)],
            hull,
        ));
    } else {
        shapes.push((vec![(-0.30, -0.08), (-0.27, -0.40), (-0.02, -0.50), (0.24, -0.40), (0.27, -0.08)], sail * 0.45));
        shapes.push((
            vec![(-0.33, -0.38), (0.0, -0.53), (0.31, -0.38), (0.28, -0.34), (0.0, -0.46), (-0.30, -0.34)],
            sail * 0.9,
        ));
        shapes.push((
            vec![
                (-0.95, -0.26),
                (-0.62, -0.06),
                (-0.40, 0.08),
                (0.40, 0.08),
                (0.62, -0.06),
                (0.98, -0.28),
                (0.60, -0.12),
                (0.0, -0.06),
                (-0.60, -0.12),
            ],
            hull,
        ));
    }
    for (points, color) in &shapes {
        let path = Path::polygon(points);
        path.placed(size * facing, -size * 0.72, x, y + size * 0.13).fill(canvas, color.mix(palette.deep, 0.45), 0.42);
    }
    for (points, color) in &shapes {
        let path = Path::polygon(points).placed(size * facing, size, x, y);
        path.shade(canvas, 1.0, |_, py, _| *color * (1.0 - 0.25 * smoothstep(-1.2, 0.1, (py - y) / size)));
    }
    let wake = palette.horizon.mix(Color::WHITE, 0.3);
    Path::stroke((x - size * 0.8, y + size * 0.115), (x + size * 0.8, y + size * 0.115), size * 0.018, size * 0.018)
        .fill(canvas, wake, 0.38);
}

/// A hot-air balloon with striped gores.
pub fn balloon(canvas: &mut Canvas, palette: &Palette, colors: [Color; 2], spot: Spot, air: f32) {
    let Spot { x, y, size, side: light_side } = spot;
    let widths = |t: f32| {
        // From the crown (0) to the mouth (1).
        let t = t.clamp(0.0, 1.0);
        if t < 0.42 {
            (1.0 - ((0.42 - t) / 0.42).powi(2)).max(0.0).sqrt()
        } else {
            1.0 - 0.84 * smoothstep(0.36, 1.04, t)
        }
    };
    let mut outline = Vec::new();
    for i in 0..=28 {
        let t = i as f32 / 28.0;
        outline.push((x + widths(t) * size * 0.5, y + (t - 0.5) * size * 1.18));
    }
    for i in (0..=28).rev() {
        let t = i as f32 / 28.0;
        outline.push((x - widths(t) * size * 0.5, y + (t - 0.5) * size * 1.18));
    }
    Path::polygon(&outline).shade(canvas, 1.0, |px, py, _| {
        let t = (py - y) / (size * 1.18) + 0.5;
        let across = ((px - x) / (widths(t).max(0.05) * size * 0.5)).clamp(-1.0, 1.0);
        let gore = (across.asin() / std::f32::consts::PI * 9.0 + 20.0) as i32;
        let band = (0.43..0.49).contains(&t);
        let albedo = if band { colors[0] } else { colors[(gore % 2) as usize] };
        let lit = (0.55 + 0.45 * across * light_side - 0.30 * (t - 0.35)).clamp(0.05, 1.0);
        let glow = albedo * palette.horizon * (0.18 + 0.20 * t);
        palette.afar(palette.lit(albedo, lit) + glow, air)
    });
    let mouth = y + size * 0.585;
    let rope = palette.afar(palette.ink, air);
    for side in [-1.0f32, 1.0] {
        Path::stroke((x + side * size * 0.075, mouth), (x + side * size * 0.052, mouth + size * 0.16), 0.9, 0.9)
            .fill(canvas, rope, 0.9);
    }
    let (w, top) = (size * 0.062, mouth + size * 0.155);
    let basket = [(x - w, top), (x + w, top), (x + w * 0.85, top + size * 0.095), (x - w * 0.85, top + size * 0.095)];
    Path::polygon(&basket).fill(canvas, palette.afar(palette.lit(Color::hex(0x7A4E2C), 0.6), air), 1.0);
}

/// Paper lanterns rising into the dark.
pub fn lanterns(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, horizon: f32) {
    let unit = canvas.unit();
    for i in 0..46 {
        let near = (i as f32 / 46.0).powi(3);
        let (u, v) = (dice.range(-1.0, 1.0) * canvas.half_width(), horizon * dice.range(0.04, 0.98));
        let size = unit * (0.006 + 0.034 * near) * canvas.scale();
        let (x, y) = (canvas.x(u), canvas.y(v));
        let lean = dice.range(-0.12, 0.12) * size;
        let flame = palette.lamp * (0.75 + 0.5 * near);
        canvas.glow(x, y, size * 3.4, palette.lamp * (0.10 + 0.14 * near));
        let paper = [
            (x - size * 0.46 + lean, y - size * 0.70),
            (x, y - size * 0.86),
            (x + size * 0.46 + lean, y - size * 0.70),
            (x + size * 0.36, y + size * 0.62),
            (x - size * 0.36, y + size * 0.62),
        ];
        Path::polygon(&paper).shade(canvas, 0.97, |_, py, _| {
            let t = ((py - y) / size * 0.62 + 0.5).clamp(0.0, 1.0);
            Color::hex(0xD2602A).mix(flame * 1.35, t * t)
        });
    }
}

/// Birds far away, as strokes of the wing.
pub fn birds(canvas: &mut Canvas, color: Color, dice: &mut Dice, horizon: f32, count: usize, size: f32) {
    let unit = canvas.unit();
    let centre = (dice.range(-0.55, 0.55) * canvas.half_width(), horizon * dice.range(0.25, 0.6));
    for _ in 0..count {
        let spread = 0.20 + 0.5 * dice.unit();
        let (u, v) = (centre.0 + dice.range(-0.5, 0.5) * spread, centre.1 + dice.range(-0.3, 0.3) * spread);
        let s = unit * size * dice.range(0.5, 1.15);
        let (x, y, lift, tilt) = (canvas.x(u), canvas.y(v), dice.range(0.25, 0.6), dice.range(-0.15, 0.15));
        for side in [-1.0f32, 1.0] {
            let wing = [
                (x, y, s * 0.15),
                (x + side * s * 0.42, y - s * (lift - side * tilt), s * 0.13),
                (x + side * s, y - s * (lift * 0.62 - side * tilt * 1.6), s * 0.015),
            ];
            Path::ribbon(&wing).fill(canvas, color, 0.95);
        }
        Path::ellipse(x, y + s * 0.03, s * 0.13, s * 0.085, 0.0).fill(canvas, color, 0.95);
    }
}

/// Flowers of a meadow, small and dense far away, large before us.
pub fn meadow_flowers(canvas: &mut Canvas, palette: &Palette, tints: &[Color], top: f32, count: usize, seed: u32) {
    let unit = canvas.unit();
    for i in 0..count as i32 {
        let order = i as f32 / count as f32;
        let near = order * order;
        let v = top + (1.04 - top) * near;
        let x = hash_unit(i, 1, seed) * canvas.width as f32;
        let y = canvas.y(v) + (hash_unit(i, 2, seed) - 0.5) * unit * 0.03;
        let patch = super::noise::noise(canvas.u(x) * 3.5, v * 9.0, seed ^ 0x3D);
        if patch < -0.25 + 0.3 * near || tints.is_empty() {
            continue;
        }
        let pick = (hash_unit(i, 3, seed) * 0.6 + (patch + 0.4) * 0.5).clamp(0.0, 0.999);
        let albedo = tints[(pick * tints.len() as f32) as usize];
        let r = unit * (0.0020 + 0.0120 * near) * (0.7 + 0.6 * hash_unit(i, 4, seed));
        let color = palette.afar(palette.lit(albedo, 0.55 + 0.45 * hash_unit(i, 5, seed)), 0.22 * (1.0 - near));
        if r > 2.6 {
            let stem = palette.lit(palette.grass * 0.6, 0.5);
            let sway = (hash_unit(i, 6, seed) - 0.5) * r;
            Path::stroke((x + sway, y + r * 3.6), (x, y), r * 0.16, r * 0.12).fill(canvas, stem, 0.9);
            for petal in 0..5 {
                let angle = petal as f32 * 1.2566 + hash_unit(i, 7, seed) * 6.0;
                let (px, py) = (x + angle.cos() * r * 0.58, y + angle.sin() * r * 0.42);
                Path::ellipse(px, py, r * 0.50, r * 0.34, angle).fill(
                    canvas,
                    color * (0.82 + 0.07 * petal as f32),
                    0.97,
                );
            }
            Path::ellipse(x, y, r * 0.26, r * 0.20, 0.0).fill(canvas, palette.lit(Color::hex(0xF2C23A), 0.8), 1.0);
        } else {
            Path::ellipse(x, y, r.max(0.6), r.max(0.6) * 0.8, 0.0).fill(canvas, color, 0.92);
        }
    }
}

/// A person seen from behind, looking at the view.
pub fn wanderer(canvas: &mut Canvas, palette: &Palette, scene: &Scene, x: f32, y: f32, height: f32) {
    let coat = palette.lit(Palette::of_subject(scene, 0x3A4254), 0.22).mix(palette.ink, 0.35);
    let dark = palette.ink.mix(coat, 0.3);
    let p = |dx: f32, dy: f32| (x + dx * height, y - dy * height);
    for side in [-1.0f32, 1.0] {
        Path::stroke(p(side * 0.045, 0.46), p(side * 0.055, -0.01), height * 0.085, height * 0.05)
            .fill(canvas, dark, 1.0);
    }
    let skirt = scene.has(Word::Woman);
    let hem = if skirt { 0.17 } else { 0.105 };
    let low = if skirt { 0.20 } else { 0.38 };
    let body = [
        p(-0.035, 0.86),
        p(-0.115, 0.80),
        p(-0.125, 0.62),
        p(-0.085, 0.52),
        p(-hem, low),
        p(hem, low),
        p(0.085, 0.52),
        p(0.125, 0.62),
        p(0.115, 0.80),
        p(0.035, 0.86),
    ];
    Path::smooth(&body).fill(canvas, coat, 1.0);
    for side in [-1.0f32, 1.0] {
        let arm = [
            (x + side * 0.115 * height, y - 0.79 * height, 0.06 * height),
            (x + side * 0.15 * height, y - 0.60 * height, 0.05 * height),
            (x + side * 0.13 * height, y - 0.43 * height, 0.035 * height),
        ];
        Path::ribbon(&arm).fill(canvas, coat * 0.85, 1.0);
    }
    let head = p(0.0, 0.925);
    Path::ellipse(head.0, head.1, height * 0.056, height * 0.072, 0.0).fill(canvas, dark, 1.0);
    if skirt {
        let hair = [p(-0.062, 0.95), p(0.0, 1.0), p(0.062, 0.95), p(0.075, 0.78), p(0.0, 0.73), p(-0.07, 0.79)];
        Path::smooth(&hair).fill(canvas, dark, 1.0);
    }
}
