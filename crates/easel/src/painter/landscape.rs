//! Composes a landscape: decides what stands where, then calls the painters of each part from far to near.

mod far;
mod fields;
mod near;
mod subjects;
mod vista;
mod waters;

use super::Detail;
use super::canvas::Canvas;
use super::noise::Dice;
use super::palette::Palette;
use super::scene::{Scene, Style, Time};
use super::sky::{self, Light};
use super::words::Word;
use super::{night, things, weather};

/// What lies before the far shore or the far hills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    /// Open sea to the bottom.
    Sea,
    /// A lake with a far shore.
    Lake,
    /// Grass, snow or earth.
    Land,
    /// Dunes.
    Desert,
    /// Firs upon firs.
    Forest,
}

/// The plan of a picture, shared by its painters.
struct Plan<'a> {
    scene: &'a Scene,
    palette: &'a Palette,
    detail: Detail,
    light: Light,
    horizon: f32,
    ground: Ground,
    /// -1 when the light comes from the left, 1 from the right.
    light_side: f32,
    lamps: bool,
    /// What ends the picture, where it is a view over mountains and the words leave it open.
    fore: Option<vista::Fore>,
}

impl<'a> Plan<'a> {
    fn of(canvas: &Canvas, scene: &'a Scene, palette: &'a Palette, detail: Detail) -> Self {
        let mut dice = Dice::new(scene.composition, "layout");
        let fore = vista::fore(scene, &mut Dice::new(scene.composition, "vista"));
        let ground = match fore {
            Some(vista::Fore::Lake) => Ground::Lake,
            Some(_) => Ground::Land,
            None => ground(scene, &mut dice),
        };
        let horizon = match ground {
            Ground::Sea => dice.range(0.44, 0.64),
            Ground::Lake => dice.range(0.50, 0.66),
            Ground::Land => dice.range(0.46, 0.64),
            Ground::Desert => dice.range(0.44, 0.62),
            Ground::Forest => dice.range(0.42, 0.56),
        };
        let horizon =
            if scene.any(&[Word::Aurora, Word::Stars, Word::Galaxy, Word::Clouds]) { horizon + 0.08 } else { horizon };
        // A view over mountains needs room for them above, and little below.
        let horizon = if fore.is_some() { 0.60 + (horizon - 0.46) * 0.40 } else { horizon };
        let light = Light::of(scene, horizon, canvas.half_width());
        let light = if vista::fits(scene) { vista::light(light, scene, horizon) } else { light };
        let light_side = if light.u >= 0.0 { 1.0 } else { -1.0 };
        let lamps = matches!(scene.time, Time::Night | Time::Dusk | Time::Sunset) || scene.has(Word::Storm);
        Self { scene, palette, detail, light, horizon, ground, light_side, lamps, fore }
    }
}

fn ground(scene: &Scene, dice: &mut Dice) -> Ground {
    let roll = dice.unit();
    if scene.has(Word::Desert) {
        Ground::Desert
    } else if scene.any(&[Word::Lake, Word::Waterfall, Word::Bridge])
        || scene.has(Word::Aurora) && roll < 0.7
        || scene.has(Word::Palace) && roll < 0.7
    {
        Ground::Lake
    } else if scene.any(&[Word::Sea, Word::Beach, Word::Island, Word::Lighthouse]) {
        Ground::Sea
    } else if scene.has(Word::Boat) {
        if scene.any(&[Word::Mountain, Word::River]) { Ground::Lake } else { Ground::Sea }
    } else if scene.any(&[Word::Forest, Word::Pine])
        && !scene.any(&[Word::Meadow, Word::Village, Word::City, Word::River])
    {
        Ground::Forest
    } else if scene.has(Word::City) {
        if roll < 0.75 { Ground::Lake } else { Ground::Land }
    } else if scene.any(super::scene::LAND) {
        Ground::Land
    } else if roll < 0.52 && scene.allows(Word::Lake) {
        Ground::Lake
    } else if roll < 0.70 && scene.allows(Word::Sea) {
        Ground::Sea
    } else if roll < 0.82 && scene.allows(Word::Forest) {
        Ground::Forest
    } else {
        Ground::Land
    }
}

/// Paints the whole scene.
pub fn paint(canvas: &mut Canvas, scene: &Scene, palette: &Palette, detail: Detail) {
    let plan = Plan::of(canvas, scene, palette, detail);
    paint_heaven(canvas, &plan);
    far::paint(canvas, &plan);
    near::paint(canvas, &plan);
    paint_air(canvas, &plan);
}

