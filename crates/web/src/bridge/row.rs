//! A value from JavaScript, read field by field.
//!
//! Owns: that a field which is missing or of another type is read as nothing, never as a panic.

use js_sys::{Array, Date, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// An object of JavaScript, or whatever else came in its place.
#[derive(Clone, Debug)]
pub struct Row(JsValue);

impl Row {
    /// That value.
    #[must_use]
    pub fn new(value: JsValue) -> Self {
        Self(value)
    }

    /// No value.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(JsValue::UNDEFINED)
    }

    /// An object with those fields.
    #[must_use]
    pub fn of(fields: &[(&str, JsValue)]) -> Self {
        let object = Object::new();
        for (name, value) in fields {
            let _ = Reflect::set(&object, &JsValue::from_str(name), value);
        }
        Self(object.into())
    }

    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &JsValue {
        &self.0
    }

    fn get(&self, name: &str) -> JsValue {
        Reflect::get(&self.0, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
    }

    /// The field as text; empty where it is none.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.get(name).as_string().unwrap_or_default()
    }

    /// The field as text; none where it is none or empty.
    #[must_use]
    pub fn some_text(&self, name: &str) -> Option<String> {
        self.get(name).as_string().filter(|text| !text.is_empty())
    }

    /// The field as a number; 0 where it is none. A field that PostgREST sends as text is read as well.
    fn number(&self, name: &str) -> f64 {
        let value = self.get(name);
        let number = value.as_f64().unwrap_or_default();
        if number.is_finite() { number.max(0.0) } else { 0.0 }
    }

    /// The field as a whole number that is not negative.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and what is negative was made 0"
    )]
    pub fn whole(&self, name: &str) -> u32 {
        self.number(name) as u32
    }

    /// The value itself as a whole number that is not negative.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and a negative number becomes 0"
    )]
    pub fn as_whole(&self) -> u32 {
        self.0.as_f64().unwrap_or_default() as u32
    }

    /// The field as milliseconds since 1970; none where it is 0 or missing.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and what is negative was made 0"
    )]
    pub fn moment(&self, name: &str) -> Option<u64> {
        Some(self.number(name) as u64).filter(|ms| *ms > 0)
    }

    /// The field as milliseconds since 1970, where it is a time as the hub's functions write it.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the conversion saturates, and no such time is before 1970"
    )]
    pub fn date(&self, name: &str) -> Option<u64> {
        Some(Date::parse(&self.some_text(name)?)).filter(|ms| ms.is_finite()).map(|ms| ms as u64)
    }

    /// Whether the field is true.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_truthy()
    }

    /// The object in the field.
    #[must_use]
    pub fn inner(&self, name: &str) -> Self {
        Self(self.get(name))
    }

    /// Whether there is an object at all.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.0.is_object()
    }

    /// The items, where the value is a list.
    #[must_use]
    pub fn items(&self) -> Vec<Self> {
        self.0.dyn_ref::<Array>().map(|list| list.iter().map(Self).collect()).unwrap_or_default()
    }
}
