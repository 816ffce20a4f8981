//! One flower, close: lotus, rose, sunflower, or a wild bloom. Petals are laid one by one from the back to the front.

use super::Detail;
use super::canvas::Canvas;
use super::color::Color;
use super::noise::{Dice, fbm, hash_unit, smoothstep};
use super::palette::Palette;
use super::path::Path;
use super::scene::Scene;
use super::words::Word;

/// Paints the flower on a blurred ground.
pub fn paint(canvas: &mut Canvas, scene: &Scene, palette: &Palette, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "bloom");
    ground(canvas, scene, palette, &mut dice, detail);
    let (cx, cy) = (canvas.x(dice.range(-0.06, 0.06)), canvas.unit() * dice.range(0.47, 0.54));
    let size = canvas.unit() * 0.40 * canvas.scale();
    let seed = dice.seed();
    let turn = dice.range(-0.4, 0.4);
    if scene.has(Word::Lotus) {
        let color = Palette::of_subject(scene, 0xF08CB4);
        pads(canvas, palette, cx, cy + size * 0.55, size, seed);
        lotus(canvas, palette, color, cx, cy + size * 0.42, size * 1.1, seed);
    } else if scene.has(Word::Sunflower) {
        let color = Palette::of_subject(scene, 0xF6B422);
        stem(canvas, palette, cx, cy, size, seed);
        sunflower(canvas, palette, color, (cx, cy), size, seed);
    } else if scene.has(Word::Rose) {
        let color = Palette::of_subject(scene, [0xC8283C, 0xE86A7E, 0xF2B8A2, 0xE8D6C2][dice.pick(4)]);
        stem(canvas, palette, cx, cy, size, seed);
        rose(canvas, palette, color, (cx, cy), size * 0.94, turn, seed);
    } else {
        let color = Palette::of_subject(scene, [0xE2574C, 0x8A5AC8, 0xF28CB0, 0xF4A340, 0x4E7AD0][dice.pick(5)]);
        stem(canvas, palette, cx, cy, size, seed);
        poppy(canvas, palette, color, (cx, cy), size, turn, seed);
    }
}

/// What lies out of focus behind: discs of light on a gradient.
fn ground(canvas: &mut Canvas, scene: &Scene, palette: &Palette, dice: &mut Dice, detail: Detail) {
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let seed = dice.seed();
    let leafy = palette.leaf.blend(palette.zenith, 0.45) * if scene.is_dark() { 0.10 } else { 0.30 };
    let glow = palette.horizon.blend(palette.sun, 0.3) * if scene.is_dark() { 0.35 } else { 0.62 };
    canvas.rows(|y, row| {
        let v = (y as f32 + 0.5) / unit;
        for (x, pixel) in row.iter_mut().enumerate() {
            let u = (x as f32 + 0.5 - half) / unit;
            let mist = fbm(u * 1.4, v * 1.4, 3, seed) * 0.35;
            let t = smoothstep(1.05, -0.15, v + mist + 0.25 * (u * u));
            *pixel = leafy.mix(glow, t * t);
        }
    });
    let count = (26.0 * (0.4 + 0.6 * detail.share)) as i32;
    for _ in 0..count {
        let (x, y) = (dice.unit() * canvas.width as f32, dice.unit().powf(0.8) * unit);
        let r = unit * dice.range(0.018, 0.085);
        let light = palette.sun.mix(palette.horizon, dice.unit());
        let disc = Path::ellipse(x, y, r, r, 0.0);
        disc.shade(canvas, 0.5, |px, py, under| {
            let d = ((px - x).hypot(py - y) / r).min(1.0);
            under + light * (0.05 + 0.07 * d * d * d)
        });
    }
}

/// A petal from its root, pointing along `angle`; `width` and `length` in pixels. Light falls from above.
#[derive(Clone, Copy)]
struct Petal {
    root: (f32, f32),
    angle: f32,
    length: f32,
    width: f32,
    pointed: f32,
}

