//! Following signals for as long as an element is there.
//!
//! Owns: that an element's attributes are followed together, and that nothing is left behind in the graph when it goes. Leptos
//! keeps who follows a signal for as long as the signal lives, and asks him at each change whether he is still there: of a
//! list that was scrolled through, thousands. Must not: know what is followed.

use std::borrow::Cow;

use leptos::prelude::RenderEffect;
use leptos::reactive::graph::{Subscriber, ToAnySubscriber};
use web_sys::Element;

/// Puts a text on an element under that name, or takes it off.
pub type Put = fn(&Element, &str, Option<&str>);

/// What an attribute is, as signals have it.
pub type Live = Box<dyn Fn() -> Option<Cow<'static, str>>>;

/// An attribute that signals decide.
pub struct Followed {
    name: &'static str,
    put: Put,
    text: Live,
    /// What was put last; none before the first time.
    shown: Option<Option<Cow<'static, str>>>,
}

impl Followed {
    pub fn new(name: &'static str, put: Put, text: Live) -> Self {
        Self { name, put, text, shown: None }
    }

    fn show(&mut self, element: &Element) {
        let now = (self.text)();
        if self.shown.as_ref() != Some(&now) {
            (self.put)(element, self.name, now.as_deref());
            self.shown = Some(now);
        }
    }
}

/// Follows signals until it is dropped.
pub struct Follower(RenderEffect<()>);

impl Follower {
    /// Does that now, and whenever a signal that it read has changed.
    pub fn new(mut work: Box<dyn FnMut()>) -> Self {
        Self(RenderEffect::new(move |_: Option<()>| work()))
    }

    /// Shows the attributes of an element, all with one effect: most elements come and go far more often than an attribute of
    /// theirs changes.
    pub fn of_attributes(element: Element, mut followed: Vec<Followed>) -> Self {
        Self::new(Box::new(move || followed.iter_mut().for_each(|one| one.show(&element))))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let follower = self.0.to_any_subscriber();
        follower.clear_sources(&follower);
    }
}
