//! How the model's things are written in the database: names as UUIDs, moments as texts, rows and answers as JSON.
//!
//! Owns: the names that the database gives and the model does not know, and the JSON that is expected of it. Must not:
//! decide whether what came is what was expected.

use ledger_model::Ledger;
use ledger_model::books::Changes;
use ledger_model::generation::{Contents, Generation, Prompt, State};
use ledger_model::names::{ConversationId, CustomerId, GenerationId, LeaseId, RequestId, SessionId};
use ledger_model::operation::LeaseClaim;
use ledger_model::session::{Session, StartedBy};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A lease that nobody ever had, and a session that nobody ever bought.
const NOBODYS: &str = "00000000-0000-4000-8000-000000000000";
/// What is asked for where the model does not care.
const SIDE: u32 = 512;
/// What an engine drew, which is not quite what was asked for.
pub const DRAWN: (u32, u32) = (640, 384);

pub fn customer_uuid(customer: CustomerId) -> String {
    format!("c0000000-0000-4000-8000-{:012x}", customer.0)
}

pub fn conversation_uuid(number: u32) -> String {
    format!("d0000000-0000-4000-8000-{number:012x}")
}

pub fn request_uuid(request: RequestId) -> String {
    format!("e0000000-0000-4000-8000-{:012x}", request.0)
}

/// What the database has chosen for a picture.
#[derive(Clone, Debug, Default)]
struct Chosen {
    id: String,
    storage_key: String,
    seed: i64,
}

/// The names that the database gave.
#[derive(Clone, Debug, Default)]
pub struct Names {
    sessions: BTreeMap<SessionId, String>,
    leases: BTreeMap<LeaseId, String>,
    chosen: BTreeMap<GenerationId, Chosen>,
    generation_of: BTreeMap<String, GenerationId>,
    session_of: BTreeMap<String, SessionId>,
    lease_of: BTreeMap<String, LeaseId>,
}

/// A row of the database, by its name in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    Session(SessionId),
    Generation(GenerationId),
}

impl Names {
    /// Which row was written; learns what the database has chosen for it. None where the model has no such row.
    pub fn learn(&mut self, ledger: &Ledger, changes: &Changes, table: &str, new: &Value) -> Option<Row> {
        let text = |key: &str| new[key].as_str().unwrap_or_default();
        let id = text("id");
        if table == "user_sessions" {
            let known = self.session_of.get(id).copied();
            let granted = || changes.sessions.iter().copied().find(|session| !self.sessions.contains_key(session));
            let session = known.or_else(granted)?;
            self.sessions.insert(session, id.to_owned());
            self.session_of.insert(id.to_owned(), session);
            return Some(Row::Session(session));
        }
        let generation = match self.generation_of.get(id) {
            Some(known) => *known,
            None => self.learn_generation(ledger, new)?,
        };
        if let (Some(lease), Some(given)) =
            (ledger.books.generation(generation).state.lease(), new["lease_id"].as_str())
        {
            // One lease, one UUID: whatever was known first stays, and the other is seen to differ.
            let first = *self.lease_of.entry(given.to_owned()).or_insert(lease);
            if first == lease {
                self.leases.entry(lease).or_insert_with(|| given.to_owned());
            }
        }
        Some(Row::Generation(generation))
    }

    fn learn_generation(&mut self, ledger: &Ledger, new: &Value) -> Option<GenerationId> {
        let number = |key: &str| u32::from_str_radix(new[key].as_str()?.get(24..)?, 16).ok();
        let (customer, request) = (CustomerId(number("user_id")?), RequestId(number("request_id")?));
        let place = usize::try_from(new["batch_index"].as_u64()?).ok()?;
        let generation = *ledger.books.request(customer, request).get(place)?;
        if self.chosen.contains_key(&generation) {
            return None;
        }
        let text = |key: &str| new[key].as_str().unwrap_or_default().to_owned();
        let chosen = Chosen { id: text("id"), storage_key: text("storage_key"), seed: new["seed"].as_i64()? };
        self.generation_of.insert(chosen.id.clone(), generation);
        self.chosen.insert(generation, chosen);
        Some(generation)
    }

    pub fn session(&self, session: SessionId) -> &str {
        self.sessions.get(&session).map_or(NOBODYS, String::as_str)
    }

    pub fn lease(&self, lease: LeaseClaim) -> &str {
        match lease {
            LeaseClaim::Given(lease) => self.leases.get(&lease).map_or(NOBODYS, String::as_str),
            LeaseClaim::Invented => NOBODYS,
        }
    }

    /// The id of a picture, and where its object lies.
    pub fn object(&self, id: GenerationId) -> Option<(&str, &str)> {
        self.chosen.get(&id).map(|chosen| (chosen.id.as_str(), chosen.storage_key.as_str()))
    }

