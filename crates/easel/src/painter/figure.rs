//! Portraits: a profile against the light, in the manner of a double exposure: inside the silhouette lies a landscape.

use super::Detail;
use super::canvas::Canvas;
use super::color::Color;
use super::landscape;
use super::noise::{Dice, fbm, hash_unit, smoothstep};
use super::palette::Palette;
use super::path::Path;
use super::scene::Scene;
use super::words::Word;

/// Head, neck and shoulders in profile, looking to the right; the head is one unit high and its middle the origin.
const FACE: &[(f32, f32)] = &[
    (-0.02, -0.525),
    (0.13, -0.505),
    (0.255, -0.435),
    (0.335, -0.325),
    (0.372, -0.20),
    (0.378, -0.105),
    (0.362, -0.045),
    (0.388, 0.02),
    (0.430, 0.085),
    (0.452, 0.122),
    (0.432, 0.150),
    (0.378, 0.165),
    (0.374, 0.195),
    (0.398, 0.228),
    (0.392, 0.250),
    (0.366, 0.262),
    (0.390, 0.284),
    (0.380, 0.316),
    (0.346, 0.342),
    (0.356, 0.385),
    (0.345, 0.435),
    (0.300, 0.468),
    (0.225, 0.468),
    (0.140, 0.440),
    (0.085, 0.470),
    (0.068, 0.560),
    (0.070, 0.670),
];
/// The front of the body, from the neck down.
const CHEST: &[(f32, f32)] =
    &[(0.110, 0.770), (0.270, 0.860), (0.470, 0.960), (0.590, 1.140), (0.640, 1.400), (0.660, 2.2)];
/// The back, from below up to the crown.
const BACK: &[(f32, f32)] = &[
    (-0.98, 2.2),
    (-0.94, 1.40),
    (-0.86, 1.10),
    (-0.66, 0.930),
    (-0.42, 0.840),
    (-0.290, 0.740),
    (-0.262, 0.610),
    (-0.285, 0.480),
    (-0.350, 0.340),
    (-0.430, 0.190),
    (-0.478, 0.020),
    (-0.470, -0.170),
    (-0.395, -0.350),
    (-0.260, -0.470),
];

/// Paints the portrait over a backdrop of its own.
pub fn paint(canvas: &mut Canvas, scene: &Scene, palette: &Palette, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "portrait");
    let facing = dice.side();
    let woman = scene.has(Word::Woman) || !scene.has(Word::Man) && dice.chance(0.5);
    let child = scene.has(Word::Child);
    backdrop(canvas, palette, &mut dice, facing);
    let mut inner = Canvas::new(canvas.width, canvas.height);
    landscape::paint(&mut inner, &view(scene), palette, detail);
    let size = canvas.unit() * if child { 0.38 } else { 0.44 } * canvas.scale();
    let frame = Frame {
        x: canvas.x(-0.05 * facing),
        y: canvas.unit() * 0.43,
        size,
        facing,
        broad: if woman || child { 0.88 } else { 1.06 },
    };
    let seed = dice.seed();
    if woman {
        hair_behind(canvas, &frame, palette, seed);
    }
    body(canvas, &frame, &inner, palette);
    hair(canvas, &frame, palette, scene, woman, seed);
    features(canvas, &frame, palette);
    drift(canvas, &frame, palette, seed);
}

/// What lies inside the silhouette: mountains and woods, without people.
fn view(scene: &Scene) -> Scene {
    let mut view = scene.clone();
    for word in [Word::Portrait, Word::Woman, Word::Man, Word::Child, Word::Flower, Word::Rose] {
        view.words.remove(word);
    }
    view.words.insert(Word::Mountain);
    view.words.insert(if scene.composition.is_multiple_of(2) { Word::Forest } else { Word::Lake });
    view
}

/// Where the head is.
struct Frame {
    x: f32,
    y: f32,
    size: f32,
    facing: f32,
    broad: f32,
}

impl Frame {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.size * self.facing, self.y + y * self.size)
    }

    fn curve(&self, points: &[(f32, f32)]) -> Path {
        Path::smooth(&points.iter().map(|&(x, y)| self.at(x, y)).collect::<Vec<_>>())
    }

    fn ribbon(&self, points: &[(f32, f32, f32)]) -> Path {
        let placed: Vec<_> = points
            .iter()
            .map(|&(x, y, w)| {
                let (px, py) = self.at(x, y);
                (px, py, w * self.size)
            })
            .collect();
        Path::ribbon(&placed)
    }

    fn silhouette(&self) -> Path {
        let shoulder = |&(x, y): &(f32, f32)| (x * if y > 0.72 { self.broad } else { 1.0 }, y);
        let points: Vec<_> = FACE.iter().chain(CHEST).chain(BACK).map(shoulder).collect();
        self.curve(&points)
    }
}

