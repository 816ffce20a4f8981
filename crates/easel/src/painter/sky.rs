//! The sky: gradient, the glow and disc of the sun, clouds. Stars, moon and aurora are in `night.rs`.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::{Dice, Grid, fbm, smoothstep};
use super::palette::Palette;
use super::scene::{Scene, Time};
use super::words::Word;

/// The light in the sky, in units of the canvas.
#[derive(Clone, Copy, Debug)]
pub struct Light {
    /// Position of the disc.
    pub u: f32,
    /// Position of the disc.
    pub v: f32,
    /// Radius of the disc.
    pub radius: f32,
    /// Whether the disc itself is painted.
    pub visible: bool,
    /// Whether it is the moon.
    pub moon: bool,
    /// Brightness of the glow around it.
    pub glow: f32,
}

impl Light {
    /// Where the light stands in this scene.
    pub fn of(scene: &Scene, horizon: f32, half_width: f32) -> Self {
        let mut dice = Dice::new(scene.composition, "light");
        let side = dice.range(-0.62, 0.62);
        let height = dice.unit();
        let moon = scene.is_dark() && scene.time == Time::Night || scene.has(Word::Moon);
        let low = |from: f32, to: f32| horizon - (from + (to - from) * height);
        let (v, glow) = match scene.time {
            Time::Sunrise => (low(0.05, 0.16), 0.85),
            Time::Day => (low(0.34, 0.46), 0.32),
            Time::Golden => (low(0.10, 0.22), 0.85),
            Time::Sunset => (low(0.02, 0.11), 1.0),
            Time::Dusk => (low(-0.05, -0.02), 0.6),
            Time::Night => (low(0.22, 0.40), 0.16),
        };
        let veiled = scene.any(&[Word::Storm, Word::Rain]);
        let wanted = scene.any(&[Word::Sun, Word::Moon, Word::Sunset, Word::Sunrise]);
        let banned = if moon { Word::Moon } else { Word::Sun };
        let asked = if moon { scene.has(Word::Moon) || scene.allows(Word::Moon) && dice.chance(0.6) } else { true };
        let visible = scene.allows(banned) && asked && (!veiled || wanted) && !scene.has(Word::Aurora);
        let v = if moon && scene.time != Time::Night { low(0.22, 0.36) } else { v };
        let radius = if moon { dice.range(0.034, 0.056) } else { dice.range(0.030, 0.052) };
        Self {
            u: side * half_width,
            v,
            radius: if scene.any(&[Word::Moon, Word::Sun]) { radius * 1.35 } else { radius },
            visible: visible && (scene.time != Time::Day || scene.has(Word::Sun)),
            moon,
            glow: if !scene.allows(banned) {
                glow * 0.3
            } else if veiled {
                glow * 0.45
            } else {
                glow
            },
        }
    }
}

/// Paints gradient, glow and disc over the whole canvas down to a little below the horizon.
pub fn paint_sky(canvas: &mut Canvas, palette: &Palette, light: Light, horizon: f32) {
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let half = width * 0.5;
    let tint = palette.sun.mix(palette.horizon, 0.45);
    canvas.rows(|y, row| {
        let v = (y as f32 + 0.5) / height;
        let base = palette.sky.at((v / horizon).min(1.0));
        let dv = (v - light.v) * 1.45;
        for (x, pixel) in row.iter_mut().enumerate() {
            let du = (x as f32 + 0.5 - half) / height - light.u;
            let d2 = du * du + dv * dv;
            let wide = 1.0 / (1.0 + d2 * 9.0);
            let near = 1.0 / (1.0 + d2 * 150.0);
            let k = light.glow * (wide * wide * 0.42 + near * 0.36);
            *pixel = base + (tint - base * 0.35) * k;
        }
    });
}

/// The disc of the sun. It is brighter than white, so that the bloom of the finish makes it shine.
pub fn paint_sun(canvas: &mut Canvas, palette: &Palette, light: Light) {
    if !light.visible || light.moon {
        return;
    }
    let (cx, cy) = (canvas.x(light.u), canvas.y(light.v));
    let radius = light.radius * canvas.unit() * canvas.scale().max(0.7);
    let core = palette.sun.mix(Color::WHITE, 0.45) * 1.9;
    super::path::Path::ellipse(cx, cy, radius, radius, 0.0).shade(canvas, 0.96, |_, y, _| {
        let low = ((y - cy) / radius + 1.0) * 0.5;
        core.mix(palette.sun * 1.15, low * 0.8)
    });
}

/// How clouds stand over this scene.
#[derive(Debug)]
struct Cover {
    threshold: f32,
    softness: f32,
    opacity: f32,
    streak: f32,
}

