//! Animals as dark shapes with a rim of light. Positions in pixels, feet at `y`, measured by `size`, the height.

use super::canvas::Canvas;
use super::color::Color;
use super::path::Path;

/// Where an animal is and in which light.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    /// Middle of the feet.
    pub x: f32,
    /// The ground.
    pub y: f32,
    /// Height of the animal.
    pub size: f32,
    /// 1 looks to the right, -1 to the left.
    pub facing: f32,
    /// -1 when the light comes from the left, 1 from the right.
    pub light_side: f32,
    /// Colour of the body.
    pub body: Color,
    /// Colour of the rim.
    pub rim: Color,
}

impl Pose {
    /// A filled curve through points in units of the size: x forward, y up.
    fn blob(&self, canvas: &mut Canvas, points: &[(f32, f32)], tone: f32) {
        self.shape(canvas, &Path::smooth(&self.place(points)), tone);
    }

    fn place(&self, points: &[(f32, f32)]) -> Vec<(f32, f32)> {
        points.iter().map(|&(x, y)| (self.x + x * self.size * self.facing, self.y - y * self.size)).collect()
    }

    /// Fills a shape twice: first the rim, moved towards the light, then the body over it.
    fn shape(&self, canvas: &mut Canvas, path: &Path, tone: f32) {
        let shift = (self.size * 0.010).max(0.8);
        path.placed(1.0, 1.0, self.light_side * shift, -shift * 0.8).fill(canvas, self.rim, 0.85);
        let (x, y, size) = (self.x, self.y, self.size);
        path.shade(canvas, 1.0, |px, py, _| {
            let side = ((px - x) / size * self.light_side).clamp(-0.5, 0.5);
            let up = ((y - py) / size).clamp(0.0, 1.0);
            self.body.mix(self.rim, (0.05 + 0.16 * side + 0.08 * up).max(0.0)) * tone
        });
    }

    fn limb(&self, canvas: &mut Canvas, points: &[(f32, f32, f32)], tone: f32) {
        let placed: Vec<_> = points
            .iter()
            .map(|&(x, y, w)| (self.x + x * self.size * self.facing, self.y - y * self.size, w * self.size))
            .collect();
        self.shape(canvas, &Path::ribbon(&placed), tone);
    }

    fn dot(&self, canvas: &mut Canvas, x: f32, y: f32, rx: f32, ry: f32, color: Color) {
        let (cx, cy) = (self.x + x * self.size * self.facing, self.y - y * self.size);
        Path::ellipse(cx, cy, rx * self.size, ry * self.size, 0.0).fill(canvas, color, 1.0);
    }
}

