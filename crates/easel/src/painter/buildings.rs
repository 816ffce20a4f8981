//! Single buildings: houses, temple, palace, castle, lighthouse, bridge. Positions in pixels, feet at `y`.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::hash_unit;
use super::palette::Palette;
use super::path::Path;
use super::scene::Scene;
use super::words::Word;

/// Where a building stands and in which light.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// Middle of the foot.
    pub x: f32,
    /// The foot.
    pub y: f32,
    /// A length that all parts are measured by.
    pub size: f32,
    /// Air before it, 0 to 1.
    pub distance: f32,
    /// -1 when the light comes from the left, 1 from the right.
    pub light_side: f32,
    /// Whether lamps burn.
    pub lamps: bool,
    /// Its own shape.
    pub seed: u32,
    /// The colours of the picture.
    pub palette: &'a Palette,
}

impl Site<'_> {
    fn wall(&self, hex: u32, lit: f32) -> Color {
        self.palette.afar(self.palette.lit(Color::hex(hex), lit), self.distance)
    }

    fn poly(&self, canvas: &mut Canvas, points: &[(f32, f32)], color: Color) {
        let placed: Vec<_> = points.iter().map(|&(x, y)| (self.x + x * self.size, self.y + y * self.size)).collect();
        Path::polygon(&placed).fill(canvas, color, 1.0);
    }

    /// Light from the side: brighter towards it.
    fn round(&self, canvas: &mut Canvas, path: &Path, centre: f32, half: f32, dark: Color, lit: Color) {
        path.shade(canvas, 1.0, |x, _, _| {
            let t = ((x - centre) / half * self.light_side * 0.5 + 0.5).clamp(0.0, 1.0);
            dark.mix(lit, t * t * (3.0 - 2.0 * t))
        });
    }

    fn window(&self, canvas: &mut Canvas, x: f32, y: f32, w: f32, h: f32) {
        let color = if self.lamps { self.palette.lamp * 1.1 } else { self.wall(0x3A3A48, 0.4) };
        self.poly(canvas, &[(x - w, y), (x + w, y), (x + w, y - h), (x, y - h * 1.35), (x - w, y - h)], color);
        if self.lamps {
            canvas.glow(
                self.x + x * self.size,
                self.y + (y - h * 0.5) * self.size,
                self.size * 0.20,
                self.palette.lamp * 0.16,
            );
        }
    }
}

/// A small house with a gable, seen from its side.
pub fn house(canvas: &mut Canvas, site: Site, scene: &Scene) {
    let tone = hash_unit(0, 0, site.seed);
    let roofs = [0x9A4A36, 0x6A4A42, 0x54606C, 0xA86838];
    let roof_hex = roofs[(tone * 3.99) as usize];
    let albedo =
        if scene.subject_color.is_some() { Palette::of_subject(scene, 0xE8DCC6) } else { Color::hex(0xE6DAC6) };
    let front =
        site.palette.afar(site.palette.lit(albedo, if site.light_side < 0.0 { 0.95 } else { 0.42 }), site.distance);
    let flank =
        site.palette.afar(site.palette.lit(albedo, if site.light_side < 0.0 { 0.40 } else { 0.85 }), site.distance);
    let snowy = scene.has(Word::Snow);
    let roof = if snowy { site.wall(0xF2F5FA, 0.85) } else { site.wall(roof_hex, 0.8) };
    site.poly(canvas, &[(0.36, -0.78), (0.36, -1.02), (0.46, -1.02), (0.46, -0.70)], site.wall(0x7A5A4C, 0.6));
    site.poly(canvas, &[(-0.55, 0.03), (-0.55, -0.42), (-0.28, -0.80), (0.0, -0.42), (0.0, 0.03)], front);
    site.poly(canvas, &[(0.0, 0.03), (0.0, -0.44), (0.62, -0.44), (0.62, 0.03)], flank);
    site.poly(canvas, &[(0.04, -0.38), (-0.29, -0.86), (0.36, -0.86), (0.70, -0.38)], roof);
    site.poly(canvas, &[(-0.60, -0.36), (-0.29, -0.86), (-0.24, -0.80), (-0.53, -0.34)], roof * 0.8);
    site.window(canvas, -0.27, -0.34, 0.055, 0.10);
    site.poly(canvas, &[(-0.34, 0.03), (-0.34, -0.20), (-0.20, -0.20), (-0.20, 0.03)], site.wall(0x6A4632, 0.5));
    site.window(canvas, 0.19, -0.16, 0.06, 0.11);
    site.window(canvas, 0.44, -0.16, 0.06, 0.11);
}

