//! What the WebUI has to choose from: models, samplers, schedulers, options.

use crate::config::WebUi;
use crate::protocols::methods;
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Samplers of the WebUIs in Python, each with another name by which it is known.
const SAMPLERS: [(&str, &str); 14] = [
    ("DPM++ 2M", "k_dpmpp_2m"),
    ("DPM++ SDE", "k_dpmpp_sde"),
    ("DPM++ 2M SDE", "k_dpmpp_2m_sde"),
    ("DPM++ 2S a", "k_dpmpp_2s_a"),
    ("DPM++ 3M SDE", "k_dpmpp_3m_sde"),
    ("Euler a", "k_euler_a"),
    ("Euler", "k_euler"),
    ("LMS", "k_lms"),
    ("Heun", "k_heun"),
    ("DPM2", "k_dpm_2"),
    ("DDIM", "ddim"),
    ("PLMS", "plms"),
    ("UniPC", "unipc"),
    ("LCM", "k_lcm"),
];

/// Their schedulers: the name, and the label that requests must write, letter by letter.
const SCHEDULERS: [(&str, &str); 8] = [
    ("automatic", "Automatic"),
    ("uniform", "Uniform"),
    ("karras", "Karras"),
    ("exponential", "Exponential"),
    ("polyexponential", "Polyexponential"),
    ("sgm_uniform", "SGM Uniform"),
    ("simple", "Simple"),
    ("normal", "Normal"),
];

/// Whether requests may name this sampler; letter by letter, and without a scheduler behind it.
pub fn has_sampler(name: &str) -> bool {
    SAMPLERS.iter().any(|(known, alias)| name == *known || name == *alias)
}

/// Whether requests may name this scheduler.
pub fn has_scheduler(label: &str) -> bool {
    SCHEDULERS.iter().any(|(_, known)| label == *known)
}

/// The file's name of a model, which is what the WebUI knows it by.
pub fn model_name(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// Ten digits that stand for the model.
pub fn model_hash(model: &str) -> String {
    let mut hasher = DefaultHasher::new();
    model.hash(&mut hasher);
    format!("{:016x}", hasher.finish()).chars().take(10).collect()
}

/// The model that is meant by any of its names, if it is here.
pub fn find_model<'a>(models: &'a [String], wanted: &str) -> Option<&'a str> {
    let is_meant = |model: &&String| {
        let name = model_name(model);
        [model.as_str(), name, &title(model), &format!("{name}.safetensors"), &model_hash(model)].contains(&wanted)
    };
    models.iter().find(is_meant).map(String::as_str)
}

/// What the list of models shows of it.
pub fn title(model: &str) -> String {
    format!("{}.safetensors [{}]", model_name(model), model_hash(model))
}

/// `sd-models`. stable-diffusion.cpp has the one that it was started with.
pub fn models(webui: WebUi, models: &[String]) -> Value {
    let entry = |model: &String| {
        let name = model_name(model);
        match webui {
            WebUi::A1111 | WebUi::Forge => json!({
                "title": title(model), "model_name": name, "hash": model_hash(model), "sha256": null,
                "filename": format!("models/Stable-diffusion/{name}.safetensors"), "config": null,
            }),
            WebUi::SdCpp => json!({
                "title": name, "model_name": name, "hash": "8888888888", "sha256": "8".repeat(64),
                "filename": format!("{name}.safetensors"), "config": null,
            }),
        }
    };
    models.iter().take(if webui == WebUi::SdCpp { 1 } else { usize::MAX }).map(entry).collect()
}

/// `samplers`.
pub fn samplers(webui: WebUi) -> Value {
    match webui {
        WebUi::A1111 | WebUi::Forge => {
            SAMPLERS.iter().map(|(name, alias)| json!({ "name": name, "aliases": [alias], "options": {} })).collect()
        }
        WebUi::SdCpp => {
            let names = ["default"].into_iter().chain(methods::METHODS);
            names.map(|name| json!({ "name": name, "aliases": [name], "options": {} })).collect()
        }
    }
}

/// `schedulers`.
pub fn schedulers(webui: WebUi) -> Value {
    match webui {
        WebUi::A1111 | WebUi::Forge => {
            let entry = |(name, label): &(&str, &str)| {
                json!({
                    "name": name, "label": label, "aliases": null, "default_rho": -1.0, "need_inner_model": false,
                })
            };
            SCHEDULERS.iter().map(entry).collect()
        }
        WebUi::SdCpp => {
            let names = ["default"].into_iter().chain(methods::SCHEDULERS);
            names.map(|name| json!({ "name": name, "label": name })).collect()
        }
    }
}

/// `options`, those that say something about answers.
pub fn options(webui: WebUi, models: &[String]) -> Value {
    let model = models.first().map_or("", String::as_str);
    match webui {
        WebUi::A1111 | WebUi::Forge => json!({
            "samples_format": "png",
            "sd_model_checkpoint": title(model),
            "sd_checkpoint_hash": model_hash(model),
            "CLIP_stop_at_last_layers": 1,
            "show_progress_every_n_steps": super::floor::PREVIEW_STEPS,
        }),
        WebUi::SdCpp => json!({ "samples_format": "png", "sd_model_checkpoint": model_name(model) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_found_by_each_of_its_names() {
        let models = ["easel/sketch-1".to_owned(), "other".to_owned()];
        let hash = model_hash("easel/sketch-1");
        for name in ["easel/sketch-1", "sketch-1", "sketch-1.safetensors", &hash, &title("easel/sketch-1")] {
            assert_eq!(find_model(&models, name), Some("easel/sketch-1"), "{name}");
        }
        assert_eq!((find_model(&models, "other"), find_model(&models, "none")), (Some("other"), None));
    }

    #[test]
    fn a_sampler_with_its_scheduler_behind_it_is_unknown() {
        assert!(has_sampler("DPM++ 2M") && !has_sampler("DPM++ 2M Karras"));
        assert!(has_scheduler("Automatic") && !has_scheduler("automatic"));
    }
}
