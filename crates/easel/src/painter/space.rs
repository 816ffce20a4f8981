//! Space: nebulae, a spiral galaxy, planets with rings and air.

use super::Detail;
use super::canvas::Canvas;
use super::color::{Color, Ramp};
use super::night;
use super::noise::{Dice, Grid, fbm, noise, ridged, smoothstep};
use super::palette::{Palette, color_of};
use super::path::Path;
use super::scene::{COLORS, Scene};
use super::words::Word;

/// Paints the scene.
pub fn paint(canvas: &mut Canvas, scene: &Scene, palette: &Palette, detail: Detail) {
    let mut dice = Dice::new(scene.composition, "space");
    let sets = [
        [0x05060F, 0x1B1E4E, 0x7A3F9E, 0xF07AA8, 0xFFE2C2],
        [0x04080F, 0x0C2E4E, 0x1F8A9A, 0x8EE0C2, 0xFFF4D8],
        [0x0A0508, 0x46143A, 0xC23F4E, 0xF7A04E, 0xFFF0C8],
        [0x04060E, 0x14244E, 0x3F6AC8, 0xB79CF0, 0xFFE8F2],
    ];
    let mut colors = sets[dice.pick(sets.len())].map(Color::hex);
    if let Some(&word) = COLORS.iter().find(|&&word| scene.has(word)) {
        let tint = Color::hex(color_of(word));
        colors[2] = colors[2].blend(tint, 0.75);
        colors[3] = colors[3].blend(tint, 0.55).lighten(1.1);
    }
    nebula(canvas, colors, &mut dice, detail);
    night::paint_stars(canvas, scene, 1.25, 0.85, detail);
    if scene.has(Word::Galaxy) && scene.allows(Word::Galaxy) {
        galaxy(canvas, colors, &mut dice, detail);
    }
    if scene.has(Word::Planet) || (!scene.has(Word::Galaxy) && scene.allows(Word::Planet)) {
        planet(canvas, colors, palette, &mut dice, detail);
    }
}

fn nebula(canvas: &mut Canvas, colors: [Color; 5], dice: &mut Dice, detail: Detail) {
    let (unit, half, seed) = (canvas.unit(), canvas.width as f32 * 0.5, dice.seed());
    let (tilt, shift) = (dice.range(-0.9, 0.9), dice.range(-0.15, 0.15));
    let ramp = Ramp::new(&[
        (0.0, colors[0]),
        (0.30, colors[1] * 0.8),
        (0.58, colors[2] * 0.9),
        (0.82, colors[3]),
        (1.0, colors[4]),
    ]);
    let step = (unit / 300.0).max(1.5);
    let field = Grid::fill(canvas.width, canvas.height, step, |x, y| {
        let (u, v) = ((x - half) / unit, y / unit - 0.5);
        let (wx, wy) = (fbm(u * 1.7, v * 1.7, 3, seed ^ 1), fbm(u * 1.7 + 7.0, v * 1.7, 3, seed ^ 2));
        let gas = fbm(u * 2.1 + wx * 1.3, v * 2.1 + wy * 1.3, detail.octaves + 1, seed) * 0.5 + 0.5;
        let wisps = ridged(u * 2.6 + wy, v * 2.6 + wx, detail.octaves, seed ^ 3);
        let across = v - u * tilt - shift;
        let band = (-across * across * 5.5).exp();
        (gas * gas * 0.75 + wisps * gas * 0.75) * band + gas * 0.10 - 0.05
    });
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = ramp.at(field.at(x as f32, y as f32));
        }
    });
}

