//! Elements that are one type, for Leptos to show: what `view!` makes.
//!
//! Owns: making elements, their attributes, listeners and children, and following the signals that they depend on. Everything
//! that differs between elements is data here, so that an element costs a few calls and not a type. Must not: know a page.
//!
//! An element is built at once, where `view!` stands, and hands itself to Leptos as a view that is there already. Leptos
//! mounts it, takes it away, and puts another in its place; it never changes one.

/// Pages are drawn in the browser alone: what Leptos wants of a view for drawing it on a server is empty.
macro_rules! drawn_in_the_browser {
    ($kind:ty) => {
        leptos::tachys::no_attrs!($kind);

        impl leptos::tachys::view::RenderHtml for $kind {
            type AsyncOutput = Self;
            type Owned = Self;

            const MIN_LENGTH: usize = 0;

            fn dry_resolve(&mut self) {}

            fn resolve(self) -> impl Future<Output = Self> + Send {
                std::future::ready(self)
            }

            fn to_html_with_buf(
                self,
                _: &mut String,
                _: &mut leptos::tachys::view::Position,
                _: bool,
                _: bool,
                _: Vec<leptos::tachys::html::attribute::any_attribute::AnyAttribute>,
            ) {
            }

            fn hydrate<const FROM_SERVER: bool>(
                self,
                _: &leptos::tachys::hydration::Cursor,
                _: &leptos::tachys::view::PositionState,
            ) -> Self::State {
                self.build()
            }

            fn into_owned(self) -> Self {
                self
            }
        }
    };
}

mod follow;
mod list;
mod value;

use leptos::ev::EventDescriptor;
use leptos::html::ElementType;
use leptos::prelude::*;
use leptos::tachys::html::node_ref::NodeRefContainer;
use leptos::tachys::view::{Mountable, Render};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Node};

use follow::{Followed, Follower};
pub use list::keyed;
pub use markup::view;
use value::Decided;
pub use value::{Child, Property, Text, Value};

/// The namespace of the tags that are drawn and not set as text.
const SVG: &str = "http://www.w3.org/2000/svg";
const SVG_TAGS: [&str; 4] = ["svg", "use", "circle", "path"];

/// An element, with all that it follows.
pub struct Element(SendWrapper<Parts>);

struct Parts {
    node: web_sys::Element,
    /// Attributes that signals decide, until the element is shown.
    followed: Vec<Followed>,
    /// What follows signals, for as long as the element is there.
    followers: Vec<Follower>,
    /// The states of its children, for as long as the element is there.
    children: Vec<Box<dyn Mountable>>,
}

fn made<T>(made: Result<T, JsValue>) -> T {
    // Names of tags and attributes are literals of this crate: the browser refuses none of them.
    made.unwrap_or_else(|error| wasm_bindgen::throw_val(error))
}

/// A new element.
#[must_use]
pub fn element(tag: &'static str) -> Element {
    let document: Document = document();
    let node =
        if SVG_TAGS.contains(&tag) { document.create_element_ns(Some(SVG), tag) } else { document.create_element(tag) };
    Element(SendWrapper::new(Parts { node: made(node), followed: vec![], followers: vec![], children: vec![] }))
}

impl Element {
    /// With that attribute; one that is nothing or false is not there.
    #[must_use]
    pub fn attribute(mut self, name: &'static str, value: impl Value) -> Self {
        self.decide(name, value, set_attribute);
        self
    }

    /// With that custom property, set through CSSOM as the policy of the pages wants it.
    #[must_use]
    pub fn style(mut self, name: &'static str, value: impl Value) -> Self {
        self.decide(name, value, set_style);
        self
    }

    fn decide(&mut self, name: &'static str, value: impl Value, put: follow::Put) {
        match value.decided() {
            Decided::Once(text) => {
                if let Some(text) = text {
                    put(&self.0.node, name, Some(&text));
                }
            }
            Decided::BySignals(text) => self.0.followed.push(Followed::new(name, put, text)),
        }
    }

    /// Begins to follow what the attributes depend on.
    fn follow(mut self) -> Self {
        if !self.0.followed.is_empty() {
            let followed = std::mem::take(&mut self.0.followed);
            let follower = Follower::of_attributes(self.0.node.clone(), followed);
            self.0.followers.push(follower);
        }
        self
    }

    /// With that property of the element's object.
    #[must_use]
    pub fn property(mut self, name: &'static str, value: impl Property) -> Self {
        let node = self.0.node.clone();
        let value = value.boxed();
        self.0.followers.push(Follower::new(Box::new(move || {
            let _ = js_sys::Reflect::set(&node, &JsValue::from_str(name), &value());
        })));
        self
    }

    /// With that listener. The event stands there twice, so that its name costs no call: as text, and as what Leptos knows its
    /// type by.
    #[must_use]
    pub fn on<Event>(self, name: &'static str, _: Event, mut handler: impl FnMut(Event::EventType) + 'static) -> Self
    where
        Event: EventDescriptor,
        Event::EventType: JsCast,
    {
        listen(&self.0.node, name, Box::new(move |event| handler(event.unchecked_into())));
        self
    }

    /// Known to whoever holds that reference.
    #[must_use]
    pub fn node_ref<Kind: ElementType>(self, place: impl NodeRefContainer<Kind>) -> Self {
        place.load(&self.0.node);
        self
    }

    /// With that child after the others.
    #[must_use]
    pub fn child(mut self, child: impl Child) -> Self {
        if let Some(child) = child.view() {
            self.put(child);
        }
        self
    }

    fn put(&mut self, child: AnyView) {
        let mut state = child.build();
        state.mount(&self.0.node, None);
        self.0.children.push(Box::new(state));
    }
}

fn set_attribute(node: &web_sys::Element, name: &str, value: Option<&str>) {
    let _ = match value {
        Some(value) => node.set_attribute(name, value),
        None => node.remove_attribute(name),
    };
}

fn set_style(node: &web_sys::Element, name: &str, value: Option<&str>) {
    if let Some(element) = node.dyn_ref::<web_sys::HtmlElement>() {
        let _ = element.style().set_property(name, value.unwrap_or_default());
    }
}

fn listen(node: &web_sys::Element, name: &str, handler: Box<dyn FnMut(web_sys::Event)>) {
    // The browser holds the listener, and frees it with the element.
    let handler = Closure::wrap(handler).into_js_value();
    let _ = node.add_event_listener_with_callback(name, handler.unchecked_ref());
}

impl Mountable for Element {
    fn unmount(&mut self) {
        self.0.node.remove();
    }

    fn mount(&mut self, parent: &web_sys::Element, marker: Option<&Node>) {
        let _ = parent.insert_before(&self.0.node, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.0.node.parent_element() {
            Some(parent) => {
                child.mount(&parent, Some(&self.0.node));
                true
            }
            None => false,
        }
    }

    fn elements(&self) -> Vec<web_sys::Element> {
        vec![self.0.node.clone()]
    }
}

impl Render for Element {
    type State = Self;

    fn build(self) -> Self {
        self.follow()
    }

    fn rebuild(self, state: &mut Self) {
        let mut next = self.follow();
        state.insert_before_this(&mut next);
        state.unmount();
        *state = next;
    }
}

drawn_in_the_browser!(Element);

/// Several views in a row.
#[derive(Default)]
pub struct Fragment(Vec<AnyView>);

impl Fragment {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With that one after the others.
    #[must_use]
    pub fn child(mut self, child: impl Child) -> Self {
        self.0.extend(child.view());
        self
    }

    /// All of them as one view.
    #[must_use]
    pub fn into_any(self) -> AnyView {
        self.0.into_any()
    }
}
