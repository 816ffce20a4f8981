//! Bindings of `js/browser.ts`: words for times and money, what is kept, the clipboard, downloads, timers.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::{Row, settled};

#[wasm_bindgen]
extern "C" {
    /// The browser.
    #[derive(Clone, Debug)]
    pub type Browser;

    /// `en` or `hi`.
    #[wasm_bindgen(method)]
    pub fn language(this: &Browser) -> String;
    /// Sets and keeps the language.
    #[wasm_bindgen(method, js_name = setLanguage)]
    pub fn set_language(this: &Browser, language: &str);
    /// `light`, `dark` or `system`.
    #[wasm_bindgen(method)]
    pub fn theme(this: &Browser) -> String;
    /// Sets and keeps the theme.
    #[wasm_bindgen(method, js_name = setTheme)]
    pub fn set_theme(this: &Browser, theme: &str);
    /// An amount of paise in rupees, in the page's language.
    #[wasm_bindgen(method)]
    pub fn rupees(this: &Browser, paise: f64) -> String;
    /// A time of day, of milliseconds since 1970.
    #[wasm_bindgen(method)]
    pub fn clock(this: &Browser, ms: f64) -> String;
    /// A day.
    #[wasm_bindgen(method)]
    pub fn day(this: &Browser, ms: f64) -> String;
    /// A day and a time.
    #[wasm_bindgen(method)]
    pub fn moment(this: &Browser, ms: f64) -> String;
    /// A number with its separators.
    #[wasm_bindgen(method)]
    pub fn number(this: &Browser, value: f64) -> String;
    /// A new id.
    #[wasm_bindgen(method)]
    pub fn uuid(this: &Browser) -> String;
    /// A new seed.
    #[wasm_bindgen(method)]
    pub fn seed(this: &Browser) -> u32;
    /// Keeps a text until the next visit; an empty one forgets it.
    #[wasm_bindgen(method)]
    pub fn keep(this: &Browser, name: &str, text: &str);
    /// What was kept.
    #[wasm_bindgen(method)]
    pub fn kept(this: &Browser, name: &str) -> String;
    /// Whether the browser believes that there is a network.
    #[wasm_bindgen(method, js_name = isOnline)]
    pub fn is_online(this: &Browser) -> bool;
    /// Whether nobody can see the page.
    #[wasm_bindgen(method, js_name = isHidden)]
    pub fn is_hidden(this: &Browser) -> bool;

    /// Takes a step back that was undone in another way than by the browser's Back.
    #[wasm_bindgen(method, js_name = stepBack)]
    pub fn step_back(this: &Browser);
    /// Goes from a step to an address.
    #[wasm_bindgen(method, js_name = stepOver)]
    pub fn step_over(this: &Browser, hash: &str);

    #[wasm_bindgen(method, js_name = step)]
    fn step_js(this: &Browser, take_back: &Function);
    #[wasm_bindgen(method, js_name = watchPlace)]
    fn watch_place_js(this: &Browser, element: &Element, told: &Function);
    #[wasm_bindgen(method, js_name = copy)]
    fn copy_js(this: &Browser, text: &str) -> Promise;
    #[wasm_bindgen(method, js_name = save)]
    fn save_js(this: &Browser, url: &str, name: &str) -> Promise;
    #[wasm_bindgen(method, js_name = sleep)]
    fn sleep_js(this: &Browser, ms: u32) -> Promise;
    #[wasm_bindgen(method, js_name = catalogue)]
    fn catalogue_js(this: &Browser, language: &str) -> Promise;
    #[wasm_bindgen(method, js_name = every)]
    fn every_js(this: &Browser, ms: u32, tick: &Function);
    #[wasm_bindgen(method, js_name = watch)]
    fn watch_js(this: &Browser, changed: &Function);
}

impl Browser {
    /// Copies a text; whether it could.
    pub async fn copy(&self, text: &str) -> bool {
        settled(self.copy_js(text)).await.is_truthy()
    }

    /// Saves what lies at an address under a name; whether it could be fetched.
    pub async fn save(&self, url: &str, name: &str) -> bool {
        settled(self.save_js(url, name)).await.is_truthy()
    }

    /// Waits.
    pub async fn sleep(&self, ms: u32) {
        settled(self.sleep_js(ms)).await;
    }

    /// The texts of a language; no object where they could not be fetched.
    pub async fn catalogue(&self, language: &str) -> Row {
        Row::new(settled(self.catalogue_js(language)).await)
    }

    /// Makes the browser's Back undo something, once.
    pub fn step(&self, take_back: impl FnMut() + 'static) {
        self.step_js(&callback(take_back));
    }

    /// Tells where the window is over an element, while that is in the document: its width, how far its top is above the
    /// window's, the window's height, and when that was, in milliseconds since the page was opened. Told once more when it
    /// has come to rest.
    pub fn watch_place(&self, element: &Element, told: impl FnMut(u32, u32, u32, u32) + 'static) {
        let told = Closure::<dyn FnMut(u32, u32, u32, u32)>::new(told).into_js_value();
        self.watch_place_js(element, told.unchecked_ref());
    }

    /// Calls back that often, for as long as the page lives.
    pub fn every(&self, ms: u32, tick: impl FnMut() + 'static) {
        self.every_js(ms, &callback(tick));
    }

    /// Calls back whenever the page is shown or hidden, or the network comes or goes.
    pub fn watch(&self, changed: impl FnMut() + 'static) {
        self.watch_js(&callback(changed));
    }
}

/// A function for JavaScript that lives as long as the page.
fn callback(work: impl FnMut() + 'static) -> Function {
    Closure::<dyn FnMut()>::new(work).into_js_value().unchecked_into()
}
