//! Filled shapes with smooth edges: polygons and curves, rasterised by exact area coverage.
//! Shapes are given in pixels; colour comes from a function of the pixel, so that a shape can be shaded.

use super::canvas::Canvas;
use super::color::Color;

/// A closed outline in pixels.
#[derive(Clone, Debug, Default)]
pub struct Path {
    points: Vec<(f32, f32)>,
}

impl Path {
    /// A polygon.
    pub fn polygon(points: &[(f32, f32)]) -> Self {
        Self { points: points.to_vec() }
    }

    /// A smooth closed curve through all points (Catmull-Rom).
    pub fn smooth(points: &[(f32, f32)]) -> Self {
        let n = points.len();
        let mut out = Vec::with_capacity(n * 8);
        for i in 0..n {
            let p = |k: usize| points[(i + k + n - 1) % n];
            let (a, b, c, d) = (p(0), p(1), p(2), p(3));
            for step in 0..8 {
                let t = step as f32 / 8.0;
                let curve = |a: f32, b: f32, c: f32, d: f32| {
                    0.5 * (2.0 * b
                        + (c - a) * t
                        + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
                        + (3.0 * b - a - 3.0 * c + d) * t * t * t)
                };
                out.push((curve(a.0, b.0, c.0, d.0), curve(a.1, b.1, c.1, d.1)));
            }
        }
        Self { points: out }
    }

    /// An ellipse, optionally turned (radians).
    pub fn ellipse(cx: f32, cy: f32, rx: f32, ry: f32, turn: f32) -> Self {
        let count = ((rx.max(ry) * 1.2) as usize).clamp(10, 96);
        let (sin, cos) = turn.sin_cos();
        let point = |i: usize| {
            let (s, c) = (i as f32 / count as f32 * std::f32::consts::TAU).sin_cos();
            (cx + c * rx * cos - s * ry * sin, cy + c * rx * sin + s * ry * cos)
        };
        Self { points: (0..count).map(point).collect() }
    }

    /// A line of changing thickness from `a` to `b`.
    pub fn stroke(a: (f32, f32), b: (f32, f32), width_a: f32, width_b: f32) -> Self {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = (dx * dx + dy * dy).sqrt().max(1e-4);
        let (nx, ny) = (-dy / length * 0.5, dx / length * 0.5);
        Self::polygon(&[
            (a.0 + nx * width_a, a.1 + ny * width_a),
            (b.0 + nx * width_b, b.1 + ny * width_b),
            (b.0 - nx * width_b, b.1 - ny * width_b),
            (a.0 - nx * width_a, a.1 - ny * width_a),
        ])
    }

    /// A ribbon of changing thickness through points `(x, y, width)`.
    pub fn ribbon(points: &[(f32, f32, f32)]) -> Self {
        let n = points.len();
        let mut left = Vec::with_capacity(n * 2);
        let mut right = Vec::with_capacity(n);
        for i in 0..n {
            let (before, after) = (points[i.saturating_sub(1)], points[(i + 1).min(n - 1)]);
            let (dx, dy) = (after.0 - before.0, after.1 - before.1);
            let length = (dx * dx + dy * dy).sqrt().max(1e-4);
            let half = points[i].2 * 0.5;
            let (nx, ny) = (-dy / length * half, dx / length * half);
            left.push((points[i].0 + nx, points[i].1 + ny));
            right.push((points[i].0 - nx, points[i].1 - ny));
        }
        right.reverse();
        left.extend(right);
        Self { points: left }
    }

    /// The same outline scaled about the origin, then moved.
    #[must_use]
    pub fn placed(&self, scale_x: f32, scale_y: f32, dx: f32, dy: f32) -> Self {
        Self { points: self.points.iter().map(|&(x, y)| (x * scale_x + dx, y * scale_y + dy)).collect() }
    }

    /// Fills with one colour at this opacity.
    pub fn fill(&self, canvas: &mut Canvas, color: Color, opacity: f32) {
        self.shade(canvas, opacity, |_, _, _| color);
    }

