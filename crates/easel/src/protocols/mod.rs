//! The protocols of real engines, one module each, all on one origin. A protocol reads its own requests, asks the studio
//! for pictures, and plays faults in its own words; protocols do not know each other. What they share: `fields` to read
//! what is in a body, `pydantic` for engines that report what is wrong with it in the same way, `methods` for the two
//! interfaces of stable-diffusion.cpp, and `router`, which stands before the providers of Hugging Face.

pub mod fal;
pub mod fields;
pub mod hf_inference;
pub mod hub;
pub mod methods;
pub mod openai;
pub mod pydantic;
pub mod replicate;
pub mod router;
pub mod sdcpp;
pub mod together;
pub mod webui;

use crate::config::Config;
use crate::studio::Studio;
use axum::Router;
use std::sync::Arc;

/// The routes of all protocols.
pub fn routes(config: &Config) -> Router<Arc<Studio>> {
    Router::new()
        .merge(hub::routes())
        .merge(hf_inference::routes())
        .merge(fal::routes())
        .merge(replicate::routes())
        .merge(together::routes())
        .merge(openai::routes())
        .merge(webui::routes(config.webui))
        .merge(sdcpp::routes())
}
