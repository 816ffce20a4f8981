//! Land in layers: mountains, hills, dunes. Every layer is a ridgeline with a shaded body, faded by the air in front of
//! it. Layers are painted from far to near and never overdraw what a nearer one will cover.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::{fbm, noise, ridged, smoothstep};
use super::palette::Palette;
use super::sky::Light;

/// The shape of a ridgeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Sharp peaks.
    Alpine,
    /// Long soft waves.
    Rolling,
    /// Smooth arcs with a crest.
    Dune,
}

/// One layer of land.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its ridgeline.
    pub shape: Shape,
    /// Noise of its own.
    pub seed: u32,
    /// Height of the middle of the ridgeline.
    pub base: f32,
    /// How far it rises above.
    pub relief: f32,
    /// Waves per unit.
    pub frequency: f32,
    /// How much air lies before it, 0 to 1.
    pub distance: f32,
    /// What it is made of.
    pub albedo: Color,
    /// Share of snow, 0 to 1.
    pub snow: f32,
    /// Strength of the texture.
    pub relief_shading: f32,
}

impl Layer {
    /// Height of the ridge at `u`.
    pub fn ridge(&self, u: f32, octaves: u32) -> f32 {
        let x = u * self.frequency;
        let rise = match self.shape {
            Shape::Alpine => {
                let warp = fbm(x * 0.8, 3.1, 2, self.seed ^ 0x21) * 0.45;
                let peaks = ridged(x + warp, 0.37, octaves.max(4), self.seed);
                let broad = fbm(x * 0.45, 8.2, 2, self.seed ^ 0x77);
                peaks * 1.15 - 0.45 + broad * 0.5
            }
            Shape::Rolling => fbm(x, 1.7, octaves.min(5), self.seed) * 0.9 + noise(x * 0.4, 4.0, self.seed ^ 9) * 0.4,
            Shape::Dune => {
                let wave = noise(x * 0.9, 2.3, self.seed) + 0.35 * noise(x * 2.1, 6.1, self.seed ^ 5);
                wave * 0.75 + 0.18 * (1.0 - noise(x * 1.4 + 4.0, 0.5, self.seed ^ 3).abs() * 2.0)
            }
        };
        self.base - self.relief * rise
    }
}

/// A ridgeline in pixels, one height a column.
pub fn outline(canvas: &Canvas, layer: &Layer, octaves: u32) -> Vec<f32> {
    (0..canvas.width).map(|x| canvas.y(layer.ridge(canvas.u(x as f32), octaves))).collect()
}

/// Paints layers from far to near, down to `bottom` (a fraction of the height).
pub fn paint_layers(
    canvas: &mut Canvas,
    layers: &[Layer],
    palette: &Palette,
    light: Light,
    bottom: f32,
    octaves: u32,
) -> Vec<Vec<f32>> {
    let lines: Vec<Vec<f32>> = layers.iter().map(|layer| outline(canvas, layer, octaves)).collect();
    for (index, layer) in layers.iter().enumerate() {
        let floor = bottom * canvas.unit();
        let mut cover = vec![floor; canvas.width];
        for nearer in lines.iter().skip(index + 1) {
            for (low, &ridge) in cover.iter_mut().zip(nearer) {
                *low = low.min(ridge + 1.0);
            }
        }
        paint_layer(canvas, layer, &lines[index], &cover, palette, light, octaves);
    }
    lines
}

fn paint_layer(
    canvas: &mut Canvas,
    layer: &Layer,
    ridge: &[f32],
    cover: &[f32],
    palette: &Palette,
    light: Light,
    octaves: u32,
) {
    let unit = canvas.unit();
    let half = canvas.width as f32 * 0.5;
    let top = ridge.iter().copied().fold(f32::MAX, f32::min).max(0.0) as usize;
    let end = cover.iter().copied().fold(0.0, f32::max) as usize + 1;
    let body = Body::of(layer, palette, light, octaves, unit);
    // The slope of the ridgeline widens its soft edge, so that steep flanks are as smooth as flat ones.
    let widen: Vec<f32> = (0..ridge.len())
        .map(|x| {
            let slope = ridge[(x + 1).min(ridge.len() - 1)] - ridge[x.saturating_sub(1)];
            1.0 / (1.0 + slope * slope * 0.25).sqrt()
        })
        .collect();
    // On a large canvas two neighbours share one look at the rock: its detail is coarser than that.
    let share = usize::from(unit >= 700.0);
    canvas.rows_in(top..end, |y, row| {
        let mut known = None;
        for (x, pixel) in row.iter_mut().enumerate() {
            let below = y as f32 + 0.5 - ridge[x];
            let alpha = (below * widen[x] + 0.5).clamp(0.0, 1.0);
            if alpha <= 0.0 || (y as f32) > cover[x] + 1.0 {
                continue;
            }
            let u = (x as f32 + 0.5 - half) / unit;
            let color = match known {
                Some((at, color)) if x - at <= share => color,
                _ => body.color(u, (y as f32 + 0.5) / unit, below.max(0.0) / unit),
            };
            if known.is_none_or(|(at, _)| x - at > share) {
                known = Some((x, color));
            }
            *pixel = pixel.mix(color, alpha);
        }
    });
}