    /// Fills with the colour that `shade(x, y, below)` gives for each pixel.
    pub fn shade(&self, canvas: &mut Canvas, opacity: f32, shade: impl Fn(f32, f32, Color) -> Color) {
        let Some(mask) = Mask::of(&self.points, canvas.width, canvas.height) else {
            return;
        };
        for row in 0..mask.height {
            let y = mask.top + row;
            for column in 0..mask.width {
                let cover = mask.cover[row * mask.stride + column];
                if cover > 0.002 {
                    let x = mask.left + column;
                    let pixel = &mut canvas.pixels[y * canvas.width + x];
                    let paint = shade(x as f32 + 0.5, y as f32 + 0.5, *pixel);
                    *pixel = pixel.mix(paint, cover * opacity);
                }
            }
        }
    }
}

/// Coverage of the part of an outline that lies on the canvas.
struct Mask {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    stride: usize,
    cover: Vec<f32>,
}

impl Mask {
    /// None when nothing of the outline is on the canvas.
    fn of(points: &[(f32, f32)], canvas_width: usize, canvas_height: usize) -> Option<Self> {
        let fold =
            |f: fn(f32, f32) -> f32, start: f32, axis: fn(&(f32, f32)) -> f32| points.iter().map(axis).fold(start, f);
        let left = fold(f32::min, f32::MAX, |p| p.0).floor().max(0.0);
        let right = fold(f32::max, f32::MIN, |p| p.0).ceil().min(canvas_width as f32);
        let top = fold(f32::min, f32::MAX, |p| p.1).floor().max(0.0);
        let bottom = fold(f32::max, f32::MIN, |p| p.1).ceil().min(canvas_height as f32);
        if points.len() < 3 || right <= left || bottom <= top {
            return None;
        }
        let (width, height) = ((right - left) as usize, (bottom - top) as usize);
        let mut mask = Self {
            left: left as usize,
            top: top as usize,
            width,
            height,
            stride: width + 2,
            cover: vec![0.0; (width + 2) * height],
        };
        for (i, &from) in points.iter().enumerate() {
            let to = points[(i + 1) % points.len()];
            mask.edge((from.0 - left, from.1 - top), (to.0 - left, to.1 - top));
        }
        for row in mask.cover.chunks_mut(mask.stride) {
            let mut sum = 0.0f32;
            for cell in row {
                sum += *cell;
                *cell = sum.abs().min(1.0);
            }
        }
        Some(mask)
    }

    /// Adds the signed area to the right of one edge, cell by cell. Parts left of the box count on its border and parts
    /// right of it not at all, which is what clipping needs.
    fn edge(&mut self, a: (f32, f32), b: (f32, f32)) {
        if a.1 == b.1 {
            return;
        }
        let (direction, a, b) = if a.1 < b.1 { (1.0, a, b) } else { (-1.0, b, a) };
        let slope = (b.0 - a.0) / (b.1 - a.1);
        let limit = self.width as f32;
        let first = a.1.max(0.0);
        let last = b.1.min(self.height as f32);
        let mut y = first;
        while y < last {
            let row = y as usize;
            let next = ((row + 1) as f32).min(last);
            let dy = (next - y) * direction;
            let xa = (a.0 + slope * (y - a.1)).clamp(0.0, limit);
            let xb = (a.0 + slope * (next - a.1)).clamp(0.0, limit);
            let (x0, x1) = if xa < xb { (xa, xb) } else { (xb, xa) };
            self.cells(row * self.stride, x0, x1, dy);
            y = next;
        }
    }

    /// Spreads one row's piece of an edge, from `x0` to `x1`, over the cells that it crosses.
    fn cells(&mut self, start: usize, x0: f32, x1: f32, dy: f32) {
        let first = x0 as usize;
        if x1 <= (first + 1) as f32 {
            let middle = (x0 + x1) * 0.5 - first as f32;
            self.cover[start + first] += dy * (1.0 - middle);
            self.cover[start + first + 1] += dy * middle;
            return;
        }
        let per_x = dy / (x1 - x0);
        let mut carried = 0.0;
        let mut x = x0;
        let mut cell = first;
        while x < x1 {
            let next = ((cell + 1) as f32).min(x1);
            let part = per_x * (next - x);
            let middle = (x + next) * 0.5 - cell as f32;
            self.cover[start + cell] += part * (1.0 - middle) + carried;
            carried = part * middle;
            x = next;
            cell += 1;
        }
        self.cover[start + cell] += carried;
    }
}
