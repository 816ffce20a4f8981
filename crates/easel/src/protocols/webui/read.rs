//! Reads what the WebUI is asked to paint. The WebUIs in Python check no bounds: what is absurd breaks later, as it does
//! there. stable-diffusion.cpp checks some and brings the others into its own.

use super::lists;
use super::words::{Crash, OUT_OF_MEMORY};
use crate::encode::is_picture;
use crate::painter::Request;
use crate::protocols::fields::{Fields, Wrong};
use crate::protocols::methods;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The longest side that fits the card, in pixels.
const SIDE_PX_MAX: i64 = 2048;

/// The pictures of one batch that fit the card.
const BATCH_MAX: i64 = 8;

/// The batches of one request that are borne.
const BATCHES_MAX: i64 = 100;

/// What the WebUI is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The first picture; each further one has the next seed.
    pub request: Request,
    /// The name that its client gave it.
    pub task: Option<String>,
    /// Pictures that are painted together.
    pub batch_size: u32,
    /// How many times.
    pub batches: u32,
    /// The sampler's name.
    pub sampler: String,
    /// The scheduler's name.
    pub scheduler: String,
    /// The model that paints.
    pub model: String,
    /// Whether the pictures are wanted at all.
    pub send_images: bool,
    /// The request as it is repeated in the answer.
    pub echo: Value,
}