/// A glowing disc behind the head, on the colours of the sky.
fn backdrop(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, facing: f32) {
    let (unit, half) = (canvas.unit(), canvas.width as f32 * 0.5);
    let seed = dice.seed();
    let centre = (facing * 0.07 * canvas.scale(), 0.40);
    let radius = 0.335 * canvas.scale();
    let bright = palette.sun.mix(palette.horizon, 0.45);
    canvas.rows(|y, row| {
        let v = (y as f32 + 0.5) / unit;
        let base = palette.sky.at(0.25 + v * 0.62);
        for (x, pixel) in row.iter_mut().enumerate() {
            let u = (x as f32 + 0.5 - half) / unit;
            let d = ((u - centre.0).powi(2) + (v - centre.1).powi(2)).sqrt();
            let cloud = fbm(u * 2.6, v * 5.0, 4, seed) * 0.10;
            let halo = 1.0 / (1.0 + (d / radius * 1.35).powi(4));
            let disc = smoothstep(0.004, -0.004, d - radius);
            let ground = base * (1.0 + cloud) + bright * (0.30 * halo);
            *pixel = ground.mix(bright * (1.02 - 0.28 * (v - centre.1) / radius), disc * 0.88);
        }
    });
}

/// The silhouette: dark at the outline of the back, a landscape inside, and light along the face.
fn body(canvas: &mut Canvas, frame: &Frame, inner: &Canvas, palette: &Palette) {
    let width = canvas.width;
    let path = frame.silhouette();
    let rim = palette.sun.mix(palette.horizon, 0.3);
    path.placed(1.0, 1.0, frame.facing * frame.size * 0.012, -frame.size * 0.006).fill(canvas, rim * 1.15, 0.9);
    let deep = palette.ink.mix(palette.zenith, 0.28);
    path.shade(canvas, 1.0, |x, y, _| {
        let (hx, hy) = ((x - frame.x) / frame.size * frame.facing, (y - frame.y) / frame.size);
        let seen = inner.pixels[(y as usize).min(inner.height - 1) * width + (x as usize).min(width - 1)];
        // The view fades in from the shoulders up; the face stays dark and quiet.
        let view = smoothstep(-0.30, 0.75, hy - hx * 0.55);
        let face = smoothstep(0.10, 0.42, hx) * smoothstep(0.65, 0.3, hy);
        let base = deep.mix(rim, 0.06 + 0.20 * face);
        base.mix(seen * 0.92, view * 0.92 * (1.0 - face * 0.8))
    });
}

/// Hair that falls behind the shoulders, before the body is drawn over it.
fn hair_behind(canvas: &mut Canvas, frame: &Frame, palette: &Palette, seed: u32) {
    if hash_unit(0, 1, seed) < 0.5 {
        return;
    }
    let points = [
        (-0.10, -0.50),
        (-0.42, -0.38),
        (-0.56, -0.05),
        (-0.58, 0.30),
        (-0.66, 0.62),
        (-0.60, 0.98),
        (-0.36, 1.12),
        (-0.16, 0.80),
        (-0.12, 0.30),
    ];
    frame.curve(&points).fill(canvas, palette.ink.mix(palette.zenith, 0.14), 1.0);
}

/// The hair over the head, in strands.
fn hair(canvas: &mut Canvas, frame: &Frame, palette: &Palette, scene: &Scene, woman: bool, seed: u32) {
    let albedo = scene.subject_color.map_or(Color::hex(0x2A1E1A), |_| Palette::of_subject(scene, 0));
    let dark = palette.ink.mix(palette.lit(albedo, 0.25), 0.45);
    let light = dark.mix(palette.sun, 0.28);
    let long = woman && hash_unit(0, 1, seed) >= 0.5;
    let mut cap = vec![
        (0.30, -0.38),
        (0.22, -0.50),
        (0.05, -0.585),
        (-0.18, -0.575),
        (-0.38, -0.48),
        (-0.515, -0.28),
        (-0.545, -0.02),
        (-0.50, 0.20),
    ];
    if !woman {
        cap = vec![
            (0.31, -0.37),
            (0.25, -0.50),
            (0.08, -0.575),
            (-0.16, -0.565),
            (-0.37, -0.47),
            (-0.495, -0.28),
            (-0.51, -0.03),
            (-0.45, 0.18),
            (-0.38, 0.30),
        ];
        cap.extend([(-0.30, 0.22), (-0.17, 0.10)]);
    } else if long {
        cap.extend([(-0.56, 0.50), (-0.58, 0.85), (-0.44, 1.05), (-0.28, 0.88), (-0.20, 0.50), (-0.15, 0.22)]);
    } else {
        cap.extend([(-0.40, 0.36), (-0.30, 0.40), (-0.22, 0.25), (-0.15, 0.16)]);
    }
    cap.extend([(-0.08, 0.10), (-0.02, -0.04), (0.06, -0.16), (0.17, -0.24), (0.27, -0.28)]);
    frame.curve(&cap).fill(canvas, dark, 1.0);
    if woman && !long {
        let (bx, by) = frame.at(-0.52, -0.30);
        Path::ellipse(bx, by, frame.size * 0.20, frame.size * 0.185, 0.4).fill(canvas, dark, 1.0);
        for i in 0..7 {
            let r = 0.05 + 0.02 * i as f32;
            let arc: Vec<_> = (0..9)
                .map(|k| {
                    let a = -2.4 + k as f32 * 0.28 + i as f32 * 0.12;
                    (-0.52 + a.cos() * r, -0.30 + a.sin() * r, 0.008 * (1.0 - (k as f32 / 4.0 - 1.0).powi(2)))
                })
                .collect();
            frame.ribbon(&arc).fill(canvas, light, 0.45);
        }
    }
    for i in 0..34 {
        let t = i as f32 / 33.0;
        let j = hash_unit(i, 2, seed);
        let end = if !woman {
            (-0.42 + 0.26 * t, 0.20 + 0.05 * j - 0.16 * t)
        } else if long {
            (-0.52 + 0.30 * t, 0.72 + 0.25 * j)
        } else {
            (-0.46 + 0.30 * t, 0.16 + 0.16 * j - 0.10 * t)
        };
        let strand = [
            (0.26 - 0.10 * t, -0.43 + 0.16 * t, 0.003),
            (-0.02 - 0.14 * t, -0.53 + 0.26 * t, 0.009),
            (-0.32 - 0.10 * (1.0 - t), -0.40 + 0.24 * t, 0.010),
            (-0.48 + 0.20 * t, -0.08 + 0.06 * j, 0.008),
            (end.0, end.1, 0.001),
        ];
        frame.ribbon(&smooth_ribbon(&strand)).fill(canvas, light, 0.12 + 0.30 * hash_unit(i, 3, seed).powi(2));
    }
}

