//! Reads the body of a text-to-image request. Unknown keys are ignored, as the real service does.

use crate::painter::Request;
use crate::protocols::fields::{Fields, Wrong};
use serde_json::Value;
use std::ops::RangeInclusive;

/// Sides that are painted, in pixels.
const SIDE_PX: RangeInclusive<i64> = 64..=1024;

/// The side that is painted when none is asked for.
const SIDE_PX_DEFAULT: u32 = 512;

/// The request in a body, or what is wrong with it. `seed` is used when the body names none.
pub fn request(body: &Value, seed: u64) -> Result<Request, Wrong> {
    let body = Fields::of(body);
    let prompt = body.required_text("inputs")?;
    let parameters = body.object("parameters")?;
    let usual = Request::default();
    Ok(Request {
        prompt: prompt.to_owned(),
        negative_prompt: parameters.text("negative_prompt")?.unwrap_or_default().to_owned(),
        width: parameters.side("width", SIDE_PX, 8)?.unwrap_or(SIDE_PX_DEFAULT),
        height: parameters.side("height", SIDE_PX, 8)?.unwrap_or(SIDE_PX_DEFAULT),
        steps: parameters.steps("num_inference_steps", usual.steps)?,
        guidance: parameters.guidance("guidance_scale", usual.guidance)?,
        seed: match parameters.integer_within("seed", 0..=i64::MAX)? {
            Some(asked) => asked.unsigned_abs(),
            None => seed,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_full_body_is_read() {
        let body = json!({ "inputs": "a lake", "parameters": { "negative_prompt": "moon", "width": 768, "height": 512,
            "num_inference_steps": 20, "guidance_scale": 9, "scheduler": "any", "seed": 4_294_967_295u64 }, "extra": 1 });
        let request = request(&body, 1).unwrap();
        assert_eq!((request.width, request.height, request.steps), (768, 512, 20));
        assert_eq!((request.seed, request.guidance), (4_294_967_295, 9.0));
        assert_eq!((request.prompt.as_str(), request.negative_prompt.as_str()), ("a lake", "moon"));
    }

    #[test]
    fn defaults_fill_what_is_absent_or_null() {
        for body in [json!({ "inputs": "x" }), json!({ "inputs": "x", "parameters": { "width": null, "seed": null } })]
        {
            let request = request(&body, 9).unwrap();
            assert_eq!((request.width, request.height, request.steps, request.seed), (512, 512, 30, 9));
        }
    }

    #[test]
    fn what_cannot_be_painted_is_refused_by_name() {
        let rows = [
            (json!({}), "inputs"),
            (json!({ "inputs": "" }), "inputs"),
            (json!({ "inputs": 5 }), "inputs"),
            (json!({ "inputs": "x", "parameters": 3 }), "parameters"),
            (json!({ "inputs": "x", "parameters": { "width": 56 } }), "width"),
            (json!({ "inputs": "x", "parameters": { "width": 1032 } }), "width"),
            (json!({ "inputs": "x", "parameters": { "height": 513 } }), "height"),
            (json!({ "inputs": "x", "parameters": { "height": "512" } }), "height"),
            (json!({ "inputs": "x", "parameters": { "num_inference_steps": 0 } }), "num_inference_steps"),
            (json!({ "inputs": "x", "parameters": { "guidance_scale": -1 } }), "guidance_scale"),
            (json!({ "inputs": "x", "parameters": { "seed": -1 } }), "seed"),
            (json!({ "inputs": "x", "parameters": { "negative_prompt": [] } }), "negative_prompt"),
        ];
        for (body, field) in rows {
            let wrong = request(&body, 1).unwrap_err();
            assert!(wrong.to_string().contains(&format!("`{field}`")), "{body}: {wrong}");
        }
    }
}
