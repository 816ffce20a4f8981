//! The view over mountains in low light: a massif with a valley before the sun, ridges from pale haze to deep violet,
//! and the ground at our feet. Which scenes get it is decided here; water before it is in `waters.rs`.

use super::far::firs;
use super::{Ground, Plan, fields};
use crate::painter::canvas::Canvas;
use crate::painter::color::Color;
use crate::painter::massif::{self, Massif};
use crate::painter::noise::{Dice, Grid, fbm, hash_unit, noise, smoothstep};
use crate::painter::scene::{LAND, Scene, Style, Time};
use crate::painter::sky::Light;
use crate::painter::terrain::{self, Layer, Shape};
use crate::painter::things;
use crate::painter::trees::{self, Stand};
use crate::painter::words::Word;

/// What ends the picture below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fore {
    /// A lake, painted with the waters.
    Lake,
    /// Dark firs on a slope.
    Firs,
    /// Grass with flowers, running towards us.
    Meadow,
}

/// Whether this scene is a view over mountains in low light.
pub fn fits(scene: &Scene) -> bool {
    scene.has(Word::Mountain)
        && matches!(scene.time, Time::Sunrise | Time::Golden | Time::Sunset | Time::Dusk)
        && scene.style != Style::Minimal
        && scene.allows(Word::Mountain)
        && !scene.any(&[Word::Storm, Word::Rain, Word::Desert, Word::Sea, Word::Beach, Word::City, Word::Aurora])
}

/// The foreground, where the words leave it open.
pub fn fore(scene: &Scene, dice: &mut Dice) -> Option<Fore> {
    let rest = LAND.iter().any(|&word| !matches!(word, Word::Mountain | Word::River) && scene.has(word));
    let roll = dice.unit();
    if !fits(scene) || rest || scene.any(&[Word::Forest, Word::Pine, Word::Boat]) {
        None
    } else if scene.has(Word::River) {
        Some(Fore::Meadow)
    } else if scene.any(&[Word::Lake, Word::Waterfall, Word::Bridge]) || roll < 0.36 && scene.allows(Word::Lake) {
        Some(Fore::Lake)
    } else if roll < 0.66 && scene.allows(Word::Tree) && scene.allows(Word::Forest) {
        Some(Fore::Firs)
    } else {
        Some(Fore::Meadow)
    }
}

/// The light stands free above the valley.
pub fn light(light: Light, scene: &Scene, horizon: f32) -> Light {
    let mut dice = Dice::new(scene.composition, "vista light");
    let v = match scene.time {
        Time::Dusk => horizon - 0.07,
        Time::Golden => horizon - dice.range(0.20, 0.26),
        _ => horizon - dice.range(0.145, 0.195),
    };
    let v = if light.moon { light.v } else { v };
    Light {
        u: light.u * 0.72,
        v,
        radius: light.radius * 0.95,
        visible: light.visible && scene.time != Time::Dusk || light.moon,
        ..light
    }
}

/// Shafts of light that fan out above the valley.
pub fn paint_fan(canvas: &mut Canvas, plan: &Plan) {
    let (light, seed) = (plan.light, Dice::new(plan.scene.composition, "fan").seed());
    if light.moon || plan.scene.has(Word::Fog) {
        return;
    }
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let rows = (plan.horizon * unit) as usize;
    let field = Grid::fill(canvas.width, rows, (unit / 96.0).max(3.0), |x, y| {
        let (du, dv) = ((x - half) / unit - light.u, y / unit - light.v - 0.03);
        let angle = du.atan2(-dv);
        let shaft = noise(angle * 3.1, 0.5, seed) * 0.65 + noise(angle * 7.3, 3.0, seed ^ 1) * 0.35;
        let reach = (du * du + dv * dv).sqrt();
        smoothstep(-0.15, 0.75, shaft) * smoothstep(0.03, 0.16, reach) * (1.0 - smoothstep(0.16, 0.75, reach))
    });
    let glow = plan.palette.sun.mix(plan.palette.horizon, 0.5) * (0.08 * light.glow * light.glow);
    canvas.rows_in(0..rows, |y, row| {
        let field = field.row(y as f32);
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel += glow * field.at(x as f32);
        }
    });
}

