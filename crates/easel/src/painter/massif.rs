//! Mountains as a height field seen in perspective: true flanks, cast shadows, snow on what is not too steep, and air
//! that thickens with distance. Low ridges before them are in `landscape/vista.rs`.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::{noise, smoothstep};
use super::palette::Palette;
use super::parallel;
use super::sky::Light;

/// Samples from the foot of the mountains to behind them.
const DEPTH: usize = 176;
/// Depth of the field in units of the picture.
const REACH: f32 = 1.15;

/// A mass of mountains.
#[derive(Clone, Copy, Debug)]
pub struct Massif {
    /// Noise of its own.
    pub seed: u32,
    /// Where its foot lies, as a fraction of the height.
    pub foot: f32,
    /// How far the highest peaks rise above the foot.
    pub rise: f32,
    /// Mountains per unit.
    pub pace: f32,
    /// How deep the valley before the light is cut, 0 to 1.
    pub valley: f32,
    /// How far down the snow comes: 0 is bare, 1 is white.
    pub snow: f32,
    /// Air before the nearest and the farthest parts.
    pub air: (f32, f32),
    /// Height of the light: the tangent of its angle.
    pub climb: f32,
}

/// The field and what it is painted with.
struct Field<'a> {
    massif: Massif,
    light: Light,
    unit: f32,
    half: f32,
    /// Pixels a column of the field.
    step: f32,
    columns: usize,
    heights: Vec<f32>,
    shadows: Vec<f32>,
    inks: Inks<'a>,
}

/// Colours of the massif in its light.
struct Inks<'a> {
    palette: &'a Palette,
    key: Color,
    shade: Color,
    low: Color,
    /// What distance fades into away from the light.
    veil: Color,
}

/// Paints the massif; what is behind it must be finished.
pub fn paint(canvas: &mut Canvas, massif: Massif, palette: &Palette, light: Light, octaves: u32) {
    let field = Field::of(canvas, massif, palette, light, octaves);
    let top = ((massif.foot - massif.rise * 1.25 - 0.06) * field.unit).max(0.0) as usize;
    let end = (((massif.foot + 0.04) * field.unit) as usize).min(canvas.height);
    if end <= top {
        return;
    }
    let band = end - top;
    let mut strips = vec![(Color::BLACK, 0.0f32); canvas.width * band];
    parallel::rows(&mut strips, band, |x, strip| field.strip(x, top, strip));
    canvas.rows_in(top..end, |y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (color, cover) = strips[x * band + y - top];
            if cover > 0.0 {
                *pixel = *pixel * (1.0 - cover.min(1.0)) + color;
            }
        }
    });
}

impl<'a> Field<'a> {
    fn of(canvas: &Canvas, massif: Massif, palette: &'a Palette, light: Light, octaves: u32) -> Self {
        let unit = canvas.unit();
        let step = if unit >= 700.0 { 2.0 } else { 1.0 };
        let columns = (canvas.width as f32 / step) as usize + 2;
        let half = canvas.width as f32 * 0.5;
        let mut heights = vec![0.0; columns * DEPTH];
        parallel::rows(&mut heights, DEPTH, |column, line| {
            let u = (column as f32 * step - half) / unit;
            for (k, height) in line.iter_mut().enumerate() {
                *height = massif.height(u, k as f32 / (DEPTH - 1) as f32, light.u, octaves);
            }
        });
        let low = palette.sky.at(0.80);
        let inks = Inks {
            palette,
            key: palette.key.mix(low * palette.key.luma().max(0.42), light.glow * 0.50) * (0.62 + 1.60 * light.glow),
            shade: palette.shade * 1.1 + palette.sky.at(0.32) * (0.10 + 0.34 * light.glow),
            low,
            veil: palette.haze.mix(palette.sky.at(0.40), 0.80 * light.glow.min(0.95)),
        };
        let mut field = Self { massif, light, unit, half, step, columns, heights, shadows: Vec::new(), inks };
        field.cast();
        field
    }

