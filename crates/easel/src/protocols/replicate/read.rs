//! Reads the body of a prediction at replicate, whose model's parameters stand under `input`.

use crate::encode::Format;
use crate::painter::Request;
use crate::protocols::fields::{Fields, SIDE_PX, Wrong};
use serde_json::Value;

/// Shapes that have a name, at about a megapixel.
const ASPECT_RATIOS: [(&str, (u32, u32)); 7] = [
    ("1:1", (1024, 1024)),
    ("16:9", (1344, 768)),
    ("9:16", (768, 1344)),
    ("3:2", (1216, 832)),
    ("2:3", (832, 1216)),
    ("4:3", (1152, 896)),
    ("3:4", (896, 1152)),
];

/// The side that is painted when nothing is said about the size.
const SIDE_PX_DEFAULT: u32 = 1024;

/// What a body asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The first picture; each further one has the next seed.
    pub request: Request,
    /// How many pictures.
    pub count: u32,
    /// In which format.
    pub format: Format,
}

/// Reads a body. `seed` is used when the input names none.
pub fn wish(body: &Value, seed: u64) -> Result<Wish, Wrong> {
    let body = Fields::of(body);
    body.value("input").ok_or_else(|| Wrong::missing("input"))?;
    let input = body.object("input")?;
    let usual = Request::default();
    let (width, height) = shape(&input)?;
    let guidance = input.guidance("guidance", usual.guidance)?;
    let count = input.integer_within("num_outputs", 1..=4)?.and_then(|count| u32::try_from(count).ok());
    let format = input.one_of("output_format", &["png", "jpg", "jpeg"])?;
    Ok(Wish {
        request: Request {
            prompt: input.required_text("prompt")?.to_owned(),
            negative_prompt: input.text("negative_prompt")?.unwrap_or_default().to_owned(),
            width: input.side("width", SIDE_PX, 8)?.unwrap_or(width),
            height: input.side("height", SIDE_PX, 8)?.unwrap_or(height),
            steps: input.steps("num_inference_steps", usual.steps)?,
            guidance: input.guidance("guidance_scale", guidance)?,
            seed: input.seed("seed")?.unwrap_or(seed),
        },
        count: count.unwrap_or(1),
        format: if matches!(format, Some("jpg" | "jpeg")) { Format::Jpeg } else { Format::Png },
    })
}

fn shape(input: &Fields<'_>) -> Result<(u32, u32), Wrong> {
    let names = ASPECT_RATIOS.map(|(name, _)| name);
    let named = input.one_of("aspect_ratio", &names)?;
    let shape = ASPECT_RATIOS.iter().find(|(name, _)| Some(*name) == named).map(|(_, shape)| *shape);
    Ok(shape.unwrap_or((SIDE_PX_DEFAULT, SIDE_PX_DEFAULT)))
}

/// How long the client waits for the prediction, in seconds, as `Prefer` says: not at all without it.
pub fn wait_seconds(prefer: &str) -> Option<u64> {
    const LONGEST: u64 = 60;
    prefer.split(',').map(str::trim).find_map(|preference| match preference.split_once('=') {
        None => (preference == "wait").then_some(LONGEST),
        Some(("wait", seconds)) => seconds.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds)),
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_input_is_read() {
        let input = json!({ "prompt": "a lake", "aspect_ratio": "16:9", "num_outputs": 2, "output_format": "jpg" });
        let read = wish(&json!({ "input": input }), 3).unwrap();
        assert_eq!((read.request.width, read.request.height, read.count), (1344, 768, 2));
        assert_eq!((read.format, read.request.seed), (Format::Jpeg, 3));
        let measured =
            wish(&json!({ "input": { "prompt": "x", "width": 96, "height": 64, "guidance": 3 } }), 3).unwrap();
        assert_eq!((measured.request.width, measured.request.height, measured.request.guidance), (96, 64, 3.0));
    }

    #[test]
    fn what_cannot_be_painted_is_refused_by_name() {
        for (body, field) in [
            (json!({}), "input"),
            (json!({ "input": [] }), "input"),
            (json!({ "input": {} }), "prompt"),
            (json!({ "input": { "prompt": "x", "aspect_ratio": "5:1" } }), "aspect_ratio"),
            (json!({ "input": { "prompt": "x", "width": 100 } }), "width"),
            (json!({ "input": { "prompt": "x", "output_format": "webp" } }), "output_format"),
        ] {
            assert_eq!(wish(&body, 3).unwrap_err().field, field, "{body}");
        }
    }

    #[test]
    fn the_wait_is_read_from_the_preference() {
        for (prefer, seconds) in [
            ("wait", Some(60)),
            ("wait=5", Some(5)),
            ("respond-async, wait=60", Some(60)),
            ("wait=61", None),
            ("", None),
            ("respond-async", None),
        ] {
            assert_eq!(wait_seconds(prefer), seconds, "{prefer}");
        }
    }
}