impl Petal {
    fn paint(self, canvas: &mut Canvas, deep: Color, tip: Color, edge: Color, seed: u32) {
        let (sin, cos) = self.angle.sin_cos();
        let place = |t: f32, s: f32| {
            let (along, aside) = (t * self.length, s * self.width);
            (self.root.0 + cos * along - sin * aside, self.root.1 + sin * along + cos * aside)
        };
        let jag = |i: i32| 0.94 + 0.12 * hash_unit(i, 3, seed);
        let tip_flat = 1.0 - self.pointed;
        let outline = [
            place(0.0, -0.10),
            place(0.22, -0.34 * jag(1)),
            place(0.55, -0.50 * jag(2)),
            place(0.82, -0.40 * jag(3)),
            place(0.965, -0.16 * tip_flat - 0.03),
            place(1.0 + 0.05 * self.pointed, 0.0),
            place(0.965, 0.16 * tip_flat + 0.03),
            place(0.82, 0.40 * jag(4)),
            place(0.55, 0.50 * jag(5)),
            place(0.22, 0.34 * jag(6)),
            place(0.0, 0.10),
        ];
        let path = Path::smooth(&outline);
        // A soft shadow parts it from the petal behind.
        path.placed(1.0, 1.0, 0.0, self.length * 0.022).fill(canvas, deep * 0.22, 0.30);
        path.shade(canvas, 1.0, |x, y, _| {
            let (dx, dy) = (x - self.root.0, y - self.root.1);
            let (t, s) = ((dx * cos + dy * sin) / self.length, (dy * cos - dx * sin) / self.width * 2.0);
            let vein = 1.0 + 0.055 * (s * 26.0 + fbm(t * 3.0, s * 3.0, 2, seed) * 4.0).sin() * smoothstep(1.0, 0.2, t);
            let fold = 1.0 - 0.30 * (1.0 - s.abs()).max(0.0).powi(6) * smoothstep(0.95, 0.3, t);
            let rim = smoothstep(0.70, 1.0, t.max(s.abs() * 0.92));
            deep.mix(tip, smoothstep(0.0, 0.9, t)).mix(edge, rim * 0.55) * (vein * fold)
        });
    }
}

fn tones(palette: &Palette, color: Color) -> (Color, Color, Color) {
    let light = palette.key * 0.42 + Color::WHITE * 0.40;
    let deep = color.saturate(1.15).lighten(0.66) * light;
    (deep, color * light * 1.05, color.blend(Color::WHITE, 0.12 + 0.45 * color.lab().l.powi(2)) * light * 1.15)
}

fn lotus(canvas: &mut Canvas, palette: &Palette, color: Color, cx: f32, cy: f32, size: f32, seed: u32) {
    let (deep, body, edge) = tones(palette, color);
    let up = -std::f32::consts::FRAC_PI_2;
    for (row, &(count, spread, length, width)) in
        [(7, 1.42, 1.00, 0.36), (8, 1.20, 0.96, 0.37), (7, 0.86, 0.92, 0.37), (6, 0.52, 0.80, 0.35)].iter().enumerate()
    {
        // Outer petals of a row first, the middle one last.
        let mut order: Vec<i32> = (0..count).collect();
        order.sort_by_key(|&i| -((2 * i - count + 1).abs()));
        for i in order {
            let t = (i as f32 + 0.5) / count as f32 * 2.0 - 1.0;
            let angle = up + t * spread + 0.05 * (hash_unit(i, row as i32, seed) - 0.5);
            let reach = size * length * (0.92 + 0.12 * hash_unit(i, 20 + row as i32, seed)) * (1.0 - 0.30 * t * t);
            let shade = 0.72 + 0.10 * row as f32 + 0.06 * hash_unit(i, 40, seed);
            let petal =
                Petal { root: (cx + t * size * 0.10, cy), angle, length: reach, width: reach * width, pointed: 0.85 };
            // A lotus is pale at its root and deep at its tip.
            petal.paint(
                canvas,
                edge * shade,
                body * shade,
                deep.mix(edge, 0.35) * shade,
                seed ^ (i as u32 + 97 * row as u32),
            );
        }
    }
    for i in 0..9 {
        let t = i as f32 / 8.0 * 2.0 - 1.0;
        let tall = size * (0.40 + 0.06 * hash_unit(i, 50, seed));
        let angle = up + t * (1.38 - 0.24 * (i % 2) as f32);
        let petal = Petal {
            root: (cx + t * size * 0.18, cy + size * 0.03),
            angle,
            length: tall * 1.25,
            width: tall * 0.56,
            pointed: 0.8,
        };
        petal.paint(canvas, edge * 0.92, body * 1.02, edge, seed ^ (200 + i as u32));
    }
}

