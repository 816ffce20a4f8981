//! Colours of a picture: the light of the hour, weather, season and colour words, as one set that all painters share, so
//! that everything in a picture sits in the same air.

use super::color::{Color, Lab, Ramp};
use super::noise::Dice;
use super::scene::{COLORS, Scene, Time};
use super::words::Word;

/// The colours of one picture, all in linear light.
#[derive(Debug)]
pub struct Palette {
    /// From the zenith (0) to the horizon (1).
    pub sky: Ramp,
    /// The colour of the lowest sky.
    pub horizon: Color,
    /// The colour of the highest sky.
    pub zenith: Color,
    /// The disc of the sun or the moon, and its glow.
    pub sun: Color,
    /// Light that falls on things.
    pub key: Color,
    /// Light in the shade.
    pub shade: Color,
    /// What distance fades into.
    pub haze: Color,
    /// Lit and shaded parts of clouds.
    pub cloud: (Color, Color),
    /// Bare rock.
    pub rock: Color,
    /// Grass and low growth.
    pub grass: Color,
    /// Leaves.
    pub leaf: Color,
    /// Sand and dunes.
    pub sand: Color,
    /// Deep water.
    pub deep: Color,
    /// Snow in the light.
    pub snow: Color,
    /// Things against the light.
    pub ink: Color,
    /// Lamps and windows.
    pub lamp: Color,
    /// The colour words that tint the picture.
    pub tints: Vec<Color>,
}

/// Sky stops from zenith to horizon, then sun, haze.
type Hour = [u32; 6];

const SUNRISE: &[Hour] = &[
    [0x3F6A9E, 0x86A6CC, 0xE9C3C4, 0xFFE3B8, 0xFFE9BE, 0xEBC9BE],
    [0x4A4E86, 0x9E8DBB, 0xF3B6A8, 0xFFDFA8, 0xFFE2A6, 0xE4B7B0],
    [0x2C5C7C, 0x7BA7B0, 0xDCD6B8, 0xFFEBC0, 0xFFF0C8, 0xC9D3C4],
];
const DAY: &[Hour] = &[
    [0x1D5FA8, 0x4F95D2, 0x9CCBEA, 0xDDF0F2, 0xFFF6DC, 0xBBD8E6],
    [0x2A6FA6, 0x64A9CC, 0xAFDBE0, 0xF0F3DE, 0xFFF3D0, 0xC2DCDC],
    [0x17509A, 0x3F83C6, 0x8EBFE4, 0xCFE6F4, 0xFFFAEA, 0xA9C8E0],
];
const GOLDEN: &[Hour] = &[
    [0x567C9C, 0xA7AE9E, 0xECC67E, 0xFFD98A, 0xFFE3A0, 0xE9BD80],
    [0x3E6A8E, 0x8FA69E, 0xE2BE8A, 0xFFCF86, 0xFFDC94, 0xDDAF86],
    [0x6A6C92, 0xC09A92, 0xF4B978, 0xFFDB8C, 0xFFE2A2, 0xEBB084],
];
const SUNSET: &[Hour] = &[
    [0x262A5A, 0x6E3F7C, 0xDD5F62, 0xFFB765, 0xFFD489, 0xE98A6C],
    [0x1F3D68, 0x66689A, 0xE08F86, 0xFFCB8C, 0xFFDA9C, 0xDB9A90],
    [0x33173F, 0x93305A, 0xEC5B41, 0xFFAE4A, 0xFFCB6E, 0xE27650],
    [0x153A52, 0x46708A, 0xD99A78, 0xFFC46E, 0xFFD98A, 0xCF9A80],
];
const DUSK: &[Hour] = &[
    [0x11183A, 0x2C3468, 0x6B5690, 0xD98E8C, 0xFFC4A0, 0x8A6C94],
    [0x0C2038, 0x1F4668, 0x4D7C94, 0xE2B59A, 0xFFD0A0, 0x6F8496],
    [0x1A1438, 0x43306C, 0x8E4F86, 0xE8868A, 0xFFBE98, 0x995F88],
];
const NIGHT: &[Hour] = &[
    [0x050A1C, 0x0B1A3C, 0x17376A, 0x345F8C, 0xE8EEF8, 0x24466C],
    [0x070818, 0x151436, 0x2D2A60, 0x57508C, 0xEFE9F6, 0x363468],
    [0x04121C, 0x08283A, 0x12485A, 0x2F7480, 0xE6F4F0, 0x1C5260],
];
const STORM: &[Hour] = &[
    [0x232C36, 0x3E4A56, 0x6C7A82, 0xA9B2AE, 0xE8ECE6, 0x7C8A90],
    [0x2A2B3A, 0x4A4E60, 0x78808E, 0xB8B4AC, 0xF0E8DA, 0x868A94],
];
const DARK_STORM: Hour = [0x06090F, 0x111A26, 0x223240, 0x42525C, 0xC8D4E0, 0x2A3A48];

