//! `view!` and its elements: what a signal changes in the document, and what it leaves alone.

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web::components::control::icon;
use web::markup::{keyed, view};
use web::signal::RwSignal;
use web_sys::{Element, HtmlElement, Node};

use crate::stage::{stage, turn};

#[wasm_bindgen_test]
async fn an_element_follows_what_it_was_given() {
    let stage = stage(|| {
        let name = RwSignal::new("one".to_owned());
        let presses = RwSignal::new(0_u32);
        let view = view! {
            <input
                class="fixed"
                data-name=move || name.get()
                style:--name=move || name.get()
                prop:value=move || name.get()
                on:click=move |_| presses.update(|count| *count = count.saturating_add(1))
            />
            <output data-presses=move || presses.get()>{move || name.get()}</output>
        };
        (name, view.into_any())
    });
    let before = stage.find("input");
    for expected in ["one", "two", ""] {
        stage.kept.set(expected.to_owned());
        turn().await;
        let style = stage.attribute("input", "style").unwrap_or_default();
        let value = js_sys::Reflect::get(&stage.find("input"), &"value".into()).expect("a field").as_string();
        assert_eq!(stage.attribute("input", "data-name").as_deref(), Some(expected));
        assert_eq!(value.as_deref(), Some(expected));
        assert_eq!(style.contains(&["--name: ", expected].concat()), !expected.is_empty(), "{style}");
        assert_eq!(stage.text("output"), expected);
    }
    assert!(before.is_same_node(Some(&stage.find("input"))), "it is changed and not drawn anew");
    assert_eq!(stage.attribute("input", "class").as_deref(), Some("fixed"));
    stage.click("input").await;
    stage.click("input").await;
    assert_eq!(stage.attribute("output", "data-presses").as_deref(), Some("2"));
}

#[wasm_bindgen_test]
async fn an_attribute_that_is_nothing_or_false_is_not_there() {
    let stage = stage(|| {
        let is_on = RwSignal::new(true);
        let none = None::<String>;
        let view = view! {
            <p
                hidden=move || is_on.get()
                data-note=move || is_on.get().then_some("noted")
                data-none=none
                data-false=false
                data-true=true
            ></p>
        };
        (is_on, view.into_any())
    });
    for is_on in [true, false, true] {
        stage.kept.set(is_on);
        turn().await;
        assert_eq!(stage.attribute("p", "hidden"), is_on.then(String::new));
        assert_eq!(stage.attribute("p", "data-note"), is_on.then(|| "noted".to_owned()));
        assert!(!stage.has("[data-none]") && !stage.has("[data-false]") && stage.has("[data-true]"));
    }
}

#[wasm_bindgen_test]
fn what_is_drawn_has_the_namespace_of_drawings() {
    let stage = stage(|| {
        let ring = view! { <svg class="ring"><circle r="1"></circle><path d="M0 0"></path></svg> };
        ((), view! { <div>{icon("check")}{ring}</div> }.into_any())
    });
    for tag in ["svg.icon", "svg.icon > use", "svg.ring", "circle", "path"] {
        assert_eq!(stage.find(tag).namespace_uri().as_deref(), Some("http://www.w3.org/2000/svg"), "{tag}");
    }
    assert_eq!(stage.find("div").namespace_uri().as_deref(), Some("http://www.w3.org/1999/xhtml"));
    assert_eq!(stage.attribute("use", "href").as_deref(), Some("#i-check"));
}

#[wasm_bindgen_test]
async fn a_child_that_follows_is_replaced_where_it_stands() {
    let stage = stage(|| {
        let shown = RwSignal::new("b");
        let child = move || match shown.get() {
            "b" => Some(view! { <b>"b"</b> }.into_any()),
            "two" => Some(view! { <i>"one"</i><u>"two"</u> }.into_any()),
            _ => None,
        };
        (shown, view! { <p><em>"before"</em>{child}<s>"after"</s></p> }.into_any())
    });
    let neighbours = (stage.find("em"), stage.find("s"));
    for (shown, expected) in
        [("b", "EM B S"), ("two", "EM I U S"), ("none", "EM S"), ("two", "EM I U S"), ("b", "EM B S")]
    {
        stage.kept.set(shown);
        turn().await;
        let tags = stage.all("p > *").iter().map(Element::tag_name).collect::<Vec<_>>().join(" ");
        assert_eq!(tags, expected);
    }
    assert!(neighbours.0.is_same_node(Some(&stage.find("em"))) && neighbours.1.is_same_node(Some(&stage.find("s"))));
}

