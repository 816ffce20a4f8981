//! Reads the input of a model at fal, which stands at the top of the body. `width` and `height` mean nothing here, as
//! they mean nothing to the real one.

use crate::encode::Format;
use crate::painter::Request;
use crate::protocols::fields::{Fields, SIDE_PX, Wrong};
use serde_json::Value;

/// Sizes that have a name.
const NAMED_SIZES: [(&str, (u32, u32)); 6] = [
    ("square_hd", (1024, 1024)),
    ("square", (512, 512)),
    ("portrait_4_3", (768, 1024)),
    ("portrait_16_9", (576, 1024)),
    ("landscape_4_3", (1024, 768)),
    ("landscape_16_9", (1024, 576)),
];

/// What is painted when nothing is said about the size.
const SIZE_DEFAULT: (u32, u32) = (1024, 768);

/// What a body asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The first picture; each further one has the next seed.
    pub request: Request,
    /// How many pictures.
    pub count: u32,
    /// In which format.
    pub format: Format,
    /// Whether they are wanted inside the answer.
    pub sync_mode: bool,
}

/// Reads a body. `seed` is used when the body names none.
pub fn wish(body: &Value, seed: u64) -> Result<Wish, Wrong> {
    let fields = Fields::lenient(body);
    let prompt = fields.required_text("prompt")?;
    let usual = Request::default();
    let (width, height) = size(&fields)?;
    let count = fields.integer_within("num_images", 1..=4)?.and_then(|count| u32::try_from(count).ok());
    let format = fields.one_of("output_format", &["jpeg", "png"])?;
    Ok(Wish {
        request: Request {
            prompt: prompt.to_owned(),
            negative_prompt: fields.text("negative_prompt")?.unwrap_or_default().to_owned(),
            width,
            height,
            steps: fields.steps("num_inference_steps", usual.steps)?,
            guidance: fields.guidance("guidance_scale", usual.guidance)?,
            seed: fields.seed("seed")?.unwrap_or(seed),
        },
        count: count.unwrap_or(1),
        format: if format == Some("png") { Format::Png } else { Format::Jpeg },
        sync_mode: fields.flag("sync_mode")?.unwrap_or(false),
    })
}

fn size(fields: &Fields<'_>) -> Result<(u32, u32), Wrong> {
    match fields.value("image_size") {
        None => Ok(SIZE_DEFAULT),
        Some(Value::String(name)) => {
            let named = NAMED_SIZES.iter().find(|(known, _)| known == name).map(|(_, size)| *size);
            let must_be = || format!("one of {}", NAMED_SIZES.map(|(known, _)| known).join(", "));
            named.ok_or_else(|| Wrong::value("image_size", must_be(), name.as_str()))
        }
        Some(_) => {
            let size = fields.object("image_size")?;
            let side = |name| size.side(name, SIDE_PX, 1)?.ok_or_else(|| Wrong::missing(name));
            Ok((side("width")?, side("height")?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sizes_are_named_or_measured_and_never_width_and_height() {
        for (size, expected) in [
            (json!({}), (1024, 768)),
            (json!({ "image_size": "square" }), (512, 512)),
            (json!({ "image_size": { "width": 200, "height": 100 } }), (200, 100)),
            (json!({ "width": 64, "height": 64 }), (1024, 768)),
        ] {
            let mut body = json!({ "prompt": "a lake" });
            body.as_object_mut().unwrap().extend(size.as_object().unwrap().clone());
            let read = wish(&body, 7).unwrap();
            assert_eq!((read.request.width, read.request.height), expected, "{body}");
            assert_eq!((read.count, read.format, read.request.seed), (1, Format::Jpeg, 7));
        }
    }

    #[test]
    fn what_cannot_be_painted_is_refused_by_name() {
        for (body, field) in [
            (json!({}), "prompt"),
            (json!({ "prompt": 1 }), "prompt"),
            (json!({ "prompt": "x", "image_size": "huge" }), "image_size"),
            (json!({ "prompt": "x", "image_size": { "width": 200 } }), "height"),
            (json!({ "prompt": "x", "num_images": 5 }), "num_images"),
            (json!({ "prompt": "x", "output_format": "webp" }), "output_format"),
        ] {
            assert_eq!(wish(&body, 7).unwrap_err().field, field, "{body}");
        }
    }
}
