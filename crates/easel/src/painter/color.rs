//! Colour arithmetic: linear light for adding, OKLab for mixing and tinting, sRGB for what people write and see.

use std::ops::{Add, AddAssign, Mul, Sub};
use std::sync::LazyLock;

/// A colour in linear light; 1.0 is the white of the screen and lights may exceed it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Color {
    /// Red.
    pub r: f32,
    /// Green.
    pub g: f32,
    /// Blue.
    pub b: f32,
}

/// A colour in the perceptual space OKLab.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lab {
    /// Lightness, 0 to 1.
    pub l: f32,
    /// Green to red.
    pub a: f32,
    /// Blue to yellow.
    pub b: f32,
}

impl Color {
    /// Black, which is also the absence of light.
    pub const BLACK: Self = Self::new(0.0, 0.0, 0.0);
    /// The white of the screen.
    pub const WHITE: Self = Self::new(1.0, 1.0, 1.0);

    /// From linear parts.
    pub const fn new(r: f32, g: f32, b: f32) -> Self {
        Self { r, g, b }
    }

    /// From the usual `0xRRGGBB` in sRGB.
    pub fn hex(rgb: u32) -> Self {
        let part = |shift: u32| {
            let v = ((rgb >> shift) & 255) as f32 / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        Self::new(part(16), part(8), part(0))
    }

    /// Straight mixing in linear light: quick, right for coverage and haze.
    #[inline]
    pub fn mix(self, other: Self, t: f32) -> Self {
        Self::new(self.r + (other.r - self.r) * t, self.g + (other.g - self.g) * t, self.b + (other.b - self.b) * t)
    }

    /// Mixing in OKLab: slower, right for gradients.
    pub fn blend(self, other: Self, t: f32) -> Self {
        let (p, q) = (self.lab(), other.lab());
        Lab { l: p.l + (q.l - p.l) * t, a: p.a + (q.a - p.a) * t, b: p.b + (q.b - p.b) * t }.color()
    }

    /// Relative luminance.
    #[inline]
    pub fn luma(self) -> f32 {
        0.2126 * self.r + 0.7152 * self.g + 0.0722 * self.b
    }

    /// To OKLab.
    pub fn lab(self) -> Lab {
        let l = (0.412_221_5 * self.r + 0.536_332_5 * self.g + 0.051_446 * self.b).max(0.0).cbrt();
        let m = (0.211_903_5 * self.r + 0.680_699_5 * self.g + 0.107_397 * self.b).max(0.0).cbrt();
        let s = (0.088_302_5 * self.r + 0.281_718_8 * self.g + 0.629_978_7 * self.b).max(0.0).cbrt();
        Lab {
            l: 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_05 * s,
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    /// The colour with its chroma scaled.
    pub fn saturate(self, factor: f32) -> Self {
        let lab = self.lab();
        Lab { l: lab.l, a: lab.a * factor, b: lab.b * factor }.color()
    }

    /// The colour with its OKLab lightness scaled.
    pub fn lighten(self, factor: f32) -> Self {
        let lab = self.lab();
        Lab { l: (lab.l * factor).min(1.0), a: lab.a, b: lab.b }.color()
    }
}

impl Lab {
    /// Back to linear light; colours outside the gamut are cut at zero.
    pub fn color(self) -> Color {
        let l = (self.l + 0.396_337_78 * self.a + 0.215_803_76 * self.b).powi(3);
        let m = (self.l - 0.105_561_346 * self.a - 0.063_854_17 * self.b).powi(3);
        let s = (self.l - 0.089_484_18 * self.a - 1.291_485_5 * self.b).powi(3);
        Color::new(
            (4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s).max(0.0),
            (-1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s).max(0.0),
            (-0.004_196_09 * l - 0.703_418_6 * m + 1.707_614_7 * s).max(0.0),
        )
    }
}

impl Add for Color {
    type Output = Self;
    #[inline]
    fn add(self, o: Self) -> Self {
        Self::new(self.r + o.r, self.g + o.g, self.b + o.b)
    }
}

impl AddAssign for Color {
    #[inline]
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

impl Sub for Color {
    type Output = Self;
    #[inline]
    fn sub(self, o: Self) -> Self {
        Self::new(self.r - o.r, self.g - o.g, self.b - o.b)
    }
}

impl Mul<f32> for Color {
    type Output = Self;
    #[inline]
    fn mul(self, k: f32) -> Self {
        Self::new(self.r * k, self.g * k, self.b * k)
    }
}

impl Mul for Color {
    type Output = Self;
    #[inline]
    fn mul(self, o: Self) -> Self {
        Self::new(self.r * o.r, self.g * o.g, self.b * o.b)
    }
}

/// A gradient of colours over 0..1, mixed in OKLab once and then read from a table.
#[derive(Debug)]
pub struct Ramp(Vec<Color>);

impl Ramp {
    /// Entries of the table; more than a picture of 1024 rows can show.
    const SIZE: usize = 1024;

    /// From stops in rising order.
    pub fn new(stops: &[(f32, Color)]) -> Self {
        let entry = |i: usize| {
            let t = i as f32 / (Self::SIZE - 1) as f32;
            let mut from = stops.first().copied().unwrap_or((0.0, Color::BLACK));
            for &to in stops {
                if t <= to.0 {
                    let span = (to.0 - from.0).max(1e-5);
                    let k = ((t - from.0) / span).clamp(0.0, 1.0);
                    return from.1.blend(to.1, k * k * (3.0 - 2.0 * k) * 0.4 + k * 0.6);
                }
                from = to;
            }
            from.1
        };
        Self((0..Self::SIZE).map(entry).collect())
    }

    /// The colour at `t`, clamped to the ends.
    #[inline]
    pub fn at(&self, t: f32) -> Color {
        let x = t.clamp(0.0, 1.0) * (Self::SIZE - 1) as f32;
        let i = (x as usize).min(Self::SIZE - 2);
        self.0[i].mix(self.0[i + 1], x - i as f32)
    }
}

/// Entries of the table from the square root of linear light to sRGB; the root spends them where the eye looks.
const SRGB_SIZE: usize = 4096;

static SRGB: LazyLock<Vec<f32>> = LazyLock::new(|| {
    (0..SRGB_SIZE)
        .map(|i| {
            let root = i as f32 / (SRGB_SIZE - 1) as f32;
            let v = root * root;
            255.0 * if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
        })
        .collect()
});

/// The table behind [`srgb`], fetched once per picture rather than once per pixel.
pub fn srgb_table() -> &'static [f32] {
    &SRGB
}

/// Linear light to sRGB in 0..255, not yet rounded.
#[inline]
pub fn srgb(table: &[f32], linear: f32) -> f32 {
    let i = (linear.clamp(0.0, 1.0).sqrt() * (SRGB_SIZE - 1) as f32 + 0.5) as usize;
    table[i.min(SRGB_SIZE - 1)]
}