/// The mountains and the ridges before them.
pub fn paint_far(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let scene = plan.scene;
    let massif = Massif {
        seed: dice.seed(),
        foot: plan.horizon + 0.005,
        rise: dice.range(0.34, 0.42),
        pace: dice.range(1.15, 1.75),
        valley: if plan.light.visible && !plan.light.moon { 0.72 } else { 0.35 },
        snow: if scene.has(Word::Snow) { 0.95 } else { dice.range(0.60, 0.78) },
        air: (0.10, 0.30),
        climb: if scene.time == Time::Golden { 0.42 } else { 0.34 },
    };
    massif::paint(canvas, massif, plan.palette, plan.light, plan.detail.octaves);
    let bottom = plan.horizon + if plan.ground == Ground::Lake { 0.02 } else { 0.24 };
    let count = 3;
    for i in 0..count {
        let t = i as f32 / (count - 1) as f32;
        let ridge = Ridge {
            seed: dice.seed(),
            base: plan.horizon - 0.022 + 0.036 * t,
            relief: 0.060 - 0.018 * t,
            frequency: 2.2 - 0.5 * t,
            depth: 0.34 + 0.28 * t,
            wooded: 0.4 + 0.6 * t,
        };
        ridge.paint(canvas, plan, bottom);
    }
}

/// A ridge so dark or so far that its outline says all.
struct Ridge {
    seed: u32,
    base: f32,
    relief: f32,
    frequency: f32,
    /// 0 is lost in the haze, 1 stands before us.
    depth: f32,
    /// Height of the trees on its crest.
    wooded: f32,
}

impl Ridge {
    /// Paints it down to `bottom` and returns its crest in pixels.
    fn paint(&self, canvas: &mut Canvas, plan: &Plan, bottom: f32) -> Vec<f32> {
        let unit = canvas.unit();
        let layer = Layer {
            shape: Shape::Rolling,
            seed: self.seed,
            base: self.base,
            relief: self.relief,
            frequency: self.frequency,
            distance: 0.0,
            albedo: Color::BLACK,
            snow: 0.0,
            relief_shading: 0.0,
        };
        let ground = terrain::outline(canvas, &layer, 5);
        let tall = 0.011 * self.wooded;
        let crest: Vec<f32> = ground
            .iter()
            .enumerate()
            .map(|(x, y)| y - unit * tall * tips(canvas.u(x as f32) / (tall * 0.42 + 1e-4), self.seed))
            .collect();
        let (high, low) = tones(plan, self.depth);
        let (light, sun, half) = (plan.light, plan.palette.sun, canvas.width as f32 * 0.5);
        let top = crest.iter().copied().fold(f32::MAX, f32::min).max(1.0) as usize - 1;
        let reach = 1.0 / (unit * (0.075 + 0.06 * self.depth));
        let warm = plan.palette.horizon.mix(sun, 0.5);
        // Only a sun that stands in the sky draws a bright line along a crest.
        let blaze = if light.visible { light.glow } else { light.glow * 0.2 };
        canvas.rows_in(top..(bottom * unit) as usize, |y, row| {
            for (x, pixel) in row.iter_mut().enumerate() {
                let below = y as f32 + 0.5 - crest[x];
                if below <= -0.5 {
                    continue;
                }
                let u = (x as f32 + 0.5 - half) / unit;
                let near_sun = 1.0 / (1.0 + ((u - light.u) * 3.2).powi(2));
                let sink = (below * reach).clamp(0.0, 1.0);
                let rim = (1.0 - below / (1.0 + unit * 0.0045)).clamp(0.0, 1.0) * near_sun * near_sun * blaze;
                let color = high.mix(low, sink * (1.4 - 0.4 * sink))
                    + warm * (near_sun * near_sun * light.glow * 0.16 * (1.0 - self.depth * 0.7));
                *pixel = pixel.mix(color + sun * (rim * 0.20), (below + 0.5).min(1.0));
            }
        });
        ground
    }
}

