//! The things that a prompt is about, before us: a great tree, animals, people.

use super::Plan;
use super::far::firs;
use crate::painter::animals::{self, Pose};
use crate::painter::canvas::Canvas;
use crate::painter::color::Color;
use crate::painter::noise::Dice;
use crate::painter::palette::Palette;
use crate::painter::things;
use crate::painter::trees::{self, Stand};
use crate::painter::words::Word;

/// Paints them on the ground whose rows are given.
pub fn paint(canvas: &mut Canvas, plan: &Plan, feet: &[f32], dice: &mut Dice) {
    let (scene, palette) = (plan.scene, plan.palette);
    let unit = canvas.unit();
    let scale = canvas.scale();
    let foot = |x: f32| feet[(x.max(0.0) as usize).min(feet.len() - 1)];
    let (u_tree, u_one) = (dice.range(0.25, 0.6) * -plan.light_side, dice.range(-0.3, 0.3));
    if scene.any(&[Word::Tree, Word::Autumn, Word::Spring])
        && !scene.any(&[Word::Forest, Word::City, Word::Palm])
        && scene.allows(Word::Tree)
    {
        let x = canvas.x(u_tree * canvas.half_width());
        let height = unit * dice.range(0.50, 0.62) * scale;
        let stand = Stand {
            x,
            y: foot(x) + unit * 0.012,
            dark: palette.lit(palette.leaf * 0.22, 0.2).mix(palette.ink, 0.35),
            ..firs(plan, height, 0.0, dice.seed())
        };
        let leaf = if scene.subject_color.is_some() && scene.has(Word::Tree) {
            Palette::of_subject(scene, 0)
        } else {
            palette.leaf
        };
        trees::broad(canvas, stand, palette.lit(leaf, 0.95), (1500.0 * plan.detail.share) as usize);
    }
    let x = canvas.x(u_one * canvas.half_width());
    let people = scene.any(&[Word::Woman, Word::Man, Word::Child, Word::Portrait]);
    // Beside a person an animal has its natural size; alone it is the subject and stands close.
    let close = if people { 0.42 } else { 1.0 };
    let mut beside = 0.0;
    let mut pose = |hex: u32, size: f32| {
        let coat = Palette::of_subject(scene, hex);
        let x = x - unit * scale * beside * 0.30 * close;
        beside += 1.0;
        Pose {
            x,
            y: foot(x) + unit * 0.018,
            size: unit * size * scale * close,
            facing: if u_one > 0.0 { -1.0 } else { 1.0 },
            light_side: plan.light_side,
            body: palette.lit(coat, 0.32).mix(palette.ink, 0.22),
            rim: palette.lit(coat.lighten(1.15), 1.0) + palette.sun * (0.18 * plan.light.glow),
        }
    };
    if scene.has(Word::Elephant) {
        animals::elephant(canvas, pose(0x7A7078, 0.34));
    }
    if scene.has(Word::Deer) {
        animals::deer(canvas, pose(0x9A6A42, 0.36));
    }
    if scene.has(Word::Dog) {
        animals::dog(canvas, pose(0xA8703E, 0.34));
    }
    if scene.has(Word::Cat) {
        animals::cat(canvas, pose(0x5A4A44, 0.40), Color::hex(0xD8E05A) * 0.9);
    }
    if people {
        let tall = unit * scale * if scene.has(Word::Child) { 0.17 } else { 0.25 };
        things::wanderer(canvas, palette, scene, x + unit * 0.10 * scale, foot(x) + unit * 0.012, tall);
        if scene.has(Word::Child) && scene.any(&[Word::Man, Word::Woman]) {
            things::wanderer(canvas, palette, scene, x + unit * 0.20 * scale, foot(x) + unit * 0.012, tall * 1.5);
        }
    }
}