#[wasm_bindgen_test]
async fn a_list_keeps_the_nodes_of_the_keys_that_stay() {
    let made = Rc::new(Cell::new(0_u32));
    let stage = stage(|| {
        let keys = RwSignal::new("a b c".to_owned());
        let count = SendWrapper::new(made.clone());
        let one = move |key: String| {
            count.set(count.get().saturating_add(1));
            view! { <li data-key=key></li> }.into_any()
        };
        let split = move || keys.with(|keys| keys.split_whitespace().map(str::to_owned).collect());
        (keys, view! { <ol>{keyed(split, one)}</ol> }.into_any())
    });
    let (a, c) = (stage.find("[data-key=a]"), stage.find("[data-key=c]"));
    for (keys, made_by_then) in [("a b c", 3), ("c a d", 4), ("d c a", 4), ("a c", 4)] {
        stage.kept.set(keys.to_owned());
        turn().await;
        assert_eq!(stage.attributes("li", "data-key").join(" "), keys);
        assert_eq!(made.get(), made_by_then, "{keys}");
        assert!(a.is_same_node(Some(&stage.find("[data-key=a]"))) && c.is_same_node(Some(&stage.find("[data-key=c]"))));
    }
    stage.kept.set(String::new());
    turn().await;
    assert!(!stage.has("li"));
}

#[wasm_bindgen_test]
async fn what_stays_in_its_order_is_not_moved_and_keeps_the_focus() {
    let stage = stage(|| {
        let keys = RwSignal::new("a b c".to_owned());
        let one = |key: String| view! { <button type="button" data-key=key></button> }.into_any();
        let split = move || keys.with(|keys| keys.split_whitespace().map(str::to_owned).collect());
        (keys, view! { <p>{keyed(split, one)}<s>"after"</s></p> }.into_any())
    });
    let b = stage.find("[data-key=b]");
    b.dyn_ref::<HtmlElement>().expect("an element of HTML").focus().expect("the focus");
    for keys in ["x y z a b c", "z b c d e", "b", "p q b", "b q", "a b c d", "c b a"] {
        stage.kept.set(keys.to_owned());
        turn().await;
        assert_eq!(stage.attributes("button", "data-key").join(" "), keys);
        // Put before others that were in front of it, it is another matter.
        if keys != "c b a" {
            assert!(b.is_same_node(document().active_element().as_deref()), "{keys}");
        }
    }
    assert_eq!(stage.find("p").last_element_child().expect("a last child").tag_name(), "S");
}

#[wasm_bindgen_test]
async fn the_words_of_people_stay_words() {
    const HOSTILE: &str = "<img src=x onerror=\"document.title='taken'\"><script>1</script>";
    let stage = stage(|| {
        let words = RwSignal::new(String::new());
        let view = view! {
            <p class="fixed" title=HOSTILE.to_owned()>{HOSTILE.to_owned()}</p>
            <p class="followed" data-words=move || words.get()>{move || words.get()}</p>
        };
        (words, view.into_any())
    });
    stage.kept.set(HOSTILE.to_owned());
    turn().await;
    assert!(!stage.has("img") && !stage.has("script"));
    for place in [".fixed", ".followed"] {
        assert_eq!(stage.text(place), HOSTILE);
        assert_eq!(stage.find(place).first_child().map(|node| node.node_type()), Some(Node::TEXT_NODE));
    }
    assert_eq!(stage.attribute(".fixed", "title").as_deref(), Some(HOSTILE));
    assert_eq!(stage.attribute(".followed", "data-words").as_deref(), Some(HOSTILE));
}
