//! A street in one-point perspective: house fronts, signs, lamps, and a road that mirrors them when it is wet.

use super::Detail;
use super::canvas::Canvas;
use super::city::{lamp, lit_share};
use super::color::Color;
use super::noise::{Dice, hash_unit, noise, smoothstep};
use super::palette::Palette;
use super::path::Path;
use super::scene::Scene;
use super::sky::{self, Light};
use super::words::Word;
use super::{things, weather};

/// Paints the street under its sky.
pub fn paint(canvas: &mut Canvas, scene: &Scene, palette: &Palette, detail: Detail) {
    let horizon = Dice::new(scene.composition, "layout").range(0.52, 0.60);
    let light = Light::of(scene, horizon, canvas.half_width() * 0.3);
    sky::paint_sky(canvas, palette, light, horizon);
    sky::paint_sun(canvas, palette, light);
    sky::paint_clouds(canvas, scene, palette, light, horizon, detail.octaves);
    paint_houses(canvas, scene, palette, horizon, detail);
    let mut dice = Dice::new(scene.composition, "air");
    if scene.any(&[Word::Woman, Word::Man, Word::Portrait, Word::Rain]) && scene.allows(Word::Portrait) {
        let x = canvas.x(dice.range(-0.2, 0.2) * canvas.half_width());
        things::wanderer(canvas, palette, scene, x, canvas.y(0.90), canvas.unit() * 0.22 * canvas.scale());
    }
    if scene.has(Word::Fog) {
        weather::paint_fog(canvas, palette, horizon + 0.04, 0.14, 0.8, dice.seed());
    }
    if scene.any(&[Word::Rain, Word::Storm]) {
        weather::paint_rain(canvas, palette, &mut dice, detail);
    }
    if scene.has(Word::Snow) {
        weather::paint_snowfall(canvas, &mut dice, palette.lit(palette.snow, 0.9) * 1.1, detail);
    }
}

/// A street between houses, wet when it rains, running towards the horizon.
fn paint_houses(canvas: &mut Canvas, scene: &Scene, palette: &Palette, horizon: f32, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "street");
    let vanish = (canvas.x(dice.range(-0.16, 0.16) * canvas.half_width()), canvas.y(horizon));
    let road = Road { vanish, unit: canvas.unit(), half: 0.30, eye: 0.16 };
    // Rows of houses from far to near; the nearer hide the farther.
    let depths: Vec<f32> = (0..9).map(|i| 7.5 * 0.72f32.powi(i)).collect();
    for pair in depths.windows(2) {
        for side in [-1.0f32, 1.0] {
            let facade = Facade {
                side,
                near: pair[1],
                far: pair[0],
                tall: dice.range(0.34, 0.86),
                seed: dice.seed(),
                share: lit_share(scene).max(0.08),
                detail,
            };
            facade.paint(canvas, &road, palette, scene);
        }
    }
    pave(canvas, &road, scene, palette, dice.seed());
    lamps(canvas, &road, palette, scene);
}

/// The geometry of the street.
struct Road {
    vanish: (f32, f32),
    unit: f32,
    half: f32,
    eye: f32,
}

impl Road {
    /// Pixel of a point at this distance aside, above the ground, and away.
    fn project(&self, aside: f32, up: f32, away: f32) -> (f32, f32) {
        (self.vanish.0 + aside / away * self.unit, self.vanish.1 + (self.eye - up) / away * self.unit)
    }
}

/// One house front along the street.
struct Facade {
    side: f32,
    near: f32,
    far: f32,
    tall: f32,
    seed: u32,
    share: f32,
    detail: Detail,
}

impl Facade {
    fn paint(&self, canvas: &mut Canvas, road: &Road, palette: &Palette, scene: &Scene) {
        let aside = self.side * road.half;
        let corners = [
            road.project(aside, 0.0, self.near),
            road.project(aside, self.tall, self.near),
            road.project(aside, self.tall, self.far),
            road.project(aside, 0.0, self.far),
        ];
        let hue = hash_unit(0, 9, self.seed);
        let base = palette.lit(Color::hex(0x6A5A66).blend(Color::hex(0x4F6474), hue), 0.42).mix(palette.ink, 0.30);
        let neon = scene.any(&[Word::Street, Word::Vivid]) && scene.is_dark();
        let (vx, vy) = road.vanish;
        let share = self.share * (0.5 + 0.5 * self.detail.share);
        Path::polygon(&corners).shade(canvas, 1.0, |x, y, _| {
            let away = (road.half * road.unit / (x - vx).abs().max(0.5)).clamp(self.near * 0.9, self.far * 1.1);
            let up = road.eye - (y - vy) * away / road.unit;
            let air = (1.0 - (-away * 0.30).exp()) * 0.95;
            let (wx, wy) = (away * 15.0, up * 22.0);
            let (cx, cy) = (wx as i32, (wy + 64.0) as i32);
            let (fx, fy) = (wx.fract(), (wy + 64.0).fract());
            let mut wall = base * (0.75 + 0.5 * (up / self.tall).clamp(0.0, 1.0));
            let shop = up < 0.085 && up > 0.005;
            if shop {
                let open = hash_unit((away * 6.0) as i32, 1, self.seed) < 0.65 * (share + 0.45);
                if open && (away * 6.0).fract() > 0.12 {
                    wall = lamp(palette, hash_unit((away * 6.0) as i32, 2, self.seed)) * (0.5 + 5.0 * up);
                }
            } else if (0.25..0.78).contains(&fx) && (0.22..0.80).contains(&fy) && up < self.tall - 0.03 && up > 0.09 {
                let lit = hash_unit(cx, cy, self.seed) < share;
                let glow =
                    lamp(palette, hash_unit(cx, cy, self.seed ^ 1)) * (0.4 + 0.8 * hash_unit(cx, cy, self.seed ^ 2));
                wall = if lit { glow } else { wall.mix(palette.zenith, 0.25) };
            }
            wall.mix(palette.haze, air)
        });
        if neon && self.near < 3.4 {
            self.sign(canvas, road);
        }
    }