    /// Lets the light run over the field outwards from its own column and remembers how deep each place lies in shade.
    fn cast(&mut self) {
        let rise = self.massif.rise;
        let middle =
            ((self.light.u * self.unit + self.half) / self.step).clamp(0.0, self.columns as f32 - 1.0) as usize;
        let mut shadows = vec![0.0; self.heights.len()];
        let mut sweep = |columns: &mut dyn Iterator<Item = usize>| {
            let mut edge = [0.0f32; DEPTH];
            for column in columns {
                for (k, edge) in edge.iter_mut().enumerate() {
                    let spread = spread(k as f32 / (DEPTH - 1) as f32);
                    let height = self.heights[column * DEPTH + k] * rise;
                    *edge = (*edge - self.massif.climb * self.step / self.unit * spread).max(height);
                    shadows[column * DEPTH + k] = *edge - height;
                }
            }
        };
        sweep(&mut (middle..self.columns));
        sweep(&mut (0..middle).rev());
        self.shadows = shadows;
    }

    /// Paints one column of pixels from the nearest sample to the farthest, with exact coverage from above.
    fn strip(&self, x: usize, top: usize, strip: &mut [(Color, f32)]) {
        let at = x as f32 / self.step;
        let (left, part) = (at as usize, at.fract());
        let right = (left + 1).min(self.columns - 1);
        let look = |k: usize| {
            let pick = |values: &[f32]| {
                let (a, b) = (values[left * DEPTH + k], values[right * DEPTH + k]);
                a + (b - a) * part
            };
            (pick(&self.heights), pick(&self.shadows))
        };
        let row = |k: usize, height: f32| {
            let z = k as f32 / (DEPTH - 1) as f32;
            (self.massif.foot - 0.03 * z - self.massif.rise * height * (1.12 - 0.22 * z)) * self.unit - top as f32
        };
        let u = (x as f32 + 0.5 - self.half) / self.unit;
        let mut crest = strip.len() as f32;
        let mut before: Option<(usize, Color)> = None;
        for k in 0..DEPTH {
            let (height, shadow) = look(k);
            let y = row(k, height);
            if y >= crest {
                continue;
            }
            let color = self.color(u, left, k, height, shadow);
            // A place hidden in between starts a new surface; the one before it must not bleed into it.
            let from = before.filter(|&(last, _)| last + 1 == k).map_or(color, |(_, color)| color);
            fill(strip, y, crest, color, from);
            crest = y;
            before = Some((k, color));
        }
    }

    fn color(&self, u: f32, column: usize, k: usize, height: f32, shadow: f32) -> Color {
        let (massif, inks) = (&self.massif, &self.inks);
        let z = k as f32 / (DEPTH - 1) as f32;
        let at = |column: usize, k: usize| self.heights[column * DEPTH + k];
        let (west, east) = (column.saturating_sub(1), (column + 1).min(self.columns - 1));
        let (near, far) = (k.saturating_sub(1), (k + 1).min(DEPTH - 1));
        let dx = (east - west) as f32 * self.step / self.unit * spread(z);
        let dz = (far - near) as f32 / (DEPTH - 1) as f32 * REACH;
        let steep = massif.rise * 1.7;
        let (sx, sz) = ((at(east, k) - at(west, k)) * steep / dx, (at(column, far) - at(column, near)) * steep / dz);
        let length = (1.0 + sx * sx + sz * sz).sqrt();
        let aside = ((self.light.u - u) * 5.0).clamp(-1.0, 1.0) * (1.25 - massif.climb).clamp(0.5, 1.0);
        let facing = (-sx * aside * 0.92 + massif.climb * 0.75 + sz * 0.34) / length;
        let sunny = 1.0 - smoothstep(0.002, 0.030, shadow) * 0.85;
        let lit = smoothstep(-0.05, 0.85, facing) * sunny;
        // Open sky lights what lies flat more than what stands steep.
        let sky = 0.62 + 0.38 / length;
        let line = 0.92 - 0.80 * massif.snow;
        let snow = smoothstep(line - 0.07, line + 0.10, height + 0.20 * (1.0 / length - 0.40));
        let albedo = (inks.palette.rock * (0.62 + 0.5 * height)).mix(inks.palette.snow * 0.92, snow);
        let ground = albedo * (inks.shade * sky * 1.25 + inks.key * lit);
        let near_sun = 1.0 / (1.0 + ((u - self.light.u) * 2.4).powi(2));
        let haze = inks.veil.mix(inks.low + inks.palette.sun * 0.20, near_sun * near_sun * self.light.glow * 0.62);
        let valley = smoothstep(0.34, 0.0, height) * (0.20 + 0.25 * z);
        let air = massif.air.0 + (massif.air.1 - massif.air.0) * z;
        let air = air + (1.0 - air) * (valley + near_sun * near_sun * self.light.glow * 0.20);
        ground.mix(haze, air.min(0.95))
    }
}

