//! The forms in which a customer asks for something: signing in, and the prompt.

use wasm_bindgen_test::wasm_bindgen_test;
use web::components::composer::composer;
use web::pages::sign_in::sign_in;
use web::store::{Balance, Session, Store, Who};
use web_state::strip::{self, SessionStatus};

use crate::fake;
use crate::stage::{Stage, stage, turn};

const SUBMIT: &str = "new Event('submit', { bubbles: true, cancelable: true })";

fn enter(more: &str) -> String {
    ["new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true", more, " })"].concat()
}

fn form() -> Stage<()> {
    fake::begin();
    stage(|| ((), sign_in(Store::new())))
}

#[wasm_bindgen_test]
async fn what_is_wrong_with_a_field_is_said_beside_it_and_nobody_is_asked() {
    let stage = form();
    let invalid = |stage: &Stage<()>| stage.attributes("#email, #password", "aria-invalid").join(" ");
    assert_eq!((stage.text("#email-error"), invalid(&stage)), (String::new(), "- -".to_owned()));
    assert!(!stage.fire("form", SUBMIT).await, "the page does not leave");
    assert_eq!(stage.text("#email-error"), "That is no address.");
    assert_eq!(stage.text("#password-error"), "At least 8 characters.");
    assert_eq!(invalid(&stage), "true true");

    stage.type_into("#email", "asha@example.in").await;
    stage.type_into("#password", "short").await;
    stage.click("input[value=up]").await;
    stage.fire("form", SUBMIT).await;
    assert_eq!((stage.text("#email-error"), invalid(&stage)), (String::new(), "- true".to_owned()));
    assert!(fake::asked("signUp").is_empty() && fake::asked("signIn").is_empty());

    stage.type_into("#password", "long enough").await;
    fake::answer("signUp", r#""""#);
    stage.fire("form", SUBMIT).await;
    assert_eq!(invalid(&stage), "- -");
    assert_eq!(fake::asked("signUp"), [r#"["asha@example.in","long enough"]"#]);
}

#[wasm_bindgen_test]
async fn a_refusal_of_auth_is_said_and_what_was_typed_stays() {
    let stage = form();
    fake::answer("signIn", r#""wrong""#);
    stage.type_into("#email", " asha@example.in ").await;
    stage.type_into("#password", "old").await;
    stage.fire("form", SUBMIT).await;
    assert_eq!(fake::asked("signIn"), [r#"["asha@example.in","old"]"#]);
    assert_eq!(stage.text("[role=alert]"), "They do not fit together.");
    assert_eq!(stage.attribute("button[type=submit]", "aria-busy"), None);
    // The other way is a new beginning.
    stage.click("input[value=up]").await;
    assert_eq!(stage.text("[role=alert]"), "");
}

/// A composer of a customer with a session, and so many pictures left in its hour.
async fn prompt(remaining: u32) -> Stage<Store> {
    fake::begin();
    let stage = stage(|| {
        let store = Store::new();
        store.who.set(Who::Customer { id: "customer".to_owned(), email: "asha@example.in".to_owned() });
        store.opened.set(Some("conversation".to_owned()));
        store.sessions.set(Some(vec![Session {
            id: "session".to_owned(),
            plan_id: "plan".to_owned(),
            hours: 1,
            is_active: true,
            created_at_ms: 1,
            started_at_ms: Some(1),
            expires_at_ms: Some(3_600_001),
        }]));
        store.balance.set(Some(Balance {
            session_id: "session".to_owned(),
            hour: strip::Balance {
                per_hour: 8,
                remaining,
                expires_at_ms: Some(3_600_001),
                session: SessionStatus::Active,
                ..strip::Balance::default()
            },
        }));
        (store, composer(store))
    });
    turn().await;
    stage
}

/// What stands where the cost would, and whether the button can be pressed.
fn reason(stage: &Stage<Store>) -> (String, bool) {
    assert_eq!(stage.attribute("#cost", "data-kind").is_some(), stage.attribute(".send", "aria-disabled").is_some());
    (stage.text("#cost"), stage.attribute(".send", "aria-disabled").is_none())
}

async fn press_enter(stage: &Stage<Store>) {
    stage.fire("#prompt", &enter("")).await;
}

#[wasm_bindgen_test]
async fn the_composer_says_why_it_cannot_send_and_does_not() {
    let stage = prompt(1).await;
    let store = stage.kept;
    stage.type_into("#prompt", "a sunset").await;
    assert_eq!(reason(&stage), ("1 picture.".to_owned(), true));

    store.settings.update(|settings| settings.count = 2);
    press_enter(&stage).await;
    assert_eq!(reason(&stage), ("Only 1 picture is left.".to_owned(), false));
    assert_eq!(store.urgent.get_untracked(), "Only 1 picture is left.", "a reader hears it");

    store.balance.update(|balance| balance.iter_mut().for_each(|balance| balance.hour.remaining = 0));
    press_enter(&stage).await;
    assert_eq!(reason(&stage), ("All pictures of this hour are made.".to_owned(), false));

    store.balance.update(|balance| balance.iter_mut().for_each(|balance| balance.hour.remaining = 2));
    for (over, words) in [(1, "1 character too many."), (12, "12 characters too many.")] {
        stage.type_into("#prompt", &"x".repeat(2_000_usize.saturating_add(over))).await;
        press_enter(&stage).await;
        assert_eq!(reason(&stage), (words.to_owned(), false));
    }

    store.sessions.set(Some(vec![]));
    stage.type_into("#prompt", "a sunset").await;
    press_enter(&stage).await;
    stage.fire("form", SUBMIT).await;
    assert_eq!(reason(&stage), ("Buy an hour to make pictures.".to_owned(), false));

    assert!(fake::asked("call").is_empty(), "nothing was sent");
    assert_eq!((store.draft.get_untracked(), fake::kept("draft")), ("a sunset".to_owned(), "a sunset".to_owned()));
}

#[wasm_bindgen_test]
async fn enter_sends_but_not_while_an_input_method_composes() {
    let stage = prompt(8).await;
    fake::answer("say", r#"{ "status": 201, "body": null }"#);
    let accepted = r#"{ "status": 202, "body": { "requestId": "id-1", "status": "queued", "position": 1 } }"#;
    fake::answer("call", accepted);
    stage.type_into("#prompt", "  सूर्यास्त ").await;
    for other in [", isComposing: true", ", keyCode: 229", ", shiftKey: true"] {
        assert!(stage.fire("#prompt", &enter(other)).await, "{other}: the key is the field's");
    }
    assert!(fake::asked("call").is_empty());

    assert!(!stage.fire("#prompt", &enter("")).await);
    assert_eq!(fake::asked("say"), [r#"["id-1","conversation","सूर्यास्त"]"#]);
    let calls = fake::asked("call");
    let [call] = calls.as_slice() else { return assert_eq!(calls, ["one call"]) };
    let wanted = [
        r#"["generate-image","POST",{"#,
        r#""prompt":"सूर्यास्त""#,
        r#""sessionId":"session""#,
        r#""conversationId":"conversation""#,
        r#""requestId":"id-1""#,
        r#"},true]"#,
    ];
    for part in wanted {
        assert!(call.contains(part), "{part} is not in {call}");
    }
    let typed = js_sys::Reflect::get(&stage.find("#prompt"), &"value".into()).expect("a field");
    assert_eq!((typed.as_string().as_deref(), fake::kept("draft")), (Some(""), String::new()));

    // An empty prompt is neither sent nor complained of.
    press_enter(&stage).await;
    assert_eq!(fake::asked("call").len(), 1);
}