/// Crest and foot of a ridge at this depth.
pub fn tones(plan: &Plan, depth: f32) -> (Color, Color) {
    let palette = plan.palette;
    let violet = palette.sky.at(0.36).blend(palette.zenith, 0.45);
    let deep = violet.lighten(0.42);
    let far = palette.haze.blend(violet, 0.30);
    let high = if depth < 0.5 {
        far.blend(violet.lighten(0.82), depth * 2.0)
    } else {
        violet.lighten(0.82).blend(deep, depth * 2.0 - 1.0)
    };
    (high, high.blend(palette.haze, 0.62 * (1.0 - depth).powf(0.8)))
}

/// Tips of firs along a crest: 0 between them, up to 1 at a tip.
fn tips(x: f32, seed: u32) -> f32 {
    let cell = x.floor();
    let mut top = 0.0f32;
    for near in [-1.0, 0.0, 1.0] {
        let at = cell + near;
        let (shift, tall) = (hash_unit(at as i32, 1, seed), hash_unit(at as i32, 2, seed));
        let away = (x - at - 0.2 - 0.6 * shift).abs();
        top = top.max((0.25 + 0.75 * tall) * (1.0 - away * 1.25));
    }
    top
}

/// The far bank of a lake: one dark wooded line, and firs on it.
pub fn paint_shore(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    let unit = canvas.unit();
    for (depth, lift) in [(0.62, 0.006), (0.78, -0.002)] {
        let bank =
            Ridge { seed: dice.seed(), base: plan.horizon - lift, relief: 0.020, frequency: 1.7, depth, wooded: 0.5 };
        let height = unit * 0.040 * dice.range(0.8, 1.3);
        let (high, low) = tones(plan, depth);
        let line = terrain_line(canvas, &bank);
        let lit = high + plan.palette.sun * (0.04 * plan.light.glow);
        let stand = Stand { dark: high, lit, mist: low, mist_share: 0.5, ..firs(plan, height, 0.0, dice.seed()) };
        if plan.scene.allows(Word::Tree) && plan.scene.allows(Word::Forest) {
            trees::belt(canvas, &line, height * 0.24, dice, stand);
        }
        ground(canvas, &line, high, low, plan.horizon + 0.02);
    }
}

/// The ground before us. Returns the row of the ground in every column.
pub fn paint_near(canvas: &mut Canvas, plan: &Plan, fore: Fore, dice: &mut Dice) -> Vec<f32> {
    match fore {
        Fore::Meadow => meadow(canvas, plan, dice),
        Fore::Firs | Fore::Lake => slopes(canvas, plan, dice),
    }
}

/// Slopes of firs, each darker than the one behind, with mist between.
fn slopes(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
    let unit = canvas.unit();
    let room = 1.0 - plan.horizon;
    let mut feet = Vec::new();
    for i in 0..4 {
        let t = i as f32 / 3.0;
        let ridge = Ridge {
            seed: dice.seed(),
            base: plan.horizon + room * (0.17 + 0.66 * t.powf(1.15)),
            relief: 0.075 + 0.02 * t,
            frequency: 1.5 - 0.55 * t,
            depth: 0.46 + 0.54 * t,
            wooded: 0.0,
        };
        let (high, low) = tones(plan, ridge.depth);
        let low = low.mix(plan.palette.haze, 0.24 * (1.0 - t));
        let height = unit * (0.036 + 0.125 * t * t) * dice.range(0.9, 1.15);
        let line = terrain_line(canvas, &ridge);
        let lit = high + plan.palette.sun * (0.05 * plan.light.glow * (1.0 - 0.5 * t));
        let stand =
            Stand { dark: high, lit, mist: low, mist_share: 0.8 * (1.0 - t), ..firs(plan, height, 0.0, dice.seed()) };
        trees::belt(canvas, &line, height * 0.21, dice, stand);
        let below: Vec<f32> = line.iter().map(|y| y + height * 0.02).collect();
        ground(canvas, &below, high.mix(low, 0.35), low, 1.0);
        feet = below;
    }
    feet.iter().map(|y| y.max(unit * 0.93)).collect()
}

fn terrain_line(canvas: &Canvas, ridge: &Ridge) -> Vec<f32> {
    let wave = |u: f32| fbm(u * ridge.frequency, 1.7, 3, ridge.seed) * 0.9 + noise(u * 0.6, 4.0, ridge.seed ^ 9) * 0.5;
    (0..canvas.width).map(|x| canvas.y(ridge.base - ridge.relief * wave(canvas.u(x as f32)))).collect()
}

