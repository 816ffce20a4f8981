//! The generator's panel: what is asked for beside the prompt.
//!
//! Owns: the choices, their limits as fields of text meet them, their cost, and how a draft of them is kept.
//! Must not: know limits of its own where `domain` has them.

use crate::turn::Picture;
use domain::request::{BATCH_COUNT, NEGATIVE_PROMPT_CHARACTERS_MAX, STEPS};
use domain::text::{self, TextError};
use std::ops::RangeInclusive;

/// Guidance in tenths. `domain::request::CFG_SCALE` says the same as fractions, which cost the page a printer of its own.
pub const CFG_SCALE_TENTHS: RangeInclusive<u32> = 10..=200;

/// The sizes that are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// 512 by 512.
    #[default]
    Small,
    /// 768 by 768.
    Medium,
    /// 1024 by 1024.
    Large,
    /// 512 by 768.
    Portrait,
    /// 768 by 512.
    Landscape,
}

impl Size {
    /// Every size, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Small, Self::Medium, Self::Large, Self::Portrait, Self::Landscape];

    /// Pixels across.
    #[must_use]
    pub const fn width(self) -> u32 {
        match self {
            Self::Small | Self::Portrait => 512,
            Self::Medium | Self::Landscape => 768,
            Self::Large => 1024,
        }
    }

    /// Pixels down.
    #[must_use]
    pub const fn height(self) -> u32 {
        match self {
            Self::Small | Self::Landscape => 512,
            Self::Medium | Self::Portrait => 768,
            Self::Large => 1024,
        }
    }

    /// Its name in the page and in drafts.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::Portrait => "portrait",
            Self::Landscape => "landscape",
        }
    }

    /// The key of what it is called.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Small => "panel.size_small",
            Self::Medium => "panel.size_medium",
            Self::Large => "panel.size_large",
            Self::Portrait => "panel.size_portrait",
            Self::Landscape => "panel.size_landscape",
        }
    }

    /// The size of that name.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.id() == id)
    }

    /// The size that comes closest: engines may round, and other clients ask for what is not offered here.
    #[must_use]
    pub fn nearest(width: u32, height: u32) -> Self {
        let distance = |size: &Self| size.width().abs_diff(width).saturating_add(size.height().abs_diff(height));
        Self::ALL.into_iter().min_by_key(distance).unwrap_or_default()
    }
}

/// What is asked for beside the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What to leave out, as it is typed.
    pub negative_prompt: String,
    /// How large.
    pub size: Size,
    /// Within [`STEPS`].
    pub steps: u32,
    /// Within [`CFG_SCALE_TENTHS`].
    pub cfg_scale_tenths: u32,
    /// The seed that the panel shows: of the newest picture, or the one that is kept. Sent only while it is locked.
    pub seed: Option<u32>,
    /// Whether the next pictures keep the seed.
    pub seed_locked: bool,
    /// Within [`BATCH_COUNT`].
    pub count: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            negative_prompt: String::new(),
            size: Size::Small,
            steps: 30,
            cfg_scale_tenths: 75,
            seed: None,
            seed_locked: false,
            count: 1,
        }
    }
}

