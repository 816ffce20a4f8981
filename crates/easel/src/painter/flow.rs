//! The abstract picture: folds of colour, as of silk or poured paint, lit from one side.

use super::Detail;
use super::canvas::Canvas;
use super::color::{Color, Ramp};
use super::noise::{Dice, Grid, fbm, smoothstep};
use super::palette::Palette;
use super::scene::Scene;
use super::words::Word;

/// Paints the folds.
pub fn paint(canvas: &mut Canvas, scene: &Scene, palette: &Palette, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "flow");
    let (unit, half, seed) = (canvas.unit(), canvas.width as f32 * 0.5, dice.seed());
    let sets: [[u32; 6]; 5] = [
        [0x0E1B3C, 0x1F4E8C, 0x3FA7B5, 0xF3E3C3, 0xF29A5C, 0xB5385A],
        [0x1A1030, 0x4A2A82, 0xB04AA0, 0xF7A8A0, 0xFFE0B5, 0x2E7A8E],
        [0x10201C, 0x1F5A4E, 0x6FAE7A, 0xF0E4B8, 0xE0A03C, 0x9A3A28],
        [0x181418, 0x54424A, 0xB08A78, 0xF2E2D0, 0xD8A25A, 0x3A4E62],
        [0x0A1430, 0x2A3FA0, 0x7A6AF0, 0xF29AD0, 0xFFD6A0, 0xE85A5A],
    ];
    let mut colors = sets[dice.pick(sets.len())].map(Color::hex);
    for (i, tint) in palette.tints.iter().cycle().take(if palette.tints.is_empty() { 0 } else { 4 }).enumerate() {
        let slot = i + 1;
        let lab = tint.lab();
        let own = colors[slot].lab();
        colors[slot] =
            super::color::Lab { l: own.l, a: own.a * 0.25 + lab.a * 0.85, b: own.b * 0.25 + lab.b * 0.85 }.color();
    }
    let chroma = if scene.has(Word::Mono) {
        0.04
    } else if scene.has(Word::Pastel) {
        0.7
    } else {
        1.0
    };
    let colors = colors.map(|c| {
        let c = c.saturate(chroma);
        if scene.has(Word::Pastel) { c.blend(Color::hex(0xF6EFE8), 0.42) } else { c }
    });
    let stops: Vec<_> = colors.iter().enumerate().map(|(i, &c)| (i as f32 / 5.0, c)).collect();
    let ramp = Ramp::new(&stops);
    let (scale, stretch, turn) = (dice.range(0.50, 0.95), dice.range(0.5, 0.8), dice.range(0.0, 3.1));
    let (sin, cos) = turn.sin_cos();
    let warp = dice.range(1.3, 2.2);
    let step = (unit / 420.0).max(1.0);
    let octaves = detail.octaves.min(5);
    let height = Grid::fill(canvas.width, canvas.height, step, |x, y| {
        let (u, v) = ((x - half) / unit, y / unit - 0.5);
        let (a, b) = ((u * cos + v * sin) * scale, (v * cos - u * sin) * scale * stretch * 1.8);
        let (qx, qy) = (fbm(a, b, 3, seed), fbm(a + 5.2, b + 1.3, 3, seed ^ 1));
        let (rx, ry) = (
            fbm(a + warp * qx + 1.7, b + warp * qy + 9.2, 3, seed ^ 2),
            fbm(a + warp * qx + 8.3, b + warp * qy, 3, seed ^ 3),
        );
        fbm(a + warp * rx, b + warp * ry, octaves, seed ^ 4) + 0.35 * rx
    });
    let light = (0.55 * dice.side(), -0.83);
    let reach = unit * 0.006;
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (fx, fy) = (x as f32, y as f32);
            let h = height.at(fx, fy);
            let slope = (h - height.at(fx + light.0 * reach, fy + light.1 * reach)) * 16.0;
            let fold = (h * 9.0).sin() * 0.5 + 0.5;
            let base = ramp.at((h * 0.62 + 0.5 + (fold - 0.5) * 0.10).clamp(0.0, 1.0));
            let lit = 0.88 + 0.32 * slope.clamp(-0.9, 1.2);
            // Where the fold turns to the light it shines like silk.
            let gloss = smoothstep(0.35, 1.1, slope) * 0.28;
            *pixel = base * lit + Color::WHITE * (gloss * gloss) + colors[4] * (gloss * 0.35);
        }
    });
}
