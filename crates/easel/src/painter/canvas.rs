//! The canvas: linear light per pixel, and the coordinates that keep a composition the same at every size.

use super::color::Color;
use super::parallel;

/// A picture in the making.
///
/// Positions are written as `(u, v)`: `v` runs from 0 at the top to 1 at the bottom, `u` is measured in the same unit
/// from the middle, so that a wider picture shows more of the same scene.
#[derive(Debug)]
pub struct Canvas {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Row by row.
    pub pixels: Vec<Color>,
}

impl Canvas {
    /// A black canvas.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![Color::BLACK; width * height] }
    }

    /// Pixels of one unit: the height.
    pub fn unit(&self) -> f32 {
        self.height as f32
    }

    /// Half the width in units.
    pub fn half_width(&self) -> f32 {
        self.width as f32 / self.unit() * 0.5
    }

    /// How large things are drawn: upright formats are narrow, so things shrink with the width.
    pub fn scale(&self) -> f32 {
        (self.width as f32 / self.height as f32).min(1.0)
    }

    /// Pixel column of `u`.
    pub fn x(&self, u: f32) -> f32 {
        u * self.unit() + self.width as f32 * 0.5
    }

    /// Pixel row of `v`.
    pub fn y(&self, v: f32) -> f32 {
        v * self.unit()
    }

    /// `u` of the middle of a pixel column.
    #[inline]
    pub fn u(&self, x: f32) -> f32 {
        (x + 0.5 - self.width as f32 * 0.5) / self.height as f32
    }

    /// Calls `f(y, row)` for every row, on two threads.
    pub fn rows(&mut self, f: impl Fn(usize, &mut [Color]) + Sync) {
        parallel::rows(&mut self.pixels, self.width, f);
    }

    /// Calls `f(y, row)` for the rows of `range`, on two threads.
    pub fn rows_in(&mut self, range: std::ops::Range<usize>, f: impl Fn(usize, &mut [Color]) + Sync) {
        let (from, to) = (range.start.min(self.height), range.end.min(self.height));
        if from < to {
            let width = self.width;
            parallel::rows(&mut self.pixels[from * width..to * width], width, |y, row| f(y + from, row));
        }
    }

    /// The pixel at whole coordinates, clamped to the canvas.
    #[inline]
    pub fn get(&self, x: i32, y: i32) -> Color {
        let x = x.clamp(0, self.width as i32 - 1) as usize;
        let y = y.clamp(0, self.height as i32 - 1) as usize;
        self.pixels[y * self.width + x]
    }

    /// Adds a round soft light, used for lamps, stars and glows. Everything in pixels.
    pub fn glow(&mut self, cx: f32, cy: f32, radius: f32, light: Color) {
        let (x0, x1) = span(cx, radius, self.width);
        let (y0, y1) = span(cy, radius, self.height);
        for y in y0..y1 {
            for x in x0..x1 {
                let (dx, dy) = (x as f32 + 0.5 - cx, y as f32 + 0.5 - cy);
                let t = 1.0 - (dx * dx + dy * dy) / (radius * radius);
                if t > 0.0 {
                    self.pixels[y * self.width + x] += light * (t * t * t);
                }
            }
        }
    }
}

/// The pixels from `centre - reach` to `centre + reach` that exist.
fn span(centre: f32, reach: f32, size: usize) -> (usize, usize) {
    let low = (centre - reach).floor().clamp(0.0, size as f32) as usize;
    let high = (centre + reach).ceil().clamp(0.0, size as f32) as usize;
    (low, high)
}