impl Palette {
    /// The colours of a scene.
    pub fn of(scene: &Scene) -> Self {
        let mut dice = Dice::new(scene.composition, "palette");
        let hours = match scene.time {
            _ if scene.any(&[Word::Storm, Word::Rain]) && scene.is_dark() => &[DARK_STORM],
            _ if scene.has(Word::Storm) => STORM,
            Time::Day if scene.has(Word::Rain) => STORM,
            Time::Sunrise => SUNRISE,
            Time::Day => DAY,
            Time::Golden => GOLDEN,
            Time::Sunset => SUNSET,
            Time::Dusk => DUSK,
            Time::Night => NIGHT,
        };
        let hour = hours.get(dice.pick(hours.len())).copied().unwrap_or(DARK_STORM);
        let tone = Tone::of(scene, &mut dice);
        let light = |hex: u32| tone.apply(Color::hex(hex), 0);
        let land = |hex: u32| tone.apply(Color::hex(hex), 1);
        let mut stops = [hour[0], hour[1], hour[2], hour[3]].map(light);
        let mut haze = light(hour[5]);
        if scene.has(Word::Fog) {
            let veil = stops[2].blend(stops[3], 0.5).saturate(0.6);
            stops = stops.map(|stop| stop.blend(veil, 0.55));
            haze = haze.blend(veil, 0.7);
        }
        let [zenith, high, low, horizon] = stops;
        let sun = light(hour[4]);
        let brightness = match scene.time {
            Time::Day => 1.0,
            Time::Sunrise | Time::Golden => 0.92,
            Time::Sunset => 0.72,
            Time::Dusk => 0.34,
            Time::Night => 0.16,
        };
        let overcast = if scene.has(Word::Storm) { 0.55 } else { 1.0 };
        let key = sun * (brightness * overcast);
        let shade = zenith.blend(high, 0.5) * (0.55 * brightness.max(0.35)) + haze * 0.10;
        // Snow throws light about: its shadows are blue and never quite dark.
        let shade = if scene.has(Word::Snow) { shade + high.blend(Color::hex(0x9DB8E0), 0.6) * 0.30 } else { shade };
        let seasons = Seasons::of(scene);
        Self {
            sky: Ramp::new(&[(0.0, zenith), (0.38, high), (0.76, low), (1.0, horizon)]),
            horizon,
            zenith,
            sun,
            key,
            shade,
            haze,
            cloud: clouds(scene, sun, high, low, horizon),
            rock: land(0x6A6470),
            grass: land(seasons.grass),
            leaf: land(seasons.leaf),
            sand: land(0xD9A066),
            deep: tone.apply(Color::hex(0x0F3A4A), 1).blend(zenith, 0.45) * brightness.max(0.25),
            snow: Color::hex(0xF4F7FB),
            ink: (zenith.blend(Color::hex(0x0B0E16), 0.72)) * 0.30,
            lamp: Color::hex(0xFFC36B),
            tints: tone.targets.into_iter().map(|(_, color)| color).collect(),
        }
    }

    /// A colour of something solid under the light of this hour, `lit` from 0 (in the shade) to 1.
    pub fn lit(&self, albedo: Color, lit: f32) -> Color {
        albedo * (self.shade * 1.5 + self.key * lit)
    }

    /// The same thing seen through this much air (0 near, 1 lost in the haze).
    pub fn afar(&self, color: Color, distance: f32) -> Color {
        color.mix(self.haze, distance)
    }

    /// The colour of the named thing: the colour word before it, or the given default.
    pub fn of_subject(scene: &Scene, default: u32) -> Color {
        Color::hex(scene.subject_color.map_or(default, color_of))
    }
}

