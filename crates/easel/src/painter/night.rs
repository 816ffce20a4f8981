//! What the night sky shows: stars, the band of the galaxy, the moon, the aurora.

use super::Detail;
use super::canvas::Canvas;
use super::color::{Color, Ramp};
use super::noise::{Dice, Grid, fbm, hash, hash_unit, noise, smoothstep};
use super::palette::Palette;
use super::path::Path;
use super::scene::Scene;
use super::sky::Light;
use super::words::Word;

/// Stars above the horizon, dimmer near it. `density` 1 is a clear night.
pub fn paint_stars(canvas: &mut Canvas, scene: &Scene, horizon: f32, density: f32, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "stars");
    let seed = dice.seed();
    let (tilt, offset) = (dice.range(-0.9, 0.9), dice.range(0.1, 0.5) * horizon);
    let milky = scene.any(&[Word::Stars, Word::Galaxy, Word::Space]) || dice.chance(0.35);
    if milky {
        paint_band(canvas, seed ^ 0x41, tilt, offset, horizon);
    }
    let cells = 52.0;
    let unit = canvas.unit();
    let columns = (canvas.half_width() * cells) as i32 + 1;
    for cy in 0..(horizon * cells) as i32 {
        for cx in -columns..columns {
            let bits = hash(cx, cy, seed);
            let (jx, jy) = (hash_unit(cx, cy, seed ^ 1), hash_unit(cx, cy, seed ^ 2));
            let (u, v) = ((cx as f32 + jx) / cells, (cy as f32 + jy) / cells);
            let along = if milky { 1.0 / (1.0 + ((v - offset - u * tilt) * 7.0).powi(2)) } else { 0.3 };
            let chance = density * (0.25 + 0.6 * along) * (0.5 + 0.5 * detail.share);
            if (bits & 0xFFFF) as f32 / 65536.0 > chance {
                continue;
            }
            let bright = hash_unit(cx, cy, seed ^ 3).powi(14);
            let low = smoothstep(0.0, 0.3, horizon - v);
            let hue = hash_unit(cx, cy, seed ^ 4);
            let tint = Color::new(0.85 + 0.3 * hue, 0.95, 1.25 - 0.4 * hue);
            let radius = (0.0013 + 0.0016 * bright) * unit.max(480.0);
            canvas.glow(canvas.x(u), canvas.y(v), radius.max(0.9), tint * ((0.16 + 1.6 * bright) * low));
            if bright > 0.6 {
                canvas.glow(canvas.x(u), canvas.y(v), radius * 5.0, tint * (0.16 * bright * low));
            }
        }
    }
}

/// The pale band of the galaxy with its dust.
fn paint_band(canvas: &mut Canvas, seed: u32, tilt: f32, offset: f32, horizon: f32) {
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let step = (unit / 200.0).max(2.0);
    let field = Grid::fill(canvas.width, canvas.height, step, |x, y| {
        let (u, v) = ((x - half) / unit, y / unit);
        let across = (v - offset - u * tilt) / (1.0 + tilt * tilt).sqrt() + 0.07 * fbm(u * 3.0, v * 3.0, 3, seed ^ 7);
        let band = (-across * across * 46.0).exp();
        let dust = smoothstep(-0.05, 0.5, fbm(u * 5.0 + 3.0, v * 5.0, 5, seed) + 0.35 - band * 0.55);
        band * (0.25 + 0.75 * dust) * smoothstep(0.0, 0.35, horizon - v)
    });
    let (cool, warm) = (Color::hex(0x7C8FD0), Color::hex(0xE6C6B4));
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let glow = field.at(x as f32, y as f32);
            *pixel += cool.mix(warm, glow) * (glow * 0.20);
        }
    });
}

/// The moon with its seas and a halo.
pub fn paint_moon(canvas: &mut Canvas, palette: &Palette, light: Light, seed: u32) {
    if !light.visible || !light.moon {
        return;
    }
    let (cx, cy) = (canvas.x(light.u), canvas.y(light.v));
    let radius = light.radius * canvas.unit() * canvas.scale().max(0.7);
    canvas.glow(cx, cy, radius * 6.5, palette.sun * 0.16);
    canvas.glow(cx, cy, radius * 2.4, palette.sun * 0.22);
    let face = palette.sun.mix(Color::WHITE, 0.4) * 1.12;
    Path::ellipse(cx, cy, radius, radius, 0.0).shade(canvas, 1.0, |x, y, _| {
        let (px, py) = ((x - cx) / radius, (y - cy) / radius);
        let seas = smoothstep(0.0, 0.5, fbm(px * 1.3 + 2.0, py * 1.3, 4, seed));
        let rough = fbm(px * 5.0, py * 5.0, 3, seed ^ 3) * 0.07;
        let limb = 1.0 - 0.22 * (px * px + py * py);
        face * (limb * (1.0 - 0.30 * seas + rough))
    });
}

/// Curtains of northern light.
pub fn paint_aurora(canvas: &mut Canvas, scene: &Scene, horizon: f32, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "aurora");
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let colors = Ramp::new(&[
        (0.0, Color::hex(0xB8FF9E)),
        (0.22, Color::hex(0x38E08C)),
        (0.52, Color::hex(0x1FA8A0)),
        (0.8, Color::hex(0x6A4FC8)),
        (1.0, Color::hex(0xC24F9E)),
    ]);
    for curtain in 0..3 {
        let seed = dice.seed();
        let base = horizon - dice.range(0.10, 0.20) - curtain as f32 * 0.09;
        let tall = dice.range(0.24, 0.36);
        let lean = dice.range(-0.25, 0.25);
        let power = 0.62 - 0.14 * curtain as f32;
        let step = (unit / 340.0).max(1.5);
        let height = |u: f32, v: f32| {
            let u = u + (v - base) * lean;
            let fold = u * 1.3 + 0.35 * noise(u * 2.1, 1.0, seed ^ 1);
            let foot = base + 0.09 * noise(fold * 1.6, 5.0, seed) + 0.03 * noise(fold * 6.0, 2.0, seed ^ 2);
            (foot - v, fold)
        };
        let field = Grid::fill(canvas.width, (horizon * unit) as usize + 2, step, |x, y| {
            let (up, fold) = height((x - half) / unit, y / unit);
            let rays = 0.35 + 0.65 * smoothstep(-0.5, 0.7, fbm(fold * 17.0, 0.3, 2 + detail.octaves / 3, seed ^ 4));
            let patch = smoothstep(-0.45, 0.35, noise(fold * 1.9, 9.0, seed ^ 5));
            let rise = (up / tall).max(0.0);
            smoothstep(-0.018, 0.03, up) * (-rise * 3.2).exp() * (1.0 - smoothstep(0.7, 1.4, rise)) * rays * patch
        });
        let end = ((horizon + 0.02) * unit) as usize;
        canvas.rows_in(0..end, |y, row| {
            for (x, pixel) in row.iter_mut().enumerate() {
                let glow = field.at(x as f32, y as f32);
                if glow > 0.003 {
                    let (up, _) = height((x as f32 - half) / unit, y as f32 / unit);
                    *pixel += colors.at(up / tall * 0.8) * (glow * power);
                }
            }
        });
    }
}
