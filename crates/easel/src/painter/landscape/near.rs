//! The near part of a landscape: which ground lies before us. What stands on it is in `subjects.rs`.

use super::{Ground, Plan, fields, subjects, vista, waters};
use crate::painter::canvas::Canvas;
use crate::painter::noise::Dice;

/// Paints it.
pub fn paint(canvas: &mut Canvas, plan: &Plan) {
    let mut dice = Dice::new(plan.scene.composition, "near");
    let feet = match plan.ground {
        Ground::Sea | Ground::Lake => waters::paint(canvas, plan, &mut dice),
        Ground::Land if let Some(fore) = plan.fore => vista::paint_near(canvas, plan, fore, &mut dice),
        Ground::Land => fields::paint_fields(canvas, plan, &mut dice),
        Ground::Desert => fields::paint_dunes(canvas, plan, &mut dice),
        Ground::Forest => fields::paint_forest(canvas, plan, &mut dice),
    };
    subjects::paint(canvas, plan, &feet, &mut Dice::new(plan.scene.composition, "subject"));
}
