//! Reads a request for pictures. A model whose name begins with `gpt-image` is as strict as OpenAI's own: fields that it
//! does not know are refused, `response_format` among them. Any other is as lenient as compatible servers are, and takes
//! `seed`, `steps`, `negative_prompt` and `guidance_scale` along.

use crate::courier::Way;
use crate::encode::Format;
use crate::painter::Request;
use crate::protocols::fields::{Fields, SIDE_PX, Wrong};

/// Fields that GPT image models know. Those of an edit are known to a generation as well; they change nothing there.
const KNOWN: [&str; 15] = [
    "background",
    "image",
    "input_fidelity",
    "mask",
    "model",
    "moderation",
    "n",
    "output_compression",
    "output_format",
    "partial_images",
    "prompt",
    "quality",
    "size",
    "stream",
    "user",
];

/// The longest prompt of a GPT image model.
const PROMPT_CHARS_MAX: usize = 32_000;

/// What a body asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Which model is to paint.
    pub model: String,
    /// The first picture; each further one has the next seed.
    pub request: Request,
    /// How many pictures.
    pub count: u32,
    /// In which format.
    pub format: Format,
    /// Whether they come inside the answer.
    pub way: Way,
    /// How well they are to be painted, as a GPT image model repeats it.
    pub quality: String,
    /// What is behind them, likewise.
    pub background: String,
}

/// What keeps a body from being served.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A field that the model does not know.
    Unknown(String),
    /// A field that is wrong.
    Wrong(Wrong),
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

/// Whether the model behaves as OpenAI's own do.
pub fn is_gpt_image(model: &str) -> bool {
    model.starts_with("gpt-image")
}

/// Reads a body. `model` is used when the body names none, and so is `seed`.
pub fn wish(fields: &Fields<'_>, model: &str, seed: u64) -> Result<Wish, Refusal> {
    let model = fields.text("model")?.filter(|model| !model.is_empty()).unwrap_or(model).to_owned();
    let is_gpt = is_gpt_image(&model);
    if is_gpt && let Some(unknown) = fields.names().find(|name| !KNOWN.contains(name)) {
        return Err(Refusal::Unknown(unknown.to_owned()));
    }
    let prompt = fields.required_text("prompt")?;
    if is_gpt && prompt.chars().count() > PROMPT_CHARS_MAX {
        return Err(
            Wrong::value("prompt", format!("at most {PROMPT_CHARS_MAX} characters long"), "a longer one").into()
        );
    }
    if fields.value("stream").is_some_and(|stream| stream == true || stream == "true") {
        return Err(Wrong::value("stream", "false: nothing is streamed here", true).into());
    }
    let count = fields.integer_within("n", 1..=10)?.and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
    let format = match fields.one_of("output_format", &["png", "jpeg"])? {
        Some("jpeg") => Format::Jpeg,
        _ => Format::Png,
    };
    fields.integer_within("output_compression", 0..=100)?;
    let quality = match fields.text("quality")? {
        Some(_) if is_gpt => fields.one_of("quality", &["low", "medium", "high", "auto"])?,
        quality => quality,
    };
    let (width, height) = size(fields, is_gpt)?;
    Ok(Wish {
        request: painting(fields, is_gpt, prompt, (width, height), seed)?,
        count,
        format,
        way: way(fields, is_gpt)?,
        quality: quality.unwrap_or("auto").to_owned(),
        background: background(fields, &model)?,
        model,
    })
}

fn painting(
    fields: &Fields<'_>,
    is_gpt: bool,
    prompt: &str,
    (width, height): (u32, u32),
    seed: u64,
) -> Result<Request, Wrong> {
    let plain = Request { prompt: prompt.to_owned(), width, height, seed, ..Request::default() };
    if is_gpt {
        return Ok(plain);
    }
    Ok(Request {
        negative_prompt: fields.text("negative_prompt")?.unwrap_or_default().to_owned(),
        steps: fields.steps("steps", plain.steps)?,
        guidance: fields.guidance("guidance_scale", plain.guidance)?,
        seed: fields.seed("seed")?.unwrap_or(seed),
        ..plain
    })
}

fn way(fields: &Fields<'_>, is_gpt: bool) -> Result<Way, Wrong> {
    match fields.one_of("response_format", &["url", "b64_json"])? {
        Some("b64_json") => Ok(Way::Inside),
        None if is_gpt => Ok(Way::Inside),
        _ => Ok(Way::ByAddress),
    }
}