/// What keeps a request from being painted.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A field that is wrong.
    Wrong(Wrong),
    /// An error that is raised on purpose: the status and the sentence.
    Exception(u16, &'static str),
    /// An error that is not.
    Crash(Crash<'static>),
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

/// Reads for the WebUIs in Python.
pub fn of_python(body: &Value, from_picture: bool, models: &[String], seed: u64) -> Result<Wish, Refusal> {
    let fields = Fields::lenient(body);
    let settings = fields.object("override_settings")?;
    let named = settings.text("sd_model_checkpoint")?.and_then(|wanted| lists::find_model(models, wanted));
    let sampler = match fields.text("sampler_name")? {
        Some(name) => name,
        None => fields.text("sampler_index")?.unwrap_or("Euler"),
    };
    let scheduler = fields.text("scheduler")?.unwrap_or("Automatic");
    let denoising = fields.number("denoising_strength")?;
    let request = Request {
        prompt: fields.text("prompt")?.unwrap_or_default().to_owned(),
        negative_prompt: fields.text("negative_prompt")?.unwrap_or_default().to_owned(),
        width: side(fields.integer("width")?)?,
        height: side(fields.integer("height")?)?,
        steps: bounded(fields.integer("steps")?.unwrap_or(50), 1, 150),
        guidance: fields.number("cfg_scale")?.unwrap_or(7.0) as f32,
        seed: match fields.integer("seed")? {
            None | Some(-1) => seed,
            Some(seed) => seed.unsigned_abs(),
        },
    };
    let (batch_size, batches) = (fields.integer("batch_size")?.unwrap_or(1), fields.integer("n_iter")?.unwrap_or(1));
    let send_images = fields.flag("send_images")?.unwrap_or(true);
    let task = fields.text("force_task_id")?.filter(|task| !task.is_empty());
    if from_picture {
        init_images(fields.list("init_images")?)?;
    }
    if !lists::has_sampler(sampler) {
        return Err(Refusal::Exception(400, "Sampler not found"));
    }
    if !lists::has_scheduler(scheduler) {
        let message = "'NoneType' object has no attribute 'label'";
        return Err(Refusal::Crash(Crash { class: "AttributeError", message }));
    }
    if batch_size > BATCH_MAX || batches > BATCHES_MAX {
        return Err(Refusal::Crash(OUT_OF_MEMORY));
    }
    let echo = echo(&fields, &request, denoising, from_picture);
    Ok(Wish {
        request,
        task: task.map(str::to_owned),
        batch_size: bounded(batch_size, 1, BATCH_MAX),
        batches: bounded(batches, 1, BATCHES_MAX),
        sampler: sampler.to_owned(),
        scheduler: scheduler.to_owned(),
        model: named.or(models.first().map(String::as_str)).unwrap_or_default().to_owned(),
        send_images,
        echo,
    })
}

/// Reads for stable-diffusion.cpp, which paints without its picture when it cannot read it, and repeats the body.
pub fn of_sdcpp(body: &Value, models: &[String], seed: u64) -> Result<Wish, Refusal> {
    let fields = Fields::of(body);
    let side = |name| Ok::<_, Refusal>(fields.integer(name)?.unwrap_or(512));
    let (width, height) = (side("width")?, side("height")?);
    if width <= 0 || height <= 0 {
        return Err(Refusal::Exception(400, "width and height must be positive"));
    }
    let prompt = fields.text("prompt")?.unwrap_or_default();
    if prompt.is_empty() {
        return Err(Refusal::Exception(400, "prompt required"));
    }
    if !(64..=4096).contains(&width) || !(64..=4096).contains(&height) {
        return Err(Refusal::Exception(400, "invalid params"));
    }
    if width > SIDE_PX_MAX || height > SIDE_PX_MAX {
        return Err(Refusal::Exception(500, "generate_image returned no results"));
    }
    let method = fields.text("sampler_name")?.filter(|name| methods::METHODS.contains(name));
    let scheduler = fields.text("scheduler")?.filter(|name| methods::SCHEDULERS.contains(name));
    Ok(Wish {
        request: Request {
            prompt: prompt.to_owned(),
            negative_prompt: fields.text("negative_prompt")?.unwrap_or_default().to_owned(),
            width: bounded(width, 64, SIDE_PX_MAX),
            height: bounded(height, 64, SIDE_PX_MAX),
            steps: bounded(fields.integer("steps")?.unwrap_or(20), 1, 100),
            guidance: fields.number("cfg_scale")?.unwrap_or(7.0) as f32,
            seed: fields.integer("seed")?.filter(|seed| *seed >= 0).map_or(seed, i64::unsigned_abs),
        },
        task: None,
        batch_size: bounded(fields.integer("batch_size")?.unwrap_or(1), 1, BATCH_MAX),
        batches: 1,
        sampler: method.unwrap_or("euler_a").to_owned(),
        scheduler: scheduler.unwrap_or("discrete").to_owned(),
        model: models.first().cloned().unwrap_or_default(),
        send_images: true,
        echo: body.clone(),
    })
}

/// A side as it comes out: the model works on squares of eight pixels.
fn side(asked: Option<i64>) -> Result<u32, Refusal> {
    let pixels = asked.unwrap_or(512);
    if pixels > SIDE_PX_MAX {
        return Err(Refusal::Crash(OUT_OF_MEMORY));
    }
    if pixels < 16 {
        let message = "Given input size is too small for the first layer";
        return Err(Refusal::Crash(Crash { class: "RuntimeError", message }));
    }
    Ok(bounded(pixels.saturating_sub(pixels % 8), 16, SIDE_PX_MAX))
}

fn init_images(images: Option<&[Value]>) -> Result<(), Refusal> {
    let Some([_, ..]) = images else {
        return Err(Refusal::Exception(404, "Init image not found"));
    };
    for image in images.into_iter().flatten() {
        let text = image.as_str().unwrap_or_default();
        if text.starts_with("http://") || text.starts_with("https://") {
            return Err(Refusal::Exception(500, "Requests not allowed"));
        }
        let encoded = text.strip_prefix("data:image/").and_then(|rest| Some(rest.split_once(',')?.1)).unwrap_or(text);
        if !STANDARD.decode(encoded).is_ok_and(|bytes| is_picture(&bytes)) {
            return Err(Refusal::Exception(500, "Invalid encoded image"));
        }
    }
    Ok(())
}

/// The whole request with its defaults, without the pictures that came with it.
fn echo(fields: &Fields<'_>, request: &Request, denoising: Option<f64>, from_picture: bool) -> Value {
    let mut echo = json!({
        "prompt": "", "negative_prompt": "", "styles": null, "seed": -1, "subseed": -1, "subseed_strength": 0,
        "sampler_name": null, "sampler_index": "Euler", "scheduler": null, "batch_size": 1, "n_iter": 1, "steps": 50,
        "cfg_scale": 7.0, "width": request.width, "height": request.height, "restore_faces": null, "tiling": null,
        "override_settings": null, "override_settings_restore_afterwards": true, "script_name": null,
        "script_args": [], "send_images": true, "save_images": false, "alwayson_scripts": {}, "force_task_id": null,
        "infotext": null, "enable_hr": false, "denoising_strength": denoising.unwrap_or(0.75),
    });
    if let Some(echo) = echo.as_object_mut() {
        for (name, value) in echo.iter_mut() {
            if let Some(sent) = fields.value(name) {
                *value = sent.clone();
            }
        }
        if from_picture {
            echo.insert("init_images".to_owned(), Value::Null);
            echo.insert("mask".to_owned(), Value::Null);
        }
    }
    echo
}

fn bounded(number: i64, from: i64, to: i64) -> u32 {
    u32::try_from(number.clamp(from, to)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Vec<String> {
        vec!["easel/sketch-1".to_owned(), "easel/sketch-2".to_owned()]
    }

    fn python(body: &Value) -> Result<Wish, Refusal> {
        of_python(body, false, &models(), 7)
    }

    #[test]
    fn defaults_fill_what_is_absent() {
        let wish = python(&json!({})).unwrap();
        let Request { width, height, steps, seed, .. } = wish.request;
        assert_eq!((width, height, steps, seed), (512, 512, 50, 7));
        assert_eq!((wish.sampler.as_str(), wish.model.as_str(), wish.batches), ("Euler", "easel/sketch-1", 1));
        assert_eq!((&wish.echo["cfg_scale"], &wish.echo["seed"]), (&json!(7.0), &json!(-1)));
    }

    #[test]
    fn a_model_is_chosen_by_the_settings_and_an_unknown_one_is_not() {
        for (checkpoint, expected) in [("sketch-2", "easel/sketch-2"), ("unknown", "easel/sketch-1")] {
            let wish = python(&json!({ "override_settings": { "sd_model_checkpoint": checkpoint } })).unwrap();
            assert_eq!(wish.model, expected, "{checkpoint}");
        }
    }

    #[test]
    fn sides_are_rounded_down_and_absurd_ones_crash() {
        assert_eq!(python(&json!({ "width": 103, "height": "64" })).unwrap().request.width, 96);
        let out_of_memory = Err(Refusal::Crash(OUT_OF_MEMORY));
        assert_eq!(python(&json!({ "width": 100_000 })), out_of_memory);
        assert_eq!(python(&json!({ "batch_size": 9 })), out_of_memory);
        assert!(matches!(python(&json!({ "height": 0 })), Err(Refusal::Crash(_))));
        assert!(matches!(python(&json!({ "steps": "many" })), Err(Refusal::Wrong(_))));
    }

    #[test]
    fn a_picture_to_start_from_must_be_one() {
        let read = |images: Value| of_python(&json!({ "init_images": images }), true, &models(), 7);
        let refused = |status, detail| Err(Refusal::Exception(status, detail));
        assert_eq!(of_python(&json!({}), true, &models(), 7), refused(404, "Init image not found"));
        assert_eq!(read(json!([])), refused(404, "Init image not found"));
        assert_eq!(read(json!(["bm8="])), refused(500, "Invalid encoded image"));
        assert_eq!(read(json!(["http://host/a.png"])), refused(500, "Requests not allowed"));
        let png = STANDARD.encode(b"\x89PNG\r\n\x1a\nrest");
        for image in [png.clone(), format!("data:image/png;base64,{png}")] {
            assert_eq!(read(json!([image])).unwrap().echo["init_images"], Value::Null);
        }
    }

    #[test]
    fn stable_diffusion_cpp_has_rules_of_its_own() {
        let read = |body: &Value| of_sdcpp(body, &models(), 7);
        for (body, status, error) in [
            (json!({}), 400, "prompt required"),
            (json!({ "prompt": "x", "width": 0 }), 400, "width and height must be positive"),
            (json!({ "prompt": "x", "width": 8 }), 400, "invalid params"),
            (json!({ "prompt": "x", "width": 4096 }), 500, "generate_image returned no results"),
        ] {
            assert_eq!(read(&body), Err(Refusal::Exception(status, error)), "{body}");
        }
        let wish = read(&json!({ "prompt": "x", "batch_size": 20, "steps": 500, "sampler_name": "none", "n_iter": 4 }));
        let wish = wish.unwrap();
        assert_eq!((wish.batch_size, wish.batches, wish.request.steps), (8, 1, 100));
        assert_eq!(wish.sampler, "euler_a");
    }
}
