//! What every request of an instance shares.
//!
//! Owns: building the clients from the settings, and keeping what is wrong with the settings until a request meets it.
//! Must not: hold anything of a request.

use crate::fetch::Fetch;
use crate::settings::Settings;
use crate::timer::Timeouts;
use engine::{AnyEngine, engines_from_list};
use std::time::Duration;
use supabase::{Ledger, PictureStore};

/// The clients and the limits of one instance.
pub struct Context {
    /// The ledger and the bucket; or which variable is missing.
    pub backend: Result<Backend, String>,
    /// The engines in their order; or what is wrong with the list.
    pub engines: Result<Vec<AnyEngine>, String>,
    /// How long a request waits for its engines.
    pub image_budget: Duration,
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
}

impl Context {
    /// The clients that those settings ask for.
    pub fn new(settings: &Settings) -> Self {
        Self {
            backend: backend(settings).map_err(|name| format!("{name} is not set")),
            engines: engines_from_list(settings.image_engines(), &settings.engine_keys())
                .map_err(|error| error.to_string()),
            image_budget: settings.image_budget(),
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
    })
}
