//! What stands in `view!` where an attribute, a property or a child is wanted: fixed, or followed by a signal.
//!
//! Owns: turning each of them into one of very few types, as early as possible.

use std::borrow::Cow;

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::follow::Live;
use super::{Element, Fragment};

/// What an attribute may be: some text, or nothing.
pub trait Text {
    /// The text; none where there is to be no attribute.
    fn text(self) -> Option<Cow<'static, str>>;
}

impl Text for &'static str {
    fn text(self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl Text for String {
    fn text(self) -> Option<Cow<'static, str>> {
        Some(Cow::Owned(self))
    }
}

impl Text for u32 {
    fn text(self) -> Option<Cow<'static, str>> {
        Some(Cow::Owned(self.to_string()))
    }
}

impl Text for bool {
    fn text(self) -> Option<Cow<'static, str>> {
        self.then_some(Cow::Borrowed(""))
    }
}

impl<T: Text> Text for Option<T> {
    fn text(self) -> Option<Cow<'static, str>> {
        self.and_then(Text::text)
    }
}

/// Who decides an attribute.
pub enum Decided {
    /// Whoever made the element, once.
    Once(Option<Cow<'static, str>>),
    /// Signals.
    BySignals(Live),
}

/// The value of an attribute: text, or a function of signals that gives text.
pub trait Value {
    /// Who decides it, and how.
    fn decided(self) -> Decided;
}

impl<F, T> Value for F
where
    F: Fn() -> T + 'static,
    T: Text,
{
    fn decided(self) -> Decided {
        Decided::BySignals(Box::new(move || self().text()))
    }
}

macro_rules! fixed {
    ($($kind:ty),*) => {$(
        impl Value for $kind {
            fn decided(self) -> Decided {
                Decided::Once(self.text())
            }
        }
    )*};
}

fixed!(&'static str, String, u32, bool, Option<&'static str>, Option<String>);

/// The value of a property: a function of signals.
pub trait Property {
    /// The function, as the one type that there is.
    fn boxed(self) -> Box<dyn Fn() -> JsValue>;
}

impl<F, T> Property for F
where
    F: Fn() -> T + 'static,
    T: Into<JsValue>,
{
    fn boxed(self) -> Box<dyn Fn() -> JsValue> {
        Box::new(move || self().into())
    }
}

/// What may stand inside an element.
pub trait Child {
    /// As a view; none where nothing is to be seen.
    fn view(self) -> Option<AnyView>;
}

impl Child for AnyView {
    fn view(self) -> Option<AnyView> {
        Some(self)
    }
}

impl Child for Element {
    fn view(self) -> Option<AnyView> {
        Some(self.into_any())
    }
}

impl Child for Fragment {
    fn view(self) -> Option<AnyView> {
        Some(self.into_any())
    }
}

impl Child for String {
    fn view(self) -> Option<AnyView> {
        Some(self.into_any())
    }
}

impl Child for &'static str {
    fn view(self) -> Option<AnyView> {
        Some(self.to_owned().into_any())
    }
}

impl Child for i64 {
    fn view(self) -> Option<AnyView> {
        Some(self.to_string().into_any())
    }
}

impl Child for () {
    fn view(self) -> Option<AnyView> {
        None
    }
}

impl<C: Child> Child for Option<C> {
    fn view(self) -> Option<AnyView> {
        self.and_then(Child::view)
    }
}

impl<C: Child> Child for Vec<C> {
    fn view(self) -> Option<AnyView> {
        Some(self.into_iter().filter_map(Child::view).collect::<Vec<_>>().into_any())
    }
}

impl<C: Child, const COUNT: usize> Child for [C; COUNT] {
    fn view(self) -> Option<AnyView> {
        Some(self.into_iter().filter_map(Child::view).collect::<Vec<_>>().into_any())
    }
}

impl<F, C> Child for F
where
    F: Fn() -> C + Send + 'static,
    C: Child,
{
    fn view(self) -> Option<AnyView> {
        Some(following(Box::new(move || self().view().unwrap_or_else(|| ().into_any()))))
    }
}

/// A place whose view follows signals.
fn following(view: Box<dyn Fn() -> AnyView + Send>) -> AnyView {
    view.into_any()
}