/// A sitting cat that looks at us.
pub fn cat(canvas: &mut Canvas, pose: Pose, eyes: Color) {
    let tail =
        [(-0.16, 0.05, 0.085), (-0.36, 0.045, 0.080), (-0.47, 0.14, 0.074), (-0.43, 0.27, 0.066), (-0.36, 0.33, 0.030)];
    pose.limb(canvas, &tail, 1.0);
    let body = [
        (-0.27, 0.02),
        (-0.30, 0.18),
        (-0.25, 0.38),
        (-0.15, 0.56),
        (-0.07, 0.64),
        (0.09, 0.64),
        (0.16, 0.54),
        (0.19, 0.36),
        (0.21, 0.16),
        (0.22, 0.01),
        (0.0, -0.01),
    ];
    pose.blob(canvas, &body, 1.0);
    let ears = [
        [(-0.20, 0.80), (-0.205, 1.02), (-0.19, 1.03), (-0.05, 0.93)],
        [(0.20, 0.80), (0.205, 1.02), (0.19, 1.03), (0.05, 0.93)],
    ];
    for ear in ears {
        pose.shape(canvas, &Path::polygon(&pose.place(&ear)), 1.0);
    }
    let head = [
        (-0.215, 0.75),
        (-0.20, 0.86),
        (-0.12, 0.925),
        (0.0, 0.94),
        (0.12, 0.925),
        (0.20, 0.86),
        (0.215, 0.75),
        (0.15, 0.66),
        (0.05, 0.615),
        (-0.05, 0.615),
        (-0.15, 0.66),
    ];
    pose.blob(canvas, &head, 1.06);
    for side in [-1.0f32, 1.0] {
        let inner = [(side * 0.178, 0.86), (side * 0.188, 0.975), (side * 0.095, 0.915)];
        Path::polygon(&pose.place(&inner)).fill(canvas, pose.body.mix(pose.rim, 0.32), 0.8);
        pose.dot(canvas, side * 0.088, 0.790, 0.046, 0.040, pose.body * 0.4);
        pose.dot(canvas, side * 0.088, 0.790, 0.041, 0.035, eyes);
        pose.dot(canvas, side * 0.088, 0.790, 0.011, 0.033, Color::hex(0x08080A));
        pose.dot(canvas, side * 0.088 + 0.014, 0.805, 0.008, 0.008, Color::WHITE);
        for whisker in 0..3 {
            let from = pose.place(&[(side * 0.06, 0.705)])[0];
            let to = pose.place(&[(side * 0.31, 0.745 - 0.040 * whisker as f32)])[0];
            Path::stroke(from, to, (pose.size * 0.004).max(0.7), 0.4).fill(canvas, pose.rim, 0.55);
        }
        let paw =
            [(side * 0.03, -0.01), (side * 0.03, 0.05), (side * 0.09, 0.07), (side * 0.15, 0.04), (side * 0.15, -0.01)];
        pose.blob(canvas, &paw, 1.12);
    }
    Path::polygon(&pose.place(&[(-0.022, 0.728), (0.022, 0.728), (0.0, 0.703)])).fill(
        canvas,
        Color::hex(0xC98A84) * 0.6,
        1.0,
    );
}

/// A sitting dog in profile.
pub fn dog(canvas: &mut Canvas, pose: Pose) {
    pose.limb(canvas, &[(-0.26, 0.06, 0.08), (-0.42, 0.10, 0.07), (-0.50, 0.24, 0.055), (-0.47, 0.34, 0.02)], 1.0);
    let body = [
        (-0.30, 0.00),
        (-0.33, 0.16),
        (-0.26, 0.34),
        (-0.12, 0.52),
        (-0.04, 0.68),
        (0.04, 0.78),
        (0.20, 0.74),
        (0.22, 0.58),
        (0.20, 0.40),
        (0.17, 0.16),
        (0.22, 0.02),
        (0.10, 0.00),
    ];
    pose.blob(canvas, &body, 1.0);
    pose.limb(canvas, &[(0.14, 0.42, 0.13), (0.15, 0.16, 0.085), (0.16, 0.03, 0.075), (0.23, 0.015, 0.05)], 1.05);
    let head = [
        (-0.02, 0.80),
        (0.00, 0.92),
        (0.10, 0.985),
        (0.20, 0.95),
        (0.26, 0.885),
        (0.40, 0.865),
        (0.455, 0.835),
        (0.445, 0.785),
        (0.34, 0.755),
        (0.22, 0.72),
        (0.08, 0.70),
    ];
    pose.blob(canvas, &head, 1.06);
    let ear = [(0.03, 0.95), (-0.05, 0.90), (-0.075, 0.76), (-0.03, 0.69), (0.04, 0.76), (0.08, 0.90)];
    pose.blob(canvas, &ear, 0.80);
    pose.dot(canvas, 0.215, 0.895, 0.016, 0.016, Color::hex(0x0A0808));
    pose.dot(canvas, 0.219, 0.900, 0.005, 0.005, Color::WHITE);
    pose.dot(canvas, 0.445, 0.845, 0.026, 0.022, Color::hex(0x0C0A0A));
}