    /// A sign that stands out over the pavement.
    fn sign(&self, canvas: &mut Canvas, road: &Road) {
        let tints = [0xFF3F7A, 0x36E0E0, 0xFFB238, 0x9A5CFF, 0x4CFF9A];
        let tint = Color::hex(tints[(hash_unit(1, 1, self.seed) * 4.99) as usize]) * 1.5;
        let away = self.near + (self.far - self.near) * 0.35;
        let (low, high) = (0.12 + 0.05 * hash_unit(2, 1, self.seed), 0.22 + 0.10 * hash_unit(3, 1, self.seed));
        let inner = self.side * (road.half - 0.045);
        let (a, b) = (road.project(self.side * (road.half - 0.008), high, away), road.project(inner, low, away));
        let frame = Path::polygon(&[(a.0, a.1), (b.0, a.1), (b.0, b.1), (a.0, b.1)]);
        frame.fill(canvas, tint * 0.28, 0.96);
        let rows = 5;
        for i in 0..rows {
            let t = (i as f32 + 0.28) / rows as f32;
            let y = a.1 + (b.1 - a.1) * t;
            let (l, r) = (a.0 + (b.0 - a.0) * 0.22, a.0 + (b.0 - a.0) * (0.55 + 0.28 * hash_unit(i, 6, self.seed)));
            let thick = (b.1 - a.1) / rows as f32 * 0.38;
            Path::stroke((l, y), (r, y), thick, thick).fill(canvas, tint, 1.0);
        }
        let radius = (b.1 - a.1).abs() * 1.5;
        canvas.glow((a.0 + b.0) * 0.5, (a.1 + b.1) * 0.5, radius, tint * 0.22);
    }
}

/// The road mirrors the house fronts about their own foot, the more the wetter it is.
fn pave(canvas: &mut Canvas, road: &Road, scene: &Scene, palette: &Palette, seed: u32) {
    let (vx, vy) = road.vanish;
    let unit = road.unit;
    let wet = if scene.has(Word::Rain) {
        0.85
    } else if scene.is_dark() {
        0.55
    } else {
        0.12
    };
    let snapshot = canvas.pixels.clone();
    let (width, height) = (canvas.width, canvas.height);
    let asphalt = palette.lit(Color::hex(0x4A4A52), 0.5).mix(palette.ink, 0.35);
    canvas.rows_in(vy.max(0.0) as usize..height, |y, row| {
        let fy = y as f32 + 0.5;
        for (x, pixel) in row.iter_mut().enumerate() {
            let fx = x as f32 + 0.5;
            let foot = vy + road.eye / road.half * (fx - vx).abs();
            if fy < foot {
                continue;
            }
            let away = road.eye * unit / (fy - vy).max(0.5);
            let aside = (fx - vx) * away / unit;
            let grit = noise(aside * 30.0, away * 30.0, seed) * 0.5 + noise(aside * 90.0, away * 60.0, seed ^ 2) * 0.3;
            let puddle = smoothstep(-0.25, 0.35, noise(aside * 6.0, away * 2.2, seed ^ 5) + wet * 0.5 - 0.2);
            let jitter = grit * unit * 0.020 * (1.4 - puddle);
            let my = (2.0 * foot - fy + jitter).clamp(0.0, height as f32 - 1.0) as usize;
            let mx = (fx + grit * unit * 0.004).clamp(0.0, width as f32 - 1.0) as usize;
            let seen = snapshot[my * width + mx];
            let air = (1.0 - (-away * 0.30).exp()) * 0.9;
            let ground = (asphalt * (1.0 + 0.35 * grit)).mix(palette.haze, air);
            let line = aside.abs() < 0.006 && (away * 2.2).fract() < 0.5;
            let ground = if line { ground.mix(palette.lit(Color::WHITE, 0.6), 0.45) } else { ground };
            *pixel = ground.mix(seen, wet * (0.25 + 0.55 * puddle));
        }
    });
}

/// Street lamps on both sides.
fn lamps(canvas: &mut Canvas, road: &Road, palette: &Palette, scene: &Scene) {
    for i in (0..6).rev() {
        let away = 0.62 * 1.5f32.powi(i);
        for side in [-1.0f32, 1.0] {
            let aside = side * (road.half - 0.07);
            let (foot, head) = (road.project(aside, 0.0, away), road.project(aside, 0.27, away));
            let arm = road.project(aside - side * 0.035, 0.275, away);
            let thick = (road.unit * 0.0065 / away).max(0.8);
            let iron = palette.ink.mix(palette.haze, (1.0 - (-away * 0.3).exp()) * 0.8);
            Path::stroke(foot, head, thick, thick * 0.6).fill(canvas, iron, 1.0);
            Path::stroke(head, arm, thick * 0.6, thick * 0.6).fill(canvas, iron, 1.0);
            if scene.is_dark() || scene.has(Word::Fog) {
                let radius = road.unit * 0.035 / away;
                canvas.glow(arm.0, arm.1, radius * 2.6, palette.lamp * 0.45);
                canvas.glow(arm.0, arm.1, radius * 0.5, palette.lamp * 2.2);
            }
        }
    }
}
