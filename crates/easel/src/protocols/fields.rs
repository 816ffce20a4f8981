//! Reads the fields of a request. What is wrong with a field is said once, as data; each protocol puts it into the words
//! and the shape of its engine. Unknown fields are ignored and null is absence, unless a protocol says otherwise.

use serde_json::{Map, Value};
use std::fmt;
use std::ops::RangeInclusive;

/// Sides that can be painted, in pixels.
pub const SIDE_PX: RangeInclusive<i64> = 64..=2048;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A number without a fraction.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Flag,
    /// A JSON object.
    Object,
    /// A JSON array.
    List,
}

impl Kind {
    /// With its article.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Flag => "a boolean",
            Self::Object => "an object",
            Self::List => "a list",
        }
    }
}

/// What a field does not keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It must be there.
    Missing,
    /// It must be of this kind.
    Kind(Kind),
    /// It must be what the phrase says, which completes "must be".
    Value(String),
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// Its name.
    pub field: &'static str,
    /// What it does not keep to.
    pub rule: Rule,
    /// What was sent.
    pub got: Value,
}

impl Wrong {
    /// A field whose value is not what the phrase says.
    pub fn value(field: &'static str, must_be: impl Into<String>, got: impl Into<Value>) -> Self {
        Self { field, rule: Rule::Value(must_be.into()), got: got.into() }
    }

    /// A field that must be there and is not.
    pub fn missing(field: &'static str) -> Self {
        Self { field, rule: Rule::Missing, got: Value::Null }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Missing => write!(f, "missing field `{}`", self.field),
            Rule::Kind(kind) => write!(f, "`{}` must be {}", self.field, kind.phrase()),
            Rule::Value(must_be) => write!(f, "`{}` must be {must_be}, got {}", self.field, self.got),
        }
    }
}

/// The fields of one object.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    lenient: bool,
}

impl<'a> Fields<'a> {
    /// The fields of a value; it has none when it is no object.
    pub fn of(value: &'a Value) -> Self {
        Self { object: value.as_object(), lenient: false }
    }

    /// The same, where "512" passes for 512, as forms and Python's validators have it.
    pub fn lenient(value: &'a Value) -> Self {
        Self { object: value.as_object(), lenient: true }
    }

