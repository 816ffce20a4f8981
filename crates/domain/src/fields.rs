//! The fields of a request, read one after the other from the JSON that a client sent.
//!
//! Owns: how a field of each kind is read, and the sentence for each way to get one wrong.
//! Must not: know which request has which fields.

use crate::text::{self, TextError};
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Which field of a request cannot be taken, and why, in a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest {
    /// The field's name in JSON; `body` when the request could not be read at all.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub sentence: String,
}

impl InvalidRequest {
    /// That field, for that reason.
    pub fn new(field: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { field: field.into(), sentence: sentence.into() }
    }
}

/// Reads a body into its fields. A refusal names a field of `names` and no other: what else a client sends is its own, and
/// is not repeated to it. `wanted` says what the object must hold at least.
pub(crate) fn read<Fields: DeserializeOwned>(
    body: &[u8],
    names: &[&str],
    wanted: &str,
) -> Result<Fields, InvalidRequest> {
    let not_json = || InvalidRequest::new("body", "The request is not valid JSON.");
    // serde would take an array for the fields in their order.
    if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        return Err(InvalidRequest::new("body", format!("The request must be a JSON object with {wanted}.")));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let fields = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        match error.path().to_string().as_str() {
            field if names.contains(&field) => {
                InvalidRequest::new(field, format!("The {field} cannot be read: it has the wrong type."))
            }
            _ => not_json(),
        }
    })?;
    deserializer.end().map_err(|_| not_json())?;
    Ok(fields)
}

pub(crate) fn optional_text(
    field: &str,
    given: Option<&str>,
    characters_max: usize,
) -> Result<Option<String>, InvalidRequest> {
    let cleaned = given.map(|given| text::clean(given, characters_max)).transpose().map_err(|error| {
        let sentence = match error {
            TextError::Nul => {
                format!("The {field} holds a character (U+0000) that cannot be stored.")
            }
            TextError::TooLong { characters_max } => {
                format!("The {field} is longer than {characters_max} characters.")
            }
        };
        InvalidRequest::new(field, sentence)
    })?;
    Ok(cleaned.filter(|cleaned| !cleaned.is_empty()))
}

pub(crate) fn optional_id<Id: FromStr>(field: &str, given: Option<&str>) -> Result<Option<Id>, InvalidRequest> {
    given.map(Id::from_str).transpose().map_err(|_| InvalidRequest::new(field, format!("The {field} is not a UUID.")))
}

pub(crate) fn whole_number(
    field: &str,
    given: Option<f64>,
    limits: RangeInclusive<u32>,
) -> Result<Option<u32>, InvalidRequest> {
    let Some(given) = given else { return Ok(None) };
    let wanted = f64::from(*limits.start())..=f64::from(*limits.end());
    if given.fract() == 0.0 && wanted.contains(&given) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within u32, checked above"
        )]
        return Ok(Some(given as u32));
    }
    Err(out_of_range(field, "a whole number", limits))
}

pub(crate) fn out_of_range<T: Display>(field: &str, kind: &str, limits: RangeInclusive<T>) -> InvalidRequest {
    InvalidRequest::new(field, format!("The {field} must be {kind} from {} to {}.", limits.start(), limits.end()))
}