    /// A batch counts its seeds on from the first, around the end of the range.
    fn seed(&self, ledger: &Ledger, row: &Generation) -> i64 {
        let first = ledger.books.request(row.customer, row.request).first();
        let drawn = first.and_then(|id| self.chosen.get(id)).map_or(0, |chosen| chosen.seed);
        (row.contents.seed.unwrap_or(drawn) + i64::from(row.batch_index)) % (1 << 32)
    }

    /// A session as it must be written down.
    pub fn session_row(&self, id: SessionId, session: &Session) -> Value {
        let status = match (session.marked_ended, session.clock) {
            (true, _) => "ended",
            (false, Some(_)) => "active",
            (false, None) => "ready",
        };
        json!({
            "id": self.session(id),
            "user_id": customer_uuid(session.customer),
            "plan_id": session.plan.id(),
            "hours_purchased": session.hours,
            "status": status,
            "created_at": session.created_at.to_string(),
            "started_at": session.clock.map(|clock| clock.started_at.to_string()),
            "started_by": session.clock.map(|clock| match clock.started_by {
                StartedBy::Customer => "customer",
                StartedBy::Picture => "picture",
            }),
            "expires_at": session.expires_at().map(|moment| moment.to_string()),
            "images_generated": session.images_generated,
        })
    }

    /// A picture as it must be written down.
    pub fn generation_row(&self, ledger: &Ledger, id: GenerationId) -> Value {
        let row = ledger.books.generation(id);
        let (queue_turn, not_before, wait_code) = match row.state {
            State::Queued { turn, not_before, waits_for, .. } => (Some(turn), Some(not_before.to_string()), waits_for),
            State::Running { turn, .. } => (turn, None, None),
            _ => (None, None, None),
        };
        let mut written = json!({
            "user_id": customer_uuid(row.customer),
            "session_id": self.session(row.contents.session),
            "conversation_id": conversation(&row.contents),
            "request_id": request_uuid(row.request),
            "batch_index": row.batch_index,
            "batch_count": row.contents.batch_count,
            "hour_index": row.hour_index,
            "lease_id": row.state.lease().map(|lease| self.lease(LeaseClaim::Given(lease))),
            "lease_expires_at": row.state.held_until().map(|moment| moment.to_string()),
            "queue_turn": queue_turn,
            "not_before": not_before,
            "wait_code": wait_code,
            "respond_async": row.respond_async,
            "attempts": row.attempts,
            "cancel_requested_at": row.cancel_requested_at.map(|moment| moment.to_string()),
            "settled_at": row.settled_at.map(|moment| moment.to_string()),
            "object_name": row.state.picture().map(|_| self.object_name(row, id)),
        });
        // What an answer shows of a picture is written down under other names.
        let shown = self.generation(ledger, id);
        for (column, key) in [
            ("id", "id"),
            ("status", "status"),
            ("storage_key", "storageKey"),
            ("image_url", "url"),
            ("seed", "seed"),
            ("prompt", "prompt"),
            ("width", "width"),
            ("height", "height"),
            ("model_used", "model"),
            ("failure_code", "failureCode"),
            ("generation_time_ms", "generationTimeMs"),
            ("created_at", "createdAt"),
        ] {
            written[column] = shown[key].clone();
        }
        written
    }

    pub fn object_name(&self, row: &Generation, id: GenerationId) -> String {
        let key = self.object(id).map_or("", |(_, storage_key)| storage_key);
        format!("{}/{key}.png", customer_uuid(row.customer))
    }

    /// A picture as an answer shows it.
    pub fn generation(&self, ledger: &Ledger, id: GenerationId) -> Value {
        let row = ledger.books.generation(id);
        let (uuid, storage_key) = self.object(id).unwrap_or_default();
        let picture = row.state.picture();
        let (width, height) = if picture.is_some() { DRAWN } else { (SIDE, SIDE) };
        json!({
            "id": uuid,
            "status": row.state.word(),
            "storageKey": storage_key,
            "url": picture.map(|_| format!("https://hub.example/{storage_key}.png")),
            "seed": self.seed(ledger, row),
            "prompt": prompt_text(row.contents.prompt),
            "negativePrompt": null,
            "width": width,
            "height": height,
            "steps": 30,
            "cfgScale": 7.5,
            "model": picture.map(|_| "sketch"),
            "failureCode": match row.state {
                State::Failed { code } => Some(code),
                _ => None,
            },
            "generationTimeMs": picture.map(|picture| picture.generation_time_ms),
            "createdAt": row.created_at.to_string(),
        })
    }
}

pub fn conversation(contents: &Contents) -> Option<String> {
    contents.conversation.map(|ConversationId(number)| conversation_uuid(number))
}

pub fn prompt_text(prompt: Prompt) -> String {
    match prompt {
        Prompt::Plain(number) => format!("a lighthouse on rock {number}"),
        Prompt::Refused => "a photo, NUDE -- child".to_owned(),
        Prompt::Unprintable => "a lighthouse\u{7}".to_owned(),
    }
}