/// Fills everything below a line.
fn ground(canvas: &mut Canvas, line: &[f32], high: Color, low: Color, bottom: f32) {
    let unit = canvas.unit();
    let top = line.iter().copied().fold(f32::MAX, f32::min).max(1.0) as usize - 1;
    canvas.rows_in(top..(bottom * unit) as usize, |y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let below = y as f32 + 0.5 - line[x];
            if below > -0.5 {
                let color = high.mix(low, smoothstep(0.0, 0.13, below / unit));
                *pixel = pixel.mix(color, (below + 0.5).min(1.0));
            }
        }
    });
}

/// A meadow that runs from the last ridge to our feet, lit along its waves.
fn meadow(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) -> Vec<f32> {
    let (palette, light) = (plan.palette, plan.light);
    let (unit, half, seed) = (canvas.unit(), canvas.width as f32 * 0.5, dice.seed());
    let edge =
        Ridge { seed: dice.seed(), base: plan.horizon + 0.075, relief: 0.055, frequency: 1.2, depth: 1.0, wooded: 0.0 };
    let line = terrain_line(canvas, &edge);
    let (violet, _) = tones(plan, 0.72);
    let height = unit * 0.050;
    let stand = Stand {
        dark: violet,
        lit: violet + palette.sun * 0.04,
        mist_share: 0.35,
        ..firs(plan, height, 0.0, dice.seed())
    };
    trees::belt(canvas, &line, height * 0.34, dice, stand);
    let (dark, lit) = (
        palette.lit(palette.grass * 0.55, 0.0).mix(violet * 0.6, 0.45),
        palette.lit(palette.grass, 0.85).mix(palette.haze, if plan.scene.is_dark() { 0.18 } else { 0.0 }),
    );
    let top = line.iter().copied().fold(f32::MAX, f32::min).max(1.0) as usize - 1;
    canvas.rows_in(top..canvas.height, |y, row| {
        let v = (y as f32 + 0.5) / unit;
        let t = ((v - edge.base + 0.03) / (1.03 - edge.base)).clamp(0.0, 1.0);
        let z = 1.0 / (t + 0.11);
        for (x, pixel) in row.iter_mut().enumerate() {
            let below = y as f32 + 0.5 - line[x];
            if below <= -0.5 {
                continue;
            }
            let u = (x as f32 + 0.5 - half) / unit;
            let wave = noise(u * z * 1.1, z * 1.9, seed);
            let tuft = noise(u * z * 9.0, z * 17.0, seed ^ 3) * 0.6 + noise(u * z * 27.0, z * 44.0, seed ^ 5) * 0.4;
            let near_sun = 1.0 / (1.0 + ((u - light.u) * (2.6 - 1.2 * t)).powi(2));
            let shine = (0.30 + 0.60 * near_sun + wave * 0.62 + tuft * 0.26) * (1.0 - 0.50 * t);
            let color = dark.mix(lit, shine.clamp(0.0, 1.0)) + palette.sun * (near_sun * light.glow * 0.09 * (1.0 - t));
            let color = color.mix(palette.haze, 0.38 * (1.0 - t).powi(3));
            *pixel = pixel.mix(color, (below + 0.5).min(1.0));
        }
    });
    if plan.scene.has(Word::River) {
        fields::river(canvas, plan, dice);
    } else if plan.scene.allows(Word::Flower) {
        let sets = [[0xF6E6C8, 0xF2A03C, 0xE8707A], [0xB48AE0, 0xF2D6F6, 0xF6C23A], [0xF28CB0, 0xF6E4D4, 0xF6C23A]];
        let tints = sets[dice.pick(sets.len())].map(Color::hex);
        let count = (1500.0 * plan.detail.share * canvas.half_width() * 2.0) as usize;
        things::meadow_flowers(canvas, palette, &tints, plan.horizon + 0.14, count, dice.seed());
    }
    let bottom = vec![unit * 1.005; canvas.width];
    let count = (420.0 * plan.detail.share * canvas.half_width() * 2.0) as usize;
    trees::grass(canvas, &bottom, unit * 0.10, count, dark * 0.5, dark.mix(lit, 0.55), dice.seed());
    vec![unit * 0.945; canvas.width]
}