    /// A value, unless it is absent or null.
    pub fn value(&self, name: &str) -> Option<&'a Value> {
        self.object?.get(name).filter(|value| !value.is_null())
    }

    /// The names of all fields.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.object.into_iter().flat_map(|object| object.keys().map(String::as_str))
    }

    /// Text.
    pub fn text(&self, name: &'static str) -> Result<Option<&'a str>, Wrong> {
        self.read(name, Kind::Text, Value::as_str)
    }

    /// Text that must be there and not be empty.
    pub fn required_text(&self, name: &'static str) -> Result<&'a str, Wrong> {
        match self.text(name)? {
            None => Err(Wrong::missing(name)),
            Some("") => Err(Wrong::value(name, "a string that is not empty", "")),
            Some(text) => Ok(text),
        }
    }

    /// A number without a fraction.
    pub fn integer(&self, name: &'static str) -> Result<Option<i64>, Wrong> {
        let lenient = self.lenient;
        self.read(name, Kind::Integer, |value| {
            let text = || value.as_str()?.trim().parse().ok();
            let whole = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
            value.as_i64().or_else(|| lenient.then(|| text().or_else(|| whole().map(|number| number as i64)))?)
        })
    }

    /// A number.
    pub fn number(&self, name: &'static str) -> Result<Option<f64>, Wrong> {
        let lenient = self.lenient;
        self.read(name, Kind::Number, |value| {
            let text = || value.as_str()?.trim().parse().ok().filter(|number: &f64| number.is_finite());
            value.as_f64().or_else(|| lenient.then(text)?)
        })
    }

    /// True or false.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Wrong> {
        self.read(name, Kind::Flag, Value::as_bool)
    }

    /// A list.
    pub fn list(&self, name: &'static str) -> Result<Option<&'a [Value]>, Wrong> {
        self.read(name, Kind::List, |value| value.as_array().map(Vec::as_slice))
    }

    /// The fields of an object; none when it is absent.
    pub fn object(&self, name: &'static str) -> Result<Self, Wrong> {
        let object = self.read(name, Kind::Object, Value::as_object)?;
        Ok(Self { object, lenient: self.lenient })
    }

    /// An integer within bounds.
    pub fn integer_within(&self, name: &'static str, bounds: RangeInclusive<i64>) -> Result<Option<i64>, Wrong> {
        match self.integer(name)? {
            Some(number) if !bounds.contains(&number) => {
                Err(Wrong::value(name, format!("between {} and {}", bounds.start(), bounds.end()), number))
            }
            number => Ok(number),
        }
    }

    /// A side in pixels: within bounds, and a multiple.
    pub fn side(&self, name: &'static str, bounds: RangeInclusive<i64>, multiple: u32) -> Result<Option<u32>, Wrong> {
        let Some(pixels) = self.integer(name)? else {
            return Ok(None);
        };
        let good = u32::try_from(pixels).ok().filter(|side| bounds.contains(&pixels) && side.is_multiple_of(multiple));
        let must_be = || match multiple {
            1 => format!("between {} and {}", bounds.start(), bounds.end()),
            _ => format!("a multiple of {multiple} between {} and {}", bounds.start(), bounds.end()),
        };
        good.map(Some).ok_or_else(|| Wrong::value(name, must_be(), pixels))
    }

    /// How many steps; as many as the painter takes for useful.
    pub fn steps(&self, name: &'static str, otherwise: u32) -> Result<u32, Wrong> {
        let steps = self.integer_within(name, 1..=100)?.and_then(|steps| u32::try_from(steps).ok());
        Ok(steps.unwrap_or(otherwise))
    }

    /// How closely the prompt is followed.
    pub fn guidance(&self, name: &'static str, otherwise: f32) -> Result<f32, Wrong> {
        match self.number(name)? {
            Some(scale) if !(0.0..=50.0).contains(&scale) => Err(Wrong::value(name, "between 0 and 50", scale)),
            scale => Ok(scale.map_or(otherwise, |scale| scale as f32)),
        }
    }

    /// A seed; none when it is absent or -1, which is how several engines ask for chance.
    pub fn seed(&self, name: &'static str) -> Result<Option<u64>, Wrong> {
        match self.integer(name)? {
            None | Some(-1) => Ok(None),
            Some(seed) => u64::try_from(seed).map(Some).map_err(|_| Wrong::value(name, "a non-negative integer", seed)),
        }
    }

    /// One of some words.
    pub fn one_of(&self, name: &'static str, words: &[&str]) -> Result<Option<&'a str>, Wrong> {
        match self.text(name)? {
            Some(word) if !words.contains(&word) => {
                Err(Wrong::value(name, format!("one of {}", words.join(", ")), word))
            }
            word => Ok(word),
        }
    }

    fn read<T>(
        &self,
        name: &'static str,
        kind: Kind,
        as_kind: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Wrong> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let wrong = || Wrong { field: name, rule: Rule::Kind(kind), got: value.clone() };
        as_kind(value).map(Some).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_what_its_kind_says_or_is_refused_by_name() {
        let body = json!({ "text": "a", "whole": 3, "number": 1.5, "null": null, "list": [1] });
        let fields = Fields::of(&body);
        assert_eq!((fields.text("text"), fields.text("null")), (Ok(Some("a")), Ok(None)));
        assert_eq!((fields.integer("whole"), fields.number("number")), (Ok(Some(3)), Ok(Some(1.5))));
        assert_eq!(fields.integer("number").unwrap_err().to_string(), "`number` must be an integer");
        assert_eq!(fields.required_text("absent").unwrap_err().to_string(), "missing field `absent`");
        assert_eq!(fields.object("list").unwrap_err().to_string(), "`list` must be an object");
    }

    #[test]
    fn numbers_in_text_pass_where_that_is_the_custom() {
        let body = json!({ "a": "512", "b": 20.0, "c": "2.5", "d": "wide", "e": 20.5 });
        let (strict, lenient) = (Fields::of(&body), Fields::lenient(&body));
        assert!(strict.integer("a").is_err() && strict.number("c").is_err());
        assert_eq!((lenient.integer("a"), lenient.integer("b")), (Ok(Some(512)), Ok(Some(20))));
        assert_eq!(lenient.number("c"), Ok(Some(2.5)));
        assert!(lenient.integer("d").is_err() && lenient.integer("e").is_err());
    }

    #[test]
    fn bounds_are_named() {
        let body = json!({ "n": 11, "width": 513, "format": "webp", "seed": -1, "scale": 51 });
        let fields = Fields::of(&body);
        for (wrong, expected) in [
            (fields.integer_within("n", 1..=10).unwrap_err(), "`n` must be between 1 and 10, got 11"),
            (
                fields.side("width", SIDE_PX, 8).unwrap_err(),
                "`width` must be a multiple of 8 between 64 and 2048, got 513",
            ),
            (fields.one_of("format", &["png", "jpeg"]).unwrap_err(), "`format` must be one of png, jpeg, got \"webp\""),
            (fields.guidance("scale", 7.5).unwrap_err(), "`scale` must be between 0 and 50, got 51.0"),
        ] {
            assert_eq!(wrong.to_string(), expected);
        }
        assert_eq!(fields.seed("seed"), Ok(None));
    }
}