/// More points along a coarse ribbon, so that strands bend softly.
fn smooth_ribbon(points: &[(f32, f32, f32)]) -> Vec<(f32, f32, f32)> {
    let mut out = Vec::new();
    for i in 0..points.len() - 1 {
        let (a, b, c, d) =
            (points[i.saturating_sub(1)], points[i], points[i + 1], points[(i + 2).min(points.len() - 1)]);
        for k in 0..6 {
            let t = k as f32 / 6.0;
            let f = |a: f32, b: f32, c: f32, d: f32| {
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
                    + (3.0 * b - a - 3.0 * c + d) * t * t * t)
            };
            out.push((f(a.0, b.0, c.0, d.0), f(a.1, b.1, c.1, d.1), b.2 + (c.2 - b.2) * t));
        }
    }
    out.push(points[points.len() - 1]);
    out
}

/// Eye, brow, ear and the shadow under the jaw: hints only.
fn features(canvas: &mut Canvas, frame: &Frame, palette: &Palette) {
    let dark = palette.ink;
    let light = palette.sun.mix(palette.horizon, 0.4);
    let lid = [(0.235, -0.015, 0.004), (0.285, -0.034, 0.012), (0.330, -0.016, 0.010), (0.362, 0.006, 0.002)];
    frame.ribbon(&smooth_ribbon(&lid)).fill(canvas, dark, 0.9);
    let brow = [(0.215, -0.105, 0.005), (0.290, -0.140, 0.017), (0.356, -0.118, 0.006)];
    frame.ribbon(&smooth_ribbon(&brow)).fill(canvas, dark, 0.75);
    let lips = [(0.392, 0.253, 0.003), (0.345, 0.262, 0.007), (0.305, 0.270, 0.001)];
    frame.ribbon(&smooth_ribbon(&lips)).fill(canvas, dark, 0.65);
    let nostril = [(0.405, 0.146, 0.004), (0.378, 0.132, 0.009), (0.360, 0.140, 0.002)];
    frame.ribbon(&smooth_ribbon(&nostril)).fill(canvas, dark, 0.5);
    let jaw = [(0.250, 0.455, 0.002), (0.120, 0.420, 0.012), (0.020, 0.300, 0.012), (-0.020, 0.160, 0.002)];
    frame.ribbon(&smooth_ribbon(&jaw)).fill(canvas, light, 0.22);
}

/// Sparks that leave the silhouette on the side away from the face, as in a print that was exposed twice.
fn drift(canvas: &mut Canvas, frame: &Frame, palette: &Palette, seed: u32) {
    let dark = palette.ink.mix(palette.zenith, 0.3);
    for i in 0..70 {
        let t = hash_unit(i, 11, seed).powf(1.6);
        let (x, y) = frame.at(-0.52 - 0.75 * t, -0.25 + 0.9 * hash_unit(i, 12, seed) - 0.45 * t);
        let r = frame.size * (0.004 + 0.016 * hash_unit(i, 13, seed).powi(3)) * (1.0 - 0.6 * t);
        let color = if hash_unit(i, 14, seed) < 0.3 { palette.sun } else { dark };
        Path::ellipse(x, y, r * 1.5, r * 0.8, hash_unit(i, 15, seed) * 3.0).fill(canvas, color, 0.75 * (1.0 - t));
    }
}
