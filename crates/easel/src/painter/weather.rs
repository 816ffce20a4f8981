//! What is in the air before us: fog, rain, falling snow, lightning, a rainbow, rays of light.

use super::Detail;
use super::canvas::Canvas;
use super::color::{Color, Ramp};
use super::noise::{Dice, Grid, fbm, hash_unit, noise, smoothstep};
use super::palette::Palette;
use super::path::Path;
use super::sky::Light;

/// Banks of fog around a height.
pub fn paint_fog(canvas: &mut Canvas, palette: &Palette, level: f32, thickness: f32, strength: f32, seed: u32) {
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let field = Grid::fill(canvas.width, canvas.height, (unit / 128.0).max(3.0), |x, y| {
        let (u, v) = ((x - half) / unit, y / unit);
        if (v - level).abs() > thickness * 2.0 + 0.05 {
            return 0.0;
        }
        let wisp = fbm(u * 1.8, v * 7.0, 4, seed);
        let across = (v - level + wisp * 0.05) / thickness;
        (-across * across * 1.6).exp() * smoothstep(-0.75, 0.45, wisp + 0.12) * strength
    });
    let color = palette.haze.mix(palette.horizon, 0.35);
    canvas.rows(|y, row| {
        let field = field.row(y as f32);
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = pixel.mix(color, field.at(x as f32).min(0.96));
        }
    });
}

/// Rain: slanted streaks of three distances, and a veil.
pub fn paint_rain(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, detail: Detail) {
    let seed = dice.seed();
    let slant = dice.side() * dice.range(0.12, 0.34);
    let unit = canvas.unit();
    let veil = palette.haze * 0.9;
    canvas.rows(|_, row| {
        for pixel in row {
            *pixel = pixel.mix(veil, 0.10);
        }
    });
    let streak = palette.horizon.mix(Color::WHITE, 0.45) * if palette.horizon.luma() < 0.15 { 1.6 } else { 1.0 };
    let count = (520.0 * (0.5 + 0.5 * detail.share) * canvas.half_width() * 2.0) as i32;
    for i in 0..count {
        let near = hash_unit(i, 0, seed).powi(2);
        let x = (hash_unit(i, 1, seed) * 1.4 - 0.2) * canvas.width as f32;
        let y = hash_unit(i, 2, seed) * unit * 1.1;
        let length = unit * (0.022 + 0.075 * near);
        let width = (unit / 512.0) * (0.55 + 0.9 * near);
        let path = Path::stroke((x, y), (x + slant * length, y - length), width, width * 0.4);
        path.fill(canvas, streak, 0.07 + 0.17 * near);
    }
}

/// Falling snow: soft flakes of several distances.
pub fn paint_snowfall(canvas: &mut Canvas, dice: &mut Dice, light: Color, detail: Detail) {
    let seed = dice.seed();
    let unit = canvas.unit();
    let count = (460.0 * (0.5 + 0.5 * detail.share) * canvas.half_width() * 2.0) as i32;
    for i in 0..count {
        let near = hash_unit(i, 0, seed).powi(5);
        let (x, y) = (hash_unit(i, 1, seed) * canvas.width as f32, hash_unit(i, 2, seed) * unit);
        let radius = unit * (0.0016 + 0.0095 * near);
        let soft = 0.75 - 0.5 * near;
        let flake = Path::ellipse(x, y, radius, radius, 0.0);
        flake.fill(canvas, light, soft * 0.75);
        if near > 0.12 {
            Path::ellipse(x, y, radius * 1.6, radius * 1.6, 0.0).fill(canvas, light, 0.16);
        }
    }
}

/// A bolt with branches, and its light on the clouds.
pub fn paint_lightning(canvas: &mut Canvas, dice: &mut Dice, horizon: f32) {
    let u = dice.range(-0.7, 0.7) * canvas.half_width();
    let (mut x, mut y) = (canvas.x(u), -4.0);
    let unit = canvas.unit();
    let light = Color::new(0.86, 0.90, 1.25);
    canvas.glow(x, unit * 0.10, unit * 0.42, light * 0.34);
    let end = horizon * unit;
    let mut width = unit * 0.0058;
    while y < end {
        let (nx, ny) = (x + dice.range(-0.028, 0.028) * unit, y + dice.range(0.012, 0.036) * unit);
        Path::stroke((x, y), (nx, ny), width * 4.5, width * 4.0).fill(canvas, light * 0.8, 0.16);
        Path::stroke((x, y), (nx, ny), width, width * 0.94).fill(canvas, light * 2.0, 1.0);
        if dice.chance(0.17) {
            branch(canvas, dice, nx, ny, width * 0.55, light);
        }
        (x, y) = (nx, ny);
        width *= 0.97;
    }
}

fn branch(canvas: &mut Canvas, dice: &mut Dice, x: f32, y: f32, width: f32, light: Color) {
    let (mut x, mut y, mut width) = (x, y, width);
    let (unit, side) = (canvas.unit(), dice.side());
    for _ in 0..7 {
        let (nx, ny) = (x + side * dice.range(0.004, 0.026) * unit, y + dice.range(0.006, 0.026) * unit);
        Path::stroke((x, y), (nx, ny), width, width * 0.8).fill(canvas, light * 1.6, 0.9);
        (x, y) = (nx, ny);
        width *= 0.8;
    }
}

/// A rainbow opposite the light.
pub fn paint_rainbow(canvas: &mut Canvas, light: Light, horizon: f32) {
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let centre = (-light.u * 0.4, horizon + 0.06);
    let hues = [0x7A4FC0, 0x3F6FD0, 0x3FB0A0, 0x7CC85A, 0xF2DE5A, 0xF09A3E, 0xE0503E];
    let stops: Vec<_> = hues.iter().enumerate().map(|(i, &hex)| (i as f32 / 6.0, Color::hex(hex))).collect();
    let colors = Ramp::new(&stops);
    canvas.rows_in(0..(horizon * unit) as usize, |y, row| {
        let v = (y as f32 + 0.5) / unit;
        for (x, pixel) in row.iter_mut().enumerate() {
            let u = (x as f32 + 0.5 - half) / unit;
            let r = ((u - centre.0).powi(2) + (v - centre.1).powi(2)).sqrt();
            let t = (r - 0.44) / 0.055;
            if (-0.6..1.6).contains(&t) {
                let edge = smoothstep(-0.5, 0.15, t) * (1.0 - smoothstep(0.85, 1.5, t));
                let fade = smoothstep(0.0, 0.16, horizon - v);
                *pixel = pixel.mix(*pixel * 0.75 + colors.at(t) * 0.75, edge * fade * 0.55);
            }
        }
    });
}

/// Shafts of light from the sun through leaves or cloud.
pub fn paint_rays(canvas: &mut Canvas, palette: &Palette, light: Light, seed: u32, strength: f32) {
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let field = Grid::fill(canvas.width, canvas.height, (unit / 160.0).max(2.0), |x, y| {
        let (du, dv) = ((x - half) / unit - light.u, y / unit - light.v + 0.10);
        let angle = du.atan2(dv.max(0.001));
        let shaft =
            smoothstep(-0.3, 0.9, noise(angle * 4.0, 0.5, seed) * 0.7 + noise(angle * 9.0, 3.0, seed ^ 1) * 0.3);
        let reach = (du * du + dv * dv).sqrt();
        shaft * smoothstep(0.0, 0.10, dv) * (1.0 - smoothstep(0.15, 0.85, reach))
    });
    canvas.rows(|y, row| {
        let field = field.row(y as f32);
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel += palette.sun * (field.at(x as f32) * strength);
        }
    });
}