/// A temple of the north Indian kind: a curved tower with a finial and a flag, and smaller ones beside it.
pub fn temple(canvas: &mut Canvas, site: Site) {
    let (dark, lit) = (site.wall(0xB07850, 0.22), site.wall(0xE2B27C, 0.95));
    for (dx, scale) in [(-0.62, 0.52), (0.62, 0.52), (-0.34, 0.70), (0.34, 0.70), (0.0, 1.0)] {
        let (cx, size) = (site.x + dx * site.size, site.size * scale);
        let half = size * 0.30;
        let mut points = Vec::new();
        for i in 0..=12 {
            let t = i as f32 / 12.0;
            let notch = if i % 2 == 0 { 0.0 } else { 0.03 };
            points.push((half * (1.0 - t.powf(1.7)) * (1.0 - notch) + size * 0.035, -size * (0.30 + 1.05 * t)));
        }
        let mut outline: Vec<_> = points.iter().map(|&(x, y)| (cx + x, site.y + y)).collect();
        outline.extend(points.iter().rev().map(|&(x, y)| (cx - x, site.y + y)));
        site.round(canvas, &Path::polygon(&outline), cx, half, dark, lit);
        let base = [
            (cx - half * 1.15, site.y + 2.0),
            (cx - half * 1.15, site.y - size * 0.32),
            (cx + half * 1.15, site.y - size * 0.32),
            (cx + half * 1.15, site.y + 2.0),
        ];
        site.round(canvas, &Path::polygon(&base), cx, half * 1.1, dark * 0.9, lit * 0.9);
        Path::ellipse(cx, site.y - size * 1.38, size * 0.062, size * 0.030, 0.0).fill(canvas, lit, 1.0);
        Path::stroke((cx, site.y - size * 1.38), (cx, site.y - size * 1.54), size * 0.022, 0.6).fill(canvas, lit, 1.0);
    }
    let (top, size) = (site.y - site.size * 1.50, site.size);
    Path::stroke((site.x, top), (site.x, top - size * 0.22), 1.2, 0.8).fill(canvas, dark, 1.0);
    let flag = [(site.x, top - size * 0.21), (site.x + size * 0.20, top - size * 0.155), (site.x, top - size * 0.11)];
    Path::polygon(&flag).fill(canvas, site.wall(0xE8702A, 1.0), 1.0);
    site.window(canvas, 0.0, 0.0, 0.07, 0.18);
}

