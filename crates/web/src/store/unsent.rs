//! Wishes that the hub has not answered, kept in the browser: a page that is closed in the middle goes on where it was.
//!
//! Owns: their form in the browser's storage. Must not: send them.

use web_state::settings::Settings;

use crate::bridge::browser;

const NAME: &str = "unsent";
/// What stands between fields and between wishes; neither can be typed into a prompt, which has no control characters.
const FIELD: char = '\u{1f}';
const WISH: char = '\u{1e}';
/// How long a customer waits for an answer before he has given it up.
const WAITED_FOR_MS: u64 = 10 * 60_000;
/// How long the tab that asked is alone in asking: longer than an answer takes.
pub const ANOTHERS_FOR_MS: u64 = 15_000;
/// More than these nobody waits for.
const WISHES_MAX: usize = 8;

/// A request for pictures, complete, under its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsent {
    /// The request's id.
    pub request_id: String,
    /// Where it was asked for.
    pub conversation_id: String,
    /// In which session.
    pub session_id: String,
    /// When it was asked for, by the hub's clock.
    pub asked_at_ms: u64,
    /// Whether it is a variant of an earlier one, and says nothing of its own.
    pub is_variant: bool,
    /// The rest of what was chosen.
    pub settings: Settings,
    /// The words.
    pub prompt: String,
}

impl Unsent {
    /// Whether it is so fresh that whoever asked for it still waits: it may be asked for again without him. Later it may begin
    /// hours, or take a credit, that he has meanwhile other plans for.
    #[must_use]
    pub const fn is_waited_for(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.asked_at_ms) < WAITED_FOR_MS
    }

    /// Whether another tab may be asking just now: it is left to it for a while.
    #[must_use]
    pub const fn may_be_anothers(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.asked_at_ms) < ANOTHERS_FOR_MS
    }

    fn to_text(&self) -> String {
        let (variant, settings) = (if self.is_variant { "1" } else { "" }, self.settings.to_text());
        let asked_at = self.asked_at_ms.to_string();
        [&self.request_id, &self.conversation_id, &self.session_id, &asked_at, variant, &settings, &self.prompt]
            .join(FIELD.encode_utf8(&mut [0; 4]) as &str)
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut fields = text.split(FIELD).map(str::to_owned);
        Some(Self {
            request_id: fields.next()?,
            conversation_id: fields.next()?,
            session_id: fields.next()?,
            asked_at_ms: fields.next()?.parse().ok()?,
            is_variant: fields.next()? == "1",
            settings: Settings::from_text(&fields.next()?),
            prompt: fields.next()?,
        })
    }
}

/// All of them, the oldest first.
#[must_use]
pub fn all() -> Vec<Unsent> {
    browser().kept(NAME).split(WISH).filter_map(Unsent::from_text).collect()
}

/// Keeps a wish.
pub fn keep(wish: &Unsent) {
    let mut wishes = all();
    wishes.retain(|known| known.request_id != wish.request_id);
    wishes.push(wish.clone());
    let surplus = wishes.len().saturating_sub(WISHES_MAX);
    write(wishes.get(surplus..).unwrap_or_default());
}

/// The wish of that id.
#[must_use]
pub fn find(request_id: &str) -> Option<Unsent> {
    all().into_iter().find(|wish| wish.request_id == request_id)
}

/// Forgets a wish that was answered.
pub fn forget(request_id: &str) {
    let mut wishes = all();
    wishes.retain(|known| known.request_id != request_id);
    write(&wishes);
}

/// Forgets all of them: somebody else may sign in.
pub fn forget_all() {
    write(&[]);
}

fn write(wishes: &[Unsent]) {
    let text = wishes.iter().map(Unsent::to_text).collect::<Vec<_>>().join(WISH.encode_utf8(&mut [0; 4]) as &str);
    browser().keep(NAME, &text);
}
