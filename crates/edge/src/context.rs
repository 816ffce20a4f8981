//! What every request of an instance shares.
//!
//! Owns: building the clients from the settings, and keeping what is wrong with the settings until a request meets it.
//! Must not: hold anything of a request.

use crate::error::ApiError;
use crate::fetch::Fetch;
use crate::settings::{self, Settings};
use crate::timer::Timeouts;
use std::cell::RefCell;
use supabase::{AddressKey, Ledger, SecretKey};
use wasm_bindgen::JsValue;

#[cfg(feature = "pictures")]
use {
    crate::settings::PictureSettings,
    engine::{AnyEngine, Engine, Moderation, engines_from_list},
    std::time::Duration,
    supabase::{PictureStore, Roster},
};

#[cfg(feature = "payments")]
use {
    crate::settings::PaymentSettings,
    payment::{AnyProvider, Secret},
};

/// The clients and the limits of one instance.
pub struct Context {
    /// The ledger and the bucket; or which variable is missing.
    backend: Result<Backend, String>,
    /// Who draws.
    #[cfg(feature = "pictures")]
    pub studio: Studio,
    /// Who takes the money; or what is wrong with the settings.
    #[cfg(feature = "payments")]
    pub till: Result<Till, String>,
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
    #[cfg(feature = "pictures")]
    pub store: PictureStore,
    /// By which the workers know who may wake them.
    pub secret_key: SecretKey,
}

/// Who draws the pictures, and within which limits.
#[cfg(feature = "pictures")]
pub struct Studio {
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
}

/// Who takes the customers' money.
#[cfg(feature = "payments")]
pub struct Till {
    /// The provider.
    pub provider: AnyProvider,
    /// With which it signs its events: today's, and yesterday's.
    pub webhook_secrets: Vec<Secret>,
    /// The hub's name, as the provider's page shows it.
    pub hub_name: String,
}

impl Context {
    /// The clients that the environment asks for.
    pub fn new(environment: &JsValue) -> Self {
        let settings: Settings = settings::read(environment);
        Self {
            backend: backend(&settings).map_err(|name| format!("{name} is not set")),
            #[cfg(feature = "pictures")]
            studio: Studio::new(&settings::read(environment)),
            #[cfg(feature = "payments")]
            till: settings::read::<PaymentSettings>(environment).till(),
            client_address_header: settings.client_address_header(),
            address_key: RefCell::default(),
            transport: Fetch,
            timer: Timeouts,
        }
    }

    /// The ledger and the bucket.
    ///
    /// # Errors
    /// [`ApiError::Failed`] where a variable is missing; the log says which.
    pub fn backend(&self) -> Result<&Backend, ApiError> {
        self.backend.as_ref().map_err(|missing| ApiError::internal(missing))
    }
}

#[cfg(feature = "pictures")]
impl Studio {
    fn new(settings: &PictureSettings) -> Self {
        let engines = engines_from_list(settings.image_engines(), &settings.engine_keys());
        let listed = engines.as_deref().unwrap_or_default();
        Self {
            roster: Roster {
                engines: listed.iter().map(|engine| engine.name().to_owned()).collect(),
                accounts: listed.iter().map(|engine| engine.account().to_owned()).collect(),
            },
            engines: engines.map_err(|error| error.to_string()),
            moderation: settings.moderation(),
            image_budget: settings.image_budget(),
            queue_concurrency: settings.queue_concurrency(),
        }
    }
}

fn backend(settings: &Settings) -> Result<Backend, &'static str> {
    let project = settings.project()?;
    let secret_key = settings.secret_key()?;
    Ok(Backend {
        ledger: Ledger::new(&project, &secret_key),
        #[cfg(feature = "pictures")]
        store: PictureStore::new(&project, settings.public_url().unwrap_or(&project.url), &secret_key),
        secret_key,
    })
}