impl Cover {
    fn of(scene: &Scene, dice: &mut Dice) -> Option<Self> {
        let roll = dice.unit();
        let cover = if scene.has(Word::Storm) {
            Self { threshold: -0.34, softness: 0.7, opacity: 0.97, streak: 1.0 }
        } else if scene.has(Word::Rain) {
            Self { threshold: -0.30, softness: 0.8, opacity: 0.85, streak: 1.2 }
        } else if scene.has(Word::Clouds) {
            Self { threshold: -0.16, softness: 0.42, opacity: 0.95, streak: 1.0 }
        } else if scene.any(&[Word::Stars, Word::Aurora, Word::Galaxy, Word::Minimal]) || !scene.allows(Word::Clouds) {
            return None;
        } else if scene.time == Time::Night {
            Self { threshold: 0.10, softness: 0.6, opacity: 0.55, streak: 2.0 }
        } else if scene.has(Word::Fog) {
            Self { threshold: 0.05, softness: 0.9, opacity: 0.4, streak: 1.6 }
        } else if roll < 0.55 {
            Self { threshold: 0.02, softness: 0.40, opacity: 0.9, streak: 1.15 }
        } else {
            Self { threshold: 0.02, softness: 0.55, opacity: 0.8, streak: 2.6 }
        };
        Some(cover)
    }
}

/// Clouds on a flat ceiling seen in perspective, lit from the side of the sun.
pub fn paint_clouds(canvas: &mut Canvas, scene: &Scene, palette: &Palette, light: Light, horizon: f32, octaves: u32) {
    let mut dice = Dice::new(scene.composition, "clouds");
    let Some(cover) = Cover::of(scene, &mut dice) else {
        return;
    };
    let (seed, drift) = (dice.seed(), (dice.range(-9.0, 9.0), dice.range(-9.0, 9.0)));
    let (width, height) = (canvas.width, canvas.height);
    let rows = ((horizon * height as f32) as usize + 2).min(height);
    let step = (height as f32 / 320.0).max(1.5);
    let unit = height as f32;
    let half = width as f32 * 0.5;
    let density = Grid::fill(width, rows, step, |x, y| {
        let elevation = (horizon - y / unit).max(0.0) + 0.07;
        let far = 0.34 / elevation;
        let u = (x - half) / unit;
        let (px, py) = (u * far * 2.2 / cover.streak + drift.0, far * 2.6 + drift.1);
        let warp = fbm(px * 0.7 + 5.0, py * 0.7, 2, seed ^ 0x55) * 0.5;
        let d = fbm(px + warp, py + warp * 0.6, octaves, seed) + 0.12 * warp;
        // Clouds thin out in the haze above the horizon.
        d - cover.threshold - smoothstep(0.15, 0.0, horizon - y / unit) * 0.16
    });
    let (sun_x, sun_y) = (light.u * unit + half, light.v * unit);
    let reach = unit * 0.028;
    let bare = if light.visible && !light.moon { (light.radius * 1.5 * unit).powi(2) } else { 0.0 };
    let (lit, shaded) = palette.cloud;
    canvas.rows_in(0..rows, |y, row| {
        let fy = y as f32;
        let thickness = density.row(fy);
        let air = smoothstep(0.22, 0.0, horizon - fy / unit) * 0.62;
        for (x, pixel) in row.iter_mut().enumerate() {
            let fx = x as f32;
            let d = thickness.at(fx);
            if d <= 0.0 {
                continue;
            }
            let (dx, dy) = (sun_x - fx, sun_y - fy - unit * 0.1);
            let disc = dx * dx + (dy + unit * 0.1) * (dy + unit * 0.1);
            let distance = (dx * dx + dy * dy).sqrt().max(1.0);
            let toward = density.at(fx + dx / distance * reach, fy + dy / distance * reach).max(0.0);
            // A shining disc burns through what drifts before it.
            let clear = if bare > 0.0 { 1.0 - 0.8 / (1.0 + (disc / bare).powi(2)) } else { 1.0 };
            let alpha = smoothstep(0.0, cover.softness * 0.55, d) * cover.opacity * clear;
            let light_here = (0.55 + (d - toward) * 2.6 - d * 0.55).clamp(0.0, 1.0);
            let closeness = 1.0 / (1.0 + (distance / unit * 3.2).powi(2));
            // Thin edges near the sun let its light through: the silver lining.
            let lining = palette.sun * ((1.0 - smoothstep(0.0, 0.22, d)) * closeness * light.glow * 0.75);
            let color = shaded.mix(lit, light_here).mix(palette.horizon, air) + lining;
            *pixel = pixel.mix(color, alpha * (1.0 - air * 0.5));
        }
    });
}