/// A palace with a great dome between four minarets.
pub fn palace(canvas: &mut Canvas, site: Site) {
    let (dark, lit) = (site.wall(0xC9BFC2, 0.25), site.wall(0xFBF4EA, 0.98));
    let s = site.size;
    let dome = |canvas: &mut Canvas, cx: f32, foot: f32, r: f32| {
        let p = |x: f32, y: f32| (cx + x * r, foot + y * r);
        let shape = [
            p(-0.80, 0.0),
            p(-1.02, -0.45),
            p(-0.90, -0.95),
            p(-0.40, -1.42),
            p(0.0, -1.78),
            p(0.40, -1.42),
            p(0.90, -0.95),
            p(1.02, -0.45),
            p(0.80, 0.0),
        ];
        site.round(canvas, &Path::smooth(&shape), cx, r, dark, lit);
        Path::stroke((cx, foot - r * 1.70), (cx, foot - r * 2.20), (r * 0.09).max(1.0), 0.5).fill(canvas, lit, 1.0);
    };
    for side in [-1.42f32, -1.06, 1.06, 1.42] {
        let (cx, tall, wide) = (site.x + side * s, s * if side.abs() > 1.2 { 1.45 } else { 1.28 }, s * 0.055);
        let shaft = Path::stroke((cx, site.y + 2.0), (cx, site.y - tall), wide * 1.25, wide * 0.85);
        site.round(canvas, &shaft, cx, wide * 0.6, dark, lit);
        for level in [0.45, 0.75, 1.0] {
            let y = site.y - tall * level;
            Path::stroke((cx - wide, y), (cx + wide, y), wide * 0.5, wide * 0.5).fill(canvas, lit, 1.0);
        }
        dome(canvas, cx, site.y - tall, wide * 0.72);
    }
    dome(canvas, site.x - s * 0.47, site.y - s * 0.72, s * 0.15);
    dome(canvas, site.x + s * 0.47, site.y - s * 0.72, s * 0.15);
    let drum = Path::polygon(&[
        (site.x - s * 0.30, site.y - s * 0.6),
        (site.x - s * 0.30, site.y - s * 0.92),
        (site.x + s * 0.30, site.y - s * 0.92),
        (site.x + s * 0.30, site.y - s * 0.6),
    ]);
    site.round(canvas, &drum, site.x, s * 0.30, dark, lit);
    dome(canvas, site.x, site.y - s * 0.90, s * 0.345);
    let block = [(-0.82, 0.02), (-0.82, -0.66), (-0.70, -0.72), (0.70, -0.72), (0.82, -0.66), (0.82, 0.02)];
    let block: Vec<_> = block.iter().map(|&(x, y)| (site.x + x * s, site.y + y * s)).collect();
    site.round(canvas, &Path::polygon(&block), site.x, s * 0.9, dark, lit);
    let shade = dark.mix(site.palette.ink, 0.35);
    let arch = |canvas: &mut Canvas, cx: f32, foot: f32, w: f32, h: f32| {
        let p = |x: f32, y: f32| (site.x + (cx + x) * s, site.y + (foot + y) * s);
        let points = [
            p(-w, 0.0),
            p(-w, -h * 0.62),
            p(-w * 0.6, -h * 0.86),
            p(0.0, -h),
            p(w * 0.6, -h * 0.86),
            p(w, -h * 0.62),
            p(w, 0.0),
        ];
        Path::polygon(&points).fill(canvas, if site.lamps { shade.mix(site.palette.lamp, 0.5) } else { shade }, 1.0);
    };
    site.poly(canvas, &[(-0.25, 0.02), (-0.25, -0.80), (0.25, -0.80), (0.25, 0.02)], lit);
    arch(canvas, 0.0, 0.0, 0.16, 0.66);
    for x in [-0.64, -0.42, 0.42, 0.64] {
        arch(canvas, x, 0.0, 0.070, 0.28);
        arch(canvas, x, -0.36, 0.070, 0.26);
    }
    site.poly(canvas, &[(-1.62, 0.10), (-1.62, 0.0), (1.62, 0.0), (1.62, 0.10)], dark.mix(lit, 0.55));
}

/// A castle on its rock.
pub fn castle(canvas: &mut Canvas, site: Site) {
    let (dark, lit) = (site.wall(0x6A6670, 0.2), site.wall(0xA79E98, 0.9));
    let s = site.size;
    let towers = [(-0.58, 0.78, 0.13), (0.60, 0.70, 0.13), (-0.22, 1.02, 0.12), (0.28, 1.28, 0.15), (0.02, 0.62, 0.34)];
    for (dx, tall, half) in towers {
        let (cx, top) = (site.x + dx * s, site.y - tall * s);
        let body = [
            (cx - half * s, site.y + 2.0),
            (cx - half * s * 0.94, top),
            (cx + half * s * 0.94, top),
            (cx + half * s, site.y + 2.0),
        ];
        site.round(canvas, &Path::polygon(&body), cx, half * s, dark, lit);
        if half < 0.2 {
            let roof = [(cx - half * s * 1.30, top), (cx, top - half * s * 3.0), (cx + half * s * 1.30, top)];
            site.round(
                canvas,
                &Path::polygon(&roof),
                cx,
                half * s,
                site.wall(0x3E4A62, 0.25),
                site.wall(0x5E6E8A, 0.9),
            );
            site.window(canvas, dx, -tall + 0.22, 0.022, 0.07);
        } else {
            for i in 0..7 {
                let x = cx - half * s * 0.9 + i as f32 * half * s * 0.28;
                Path::stroke((x, top + 1.0), (x, top - s * 0.055), s * 0.055, s * 0.055).fill(
                    canvas,
                    lit.mix(dark, 0.4),
                    1.0,
                );
            }
        }
    }
    for x in [-0.12, 0.06, 0.18] {
        site.window(canvas, x, -0.30, 0.022, 0.07);
    }
}

