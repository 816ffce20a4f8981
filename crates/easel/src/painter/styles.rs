//! Finishes that imitate a medium: watercolour, oil, ink, a printed poster. Each works on the finished canvas.

use super::canvas::Canvas;
use super::color::Color;
use super::noise::{Dice, Grid, fbm, hash_unit, noise, smoothstep};
use super::path::Path;
use super::scene::{Scene, Style};

/// Applies the style of the scene.
pub fn apply(canvas: &mut Canvas, scene: &Scene) {
    let mut dice = Dice::new(scene.composition, "style");
    let seed = dice.seed();
    match scene.style {
        Style::Natural => {}
        Style::Watercolor => watercolor(canvas, seed),
        Style::Oil => oil(canvas, seed),
        Style::Ink => ink(canvas, seed),
        Style::Poster => poster(canvas, seed),
        Style::Minimal => minimal(canvas, seed),
    }
}

/// How far a pixel lies inside the painted part of a sheet with rough edges, 0 to 1.
fn sheet(canvas: &Canvas, x: f32, y: f32, margin: f32, rough: f32, seed: u32) -> f32 {
    let unit = canvas.width.min(canvas.height) as f32;
    let (right, bottom) = (canvas.width as f32 - x, canvas.height as f32 - y);
    let edge = x.min(y).min(right).min(bottom) / unit;
    let wobble = fbm(x / unit * 9.0, y / unit * 9.0, 3, seed) * rough;
    smoothstep(0.0, 0.010, edge - margin + wobble)
}

/// Pigment in water: wandering shapes, soft steps of tone, dark rims where a wash dried, grain of the paper.
fn watercolor(canvas: &mut Canvas, seed: u32) {
    let unit = canvas.unit();
    let (width, height) = (canvas.width, canvas.height);
    let bend_x =
        Grid::fill(width, height, (unit / 128.0).max(3.0), |x, y| fbm(x / unit * 14.0, y / unit * 14.0, 3, seed));
    let bend_y =
        Grid::fill(width, height, (unit / 128.0).max(3.0), |x, y| fbm(x / unit * 14.0, y / unit * 14.0, 3, seed ^ 1));
    let wash =
        Grid::fill(width, height, (unit / 100.0).max(3.0), |x, y| fbm(x / unit * 3.5, y / unit * 3.5, 4, seed ^ 2));
    let source = Canvas { width, height, pixels: std::mem::take(&mut canvas.pixels) };
    canvas.pixels = vec![Color::BLACK; width * height];
    let paper = Color::hex(0xFBF7EE);
    let reach = unit * 0.0085;
    let rim = (unit * 0.004).max(1.5);
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (fx, fy) = (x as f32, y as f32);
            let (sx, sy) = (fx + bend_x.at(fx, fy) * reach, fy + bend_y.at(fx, fy) * reach);
            let at = |dx: f32, dy: f32| source.get((sx + dx) as i32, (sy + dy) as i32);
            let blurred = (at(-rim, -rim) + at(rim, -rim) + at(-rim, rim) + at(rim, rim)) * 0.25;
            let here = blurred * 0.65 + at(0.0, 0.0) * 0.35;
            let wide = (at(-rim * 3.0, 0.0) + at(rim * 3.0, 0.0) + at(0.0, -rim * 3.0) + at(0.0, rim * 3.0)) * 0.25;
            // Pigment gathers at the border of a wash.
            let border = (wide.luma().sqrt() - here.luma().sqrt()).clamp(0.0, 0.25);
            let tone = here.luma().max(0.001).sqrt();
            let steps = (tone * 7.0).floor() / 7.0 + smoothstep(0.30, 0.70, (tone * 7.0).fract()) / 7.0;
            let color = here * ((steps / tone).clamp(0.5, 1.6)).powi(2);
            let grain = noise(fx * 0.9, fy * 0.9, seed ^ 5) * 0.035 + noise(fx * 0.31, fy * 0.31, seed ^ 6) * 0.04;
            let pool = 0.80 - 0.16 * wash.at(fx, fy) + border * 1.4 + grain;
            let capped = Color::new(color.r.min(1.0), color.g.min(1.0), color.b.min(1.0));
            let pigment = paper * (Color::WHITE - (Color::WHITE - capped) * pool.clamp(0.0, 1.05));
            let inside = sheet(&source, fx, fy, 0.045, 0.035, seed ^ 9);
            let texture = 1.0 + noise(fx * 0.5, fy * 0.5, seed ^ 7) * 0.012;
            *pixel = paper.mix(pigment, inside) * texture;
        }
    });
}

