//! The last steps, common to all pictures: bloom, tone mapping, vignette, grain, and dithering to eight bits.

use super::canvas::Canvas;
use super::color::{Color, srgb, srgb_table};
use super::noise::{hash, smoothstep};
use super::parallel;

/// How strongly each step is applied.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// Light that bleeds from bright places.
    pub bloom: f32,
    /// Contrast around middle grey; 1 leaves it.
    pub contrast: f32,
    /// Colourfulness; 1 leaves it.
    pub saturation: f32,
    /// Darkening towards the corners.
    pub vignette: f32,
    /// Film grain.
    pub grain: f32,
}

/// Adds a soft halo around what is brighter than the screen can show.
pub fn bloom(canvas: &mut Canvas, strength: f32) {
    if strength <= 0.0 {
        return;
    }
    let cell = (canvas.height / 128).max(4);
    let (width, height) = (canvas.width / cell + 1, canvas.height / cell + 1);
    let mut small = vec![Color::BLACK; width * height];
    {
        let canvas = &*canvas;
        parallel::rows(&mut small, width, |gy, row| {
            for (gx, out) in row.iter_mut().enumerate() {
                let mut sum = Color::BLACK;
                for y in (gy * cell..(gy * cell + cell).min(canvas.height)).step_by(2) {
                    for x in (gx * cell..(gx * cell + cell).min(canvas.width)).step_by(2) {
                        let c = canvas.pixels[y * canvas.width + x];
                        let over = smoothstep(0.72, 1.5, c.luma());
                        sum += c * over;
                    }
                }
                *out = sum * (4.0 / (cell * cell) as f32);
            }
        });
    }
    for radius in [2usize, 4, 5] {
        blur(&mut small, width, height, radius);
    }
    let scale = 1.0 / cell as f32;
    canvas.rows(|y, row| {
        let gy = ((y as f32 + 0.5) * scale - 0.5).clamp(0.0, height as f32 - 1.001);
        let (iy, fy) = (gy as usize, gy - gy.floor());
        let next = if iy + 1 < height { width } else { 0 };
        for (x, pixel) in row.iter_mut().enumerate() {
            let gx = ((x as f32 + 0.5) * scale - 0.5).clamp(0.0, width as f32 - 1.001);
            let (ix, fx) = (gx as usize, gx - gx as usize as f32);
            let i = iy * width + ix;
            let right = usize::from(ix + 1 < width);
            let top = small[i].mix(small[i + right], fx);
            let low = small[i + next].mix(small[i + next + right], fx);
            *pixel += top.mix(low, fy) * strength;
        }
    });
}

/// A box blur in both directions.
fn blur(cells: &mut [Color], width: usize, height: usize, radius: usize) {
    let window = 1.0 / (2 * radius + 1) as f32;
    let mut line = vec![Color::BLACK; width.max(height)];
    let mut pass = |count: usize, start: usize, stride: usize| {
        for (i, out) in line.iter_mut().enumerate().take(count) {
            let mut sum = Color::BLACK;
            for k in 0..=2 * radius {
                let j = (i + k).saturating_sub(radius).min(count - 1);
                sum += cells[start + j * stride];
            }
            *out = sum * window;
        }
        for (i, value) in line.iter().enumerate().take(count) {
            cells[start + i * stride] = *value;
        }
    };
    for y in 0..height {
        pass(width, y * width, 1);
    }
    for x in 0..width {
        pass(height, x, width);
    }
}

/// Keeps colours below white without clipping: straight up to the knee, then a soft shoulder.
#[inline]
fn shoulder(x: f32) -> f32 {
    const KNEE: f32 = 0.68;
    if x <= KNEE {
        x
    } else {
        let over = (x - KNEE) / (1.0 - KNEE);
        KNEE + (1.0 - KNEE) * (over / (1.0 + over * over).sqrt().max(1.0) * 0.35 + over / (1.0 + over) * 0.65)
    }
}

/// Turns linear light into eight-bit sRGB.
pub fn develop(canvas: &Canvas, finish: Finish, seed: u32) -> Vec<u8> {
    let mut rgb = vec![0u8; canvas.width * canvas.height * 3];
    let table = srgb_table();
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let inverse = 1.0 / (width.min(height) * 0.5);
    // Grain is tied to the size of the picture rather than to pixels, up to one pixel.
    let grain_cells = 768.0 / height.max(768.0);
    parallel::rows(&mut rgb, canvas.width * 3, |y, row| {
        let dy = (y as f32 + 0.5 - height * 0.5) * 2.0 / height;
        let gy = (y as f32 * grain_cells) as i32;
        let pixels = &canvas.pixels[y * canvas.width..(y + 1) * canvas.width];
        for (x, (out, pixel)) in row.chunks_exact_mut(3).zip(pixels).enumerate() {
            let dx = (x as f32 + 0.5 - width * 0.5) * inverse;
            let edge = 1.0 - finish.vignette * smoothstep(0.2, 2.9, dx * dx + dy * dy);
            let c = *pixel * edge;
            let c = Color::new(shoulder(c.r), shoulder(c.g), shoulder(c.b));
            let luma = c.luma();
            let k = finish.saturation;
            let c = Color::new(luma + (c.r - luma) * k, luma + (c.g - luma) * k, luma + (c.b - luma) * k);
            let bits = hash(x as i32, y as i32, seed);
            let speck = hash((x as f32 * grain_cells) as i32, gy, seed ^ 0x9A1B);
            let grain = ((speck & 1023) as f32 + ((speck >> 10) & 1023) as f32 - 1023.0) * (finish.grain / 1023.0);
            // Grain sits in the middle tones, as on film.
            let tone = srgb(table, luma) * (1.0 / 255.0);
            let grain = grain * (0.35 + 2.6 * tone * (1.0 - tone));
            // A triangle of one step in both directions hides the steps of eight bits.
            let dither = ((bits & 0xFFFF) as f32 + (bits >> 16) as f32) * (1.0 / 65536.0) - 1.0;
            for (byte, value) in out.iter_mut().zip([c.r, c.g, c.b]) {
                let s = srgb(table, value);
                let s = (s - 118.0) * finish.contrast + 118.0;
                *byte = (s + grain * 255.0 + dither * 0.6 + 0.5) as u8;
            }
        }
    });
    rgb
}
