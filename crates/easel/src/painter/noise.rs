//! Hashing, dice and gradient noise. Everything here is a pure function of its arguments, so that a picture can be
//! painted by any number of threads in any order and still come out the same. It knows nothing of colours.

use super::parallel;

/// Mixes a lattice point and a seed into 32 well spread bits.
#[inline]
pub fn hash(x: i32, y: i32, seed: u32) -> u32 {
    let mut h =
        (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77) ^ seed.wrapping_mul(0xC2B2_AE3D);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2C1B_3C6D);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297A_2D39);
    h ^ (h >> 15)
}

/// The same bits as a number in `0.0..1.0`.
#[inline]
pub fn hash_unit(x: i32, y: i32, seed: u32) -> f32 {
    (hash(x, y, seed) >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Mixes 64 bits (the finaliser of SplitMix64).
pub fn mix64(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a over bytes, used for words.
pub fn hash_text(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// A named stream of random numbers. Each part of the picture throws its own dice, so that a word that adds a part does
/// not move the others.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The stream of one part of the picture.
    pub fn new(seed: u64, part: &str) -> Self {
        Self(mix64(seed ^ hash_text(part)))
    }

    /// The next 32 bits, fit for a noise seed.
    pub fn seed(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        (mix64(self.0) >> 32) as u32
    }

    /// The next number in `0.0..1.0`.
    pub fn unit(&mut self) -> f32 {
        (self.seed() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// The next number in `low..high`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// The next whole number in `0..count`; 0 when `count` is 0.
    pub fn pick(&mut self, count: usize) -> usize {
        (self.unit() * count as f32) as usize
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// 1 or -1.
    pub fn side(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }
}

const DIAGONAL: f32 = std::f32::consts::FRAC_1_SQRT_2;

const GRADIENTS: [(f32, f32); 16] = [
    (1.0, 0.0),
    (0.9239, 0.3827),
    (DIAGONAL, DIAGONAL),
    (0.3827, 0.9239),
    (0.0, 1.0),
    (-0.3827, 0.9239),
    (-DIAGONAL, DIAGONAL),
    (-0.9239, 0.3827),
    (-1.0, 0.0),
    (-0.9239, -0.3827),
    (-DIAGONAL, -DIAGONAL),
    (-0.3827, -0.9239),
    (0.0, -1.0),
    (0.3827, -0.9239),
    (DIAGONAL, -DIAGONAL),
    (0.9239, -0.3827),
];

/// The floor as a whole number: `f32::floor` is a library call on the baseline target.
#[inline]
fn floor(x: f32) -> i32 {
    let i = x as i32;
    i - i32::from((i as f32) > x)
}

/// Gradient noise in about -1.0..1.0.
#[inline]
pub fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let (xi, yi) = (floor(x), floor(y));
    let (fx, fy) = (x - xi as f32, y - yi as f32);
    // A lighter hash than the public one: four bits are needed, and this is where the painter spends its time.
    let (column, row) = ((xi as u32).wrapping_mul(0x9E37_79B1), (yi as u32).wrapping_mul(0x85EB_CA77));
    let salt = seed.wrapping_mul(0xC2B2_AE3D);
    let corner = |a: u32, b: u32, dx: f32, dy: f32| {
        let h = a ^ b ^ salt;
        let h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
        let (gx, gy) = GRADIENTS[((h ^ (h >> 13)) >> 28) as usize & 15];
        gx * dx + gy * dy
    };
    let u = fx * fx * fx * (fx * (fx * 6.0 - 15.0) + 10.0);
    let v = fy * fy * fy * (fy * (fy * 6.0 - 15.0) + 10.0);
    let (next_column, next_row) = (column.wrapping_add(0x9E37_79B1), row.wrapping_add(0x85EB_CA77));
    let top = corner(column, row, fx, fy);
    let top = top + (corner(next_column, row, fx - 1.0, fy) - top) * u;
    let low = corner(column, next_row, fx, fy - 1.0);
    let low = low + (corner(next_column, next_row, fx - 1.0, fy - 1.0) - low) * u;
    (top + (low - top) * v) * 1.45
}

/// Fractal noise in about -1.0..1.0. Each octave is turned, so that the lattice does not show.
pub fn fbm(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut x, mut y, mut amplitude, mut sum, mut total) = (x, y, 1.0, 0.0, 0.0);
    for octave in 0..octaves {
        sum += amplitude * noise(x, y, seed.wrapping_add(octave));
        total += amplitude;
        amplitude *= 0.5;
        (x, y) = (1.6 * x - 1.2 * y + 13.7, 1.2 * x + 1.6 * y + 7.3);
    }
    sum / total.max(1e-6)
}

/// Ridged noise in 0.0..1.0: sharp crests, broad valleys.
pub fn ridged(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut x, mut y, mut amplitude, mut sum, mut total, mut weight) = (x, y, 1.0, 0.0, 0.0, 1.0f32);
    for octave in 0..octaves {
        let n = 1.0 - noise(x, y, seed.wrapping_add(octave)).abs();
        let n = n * n;
        sum += amplitude * n * weight;
        total += amplitude;
        weight = (n * 1.6).min(1.0);
        amplitude *= 0.5;
        (x, y) = (1.6 * x - 1.2 * y + 3.1, 1.2 * x + 1.6 * y + 9.7);
    }
    sum / total.max(1e-6)
}

/// A field of numbers at reduced resolution, read back smoothly.
#[derive(Debug)]
pub struct Grid {
    width: usize,
    height: usize,
    /// Cells a pixel.
    scale: f32,
    values: Vec<f32>,
}

/// One row of pixels of a [`Grid`], already mixed from the two rows of cells around it.
#[derive(Debug)]
pub struct GridRow {
    scale: f32,
    values: Vec<f32>,
}

impl GridRow {
    /// The value at a pixel of this row.
    #[inline]
    pub fn at(&self, x: f32) -> f32 {
        let gx = (x * self.scale).clamp(0.0, self.values.len() as f32 - 1.001);
        let i = gx as usize;
        let (a, b) = (self.values[i], self.values[i + 1]);
        a + (b - a) * (gx - i as f32)
    }
}

impl Grid {
    /// Evaluates `f(x, y)` (in pixels) at every `step` pixels over a picture of this size.
    pub fn fill(width_px: usize, height_px: usize, step: f32, f: impl Fn(f32, f32) -> f32 + Sync) -> Self {
        let width = (width_px as f32 / step) as usize + 2;
        let height = (height_px as f32 / step) as usize + 2;
        let mut values = vec![0.0; width * height];
        parallel::rows(&mut values, width, |y, row| {
            for (x, value) in row.iter_mut().enumerate() {
                *value = f(x as f32 * step, y as f32 * step);
            }
        });
        Self { width, height, scale: 1.0 / step, values }
    }

    /// The values along one row of pixels, for painters that go through all of it.
    pub fn row(&self, y: f32) -> GridRow {
        let gy = (y * self.scale).clamp(0.0, self.height as f32 - 1.001);
        let (iy, fy) = (gy as usize, gy - gy as usize as f32);
        let (top, low) = self.values[iy * self.width..].split_at(self.width);
        let values = top.iter().zip(low).map(|(a, b)| a + (b - a) * fy).collect();
        GridRow { scale: self.scale, values }
    }

    /// The value at a pixel, bilinear, clamped at the edges.
    #[inline]
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let gx = (x * self.scale).clamp(0.0, self.width as f32 - 1.001);
        let gy = (y * self.scale).clamp(0.0, self.height as f32 - 1.001);
        let (ix, iy) = (gx as usize, gy as usize);
        let (fx, fy) = (gx - ix as f32, gy - iy as f32);
        let i = iy * self.width + ix;
        let v = &self.values;
        let top = v[i] + (v[i + 1] - v[i]) * fx;
        let low = v[i + self.width] + (v[i + self.width + 1] - v[i + self.width]) * fx;
        top + (low - top) * fy
    }
}

/// The usual soft step from 0 to 1 between two edges.
#[inline]
pub fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_grid_holds_the_values_of_the_grid() {
        let grid = Grid::fill(50, 30, 3.0, |x, y| x * 0.3 - y * y);
        for y in [0.0, 7.5, 29.0, 500.0] {
            let row = grid.row(y);
            for x in [0.0, 1.0, 24.5, 49.0, 500.0] {
                assert!((row.at(x) - grid.at(x, y)).abs() < 1e-2, "{x} {y}: {} {}", row.at(x), grid.at(x, y));
            }
        }
    }
}