fn background(fields: &Fields<'_>, model: &str) -> Result<String, Wrong> {
    let background = fields.one_of("background", &["transparent", "opaque", "auto"])?.unwrap_or("auto");
    if background == "transparent" && model.starts_with("gpt-image-2") {
        return Err(Wrong::value("background", "opaque or auto for this model", background));
    }
    Ok(background.to_owned())
}

/// GPT image models paint at 1024 when nothing is said, compatible servers at 512.
fn size(fields: &Fields<'_>, is_gpt: bool) -> Result<(u32, u32), Wrong> {
    let text = match fields.text("size")? {
        None | Some("auto") => return Ok(if is_gpt { (1024, 1024) } else { (512, 512) }),
        Some(text) => text,
    };
    let multiple = if is_gpt { 16 } else { 8 };
    let side = |text: &str| {
        let side: u32 = text.parse().ok()?;
        (SIDE_PX.contains(&i64::from(side)) && side.is_multiple_of(multiple)).then_some(side)
    };
    let sides = text.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
    let is_slim = |(width, height): &(u32, u32)| width.saturating_mul(3) < *height || height.saturating_mul(3) < *width;
    let must_be = || {
        format!(
            "auto or WIDTHxHEIGHT in multiples of {multiple} from {} to {}, no side more than three times the other",
            SIDE_PX.start(),
            SIDE_PX.end()
        )
    };
    sides.filter(|sides| !is_slim(sides)).ok_or_else(|| Wrong::value("size", must_be(), text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(body: &Value) -> Result<Wish, Refusal> {
        wish(&Fields::of(body), "easel/sketch-1", 5)
    }

    #[test]
    fn a_gpt_image_model_is_strict_and_others_are_not() {
        let refused = |name: &str| Err(Refusal::Unknown(name.to_owned()));
        let strict = json!({ "model": "gpt-image-1", "prompt": "x", "response_format": "b64_json" });
        assert_eq!(read(&strict), refused("response_format"));
        assert_eq!(read(&json!({ "model": "gpt-image-1", "prompt": "x", "seed": 1 })), refused("seed"));
        let lenient = read(&json!({ "prompt": "x", "seed": 1, "steps": 3, "anything": 2 })).unwrap();
        assert_eq!((lenient.request.seed, lenient.request.steps, lenient.model.as_str()), (1, 3, "easel/sketch-1"));
    }

    #[test]
    fn the_size_is_read_and_has_a_default() {
        for (model, size, expected) in [
            ("m", Value::Null, (512, 512)),
            ("m", json!("96x64"), (96, 64)),
            ("gpt-image-2", json!("auto"), (1024, 1024)),
            ("gpt-image-2", json!("1536x1024"), (1536, 1024)),
        ] {
            let wish = read(&json!({ "model": model, "prompt": "x", "size": size })).unwrap();
            assert_eq!((wish.request.width, wish.request.height), expected, "{model} {size}");
        }
    }

    #[test]
    fn the_way_of_the_picture_is_chosen() {
        for (body, expected) in [
            (json!({ "prompt": "x" }), Way::ByAddress),
            (json!({ "prompt": "x", "response_format": "b64_json" }), Way::Inside),
            (json!({ "prompt": "x", "model": "gpt-image-1" }), Way::Inside),
        ] {
            assert_eq!(read(&body).unwrap().way, expected, "{body}");
        }
    }

    #[test]
    fn what_cannot_be_painted_is_refused_by_name() {
        for (field, value) in [
            ("prompt", json!("")),
            ("prompt", json!(1)),
            ("n", json!(11)),
            ("size", json!("large")),
            ("size", json!("100x100")),
            ("size", json!("64x256")),
            ("size", json!("4096x4096")),
            ("response_format", json!("base64")),
            ("output_format", json!("webp")),
            ("stream", json!(true)),
            ("background", json!("green")),
        ] {
            let mut body = json!({ "prompt": "x" });
            body[field] = value;
            let Err(Refusal::Wrong(wrong)) = read(&body) else { panic!("{body}") };
            assert_eq!(wrong.field, field, "{body}");
        }
        let transparent = json!({ "model": "gpt-image-2", "prompt": "x", "background": "transparent" });
        assert!(matches!(read(&transparent), Err(Refusal::Wrong(wrong)) if wrong.field == "background"));
    }
}
