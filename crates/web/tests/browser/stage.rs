//! A place in the document where a test draws a view, looks at it and acts on it.
//!
//! Owns: drawing as the page does, and that nothing of it is left for the next test. Must not: know a component.

use any_spawner::Executor;
use js_sys::{Function, Promise};
use leptos::prelude::*;
use leptos::tachys::view::{Mountable, Render};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement};

/// A view in the document, with what the test keeps of its signals.
pub struct Stage<Kept> {
    /// The element around the view.
    pub host: Element,
    /// What `draw` gave beside the view.
    pub kept: Kept,
    owner: Owner,
    drawn: Box<dyn Mountable>,
}

/// Draws a view.
pub fn stage<Kept>(draw: impl FnOnce() -> (Kept, AnyView)) -> Stage<Kept> {
    // Only the first test has none yet.
    let _ = Executor::init_wasm_bindgen();
    let host = document().create_element("div").expect("an element");
    document().body().expect("a body").append_child(&host).expect("a place in the document");
    let owner = Owner::new();
    let (kept, drawn) = owner.with(|| {
        let (kept, view) = draw();
        let mut drawn = view.build();
        drawn.mount(&host, None);
        (kept, drawn)
    });
    Stage { host, kept, owner, drawn: Box::new(drawn) }
}

impl<Kept> Drop for Stage<Kept> {
    fn drop(&mut self) {
        self.drawn.unmount();
        self.owner.cleanup();
        self.host.remove();
    }
}

impl<Kept> Stage<Kept> {
    /// Whether there is such an element.
    pub fn has(&self, selector: &str) -> bool {
        self.host.query_selector(selector).expect("a selector").is_some()
    }

    /// The first such element.
    pub fn find(&self, selector: &str) -> Element {
        self.host.query_selector(selector).expect("a selector").unwrap_or_else(|| {
            let html = self.host.inner_html();
            wasm_bindgen::throw_str(&["no ", selector, " in ", &html].concat())
        })
    }

    /// The text of the first such element.
    pub fn text(&self, selector: &str) -> String {
        self.find(selector).text_content().unwrap_or_default()
    }

    /// An attribute of the first such element.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.find(selector).get_attribute(name)
    }

    /// All such elements, in their order.
    pub fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.host.query_selector_all(selector).expect("a selector");
        (0..found.length()).filter_map(|place| found.item(place)).map(JsCast::unchecked_into).collect()
    }

    /// An attribute of all such elements; `-` where one has none.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        self.all(selector).iter().map(|found| found.get_attribute(name).unwrap_or_else(|| "-".to_owned())).collect()
    }

    /// Clicks, and lets everything follow.
    pub async fn click(&self, selector: &str) {
        self.find(selector).unchecked_into::<HtmlElement>().click();
        turn().await;
    }

    /// Types into a field, and lets everything follow.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let field = self.find(selector);
        js_sys::Reflect::set(&field, &"value".into(), &text.into()).expect("a field");
        self.fire(selector, "new Event('input', { bubbles: true })").await;
    }

    /// Sends an event, made by that line of JavaScript, and lets everything follow; whether nobody prevented its default.
    pub async fn fire(&self, selector: &str, event: &str) -> bool {
        let dispatch = Function::new_with_args("target", &["return target.dispatchEvent(", event, ")"].concat());
        let went_on = dispatch.call1(&JsValue::NULL, &self.find(selector)).expect("an event");
        turn().await;
        went_on.is_truthy()
    }
}

/// Lets the browser go round once: effects and answered promises are microtasks, and all of them come before this returns.
pub async fn turn() {
    let next = Promise::new(&mut |done, _| {
        window().set_timeout_with_callback(&done).expect("a timer");
    });
    JsFuture::from(next).await.expect("a turn");
}
