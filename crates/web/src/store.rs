//! What the pages know, as signals: the one place that they read and the rooms below change.
//!
//! Owns the signals and how rows of the hub become plain values. Everything in here is a copy of what the hub holds; what
//! counts is asked again. Must not: draw anything.

pub mod account;
pub mod buying;
pub mod chat;
pub mod deletion;
pub mod follow;
pub mod gallery;
pub mod hours;
pub mod live;
pub mod notices;
pub mod past;
pub mod rows;
pub mod send;
pub mod session;
pub mod shown;
pub mod unsent;

use crate::signal::RwSignal;
use domain::code::Code;
use web_state::past::Past;
use web_state::route::Route;
use web_state::settings::Settings;
use web_state::strip;
use web_state::toast::Toasts;
use web_state::turn::{Message, Picture};
use web_state::wait::Facts;

use crate::bridge::{Answer, Ask, hub};
use live::Freshness;

/// Who is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Not known yet.
    Unknown,
    /// Nobody is signed in.
    Nobody,
    /// A customer.
    Customer {
        /// His id.
        id: String,
        /// His address.
        email: String,
    },
}

/// A plan on sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The price of an hour, in paise.
    pub price_per_hour_paise: u32,
    /// Pictures in each hour.
    pub images_per_hour: u32,
    /// Videos in each hour.
    pub videos_per_hour: u32,
}

/// Hours that were bought and are not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its plan's id.
    pub plan_id: String,
    /// Hours bought, those added later included.
    pub hours: u32,
    /// Whether its clock runs.
    pub is_active: bool,
    /// When it was bought.
    pub created_at_ms: u64,
    /// When its clock began.
    pub started_at_ms: Option<u64>,
    /// When it ends.
    pub expires_at_ms: Option<u64>,
}

/// What is left of the session's hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The session that it is about.
    pub session_id: String,
    /// What the ledger says.
    pub hour: strip::Balance,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// How a request of this page gets on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The request.
    pub request_id: String,
    /// Where it was asked for.
    pub conversation_id: String,
    /// Where it stands.
    pub phase: Phase,
}

/// Where a request stands, as far as this page was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// On its way to the hub.
    Sending,
    /// Nobody answered, so often in a row: it may have arrived or not, and is asked for again under the same id.
    Silent(u32),
    /// It waits or is drawn.
    UnderWay(Facts),
    /// The hub said no.
    Refused {
        /// Why; none for a code that this page does not know.
        code: Option<Code>,
        /// Seconds, where asking again then makes sense.
        retry_after: Option<u32>,
    },
}

/// Everything that the pages know.
#[derive(Clone, Copy)]
pub struct Store {
    /// Who is there.
    pub who: RwSignal<Who>,
    /// The page.
    pub route: RwSignal<Route>,
    /// The hub's time, each second.
    pub now_ms: RwSignal<u64>,
    /// Whether there is a network.
    pub is_online: RwSignal<bool>,
    /// How fresh what is shown can be.
    pub freshness: RwSignal<Freshness>,
    /// The plans.
    pub plans: RwSignal<Vec<Plan>>,
    /// The sessions that are not over; none while they are being asked for.
    pub sessions: RwSignal<Option<Vec<Session>>>,
    /// The session that ended while this page looked on.
    pub over: RwSignal<Option<Session>>,
    /// What is being bought.
    pub purchase: RwSignal<buying::Purchase>,
    /// What is left of the session that counts.
    pub balance: RwSignal<Option<Balance>>,
    /// The pictures and holds of this hour.
    pub strip: RwSignal<Vec<Picture>>,
    /// Videos of this hour.
    pub videos_used: RwSignal<u32>,
    /// The conversations; none while they are being asked for.
    pub conversations: RwSignal<Option<Vec<Conversation>>>,
    /// Those that end when nobody has taken it back for a while.
    pub ending: RwSignal<Vec<String>>,
    /// The conversation whose messages and pictures are there.
    pub opened: RwSignal<Option<String>>,
    /// Whether a conversation is being brought onto the stage.
    pub is_opening: RwSignal<bool>,
    /// What was said in it.
    pub messages: RwSignal<Vec<Message>>,
    /// Its pictures.
    pub pictures: RwSignal<Vec<Picture>>,
    /// Requests of this page that are under way or were refused.
    pub jobs: RwSignal<Vec<Job>>,
    /// What is typed and not sent.
    pub draft: RwSignal<String>,
    /// The generator's settings.
    pub settings: RwSignal<Settings>,
    /// Notices, shown and past.
    pub toasts: RwSignal<Toasts>,
    /// Pictures that came while this page was there: they develop.
    pub fresh: RwSignal<Vec<String>>,
    /// Whether the generator's panel is open.
    pub is_panel_open: RwSignal<bool>,
    /// What a screen reader is told when it has time.
    pub polite: RwSignal<String>,
    /// What it is told at once.
    pub urgent: RwSignal<String>,
    /// The pictures that the lightbox pages through, and the one that it shows.
    pub lightbox: RwSignal<Option<Lightbox>>,
    /// All pictures, as far as they were asked for.
    pub past: RwSignal<Past>,
    /// Deletions that the hub has not answered yet.
    pub deletions: RwSignal<Vec<deletion::Deletion>>,
}

/// What the lightbox shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Lightbox {
    /// The pictures that it pages through; none for all of the past.
    pub pictures: Vec<Picture>,
    /// The id of the one that it shows.
    pub shown_id: String,
}

impl Store {
    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            who: RwSignal::new(Who::Unknown),
            route: RwSignal::new(Route::parse("")),
            now_ms: RwSignal::new(hub().now()),
            is_online: RwSignal::new(true),
            freshness: RwSignal::new(Freshness::default()),
            plans: RwSignal::new(vec![]),
            sessions: RwSignal::new(None),
            over: RwSignal::new(None),
            purchase: RwSignal::new(buying::Purchase::default()),
            balance: RwSignal::new(None),
            strip: RwSignal::new(vec![]),
            videos_used: RwSignal::new(0),
            conversations: RwSignal::new(None),
            ending: RwSignal::new(vec![]),
            opened: RwSignal::new(None),
            is_opening: RwSignal::new(false),
            messages: RwSignal::new(vec![]),
            pictures: RwSignal::new(vec![]),
            jobs: RwSignal::new(vec![]),
            draft: RwSignal::new(String::new()),
            settings: RwSignal::new(Settings::default()),
            toasts: RwSignal::new(Toasts::default()),
            fresh: RwSignal::new(vec![]),
            is_panel_open: RwSignal::new(false),
            polite: RwSignal::new(String::new()),
            urgent: RwSignal::new(String::new()),
            lightbox: RwSignal::new(None),
            past: RwSignal::new(Past::default()),
            deletions: RwSignal::new(vec![]),
        }
    }

    /// Asks the hub for what belongs to the customer. No answer where he has left meanwhile: it is nobody's who is here now.
    pub async fn ask(self, ask: Ask<'_>) -> Answer {
        let customer_id = self.customer_id();
        let answer = hub().ask(ask).await;
        if self.customer_id() == customer_id { answer } else { Answer { status: 0, ..answer } }
    }

    /// The customer's id; empty where nobody is signed in. Not tracked.
    #[must_use]
    pub fn customer_id(self) -> String {
        self.who.with_untracked(|who| if let Who::Customer { id, .. } = who { id.clone() } else { String::new() })
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}