/// Everything in the sky.
fn paint_heaven(canvas: &mut Canvas, plan: &Plan) {
    let Plan { scene, palette, detail, light, horizon, .. } = *plan;
    sky::paint_sky(canvas, palette, light, horizon);
    let covered = scene.any(&[Word::Storm, Word::Rain, Word::Fog]);
    if scene.allows(Word::Stars) && !covered {
        let density = match scene.time {
            Time::Night => 0.75,
            Time::Dusk => 0.30,
            _ if scene.has(Word::Stars) => 0.35,
            _ => 0.0,
        };
        if density > 0.0 {
            night::paint_stars(canvas, scene, horizon, density, detail);
        }
    }
    if scene.has(Word::Aurora) {
        night::paint_aurora(canvas, scene, horizon, detail);
    }
    if vista::fits(scene) {
        vista::paint_fan(canvas, plan);
    }
    sky::paint_sun(canvas, palette, light);
    night::paint_moon(canvas, palette, light, scene.composition as u32);
    sky::paint_clouds(canvas, scene, palette, light, horizon, detail.octaves);
    if scene.has(Word::Rainbow) {
        weather::paint_rainbow(canvas, light, horizon);
    }
    if scene.has(Word::Storm) && scene.allows(Word::Storm) {
        weather::paint_lightning(canvas, &mut Dice::new(scene.composition, "lightning"), horizon);
    }
}

/// Everything between us and the view.
fn paint_air(canvas: &mut Canvas, plan: &Plan) {
    let Plan { scene, palette, detail, light, horizon, .. } = *plan;
    let mut dice = Dice::new(scene.composition, "air");
    if scene.has(Word::Lantern) {
        things::lanterns(canvas, palette, &mut dice, horizon + 0.10);
    }
    if scene.has(Word::Balloon) {
        balloons(canvas, plan, &mut dice);
    }
    let birds = scene.has(Word::Bird) || scene.time != Time::Night && !scene.has(Word::Storm) && dice.chance(0.4);
    if birds && scene.allows(Word::Bird) && scene.style != Style::Minimal {
        let (count, size) = if scene.has(Word::Bird) { (15, 0.019) } else { (6, 0.009) };
        things::birds(canvas, palette.ink.mix(palette.haze, 0.25), &mut dice, horizon, count, size * canvas.scale());
    }
    let low_sun = matches!(scene.time, Time::Golden | Time::Sunrise) && plan.ground == Ground::Forest;
    if low_sun {
        weather::paint_rays(canvas, palette, light, dice.seed(), 0.34);
    }
    if scene.has(Word::Fog) {
        weather::paint_fog(canvas, palette, horizon + 0.05, 0.12, 0.85, dice.seed());
        weather::paint_fog(canvas, palette, horizon + 0.26, 0.14, 0.50, dice.seed());
    }
    if scene.any(&[Word::Rain, Word::Storm]) && scene.allows(Word::Rain) {
        weather::paint_rain(canvas, palette, &mut dice, detail);
    }
    if scene.has(Word::Snow) {
        let flake = palette.lit(palette.snow, 0.9).mix(super::color::Color::WHITE, 0.45);
        weather::paint_snowfall(canvas, &mut dice, flake, detail);
    }
}

fn balloons(canvas: &mut Canvas, plan: &Plan, dice: &mut Dice) {
    use super::color::Color;
    let sets =
        [[0xE2583E, 0xF6E2B8], [0x2E6E9E, 0xF2C14E], [0xB83A5A, 0xF4A65A], [0x3E8E7E, 0xF6EFD8], [0x6A4A9E, 0xF29AB0]];
    let count = 5 + dice.pick(3);
    for i in 0..count {
        let near = (i as f32 / (count - 1) as f32).powi(2);
        let size = canvas.unit() * (0.045 + 0.21 * near) * canvas.scale();
        let u = dice.range(-0.86, 0.86) * canvas.half_width();
        let v = plan.horizon * dice.range(0.24, 0.80 - 0.28 * near);
        let mut colors = sets[dice.pick(sets.len())].map(Color::hex);
        if let Some(word) = plan.scene.subject_color {
            colors[0] = Color::hex(super::palette::color_of(word));
        }
        let air = 0.46 * (1.0 - near);
        let spot = things::Spot { x: canvas.x(u), y: canvas.y(v), size, side: plan.light_side };
        things::balloon(canvas, plan.palette, colors, spot, air);
    }
}