/// How much wider the view is at this depth.
fn spread(z: f32) -> f32 {
    0.9 + 0.55 * z
}

impl Massif {
    fn height(&self, u: f32, z: f32, sun: f32, octaves: u32) -> f32 {
        let rising = smoothstep(0.0, 0.68, z) * (1.0 - 0.5 * smoothstep(0.72, 1.0, z));
        if rising <= 0.0 {
            return 0.0;
        }
        let (x, y) = (u * spread(z) * self.pace, z * REACH * self.pace);
        let broad = noise(x * 0.85 + 3.0, y * 0.6, self.seed ^ 0x71) * 0.5 + 0.5;
        let warp = noise(x * 1.7, y * 1.7, self.seed ^ 0x31) * 0.28;
        let crag = crags(x * 1.15 + warp, y * 1.15 - warp, octaves.clamp(4, 5), self.seed);
        // Gullies run towards us, so that they roughen the skyline but never fall between two samples.
        let gully = noise(x * 5.3 + warp * 2.0, y * 1.2, self.seed ^ 0x41).abs() * 0.62
            + noise(x * 12.1, y * 2.6, self.seed ^ 0x43).abs() * 0.38;
        let cut = ((u - sun) / 0.24).powi(2);
        let open = 1.0 - self.valley / (1.0 + cut * cut);
        rising * (0.10 + 1.05 * crag * (0.55 + 0.45 * crag)) * (0.42 + 0.86 * broad) * open * (1.09 - 0.30 * gully)
    }
}

/// Ridged noise whose crests are as round as the field is coarse: sharper ones would fall between two samples and leave
/// a saw of steps on every skyline.
fn crags(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut x, mut y, mut amplitude, mut sum, mut total, mut weight) = (x, y, 1.0, 0.0, 0.0, 1.0f32);
    let mut round = 0.016f32;
    for octave in 0..octaves {
        let n = noise(x, y, seed.wrapping_add(octave));
        let n = (1.0 - (n * n + round * round).sqrt()).max(0.0);
        let n = n * n;
        sum += amplitude * n * weight;
        total += amplitude;
        weight = (n * 1.6).min(1.0);
        (amplitude, round) = (amplitude * 0.5, round * 2.0);
        (x, y) = (1.6 * x - 1.2 * y + 3.1, 1.2 * x + 1.6 * y + 9.7);
    }
    sum / total.max(1e-6)
}

/// Covers the rows from `top` to `bottom` with a colour that runs from `high` to `low`.
fn fill(strip: &mut [(Color, f32)], top: f32, bottom: f32, high: Color, low: Color) {
    let (first, last) = (top.max(0.0), bottom.min(strip.len() as f32));
    let scale = 1.0 / (bottom - top).max(1e-3);
    let mut y = first;
    while y < last {
        let index = y as usize;
        let next = ((index + 1) as f32).min(last);
        let cover = next - y;
        let color = high.mix(low, (((y + next) * 0.5 - top) * scale).clamp(0.0, 1.0));
        let cell = &mut strip[index];
        cell.0 += color * cover;
        cell.1 += cover;
        y = next;
    }
}
