//! Skylines in layers. Windows are lit when the light goes.

use super::Detail;
use super::canvas::Canvas;
use super::color::Color;
use super::noise::{Dice, hash_unit};
use super::palette::Palette;
use super::path::Path;
use super::scene::{Scene, Time};

/// Share of windows with a lamp behind them.
pub fn lit_share(scene: &Scene) -> f32 {
    match scene.time {
        Time::Night => 0.46,
        Time::Dusk => 0.36,
        Time::Sunset => 0.16,
        Time::Sunrise | Time::Golden => 0.06,
        Time::Day => 0.0,
    }
}

/// Colours of lamps: mostly warm, some cold, now and then a sign.
pub fn lamp(palette: &Palette, pick: f32) -> Color {
    if pick < 0.66 {
        palette.lamp
    } else if pick < 0.84 {
        Color::hex(0xFFE9C2)
    } else if pick < 0.94 {
        Color::hex(0xBFE0FF)
    } else {
        Color::hex(0xFF8A5A)
    }
}

/// A skyline standing on `ground`, three layers deep.
pub fn paint_skyline(canvas: &mut Canvas, scene: &Scene, palette: &Palette, ground: f32, light_u: f32, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "skyline");
    let centre = dice.range(-0.25, 0.25);
    let share = lit_share(scene);
    if share > 0.3 {
        // The light of the streets hangs over a city at night.
        let (x, y) = (canvas.x(centre), canvas.y(ground));
        let dust = palette.lamp.mix(palette.horizon, 0.45);
        canvas.glow(x, y, canvas.unit() * 0.62, dust * 0.20);
        canvas.glow(x, y, canvas.unit() * 0.34, dust * 0.20);
    }
    for layer in 0..3 {
        let near = layer as f32 / 2.0;
        let seed = dice.seed();
        let air = 0.62 - 0.46 * near;
        let concrete = palette.lit(Color::hex([0x8C8A96, 0x6E6C7C, 0x4C4B58][layer]), 0.55);
        let wall = palette.afar(concrete.mix(palette.ink, 0.25 + 0.35 * near), air);
        let tall = [0.30, 0.25, 0.15][layer];
        let mut u = -canvas.half_width() - 0.03;
        let mut index = 0;
        while u < canvas.half_width() + 0.03 {
            let wide = 0.030 + 0.045 * hash_unit(index, 1, seed);
            let mound = (-((u - centre) * 1.9).powi(2)).exp();
            let roll = hash_unit(index, 2, seed);
            let height = tall * (0.16 + 0.34 * roll + (0.25 + 0.75 * roll.powi(3)) * mound);
            let block = Block { u, wide, height, ground, index, seed, air, wall, share: share * (0.6 + 0.4 * near) };
            block.paint(canvas, palette, light_u, detail);
            u += wide * (0.82 + 0.5 * hash_unit(index, 3, seed).powi(2));
            index += 1;
        }
    }
}

/// One building of a skyline.
struct Block {
    u: f32,
    wide: f32,
    height: f32,
    ground: f32,
    index: i32,
    seed: u32,
    air: f32,
    wall: Color,
    share: f32,
}

impl Block {
    fn paint(&self, canvas: &mut Canvas, palette: &Palette, light_u: f32, detail: Detail) {
        let (x0, x1) = (canvas.x(self.u).round(), canvas.x(self.u + self.wide).round().max(canvas.x(self.u) + 3.0));
        let (y0, y1) = (canvas.y(self.ground - self.height), canvas.y(self.ground) + 1.0);
        let (w, unit) = (x1 - x0, canvas.unit());
        let style = hash_unit(self.index, 4, self.seed);
        let mut outline = vec![(x0, y1), (x0, y0)];
        if style < 0.22 {
            let (inset, up) = (w * 0.22, self.height * unit * 0.12);
            outline.extend([(x0 + inset, y0), (x0 + inset, y0 - up), (x1 - inset, y0 - up), (x1 - inset, y0)]);
        } else if style < 0.34 {
            outline.extend([(x0 + w * 0.5, y0 - w * 0.9)]);
        } else if style < 0.46 {
            outline.extend([(x1, y0 + w * 0.35)]);
        } else if style < 0.56 {
            let mast = self.height * unit * 0.26;
            let c = x0 + w * 0.5;
            outline.extend([(c - 1.2, y0), (c - 0.4, y0 - mast), (c + 0.4, y0 - mast), (c + 1.2, y0)]);
        }
        outline.extend([(x1, y0), (x1, y1)]);
        outline.dedup();
        let cell = (unit * 0.0085).max(3.0);
        let (cell_x, cell_y) = (cell * (0.85 + 0.4 * hash_unit(self.index, 5, self.seed)), cell * 1.25);
        let side = ((light_u - self.u) * 4.0).clamp(-1.0, 1.0);
        let seed = self.seed ^ (self.index as u32).wrapping_mul(0x51ED);
        let tone = 0.86 + 0.28 * hash_unit(self.index, 6, self.seed);
        let rate = self.share * (0.35 + 1.1 * hash_unit(self.index, 7, self.seed)) * (0.5 + 0.5 * detail.share);
        Path::polygon(&outline).shade(canvas, 1.0, |x, y, _| {
            let across = (x - x0) / w * 2.0 - 1.0;
            let up = ((y1 - y) / (y1 - y0)).clamp(0.0, 1.0);
            let face = self.wall * (tone * (1.0 + 0.22 * side * across));
            let face = face.mix(palette.haze, (1.0 - up) * 0.30 * (0.4 + self.air));
            let (cx, cy) = (((x - x0) / cell_x) as i32, ((y - y0 + 2048.0) / cell_y) as i32);
            let (fx, fy) = (((x - x0) / cell_x).fract(), ((y - y0 + 2048.0) / cell_y).fract());
            let pane = fx > 0.22 && fx < 0.80 && fy > 0.25 && fy < 0.78 && x - x0 > 1.5 && x1 - x > 1.5 && y > y0 + 2.0;
            if !pane {
                return face;
            }
            if hash_unit(cx, cy, seed) < rate {
                let glow = lamp(palette, hash_unit(cx, cy, seed ^ 1)) * (0.55 + 0.9 * hash_unit(cx, cy, seed ^ 2));
                face.mix(glow, 0.92 - self.air * 0.75)
            } else {
                face.mix(palette.zenith * 0.8, 0.16 * (1.0 - self.air))
            }
        });
    }
}