fn pads(canvas: &mut Canvas, palette: &Palette, cx: f32, cy: f32, size: f32, seed: u32) {
    let green = palette.lit(Color::hex(0x4C7A48), 0.5);
    for i in 0..7 {
        let (dx, dy) = ((hash_unit(i, 60, seed) - 0.5) * 3.0 * size, (hash_unit(i, 61, seed) * 0.75 - 0.10) * size);
        let r = size * (0.30 + 0.28 * hash_unit(i, 62, seed));
        let (x, y) = (cx + dx, cy + dy);
        let tone = 0.6 + 0.5 * hash_unit(i, 63, seed);
        Path::ellipse(x, y + r * 0.03, r, r * 0.30, 0.0).fill(canvas, palette.ink, 0.5);
        Path::ellipse(x, y, r, r * 0.29, 0.0).shade(canvas, 1.0, |px, py, _| {
            let (nx, ny) = ((px - x) / r, (py - y) / (r * 0.29));
            let rib = (ny.atan2(nx) * 9.0).sin() * 0.07;
            green * (tone * (0.80 - 0.30 * ny + rib)) + palette.horizon * (0.05 * (1.0 - ny))
        });
    }
}

fn stem(canvas: &mut Canvas, palette: &Palette, cx: f32, cy: f32, size: f32, seed: u32) {
    let green = palette.lit(Color::hex(0x4E7A3C), 0.55) * 0.8;
    let sway = (hash_unit(0, 70, seed) - 0.5) * size;
    let foot = canvas.unit() * 1.05;
    let middle = (cy + foot) * 0.5;
    let stalk = [(cx, cy, size * 0.07), (cx + sway * 0.15, middle, size * 0.06), (cx + sway * 0.5, foot, size * 0.07)];
    Path::ribbon(&stalk).fill(canvas, green, 1.0);
    for side in [-1.0f32, 1.0] {
        let angle = -0.5 * side + if side < 0.0 { std::f32::consts::PI } else { 0.0 };
        let y = cy + size * (1.05 + 0.2 * hash_unit(side as i32, 71, seed));
        let leaf = Petal { root: (cx + sway * 0.12, y), angle, length: size * 0.85, width: size * 0.36, pointed: 1.0 };
        leaf.paint(canvas, green * 0.6, green, green * 1.35, seed ^ 0xAB);
    }
}

fn sunflower(canvas: &mut Canvas, palette: &Palette, color: Color, (cx, cy): (f32, f32), size: f32, seed: u32) {
    let (deep, body, edge) = tones(palette, color);
    for layer in 0..3 {
        let count = 22;
        for i in 0..count {
            let angle = (i as f32 + 0.37 * layer as f32) / count as f32 * std::f32::consts::TAU
                + 0.12 * (hash_unit(i, layer, seed) - 0.5);
            let length = size * (1.0 - 0.11 * layer as f32) * (0.90 + 0.14 * hash_unit(i, 10 + layer, seed));
            let shade = 0.70 + 0.15 * layer as f32;
            let petal = Petal { root: (cx, cy), angle, length, width: size * 0.19, pointed: 0.9 };
            petal.paint(canvas, deep * shade, body * shade, edge * shade, seed ^ (i as u32 * 7 + layer as u32));
        }
    }
    let (brown, gold) = (palette.lit(Color::hex(0x4A2A14), 0.7), palette.lit(Color::hex(0xC8862A), 0.9));
    Path::ellipse(cx, cy, size * 0.45, size * 0.45, 0.0).fill(canvas, brown * 0.55, 1.0);
    for i in 0..430 {
        let t = (i as f32 / 430.0).sqrt();
        let angle = i as f32 * 2.399_963;
        let (x, y) = (cx + angle.cos() * t * size * 0.43, cy + angle.sin() * t * size * 0.43);
        let r = size * (0.010 + 0.008 * t);
        let ring = smoothstep(0.30, 0.95, t) * (0.5 + 0.5 * hash_unit(i, 5, seed));
        Path::ellipse(x, y, r, r, 0.0).fill(canvas, brown.mix(gold, ring * 0.85), 0.95);
    }
}

