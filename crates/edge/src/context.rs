//! What every request of an instance shares.
//!
//! Owns: building the clients from the settings, and keeping what is wrong with the settings until a request meets it.
//! Must not: hold anything of a request.

use crate::fetch::Fetch;
use crate::settings::Settings;
use crate::timer::Timeouts;
use engine::{AnyEngine, Engine, Moderation, engines_from_list};
use std::cell::RefCell;
use std::time::Duration;
use supabase::{AddressKey, Ledger, PictureStore, Roster, SecretKey};

/// The clients and the limits of one instance.
pub struct Context {
    /// The ledger and the bucket; or which variable is missing.
    pub backend: Result<Backend, String>,
    /// The engines in their order; or what is wrong with the list.
    pub engines: Result<Vec<AnyEngine>, String>,
    /// The engines as the ledger knows them.
    pub roster: Roster,
    /// Who judges prompts before they are drawn, where the owner wants that.
    pub moderation: Option<Moderation>,
    /// How long a request waits for its engines.
    pub image_budget: Duration,
    /// Pictures of the queue that are drawn at once, by all workers together.
    pub queue_concurrency: usize,
    /// The header that tells the client's address.
    pub client_address_header: String,
    /// The key with which addresses are sealed, once an instance has asked for it. Never borrowed across an await.
    pub address_key: RefCell<Option<AddressKey>>,
    /// How requests are sent.
    pub transport: Fetch,
    /// How time is told.
    pub timer: Timeouts,
}

/// The hub's Supabase project.
pub struct Backend {
    /// Who owes what.
    pub ledger: Ledger,
    /// Where the pictures lie.
    pub store: PictureStore,
    /// By which the worker of the queue knows who may wake it.
    pub secret_key: SecretKey,
}

impl Context {
    /// The clients that those settings ask for.
    pub fn new(settings: &Settings) -> Self {
        let engines = engines_from_list(settings.image_engines(), &settings.engine_keys());
        let listed = engines.as_deref().unwrap_or_default();
        Self {
            backend: backend(settings).map_err(|name| format!("{name} is not set")),
            roster: Roster {
                engines: listed.iter().map(|engine| engine.name().to_owned()).collect(),
                accounts: listed.iter().map(|engine| engine.account().to_owned()).collect(),
            },
            engines: engines.map_err(|error| error.to_string()),
            moderation: settings.moderation(),
            image_budget: settings.image_budget(),
            queue_concurrency: settings.queue_concurrency(),
            client_address_header: settings.client_address_header(),
            address_key: RefCell::default(),
            transport: Fetch,
            timer: Timeouts,
        }
    }
}

fn backend(settings: &Settings) -> Result<Backend, &'static str> {
    let project = settings.project()?;
    let secret_key = settings.secret_key()?;
    let public_url = settings.public_url().unwrap_or(&project.url);
    Ok(Backend {
        ledger: Ledger::new(&project, &secret_key),
        store: PictureStore::new(&project, public_url, &secret_key),
        secret_key,
    })
}