/// Clouds take the sky's colours: the sun on one side, the zenith's shade on the other.
fn clouds(scene: &Scene, sun: Color, high: Color, low: Color, horizon: Color) -> (Color, Color) {
    match scene.time {
        _ if scene.has(Word::Storm) => (horizon * 0.62, high * 0.42),
        Time::Day => (Color::WHITE * 0.97, high.blend(Color::hex(0xA9B7C8), 0.62)),
        Time::Sunrise | Time::Golden => (sun.blend(Color::WHITE, 0.35), low.blend(high, 0.5).saturate(0.8) * 0.86),
        Time::Sunset => (low.blend(horizon, 0.62).saturate(1.08) * 1.12, high.blend(low, 0.35).saturate(1.1) * 0.72),
        Time::Dusk => (low.blend(horizon, 0.70).saturate(1.15), high * 0.75),
        Time::Night => (horizon.blend(sun, 0.25) * 0.75, high * 0.6),
    }
}

/// What grows, by season.
struct Seasons {
    grass: u32,
    leaf: u32,
}

impl Seasons {
    fn of(scene: &Scene) -> Self {
        let (grass, leaf) = if scene.has(Word::Autumn) {
            (0xA8893F, 0xC8641F)
        } else if scene.has(Word::Snow) {
            (0xDDE6F0, 0x51675F)
        } else if scene.has(Word::Spring) {
            (0x86A84C, 0xF0A9BE)
        } else {
            (0x6F8F3F, 0x3F6A35)
        };
        Self { grass, leaf }
    }
}

/// How colour words and moods change every colour.
struct Tone {
    targets: Vec<(Word, Color)>,
    turn: (f32, f32),
    chroma: f32,
    lift: f32,
}

impl Tone {
    fn of(scene: &Scene, dice: &mut Dice) -> Self {
        let targets = COLORS.iter().filter(|&&c| scene.has(c)).map(|&c| (c, Color::hex(color_of(c)))).collect();
        let chroma = if scene.has(Word::Mono) {
            0.05
        } else if scene.has(Word::Pastel) {
            0.62
        } else if scene.has(Word::Vivid) {
            1.28
        } else {
            1.0
        };
        let lift = if scene.has(Word::Pastel) {
            0.30
        } else if scene.has(Word::Dark) {
            -0.28
        } else {
            0.0
        };
        // A small turn of all hues, so that two seeds at the same hour do not share one palette.
        Self { targets, turn: dice.range(-0.16, 0.16).sin_cos(), chroma, lift }
    }

    /// `role` picks among several colour words: 0 for light, 1 for land.
    fn apply(&self, color: Color, role: usize) -> Color {
        let mut lab = color.lab();
        let (sin, cos) = self.turn;
        (lab.a, lab.b) = (lab.a * cos - lab.b * sin, lab.a * sin + lab.b * cos);
        if let Some((word, target)) = self.targets.get(role % self.targets.len().max(1)) {
            let goal = target.lab();
            // White and black words change lightness rather than hue.
            let weight = if goal.a.hypot(goal.b) < 0.03 { 0.55 } else { reach(*word, role) };
            let share = 0.55 + 0.6 * (1.0 - (lab.l - 0.6).abs());
            lab.a += (goal.a * share - lab.a) * weight;
            lab.b += (goal.b * share - lab.b) * weight;
            if goal.l > 0.95 {
                lab.l += (1.0 - lab.l) * 0.3;
            } else if goal.l < 0.3 {
                lab.l *= 0.72;
            }
        }
        lab.a *= self.chroma;
        lab.b *= self.chroma;
        lab.l = if self.lift > 0.0 { lab.l + (0.92 - lab.l) * self.lift } else { lab.l * (1.0 + self.lift) };
        Lab { l: lab.l.clamp(0.0, 1.0), ..lab }.color()
    }
}

/// How far a colour word changes the light (role 0) and the land (role 1). Grass may be green and the sky blue without
/// the rest of the world following.
fn reach(word: Word, role: usize) -> f32 {
    match (word, role) {
        (Word::Green | Word::Brown, 0) => 0.10,
        (Word::Blue, 1) => 0.15,
        (_, 0) => 0.62,
        _ => 0.5,
    }
}

/// The colour that a colour word stands for.
pub fn color_of(word: Word) -> u32 {
    match word {
        Word::Red => 0xC8322B,
        Word::Orange => 0xF0812C,
        Word::Yellow => 0xF6CF45,
        Word::Green => 0x4E9A4A,
        Word::Teal => 0x2AA8A0,
        Word::Blue => 0x2E6FC4,
        Word::Purple => 0x8A4FC0,
        Word::Pink => 0xEE86AC,
        Word::Gold => 0xDDA63A,
        Word::Brown => 0x9A6A44,
        Word::White => 0xF7F5F0,
        Word::Black => 0x1A1A1E,
        _ => 0x9A8C7C,
    }
}