/// A lighthouse on its rock; at night its beam sweeps the sea.
pub fn lighthouse(canvas: &mut Canvas, site: Site, scene: &Scene) {
    let s = site.size;
    let band = Palette::of_subject(scene, 0xC23A2E);
    let (white_dark, white_lit) = (site.wall(0xE9E4DC, 0.25), site.wall(0xFBF7EF, 0.98));
    let tower = [
        (site.x - s * 0.17, site.y + s * 0.05),
        (site.x - s * 0.105, site.y - s * 1.30),
        (site.x + s * 0.105, site.y - s * 1.30),
        (site.x + s * 0.17, site.y + s * 0.05),
    ];
    let band_color = site.palette.afar(site.palette.lit(band, 0.8), site.distance);
    Path::polygon(&tower).shade(canvas, 1.0, |x, y, _| {
        let t = ((x - site.x) / (s * 0.15) * site.light_side * 0.5 + 0.5).clamp(0.0, 1.0);
        let stripe = (((site.y - y) / s * 3.9) as i32) % 2 == 1;
        let shade = white_dark.mix(white_lit, t);
        if stripe { shade * band_color * 1.6 } else { shade }
    });
    let iron = site.wall(0x2C3038, 0.5);
    site.poly(canvas, &[(-0.15, -1.29), (-0.15, -1.34), (0.15, -1.34), (0.15, -1.29)], iron);
    let lamp = if site.lamps { site.palette.lamp * 2.2 } else { site.wall(0xDCE6EA, 1.0) };
    site.poly(canvas, &[(-0.085, -1.34), (-0.085, -1.50), (0.085, -1.50), (0.085, -1.34)], lamp);
    site.poly(canvas, &[(-0.12, -1.50), (0.0, -1.64), (0.12, -1.50)], band_color);
    if site.lamps {
        let (cx, cy) = (site.x, site.y - s * 1.42);
        beam(canvas, cx, cy, -site.light_side, site.palette.lamp);
        canvas.glow(cx, cy, s * 0.85, site.palette.lamp * 0.50);
        canvas.glow(cx, cy, s * 0.20, site.palette.lamp * 1.4);
    }
}

/// A cone of light that fades with distance.
fn beam(canvas: &mut Canvas, cx: f32, cy: f32, side: f32, lamp: Color) {
    let reach = canvas.width as f32;
    for spread in [0.05f32, 0.09, 0.14] {
        let cone = [
            (cx, cy - 1.0),
            (cx + side * reach, cy - reach * (spread + 0.10)),
            (cx + side * reach, cy + reach * (spread - 0.10)),
            (cx, cy + 1.0),
        ];
        Path::polygon(&cone).shade(canvas, 1.0, |x, _, under| {
            let far = ((x - cx).abs() / reach * 1.5).min(1.0);
            under + lamp * (0.11 * (1.0 - far) * (1.0 - far))
        });
    }
}

/// A stone bridge of several arches across the picture.
pub fn bridge(canvas: &mut Canvas, site: Site) {
    let (dark, lit) = (site.wall(0x6E6258, 0.3), site.wall(0xB7A48E, 0.85));
    let (s, arches) = (site.size, 4);
    let deck = |x: f32| site.y - s * 0.42 + ((x - site.x) / (s * 2.2)).powi(2) * s * 0.16;
    let left = site.x - s * 2.2;
    let mut outline: Vec<(f32, f32)> =
        (0..=24).map(|i| left + i as f32 / 24.0 * s * 4.4).map(|x| (x, deck(x))).collect();
    let span = s * 4.4 / arches as f32;
    for arch in (0..arches).rev() {
        let x0 = left + arch as f32 * span;
        outline.push((x0 + span, site.y + s * 0.04));
        for i in (0..=14).rev() {
            let angle = i as f32 / 14.0 * std::f32::consts::PI;
            let x = x0 + span * 0.5 - angle.cos() * span * 0.40;
            outline.push((x, site.y + s * 0.04 - angle.sin() * s * 0.33));
        }
        outline.push((x0, site.y + s * 0.04));
    }
    let crown = site.y - s * 0.42;
    Path::polygon(&outline).shade(canvas, 1.0, |_, y, _| lit.mix(dark, ((y - crown) / (s * 0.40)).clamp(0.0, 1.0)));
}
