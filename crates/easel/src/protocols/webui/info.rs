//! What the WebUI tells about the pictures that it made, as JSON inside a string.

use super::lists;
use super::read::Wish;
use crate::clock;
use crate::config::WebUi;
use serde_json::{Value, json};

/// The information about so many pictures.
pub fn info(webui: WebUi, wish: &Wish, pictures: u32, denoising: Option<&Value>) -> String {
    let request = &wish.request;
    let seeds: Vec<u64> = (0..pictures).map(|number| request.seed.wrapping_add(u64::from(number))).collect();
    let of_each = |text: &str| vec![text.to_owned(); seeds.len()];
    let infotexts: Vec<String> = seeds.iter().map(|seed| infotext(wish, *seed)).collect();
    let mut info = json!({
        "prompt": request.prompt,
        "all_prompts": of_each(&request.prompt),
        "negative_prompt": request.negative_prompt,
        "all_negative_prompts": of_each(&request.negative_prompt),
        "seed": request.seed,
        "all_seeds": seeds,
        "width": request.width,
        "height": request.height,
        "sampler_name": wish.sampler,
        "cfg_scale": request.guidance,
        "steps": request.steps,
        "sd_model_name": lists::model_name(&wish.model),
        "extra_generation_params": { "Schedule type": wish.scheduler },
        "infotexts": infotexts,
        "version": "stable-diffusion.cpp",
    });
    if let Some(info) = info.as_object_mut() {
        if let Some(denoising) = denoising {
            info.insert("denoising_strength".to_owned(), denoising.clone());
        }
        if webui != WebUi::SdCpp
            && let Value::Object(more) = of_python(wish, &seeds)
        {
            info.extend(more);
        }
    }
    info.to_string()
}

/// What only the WebUIs in Python tell.
fn of_python(wish: &Wish, seeds: &[u64]) -> Value {
    json!({
        "subseed": 0,
        "all_subseeds": vec![0; seeds.len()],
        "subseed_strength": 0,
        "batch_size": wish.batch_size,
        "restore_faces": false,
        "face_restoration_model": null,
        "sd_model_hash": lists::model_hash(&wish.model),
        "sd_vae_name": null,
        "sd_vae_hash": null,
        "seed_resize_from_w": -1,
        "seed_resize_from_h": -1,
        "index_of_first_image": 0,
        "styles": [],
        "job_timestamp": clock::compact(clock::unix_seconds()),
        "clip_skip": 1,
        "is_using_inpainting_conditioning": false,
        "version": concat!("easel ", env!("CARGO_PKG_VERSION")),
    })
}

fn infotext(wish: &Wish, seed: u64) -> String {
    let request = &wish.request;
    let negative = match request.negative_prompt.as_str() {
        "" => String::new(),
        text => format!("\nNegative prompt: {text}"),
    };
    format!(
        "{}{negative}\nSteps: {}, Sampler: {}, Schedule type: {}, CFG scale: {}, Seed: {seed}, Size: {}x{}, Model hash: \
         {}, Model: {}",
        request.prompt,
        request.steps,
        wish.sampler,
        wish.scheduler,
        request.guidance,
        request.width,
        request.height,
        lists::model_hash(&wish.model),
        lists::model_name(&wish.model),
    )
}
