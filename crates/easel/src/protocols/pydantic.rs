//! How Python's validators report what is wrong with a body: several engines are built on them. The two versions differ in
//! words and shape, and both are in use.

use crate::protocols::fields::{Kind, Rule, Wrong};
use serde_json::{Value, json};

/// Which version speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Pydantic 1.
    One,
    /// Pydantic 2.
    Two,
}

/// An entry of `detail` about a field.
pub fn field(wrong: &Wrong, version: Version) -> Value {
    let (msg, kind) = match (&wrong.rule, version) {
        (Rule::Missing, Version::One) => ("field required".to_owned(), "value_error.missing"),
        (Rule::Missing, Version::Two) => ("Field required".to_owned(), "missing"),
        (Rule::Kind(kind), Version::One) => first_words(*kind),
        (Rule::Kind(kind), Version::Two) => second_words(*kind),
        (Rule::Value(must_be), Version::One) => (format!("value must be {must_be}"), "value_error"),
        (Rule::Value(must_be), Version::Two) => (format!("Input should be {must_be}"), "value_error"),
    };
    entry(json!(["body", wrong.field]), &msg, kind, &wrong.got, version)
}

/// An entry of `detail` about a body that is no object.
pub fn no_object(body: &Value, version: Version) -> Value {
    match version {
        Version::One => entry(json!(["body"]), "value is not a valid dict", "type_error.dict", body, version),
        Version::Two => {
            entry(json!(["body"]), "Input should be a valid dictionary", "model_attributes_type", body, version)
        }
    }
}

/// An entry of `detail` about a body that is no JSON.
pub fn no_json(error: &serde_json::Error, version: Version) -> Value {
    let at = error.column().saturating_sub(1);
    match version {
        Version::One => entry(json!(["body", at]), &error.to_string(), "value_error.jsondecode", &Value::Null, version),
        Version::Two => json!({
            "type": "json_invalid",
            "loc": ["body", at],
            "msg": "JSON decode error",
            "input": {},
            "ctx": { "error": error.to_string() },
        }),
    }
}

fn entry(loc: Value, msg: &str, kind: &str, got: &Value, version: Version) -> Value {
    match version {
        Version::One => json!({ "loc": loc, "msg": msg, "type": kind }),
        Version::Two => json!({ "type": kind, "loc": loc, "msg": msg, "input": got }),
    }
}

fn first_words(kind: Kind) -> (String, &'static str) {
    let (msg, kind) = match kind {
        Kind::Text => ("str type expected", "type_error.str"),
        Kind::Integer => ("value is not a valid integer", "type_error.integer"),
        Kind::Number => ("value is not a valid float", "type_error.float"),
        Kind::Flag => ("value could not be parsed to a boolean", "type_error.bool"),
        Kind::Object => ("value is not a valid dict", "type_error.dict"),
        Kind::List => ("value is not a valid list", "type_error.list"),
    };
    (msg.to_owned(), kind)
}

fn second_words(kind: Kind) -> (String, &'static str) {
    let (what, kind) = match kind {
        Kind::Text => ("string", "string_type"),
        Kind::Integer => ("integer", "int_parsing"),
        Kind::Number => ("number", "float_parsing"),
        Kind::Flag => ("boolean", "bool_parsing"),
        Kind::Object => ("dictionary", "dict_type"),
        Kind::List => ("list", "list_type"),
    };
    (format!("Input should be a valid {what}"), kind)
}