/// Strokes of three brushes, laid along the forms; the finest only where something happens.
fn oil(canvas: &mut Canvas, seed: u32) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit());
    let source = Canvas { width, height, pixels: canvas.pixels.clone() };
    for (pass, &(size, spacing)) in [(0.034f32, 0.021f32), (0.015, 0.0105), (0.0062, 0.0068)].iter().enumerate() {
        let (size, spacing) = (size * unit, (spacing * unit).max(2.5));
        let (columns, rows) = ((width as f32 / spacing) as i32 + 1, (height as f32 / spacing) as i32 + 1);
        for index in 0..columns * rows {
            // A stride that shares no factor with the count would be exact; a hash of the place is enough here.
            let (cx, cy) = (index % columns, index / columns);
            let jitter = |k: u32| hash_unit(cx, cy, seed ^ (pass as u32 * 64 + k)) - 0.5;
            let (x, y) = ((cx as f32 + 0.5 + jitter(1)) * spacing, (cy as f32 + 0.5 + jitter(2)) * spacing);
            let reach = (size * 0.8).max(3.0) as i32;
            let (ix, iy) = (x as i32, y as i32);
            let near = (size * 0.22).max(1.0) as i32;
            let here = (source.get(ix, iy) * 2.0 + source.get(ix - near, iy) + source.get(ix + near, iy)) * 0.25;
            let tone = |dx: i32, dy: i32| {
                let (px, py) = (ix + dx, iy + dy);
                let sum = source.get(px, py) + source.get(px + near, py + near) + source.get(px - near, py - near);
                (sum.luma().max(0.0) * 0.333).sqrt()
            };
            let (gx, gy) = (tone(reach, 0) - tone(-reach, 0), tone(0, reach) - tone(0, -reach));
            let strength = gx.hypot(gy);
            if pass == 2 && strength < 0.05 || pass == 1 && strength < 0.012 && jitter(7) > -0.1 {
                continue;
            }
            let flow = noise(x / unit * 2.2, y / unit * 2.2, seed ^ 3) * 0.9;
            let angle =
                if strength > 0.07 { (gx / -gy.abs().max(1e-4) * gy.signum()).atan() } else { flow } + jitter(4) * 0.3;
            let (sin, cos) = angle.sin_cos();
            let long = size * (1.25 + 0.6 * jitter(5));
            let wide = size * (0.42 + 0.18 * jitter(6));
            let tint = 1.0 + jitter(8) * 0.16;
            let stroke = [
                (x - cos * long, y - sin * long, wide * 0.55),
                (x - cos * long * 0.3, y - sin * long * 0.3, wide * 1.15),
                (x + cos * long * 0.5, y + sin * long * 0.5, wide),
                (x + cos * long, y + sin * long, wide * 0.35),
            ];
            let bristles = 5.0 / wide;
            Path::ribbon(&stroke).shade(canvas, 0.93, |px, py, _| {
                let across = (py - y) * cos - (px - x) * sin;
                let along = (px - x) * cos + (py - y) * sin;
                // Paint stands up in ridges; light comes from above.
                let ridge = noise(across * bristles, along * 0.05 * bristles, seed ^ index as u32);
                here * (tint + 0.16 * ridge - 0.12 * (across / wide))
            });
        }
    }
}