impl Settings {
    /// Credits that the next request takes.
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.count
    }

    /// The negative prompt as it is sent; none rather than empty.
    ///
    /// # Errors
    /// [`TextError`] where it cannot be sent.
    pub fn negative_to_send(&self) -> Result<Option<String>, TextError> {
        let kept = text::clean(&self.negative_prompt, NEGATIVE_PROMPT_CHARACTERS_MAX)?;
        Ok(Some(kept).filter(|kept| !kept.is_empty()))
    }

    /// The seed that is sent; none has the ledger draw one.
    #[must_use]
    pub const fn seed_to_send(&self) -> Option<u32> {
        if self.seed_locked { self.seed } else { None }
    }

    /// Takes steps from a field: the nearest that there is. What is no number changes nothing.
    pub fn set_steps(&mut self, typed: &str) {
        self.steps = whole(typed).map_or(self.steps, |steps| clamp(steps, &STEPS));
    }

    /// Takes the guidance from a field (`7`, `7.5`, `7,5`), likewise.
    pub fn set_cfg_scale(&mut self, typed: &str) {
        self.cfg_scale_tenths = tenths(typed).map_or(self.cfg_scale_tenths, |tenths| clamp(tenths, &CFG_SCALE_TENTHS));
    }

    /// Takes the seed from a field. One that is typed is meant to be kept; none gives it up. Beyond the largest is the
    /// largest; what is no number changes nothing.
    pub fn set_seed(&mut self, typed: &str) {
        if typed.trim().is_empty() {
            (self.seed, self.seed_locked) = (None, false);
        } else if let Some(seed) = whole(typed) {
            (self.seed, self.seed_locked) = (Some(seed), true);
        }
    }

    /// Notes with which seed the newest picture was drawn: the panel shows it, unless another one is kept.
    pub const fn note_seed(&mut self, seed: u32) {
        if !self.seed_locked || self.seed.is_none() {
            self.seed = Some(seed);
        }
    }

    /// The guidance as it is shown and as JSON has it: `7.5`, `8`.
    #[must_use]
    pub fn cfg_scale_text(&self) -> String {
        tenths_text(self.cfg_scale_tenths)
    }

    /// How a picture was made: the same seed draws it again, a new one makes another like it.
    #[must_use]
    pub fn of_picture(picture: &Picture, same_seed: bool) -> Self {
        Self {
            negative_prompt: picture.negative_prompt.clone(),
            size: Size::nearest(picture.width, picture.height),
            steps: clamp(picture.steps, &STEPS),
            cfg_scale_tenths: clamp(picture.cfg_scale_tenths, &CFG_SCALE_TENTHS),
            seed: same_seed.then_some(picture.seed),
            seed_locked: same_seed,
            count: 1,
        }
    }

    /// The draft, as it is kept: fields by `;`, the only one that people write last.
    #[must_use]
    pub fn to_text(&self) -> String {
        let seed = self.seed.map(|seed| seed.to_string()).unwrap_or_default();
        let locked = if self.seed_locked { "1" } else { "0" };
        let (steps, tenths, count) =
            (self.steps.to_string(), self.cfg_scale_tenths.to_string(), self.count.to_string());
        ["1", self.size.id(), &steps, &tenths, &seed, locked, &count, &self.negative_prompt].join(";")
    }

    /// A draft that was kept; the defaults for all of it where it is none of ours.
    #[must_use]
    pub fn from_text(kept: &str) -> Self {
        Self::draft(kept).unwrap_or_default()
    }

    fn draft(kept: &str) -> Option<Self> {
        let mut fields = kept.splitn(8, ';');
        if fields.next()? != "1" {
            return None;
        }
        let size = Size::from_id(fields.next()?)?;
        let steps = clamp(fields.next()?.parse().ok()?, &STEPS);
        let cfg_scale_tenths = clamp(fields.next()?.parse().ok()?, &CFG_SCALE_TENTHS);
        let seed = match fields.next()? {
            "" => None,
            seed => Some(seed.parse().ok()?),
        };
        let seed_locked = fields.next()? == "1";
        let count = clamp(fields.next()?.parse().ok()?, &BATCH_COUNT);
        let negative_prompt = fields.next()?.to_owned();
        Some(Self { negative_prompt, size, steps, cfg_scale_tenths, seed, seed_locked, count })
    }
}

/// Tenths as a decimal, without a needless zero: `75` is `7.5`, `80` is `8`.
#[must_use]
pub fn tenths_text(tenths: u32) -> String {
    let (whole, tenth) = ((tenths / 10).to_string(), tenths % 10);
    if tenth == 0 { whole } else { [whole, tenth.to_string()].join(".") }
}

/// Tenths of a decimal, rounded down: `7.58` is `75`. None where it is no such number.
#[must_use]
pub fn tenths(typed: &str) -> Option<u32> {
    let typed = typed.trim();
    let (before, behind) = typed.split_once(['.', ',']).unwrap_or((typed, ""));
    if before.is_empty() && behind.is_empty() {
        return None;
    }
    let ones = if before.is_empty() { 0 } else { whole(before)? };
    behind.chars().all(|character| digit(character).is_some()).then_some(())?;
    let tenth = behind.chars().next().and_then(digit).unwrap_or_default();
    Some(ones.saturating_mul(10).saturating_add(tenth))
}

/// A whole number of digits, Devanagari's included; the largest there is where it is larger.
fn whole(typed: &str) -> Option<u32> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    typed.chars().try_fold(0_u32, |number, character| Some(number.saturating_mul(10).saturating_add(digit(character)?)))
}

fn digit(character: char) -> Option<u32> {
    match character {
        '०'..='९' => Some(u32::from(character).saturating_sub(u32::from('०'))),
        other => other.to_digit(10),
    }
}

fn clamp(number: u32, limits: &RangeInclusive<u32>) -> u32 {
    number.clamp(*limits.start(), *limits.end())
}

#[cfg(test)]
mod tests;