fn galaxy(canvas: &mut Canvas, colors: [Color; 5], dice: &mut Dice, detail: Detail) {
    let (unit, half, seed) = (canvas.unit(), canvas.width as f32 * 0.5, dice.seed());
    let centre = (dice.range(-0.08, 0.08), dice.range(0.44, 0.56));
    let (sin, cos) = dice.range(-0.9, 0.9).sin_cos();
    let (flat, wind, spin) = (dice.range(0.42, 0.72), dice.side() * dice.range(2.9, 3.8), dice.range(0.0, 6.0));
    let size = 0.46 * canvas.scale();
    let polar = |x: f32, y: f32| {
        let (u, v) = ((x - half) / unit - centre.0, y / unit - centre.1);
        let (a, b) = (u * cos + v * sin, (v * cos - u * sin) / flat);
        ((a * a + b * b).sqrt() / size, b.atan2(a), a, b)
    };
    let arms = Grid::fill(canvas.width, canvas.height, (unit / 300.0).max(1.5), |x, y| {
        let (r, angle, a, b) = polar(x, y);
        let rough = fbm(a * 9.0, b * 9.0, detail.octaves, seed);
        let phase = 2.0 * (angle + spin - wind * (r + 0.04).ln()) + rough * 1.5;
        let arm = (phase.cos() * 0.5 + 0.5).powi(2);
        let dust = smoothstep(0.0, 0.45, fbm(a * 14.0 + 3.0, b * 14.0, 3, seed ^ 5) + 0.25);
        (arm * (0.35 + 0.9 * dust) + 0.10) * (-r * r * 2.3).exp() * (1.0 + 0.6 * rough)
    });
    canvas.rows(|y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (r, ..) = polar(x as f32, y as f32);
            if r < 2.2 {
                let arm = arms.at(x as f32, y as f32).max(0.0);
                let core = 1.0 / (1.0 + (r * 9.0).powi(2));
                let hue = colors[2].mix(colors[3], smoothstep(1.0, 0.2, r)).mix(colors[4], smoothstep(0.45, 0.0, r));
                *pixel = *pixel * (1.0 - 0.6 * (-r * r * 3.0).exp()) + hue * (arm * 1.25) + colors[4] * (core * 1.5);
            }
        }
    });
    for i in 0..(260.0 * (0.5 + 0.5 * detail.share)) as i32 {
        let r = dice.unit().sqrt() * 1.1;
        let angle =
            dice.side().min(0.0) * std::f32::consts::PI + wind * (r + 0.04).ln() - spin + dice.range(-0.35, 0.35);
        let (a, b) = (angle.cos() * r * size, angle.sin() * r * size * flat);
        let (u, v) = (a * cos - b * sin + centre.0, a * sin + b * cos + centre.1);
        let power = dice.unit().powi(4);
        let tint = if i % 4 == 0 { colors[3] } else { Color::WHITE };
        canvas.glow(canvas.x(u), canvas.y(v), (unit * 0.0025 * (0.5 + power)).max(0.9), tint * (0.25 + power));
    }
}

