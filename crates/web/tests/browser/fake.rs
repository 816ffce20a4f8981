//! A hub and a browser that answer what a test told them, and remember what they were asked.
//!
//! Owns: standing in for `js/hub.ts` and `js/browser.ts`. Must not: know more of them than their shapes.

use js_sys::{Array, Function, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web::{bridge, words};

/// Every method of the hub remembers its arguments and promises the answer that was set for it, an empty list otherwise.
const HUB: &str = "
    return new Proxy({}, { get: (_, name) => name === 'now' ? () => 1000000 : (...asked) => {
        state.asked.push([name, ...asked]);
        const [answer, ...later] = state.answers[name] ?? [{ status: 200, body: [] }];
        if (later.length) state.answers[name] = later;
        return Promise.resolve(answer);
    } });";

/// Every method of the browser that is not here does nothing, and promises that it worked.
const BROWSER: &str = "
    const own = {
        language: () => 'en',
        clock: (ms) => 'at ' + ms,
        number: (number) => String(number),
        uuid: () => 'id-' + ++state.ids,
        keep: (name, text) => { state.kept[name] = text; },
        kept: (name) => state.kept[name] ?? '',
        isOnline: () => true,
        isHidden: () => false,
    };
    return new Proxy(own, { get: (_, name) => own[name] ?? (() => Promise.resolve(true)) });";

/// The texts whose wording the tests speak of; any other is its own key.
const TEXTS: &str = r#"{
    "failure.not_charged": "You were not charged.",
    "panel.cost_one": "{count} picture.",
    "prompt.fewer_left_one": "Only {count} picture is left.",
    "prompt.no_session": "Buy an hour to make pictures.",
    "prompt.none_left": "All pictures of this hour are made.",
    "prompt.too_long_one": "{count} character too many.",
    "prompt.too_long_other": "{count} characters too many.",
    "sign_in.error_email": "That is no address.",
    "sign_in.error_password": "At least 8 characters.",
    "sign_in.error_wrong": "They do not fit together.",
    "toast.deleted_one": "Picture deleted.",
    "toast.restore_failed": "It was too late."
}"#;

thread_local! {
    static STATE: Object = Object::new();
}

fn state(name: &str) -> JsValue {
    STATE.with(|state| Reflect::get(state, &name.into()).expect("a field"))
}

/// Begins a test: nothing asked, nothing kept, and no answers but empty ones.
pub fn begin() {
    STATE.with(|state| {
        for (name, value) in [("asked", "[]"), ("answers", "{}"), ("kept", "{}"), ("ids", "0")] {
            let value = JSON::parse(value).expect("a value");
            Reflect::set(state, &name.into(), &value).expect("a field");
        }
        let made = |source| Function::new_with_args("state", source).call1(&JsValue::NULL, state).expect("a stand-in");
        bridge::keep(made(HUB).unchecked_into(), made(BROWSER).unchecked_into(), Function::default());
    });
    words::set(JSON::parse(TEXTS).expect("texts"));
}

/// Has a method of the hub answer that, as JSON.
pub fn answer(method: &str, json: &str) {
    answer_in_turn(method, &[json]);
}

/// Has a method of the hub give those answers, as JSON, one after the other; the last one for ever.
pub fn answer_in_turn(method: &str, jsons: &[&str]) {
    let answers: Array = jsons.iter().map(|json| JSON::parse(json).expect("an answer")).collect();
    Reflect::set(&state("answers"), &method.into(), &answers).expect("a place for it");
}

/// What a method of the hub was asked: the arguments of each call, as JSON.
pub fn asked(method: &str) -> Vec<String> {
    let calls = state("asked").unchecked_into::<Array>();
    let of_method = calls.iter().filter(|call| call.unchecked_ref::<Array>().get(0) == method);
    of_method
        .map(|call| String::from(JSON::stringify(&call.unchecked_ref::<Array>().slice(1, u32::MAX)).expect("JSON")))
        .collect()
}

/// What the browser keeps under a name.
pub fn kept(name: &str) -> String {
    bridge::browser().kept(name)
}