/// What a layer looks like below its ridge.
struct Body<'a> {
    layer: &'a Layer,
    palette: &'a Palette,
    light: Light,
    octaves: u32,
    lit: Color,
    shaded: Color,
    snow_lit: Color,
    snow_shaded: Color,
    pixel: f32,
}

impl<'a> Body<'a> {
    fn of(layer: &'a Layer, palette: &'a Palette, light: Light, octaves: u32, unit: f32) -> Self {
        let lit = palette.lit(layer.albedo, 1.0);
        Self {
            layer,
            palette,
            light,
            octaves,
            lit,
            shaded: palette.lit(layer.albedo, 0.06),
            snow_lit: palette.lit(palette.snow, 0.95),
            snow_shaded: palette.lit(palette.snow, 0.10) + palette.zenith * 0.10,
            pixel: 1.0 / unit,
        }
    }

    fn color(&self, u: f32, v: f32, below: f32) -> Color {
        let layer = self.layer;
        let aside = ((self.light.u - u) * 3.0).clamp(-1.0, 1.0);
        let (shade, grain) = self.texture(u, v, below, aside);
        let ground = self.shaded.mix(self.lit, shade);
        let ground = if layer.snow > 0.0 {
            // Snow keeps to the heights and lies in patches where the slope breaks.
            let line = layer.relief * (1.25 * layer.snow);
            let amount = smoothstep(0.02, -0.05, below - line * (0.75 + grain * 1.3));
            ground.mix(self.snow_shaded.mix(self.snow_lit, shade), amount)
        } else {
            ground
        };
        // A thin rim where the light grazes the crest.
        let near_sun = 1.0 / (1.0 + ((u - self.light.u) * 2.2).powi(2));
        let rim = (1.0 - below / (self.pixel * 2.0 + 0.0035)).max(0.0) * near_sun * self.light.glow;
        let ground = ground + self.palette.sun * (rim * 0.30 * (1.0 - layer.distance * 0.6));
        // Air gathers in the valleys, and is brighter on the side of the sun.
        let valley = smoothstep(0.0, layer.relief.max(0.08) * 1.6, below) * 0.42;
        let air = (layer.distance + (1.0 - layer.distance) * valley * (0.25 + layer.distance)).min(0.97);
        let haze =
            self.palette.haze + (self.palette.horizon - self.palette.haze * 0.4) * (near_sun * self.light.glow * 0.35);
        ground.mix(haze, air)
    }

    /// Light on the slope (0..1) and a rough number for patches.
    fn texture(&self, u: f32, v: f32, below: f32, aside: f32) -> (f32, f32) {
        let layer = self.layer;
        let strength = layer.relief_shading * (1.0 - layer.distance * 0.5);
        match layer.shape {
            Shape::Alpine => {
                let scale = 7.5 / (layer.relief * 4.0 + 0.35);
                let warp = noise(u * scale * 0.6, v * scale * 0.8, layer.seed ^ 0x31) * 0.5;
                let (px, py) = (u * scale + warp + below * 2.0, v * scale * 0.62);
                let octaves = self.octaves.min(5);
                let here = ridged(px, py, octaves, layer.seed ^ 0x11);
                let there = ridged(px + 0.11 * aside, py - 0.06, octaves, layer.seed ^ 0x11);
                let shade = 0.52 + (here - there) * 3.6 * strength;
                (shade.clamp(0.0, 1.0), here - 0.45)
            }
            Shape::Rolling => {
                let n = fbm(u * 9.0, v * 26.0, 3, layer.seed ^ 0x13);
                let fade = 0.75 - smoothstep(0.0, 0.16, below) * 0.35;
                ((fade + n * 0.38 * strength).clamp(0.0, 1.0), n)
            }
            Shape::Dune => {
                // One flank in the light, one in the shade, divided by a wandering crest.
                let crest = noise(u * layer.frequency * 0.9 + below * 5.0 * aside, 2.3, layer.seed);
                let flank = smoothstep(-0.22, 0.22, crest + below * 1.1 - 0.08);
                let ripple = noise(u * 18.0 + v * 9.0, v * 130.0, layer.seed ^ 0x17) * 0.05;
                ((0.95 - flank * 0.62 + ripple * strength).clamp(0.0, 1.0), ripple)
            }
        }
    }
}