/// A wash of ink on warm paper, with lines where forms end, and a red seal.
fn ink(canvas: &mut Canvas, seed: u32) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit());
    let source = Canvas { width, height, pixels: std::mem::take(&mut canvas.pixels) };
    canvas.pixels = vec![Color::BLACK; width * height];
    let bend =
        Grid::fill(width, height, (unit / 128.0).max(3.0), |x, y| fbm(x / unit * 11.0, y / unit * 11.0, 3, seed));
    // Exposure: a night is drawn on white paper as well.
    let step = (width * height / 4096).max(1);
    let mut tones: Vec<f32> = source.pixels.iter().step_by(step).map(|c| c.luma().max(0.0).sqrt()).collect();
    tones.sort_by(f32::total_cmp);
    let (dark, bright) = (tones[tones.len() / 25], tones[tones.len() * 3 / 4].max(tones[tones.len() / 25] + 0.08));
    let (paper, black) = (Color::hex(0xF4EDDD), Color::hex(0x1C1B20));
    let reach = unit * 0.006;
    let line = (unit * 0.0024).max(1.0);
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (fx, fy) = (x as f32, y as f32);
            let b = bend.at(fx, fy);
            let (sx, sy) = (fx + b * reach, fy - b * reach);
            let raw = |dx: f32, dy: f32| {
                let c = source.get((sx + dx) as i32, (sy + dy) as i32);
                ((c.luma().max(0.0).sqrt() - dark) / (bright - dark)).clamp(-0.1, 1.1)
            };
            let tone =
                (raw(0.0, 0.0) * 2.0 + raw(line, line) + raw(-line, line) + raw(line, -line) + raw(-line, -line)) / 6.0;
            let (gx, gy) = (raw(line, 0.0) - raw(-line, 0.0), raw(0.0, line) - raw(0.0, -line));
            let contour = smoothstep(0.10, 0.42, gx.hypot(gy));
            let dry = smoothstep(-0.3, 0.5, noise(fx * 0.22, fy * 0.9, seed ^ 3));
            let steps = (tone * 5.0).floor() / 5.0 + smoothstep(0.15, 0.85, (tone * 5.0).fract()) / 5.0;
            let wash = (1.0 - steps).clamp(0.0, 1.0).powf(0.92) * (0.90 + 0.10 * b);
            let grain = noise(fx * 0.6, fy * 0.6, seed ^ 5) * 0.03;
            let strength = (wash * 0.94 + contour * (0.25 + 0.35 * dry) + grain * wash).clamp(0.0, 1.0);
            let inside = sheet(&source, fx, fy, 0.03, 0.05, seed ^ 9);
            let fibre = 1.0 + noise(fx * 0.05, fy * 0.4, seed ^ 7) * 0.012;
            *pixel = paper.mix(black, strength * inside) * fibre;
        }
    });
    seal(canvas, seed);
}

/// The painter's seal in a lower corner.
fn seal(canvas: &mut Canvas, seed: u32) {
    let s = canvas.unit() * 0.040;
    let (x, y) = (canvas.width as f32 - s * 2.4, canvas.unit() - s * 2.6);
    let red = Color::hex(0xB8322A);
    let corners = [(x, y), (x + s, y - s * 0.03), (x + s * 1.02, y + s), (x - s * 0.02, y + s * 1.02)];
    Path::polygon(&corners).shade(canvas, 0.92, |px, py, under| {
        let worn = noise(px * 0.4, py * 0.4, seed) > 0.55;
        if worn { under } else { red }
    });
    let pale = Color::hex(0xF4EDDD);
    for i in 0..4 {
        let t = s * (0.22 + 0.19 * i as f32);
        Path::stroke(
            (x + s * 0.18, y + t),
            (x + s * (0.55 + 0.27 * hash_unit(i, 1, seed)), y + t),
            s * 0.075,
            s * 0.06,
        )
        .fill(canvas, pale, 0.9);
    }
    Path::stroke((x + s * 0.5, y + s * 0.16), (x + s * 0.48, y + s * 0.86), s * 0.07, s * 0.06).fill(canvas, pale, 0.9);
}

/// A few flat tones and a paper border.
fn poster(canvas: &mut Canvas, seed: u32) {
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit());
    let paper = Color::hex(0xF3E9D6);
    let margin = 0.042;
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (fx, fy) = (x as f32, y as f32);
            let tone = pixel.luma().max(0.0005).sqrt();
            let scaled = tone * 8.5;
            let edge = smoothstep(0.44, 0.56, scaled.fract());
            let level = (scaled.floor() + edge + 0.18) / 8.9;
            let luma = pixel.luma();
            let k = (level / tone).powi(2).min(3.0);
            let c = *pixel * k;
            let l = luma * k;
            let rich = Color::new(l + (c.r - l) * 1.22, l + (c.g - l) * 1.22, l + (c.b - l) * 1.22);
            let speck = 1.0 + noise(fx * 0.8, fy * 0.8, seed) * 0.018;
            let edge = fx.min(fy).min(width as f32 - fx).min(height as f32 - fy) / width.min(height) as f32;
            let inside = smoothstep(-0.5, 0.5, (edge - margin) * unit);
            *pixel = paper.mix(rich, inside) * speck;
        }
    });
}

/// Calm: less contrast, a breath of paper.
fn minimal(canvas: &mut Canvas, seed: u32) {
    let paper = Color::hex(0xF6F0E6);
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let fibre = 1.0 + noise(x as f32 * 0.7, y as f32 * 0.7, seed) * 0.010;
            let luma = pixel.luma();
            let soft = Color::new(luma, luma, luma).mix(*pixel, 0.86);
            *pixel = soft.mix(paper * (0.25 + 0.75 * luma.min(1.0)), 0.12) * fibre;
        }
    });
}
