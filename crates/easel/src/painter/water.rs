//! Water: it mirrors what stands above its shoreline, darkens towards the viewer, and glitters under the light.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::{fbm, noise, smoothstep};
use super::palette::Palette;
use super::sky::Light;

/// A sheet of water from its far shore to the bottom of the picture.
#[derive(Clone, Copy, Debug)]
pub struct Water {
    /// The far shore.
    pub top: f32,
    /// 0 is a mirror, 1 an open sea.
    pub rough: f32,
    /// Its waves.
    pub seed: u32,
}

/// Paints the water. What is above must be finished.
pub fn paint_water(canvas: &mut Canvas, water: Water, palette: &Palette, light: Light, octaves: u32) {
    let (width, height) = (canvas.width, canvas.height);
    let unit = canvas.unit();
    let top = ((water.top * unit) as usize).clamp(1, height);
    let half = width as f32 * 0.5;
    let (above, below) = canvas.pixels.split_at_mut(top * width);
    let above = &*above;
    let mirror = |x: f32, y: f32| {
        let x = (x.clamp(0.0, width as f32 - 1.0)) as usize;
        let y = y.clamp(0.0, top as f32 - 1.001);
        let (iy, fy) = (y as usize, y - y as usize as f32);
        let low = above[(iy + 1).min(top - 1) * width + x];
        above[iy * width + x].mix(low, fy)
    };
    let spark = palette.sun.mix(Color::WHITE, 0.25);
    let fine = octaves >= 5;
    super::parallel::rows(below, width, |row_index, row| {
        let down = row_index as f32 + 0.5;
        let t = down / (height - top).max(1) as f32;
        // The plane in perspective: near the shore everything is small and close together.
        let z = 1.0 / (t + 0.045);
        let amplitude = unit * (0.0025 + 0.030 * t) * (0.35 + 1.15 * water.rough);
        let fresnel = (0.90 - (0.34 + 0.20 * water.rough) * t) * (1.0 - 0.22 * water.rough);
        let reach = 0.82 + 0.10 * (1.0 - water.rough);
        for (x, pixel) in row.iter_mut().enumerate() {
            let u = (x as f32 + 0.5 - half) / unit;
            let (px, py) = (u * z * 5.0, z * 15.0);
            let swell = noise(px * 0.55, py * 0.5, water.seed);
            let ripple = noise(px * 2.1 + swell, py * 1.5, water.seed ^ 0x51);
            let wave = swell * 0.6 + ripple * 0.4;
            let y = top as f32 - down * reach + wave * amplitude * 1.6;
            let seen = mirror(x as f32 + ripple * amplitude * 0.55, y);
            let slope = (wave * (0.20 + 0.5 * water.rough) * smoothstep(0.0, 0.25, t)).clamp(-0.4, 0.4);
            let mut color = palette.deep.mix(seen, (fresnel + slope * 0.5).clamp(0.05, 1.0));
            color = color * (1.0 + slope * 0.55);
            // The path of light: sparks on the crests, narrow at the shore and wide before us.
            let lane = 0.05 + 0.20 * t + 0.10 * water.rough;
            let aside = (u - light.u) / lane;
            let lane_light = 1.0 / (1.0 + aside * aside * aside * aside);
            if light.glow > 0.1 && lane_light > 0.04 {
                let crest = if fine { fbm(px * 3.1 + 9.0, py * 3.2, 2, water.seed ^ 0x77) } else { ripple };
                let shine = smoothstep(0.22, 0.62, crest * 0.75 + wave * 0.35) * lane_light;
                color += spark * (shine * light.glow * (0.85 - 0.35 * t));
            }
            *pixel = color;
        }
    });
    shoreline(canvas, top, palette);
}

/// A thin bright line of mist where water meets land, as real lakes have.
fn shoreline(canvas: &mut Canvas, top: usize, palette: &Palette) {
    let reach = (canvas.unit() * 0.012).max(2.0);
    let from = top.saturating_sub(reach as usize);
    canvas.rows_in(from..top + reach as usize, |y, row| {
        let near = 1.0 - (y as f32 + 0.5 - top as f32).abs() / reach;
        for pixel in row {
            *pixel = pixel.mix(palette.haze, near.max(0.0) * 0.28);
        }
    });
}

/// Waves that run out on a beach: sand with a wet edge and lines of foam, over the lower part of the picture.
pub fn paint_beach(canvas: &mut Canvas, palette: &Palette, edge: f32, tilt: f32, seed: u32, octaves: u32) {
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let dry = palette.lit(palette.sand, 0.95);
    let wet = palette.lit(palette.sand * 0.42, 0.8).mix(palette.horizon, 0.22);
    let foam = palette.lit(Color::WHITE * 0.95, 0.9);
    let from = ((edge - 0.16) * unit).max(0.0) as usize;
    canvas.rows_in(from..canvas.height, |y, row| {
        let v = (y as f32 + 0.5) / unit;
        for (x, pixel) in row.iter_mut().enumerate() {
            let u = (x as f32 + 0.5 - half) / unit;
            let line = edge + u * tilt + 0.035 * fbm(u * 2.2, 0.5, 3, seed) + 0.010 * noise(u * 9.0, v * 3.0, seed ^ 3);
            let past = v - line;
            if past > -0.10 {
                let lace = noise(u * 26.0, v * 60.0, seed ^ 5) * 0.5 + 0.5;
                let wash = smoothstep(-0.10, 0.0, past) * 0.35 * lace;
                *pixel = pixel.mix(foam, wash * wash * 2.0);
            }
            if past > 0.0 {
                let grain = fbm(u * 40.0, v * 90.0, octaves.min(4), seed ^ 8) * 0.07;
                let drying = smoothstep(0.02, 0.13, past + grain * 0.2);
                let sand = wet.mix(dry, drying) * (1.0 + grain);
                *pixel = pixel.mix(sand, smoothstep(0.0, 0.006, past));
            }
            let ring = (past + 0.004).abs().min((past + 0.045 + 0.012 * noise(u * 5.0, 2.0, seed ^ 9)).abs() * 1.6);
            let lace = 0.55 + 0.45 * noise(u * 60.0, v * 120.0, seed ^ 11);
            *pixel = pixel.mix(foam, (1.0 - smoothstep(0.002, 0.011, ring)) * lace * 0.85);
        }
    });
}