fn planet(canvas: &mut Canvas, colors: [Color; 5], palette: &Palette, dice: &mut Dice, detail: Detail) {
    let unit = canvas.unit();
    let radius = unit * dice.range(0.20, 0.29) * canvas.scale();
    let (cx, cy) = (canvas.x(dice.range(-0.42, 0.42) * canvas.half_width()), unit * dice.range(0.42, 0.60));
    let (lx, ly) = (dice.side() * dice.range(0.55, 0.8), -dice.range(0.25, 0.5));
    let lz = (1.0 - lx * lx - ly * ly).max(0.05).sqrt();
    let (gas, ringed, seed) = (dice.chance(0.6), dice.chance(0.6), dice.seed());
    let (tilt_sin, tilt_cos) = dice.range(-0.5, 0.5).sin_cos();
    let _ = palette;
    let surface = if gas {
        Ramp::new(&[
            (0.0, colors[1].lighten(1.3)),
            (0.35, colors[2]),
            (0.6, colors[4].blend(colors[3], 0.5)),
            (0.8, colors[3]),
            (1.0, colors[2].lighten(0.7)),
        ])
    } else {
        Ramp::new(&[
            (0.0, colors[1]),
            (0.48, colors[1].blend(colors[2], 0.5)),
            (0.52, Color::hex(0xB59A6E).blend(colors[3], 0.4)),
            (0.8, colors[3].blend(Color::WHITE, 0.2)),
            (1.0, Color::WHITE),
        ])
    };
    let air = colors[3].blend(Color::hex(0x9AC8FF), 0.4);
    canvas.glow(cx, cy, radius * 1.55, air * 0.34);
    if ringed {
        ring(canvas, cx, cy, radius, (tilt_sin, tilt_cos), colors, seed, false, lx);
    }
    Path::ellipse(cx, cy, radius, radius, 0.0).shade(canvas, 1.0, |x, y, _| {
        let (nx, ny) = ((x - cx) / radius, (y - cy) / radius);
        let nz = (1.0 - nx * nx - ny * ny).max(0.0).sqrt();
        let (a, b) = (nx * tilt_cos + ny * tilt_sin, ny * tilt_cos - nx * tilt_sin);
        let swirl = fbm(a * 3.0 + nz, b * 3.0, 3, seed ^ 1);
        let t = if gas {
            let bands = noise(0.5, b * 6.5 + swirl * 0.55, seed) * 0.5 + 0.5;
            bands + 0.16 * fbm(a * 5.0 + swirl * 2.0, b * 17.0, detail.octaves, seed ^ 2)
        } else {
            fbm(a * 2.2 + swirl * 0.4, b * 2.2 + nz * 1.4, detail.octaves + 1, seed) * 0.75 + 0.5
        };
        let day = smoothstep(-0.12, 0.75, nx * lx + ny * ly + nz * lz);
        let edge = (1.0 - nz).powi(3);
        surface.at(t) * (0.012 + 1.15 * day) + air * (edge * (0.06 + 0.95 * day))
    });
    if ringed {
        ring(canvas, cx, cy, radius, (tilt_sin, tilt_cos), colors, seed, true, lx);
    }
    let (mx, my, mr) =
        (cx - lx.signum() * radius * 1.65, cy - radius * dice.range(0.5, 1.0), radius * dice.range(0.08, 0.15));
    Path::ellipse(mx, my, mr, mr, 0.0).shade(canvas, 1.0, |x, y, _| {
        let (nx, ny) = ((x - mx) / mr, (y - my) / mr);
        let nz = (1.0 - nx * nx - ny * ny).max(0.0).sqrt();
        let rough = 1.0 + 0.25 * fbm(nx * 3.0, ny * 3.0, 3, seed ^ 8);
        colors[4] * (rough * (0.01 + 0.8 * smoothstep(-0.1, 0.8, nx * lx + ny * ly + nz * lz)))
    });
}

/// One half of the ring: the far one lies behind the planet, the near one before it.
#[expect(clippy::too_many_arguments, reason = "one call for each half of one ring; a struct would be read only here")]
fn ring(
    canvas: &mut Canvas,
    cx: f32,
    cy: f32,
    radius: f32,
    (sin, cos): (f32, f32),
    colors: [Color; 5],
    seed: u32,
    front: bool,
    lx: f32,
) {
    let flat = 0.26;
    let reach = radius * 2.35;
    let (x0, x1) = ((cx - reach).max(0.0) as usize, ((cx + reach).max(0.0) as usize).min(canvas.width));
    let (y0, y1) = ((cy - reach).max(0.0) as usize, ((cy + reach).max(0.0) as usize).min(canvas.height));
    for y in y0..y1 {
        for x in x0..x1 {
            let (dx, dy) = ((x as f32 + 0.5 - cx) / radius, (y as f32 + 0.5 - cy) / radius);
            let (a, b) = (dx * cos + dy * sin, (dy * cos - dx * sin) / flat);
            let r = (a * a + b * b).sqrt();
            if !(1.28..2.3).contains(&r) || (b > 0.0) != front {
                continue;
            }
            let grooves = 0.55 + 0.45 * noise(r * 15.0, 0.5, seed) + 0.25 * noise(r * 47.0, 2.0, seed ^ 6);
            let gap = smoothstep(0.0, 0.03, (r - 1.86).abs() - 0.02);
            let edges = smoothstep(1.28, 1.36, r) * smoothstep(2.3, 2.18, r);
            // The planet throws its shadow across the part that is turned away from the light.
            let shadow = if dx * lx < 0.0 && (dx * dx + dy * dy) < 1.9 && !front { 0.25 } else { 1.0 };
            let color = colors[3].mix(colors[4], (r - 1.28) * 0.8) * (grooves * shadow);
            let pixel = &mut canvas.pixels[y * canvas.width + x];
            *pixel = pixel.mix(color, (edges * gap * grooves * 0.85).clamp(0.0, 1.0));
        }
    }
}
