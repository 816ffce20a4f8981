//! Bindings of `js/hub.ts`: the hub through supabase-js.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;

use super::{Row, float, settled};

/// What a function or a query answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status; 0 where nobody answered.
    pub status: u32,
    /// The answer's JSON.
    pub body: Row,
}

impl Answer {
    /// Whether it is what was asked for.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether nobody answered, so that nothing is known.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        self.status == 0
    }

    /// The rows of a query that was answered; none where it was not.
    #[must_use]
    pub fn rows(&self) -> Option<Vec<Row>> {
        self.is_ok().then(|| self.body.items())
    }
}

#[wasm_bindgen]
extern "C" {
    /// The hub.
    #[derive(Clone, Debug)]
    pub type Hub;

    #[wasm_bindgen(method, js_name = now)]
    fn now_js(this: &Hub) -> f64;
    #[wasm_bindgen(method, js_name = watchUser)]
    fn watch_user_js(this: &Hub, changed: &Function);
    #[wasm_bindgen(method, js_name = signIn)]
    fn sign_in_js(this: &Hub, email: &str, password: &str) -> Promise;
    #[wasm_bindgen(method, js_name = signUp)]
    fn sign_up_js(this: &Hub, email: &str, password: &str) -> Promise;
    #[wasm_bindgen(method, js_name = signOut)]
    fn sign_out_js(this: &Hub) -> Promise;
    #[wasm_bindgen(method, js_name = call)]
    fn call_js(this: &Hub, name: &str, method: &str, body: &JsValue, is_async: bool) -> Promise;
    #[wasm_bindgen(method)]
    fn plans(this: &Hub) -> Promise;
    #[wasm_bindgen(method)]
    fn sessions(this: &Hub) -> Promise;
    #[wasm_bindgen(method)]
    fn balance(this: &Hub, session_id: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn strip(this: &Hub, session_id: &str, since_ms: f64) -> Promise;
    #[wasm_bindgen(method)]
    fn videos(this: &Hub, session_id: &str, since_ms: f64) -> Promise;
    #[wasm_bindgen(method)]
    fn conversations(this: &Hub) -> Promise;
    #[wasm_bindgen(method, js_name = openConversation)]
    fn open_conversation(this: &Hub, id: &str, user_id: &str, session_id: &str, title: &str) -> Promise;
    #[wasm_bindgen(method, js_name = renameConversation)]
    fn rename_conversation(this: &Hub, id: &str, title: &str) -> Promise;
    #[wasm_bindgen(method, js_name = endConversation)]
    fn end_conversation(this: &Hub, id: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn messages(this: &Hub, conversation_id: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn say(this: &Hub, id: &str, conversation_id: &str, content: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn pictures(this: &Hub, conversation_id: &str) -> Promise;
    #[wasm_bindgen(method, js_name = pictureOf)]
    fn picture_of(this: &Hub, request_id: &str) -> Promise;
    #[wasm_bindgen(method, js_name = inFlight)]
    fn in_flight(this: &Hub) -> Promise;
    #[wasm_bindgen(method)]
    fn history(this: &Hub, cursor: &str, limit: u32) -> Promise;
    #[wasm_bindgen(method, js_name = historyCount)]
    fn history_count(this: &Hub) -> Promise;
    #[wasm_bindgen(method, js_name = deletePictures)]
    fn delete_pictures(this: &Hub, ids: &Array) -> Promise;
    #[wasm_bindgen(method, js_name = restorePictures)]
    fn restore_pictures(this: &Hub, ids: &Array) -> Promise;
    #[wasm_bindgen(method, js_name = listen)]
    fn listen_js(this: &Hub, user_id: &str, told: &Function, joined: &Function);
    /// Listens to nothing any more.
    #[wasm_bindgen(method)]
    pub fn hushed(this: &Hub);
}

/// A question to the hub, not yet asked.
pub enum Ask<'a> {
    /// The plans on sale.
    Plans,
    /// The sessions that are not over.
    Sessions,
    /// What is left of a session.
    Balance(&'a str),
    /// The pictures of a session since a moment.
    Strip(&'a str, u64),
    /// How many videos of a session since a moment.
    Videos(&'a str, u64),
    /// The conversations.
    Conversations,
    /// Opens a conversation: its id, the customer's, the session's, its title.
    OpenConversation(&'a str, &'a str, &'a str, &'a str),
    /// Names a conversation anew.
    RenameConversation(&'a str, &'a str),
    /// Ends a conversation.
    EndConversation(&'a str),
    /// What was said in a conversation.
    Messages(&'a str),
    /// Says something: the message's id, the conversation's, the words.
    Say(&'a str, &'a str, &'a str),
    /// The pictures of a conversation.
    Pictures(&'a str),
    /// The pictures of a request.
    PicturesOf(&'a str),
    /// What is under way.
    InFlight,
    /// A page of all pictures, after a cursor.
    History(&'a str, u32),
    /// How many pictures there are in all; the body is the number, under `count`.
    HistoryCount,
    /// Deletes pictures.
    Delete(&'a [String]),
    /// Takes their deletion back.
    Restore(&'a [String]),
}

impl Hub {
    /// Asks. Queries read and write nothing twice: asking again after silence is safe.
    pub async fn ask(&self, ask: Ask<'_>) -> Answer {
        let promise = match ask {
            Ask::Plans => self.plans(),
            Ask::Sessions => self.sessions(),
            Ask::Balance(session) => self.balance(session),
            Ask::Strip(session, since) => self.strip(session, float(since)),
            Ask::Videos(session, since) => self.videos(session, float(since)),
            Ask::Conversations => self.conversations(),
            Ask::OpenConversation(id, user, session, title) => self.open_conversation(id, user, session, title),
            Ask::RenameConversation(id, title) => self.rename_conversation(id, title),
            Ask::EndConversation(id) => self.end_conversation(id),
            Ask::Messages(conversation) => self.messages(conversation),
            Ask::Say(id, conversation, words) => self.say(id, conversation, words),
            Ask::Pictures(conversation) => self.pictures(conversation),
            Ask::PicturesOf(request) => self.picture_of(request),
            Ask::InFlight => self.in_flight(),
            Ask::History(cursor, limit) => self.history(cursor, limit),
            Ask::HistoryCount => self.history_count(),
            Ask::Delete(ids) => self.delete_pictures(&list(ids)),
            Ask::Restore(ids) => self.restore_pictures(&list(ids)),
        };
        answer(promise).await
    }

    /// Calls a function of the hub. `is_async`: it need not wait for the picture.
    pub async fn call(&self, name: &str, method: &str, body: Option<&Row>, is_async: bool) -> Answer {
        let body = body.map_or(JsValue::NULL, |body| body.value().clone());
        answer(self.call_js(name, method, &body, is_async)).await
    }

    /// The hub's time, in milliseconds since 1970.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the conversion saturates")]
    pub fn now(&self) -> u64 {
        self.now_js() as u64
    }

    /// Tells who is signed in, as id and e-mail, now and whenever it changes.
    pub fn watch_user(&self, mut changed: impl FnMut(Option<(String, String)>) + 'static) {
        let told = move |user: JsValue| {
            let user = Row::new(user);
            changed(user.is_there().then(|| (user.text("id"), user.text("email"))));
        };
        self.watch_user_js(&Closure::<dyn FnMut(JsValue)>::new(told).into_js_value().unchecked_into());
    }

    /// Signs in; empty, or why not.
    pub async fn sign_in(&self, email: &str, password: &str) -> String {
        settled(self.sign_in_js(email, password)).await.as_string().unwrap_or_else(|| "other".into())
    }

    /// Signs up; empty, or why not.
    pub async fn sign_up(&self, email: &str, password: &str) -> String {
        settled(self.sign_up_js(email, password)).await.as_string().unwrap_or_else(|| "other".into())
    }

    /// Signs out.
    pub async fn sign_out(&self) {
        settled(self.sign_out_js()).await;
    }

    /// Listens to what concerns a customer.
    pub fn listen(
        &self,
        user_id: &str,
        mut told: impl FnMut(String, Row) + 'static,
        joined: impl FnMut(bool) + 'static,
    ) {
        let told = move |event: String, payload: JsValue| told(event, Row::new(payload));
        let told = Closure::<dyn FnMut(String, JsValue)>::new(told).into_js_value();
        let joined = Closure::<dyn FnMut(bool)>::new(joined).into_js_value();
        self.listen_js(user_id, told.unchecked_ref(), joined.unchecked_ref());
    }
}

async fn answer(promise: Promise) -> Answer {
    let answer = Row::new(settled(promise).await);
    Answer { status: answer.whole("status"), body: answer.inner("body") }
}

fn list(ids: &[String]) -> Array {
    ids.iter().map(|id| JsValue::from_str(id)).collect()
}