fn rose(canvas: &mut Canvas, palette: &Palette, color: Color, (cx, cy): (f32, f32), size: f32, turn: f32, seed: u32) {
    let (deep, body, edge) = tones(palette, color);
    let rings = 8;
    for ring in 0..rings {
        let t = ring as f32 / rings as f32;
        let count = [7, 6, 6, 5, 5, 4, 3, 3][ring];
        let reach = size * (1.0 - 0.88 * t.powf(0.9));
        for i in 0..count {
            let angle = (i as f32 + 0.5 * (ring % 2) as f32) / count as f32 * std::f32::consts::TAU
                + turn
                + 0.25 * hash_unit(i, ring as i32, seed)
                + 0.9 * t;
            let wide = reach * (1.25 + 0.25 * t) * (0.9 + 0.2 * hash_unit(i, 30 + ring as i32, seed));
            let shade = 1.04 - 0.42 * t + 0.10 * (-angle.sin());
            let root = (cx - angle.cos() * reach * 0.12, cy - angle.sin() * reach * 0.12);
            let petal = Petal { root, angle, length: reach * 1.05, width: wide, pointed: 0.0 };
            petal.paint(
                canvas,
                deep * (0.55 * shade),
                body * shade,
                edge * shade,
                seed ^ (ring as u32 * 13 + i as u32),
            );
        }
    }
    Path::ellipse(cx, cy, size * 0.055, size * 0.05, 0.0).fill(canvas, deep * 0.35, 0.9);
}

fn poppy(canvas: &mut Canvas, palette: &Palette, color: Color, (cx, cy): (f32, f32), size: f32, turn: f32, seed: u32) {
    let (deep, body, edge) = tones(palette, color);
    for layer in 0..2 {
        for i in 0..5 {
            let angle = (i as f32 + 0.5 * layer as f32) / 5.0 * std::f32::consts::TAU + turn;
            let length = size * (0.98 - 0.16 * layer as f32) * (0.92 + 0.14 * hash_unit(i, layer, seed));
            let shade = 0.82 + 0.16 * layer as f32 - 0.08 * angle.sin();
            let petal = Petal { root: (cx, cy), angle, length, width: length * 0.98, pointed: 0.12 };
            petal.paint(
                canvas,
                deep * (0.62 * shade),
                body * shade,
                edge * shade,
                seed ^ (i as u32 * 5 + layer as u32),
            );
        }
    }
    let (dark, gold) = (palette.lit(Color::hex(0x2A2018), 0.5), palette.lit(Color::hex(0xF2D05A), 0.95));
    for i in 0..60 {
        let angle = hash_unit(i, 80, seed) * std::f32::consts::TAU;
        let r = size * (0.10 + 0.15 * hash_unit(i, 81, seed));
        let to = (cx + angle.cos() * r, cy + angle.sin() * r);
        Path::stroke((cx, cy), to, 1.4, 0.8).fill(canvas, dark, 0.8);
        Path::ellipse(to.0, to.1, size * 0.014, size * 0.014, 0.0).fill(canvas, gold, 1.0);
    }
    Path::ellipse(cx, cy, size * 0.085, size * 0.080, 0.0).fill(canvas, palette.lit(Color::hex(0x8A9A4A), 0.7), 1.0);
}