/// A stag with antlers.
pub fn deer(canvas: &mut Canvas, pose: Pose) {
    for (x, back) in [(-0.25, 0.03), (-0.19, -0.01), (0.14, 0.02), (0.20, -0.02)] {
        let leg = [(x, 0.40, 0.075), (x - back, 0.20, 0.030), (x - back * 0.5, 0.02, 0.022), (x + 0.012, 0.0, 0.028)];
        pose.limb(canvas, &leg, 0.9);
    }
    let body = [
        (-0.34, 0.50),
        (-0.31, 0.58),
        (-0.12, 0.595),
        (0.10, 0.585),
        (0.20, 0.66),
        (0.27, 0.76),
        (0.34, 0.75),
        (0.31, 0.62),
        (0.27, 0.47),
        (0.18, 0.385),
        (-0.02, 0.38),
        (-0.20, 0.36),
        (-0.32, 0.39),
    ];
    pose.blob(canvas, &body, 1.0);
    let head = [
        (0.26, 0.74),
        (0.28, 0.82),
        (0.34, 0.84),
        (0.42, 0.79),
        (0.485, 0.755),
        (0.475, 0.725),
        (0.40, 0.725),
        (0.33, 0.71),
    ];
    pose.blob(canvas, &head, 1.05);
    pose.blob(canvas, &[(0.28, 0.82), (0.20, 0.86), (0.19, 0.84), (0.26, 0.79)], 0.9);
    pose.blob(canvas, &[(-0.34, 0.55), (-0.39, 0.50), (-0.36, 0.44), (-0.33, 0.49)], 1.2);
    for (lean, depth) in [(0.0f32, 0.9f32), (0.06, 1.0)] {
        let beam = [
            (0.30, 0.835, 0.020),
            (0.26 + lean, 0.93, 0.017),
            (0.21 + lean * 1.6, 1.04, 0.014),
            (0.25 + lean * 2.0, 1.16, 0.004),
        ];
        pose.limb(canvas, &beam, depth);
        for (from, to) in [((0.28, 0.89), (0.37, 0.95)), ((0.235, 0.98), (0.34, 1.06)), ((0.21, 1.04), (0.13, 1.12))] {
            pose.limb(canvas, &[(from.0 + lean, from.1, 0.014), (to.0 + lean, to.1, 0.004)], depth);
        }
    }
}

/// An elephant walking.
pub fn elephant(canvas: &mut Canvas, pose: Pose) {
    for (x, tone) in [(-0.30, 0.8), (0.12, 0.8), (-0.44, 1.0), (0.25, 1.0)] {
        let leg = [(x, 0.48, 0.20), (x + 0.01, 0.22, 0.135), (x, 0.05, 0.130), (x + 0.005, 0.0, 0.145)];
        pose.limb(canvas, &leg, tone);
    }
    let body = [
        (-0.56, 0.48),
        (-0.58, 0.70),
        (-0.44, 0.90),
        (-0.18, 0.97),
        (0.10, 0.94),
        (0.32, 0.90),
        (0.38, 0.66),
        (0.34, 0.44),
        (0.05, 0.36),
        (-0.30, 0.36),
    ];
    pose.blob(canvas, &body, 1.0);
    pose.limb(canvas, &[(-0.55, 0.74, 0.03), (-0.63, 0.55, 0.02), (-0.62, 0.36, 0.03)], 1.0);
    let trunk = [
        (0.56, 0.72, 0.17),
        (0.66, 0.52, 0.125),
        (0.68, 0.30, 0.090),
        (0.66, 0.14, 0.070),
        (0.72, 0.06, 0.050),
        (0.79, 0.07, 0.035),
    ];
    pose.limb(canvas, &trunk, 1.0);
    let head = [
        (0.24, 0.72),
        (0.26, 0.92),
        (0.40, 1.00),
        (0.56, 0.96),
        (0.65, 0.80),
        (0.62, 0.62),
        (0.48, 0.52),
        (0.32, 0.56),
    ];
    pose.blob(canvas, &head, 1.03);
    pose.limb(canvas, &[(0.58, 0.58, 0.045), (0.70, 0.46, 0.034), (0.82, 0.47, 0.008)], 2.6);
    let ear = [(0.34, 0.90), (0.20, 0.92), (0.08, 0.78), (0.12, 0.58), (0.24, 0.46), (0.36, 0.58), (0.40, 0.76)];
    pose.blob(canvas, &ear, 0.84);
    pose.dot(canvas, 0.535, 0.80, 0.014, 0.014, Color::hex(0x0A0808));
}
