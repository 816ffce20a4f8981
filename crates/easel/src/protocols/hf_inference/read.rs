//! Reads the body of a text-to-image request. Unknown keys are ignored, as the real service does.

use crate::painter::Request;
use serde_json::Value;

/// Sides that are painted, in pixels.
const SIDE_PX: std::ops::RangeInclusive<u64> = 64..=1024;

/// The side that is painted when none is asked for.
const SIDE_PX_DEFAULT: u32 = 512;

/// The request in a body, or what is wrong with it. `seed` is used when the body names none.
pub fn request(body: &Value, seed: u64) -> Result<Request, String> {
    let inputs = body.get("inputs").ok_or("missing field `inputs`")?;
    let prompt = inputs.as_str().ok_or("`inputs` must be a string")?;
    if prompt.is_empty() {
        return Err("`inputs` cannot be empty".to_owned());
    }
    let none = Value::Null;
    let parameters = body.get("parameters").unwrap_or(&none);
    if !parameters.is_object() && !parameters.is_null() {
        return Err("`parameters` must be an object".to_owned());
    }
    let parameter = |name: &str| parameters.get(name).filter(|value| !value.is_null());
    let negative_prompt = match parameter("negative_prompt") {
        Some(value) => value.as_str().ok_or("`negative_prompt` must be a string")?,
        None => "",
    };
    Ok(Request {
        prompt: prompt.to_owned(),
        negative_prompt: negative_prompt.to_owned(),
        width: side("width", parameter("width"))?,
        height: side("height", parameter("height"))?,
        steps: steps(parameter("num_inference_steps"))?,
        guidance: guidance(parameter("guidance_scale"))?,
        seed: match parameter("seed") {
            Some(value) => value.as_u64().ok_or("`seed` must be a non-negative integer")?,
            None => seed,
        },
    })
}

fn side(name: &str, value: Option<&Value>) -> Result<u32, String> {
    let Some(value) = value else {
        return Ok(SIDE_PX_DEFAULT);
    };
    let pixels = value.as_u64().filter(|pixels| SIDE_PX.contains(pixels) && pixels.is_multiple_of(8));
    let pixels = pixels.and_then(|pixels| u32::try_from(pixels).ok());
    pixels.ok_or_else(|| format!("`{name}` must be a multiple of 8 between 64 and 1024, got {value}"))
}

fn steps(value: Option<&Value>) -> Result<u32, String> {
    let Some(value) = value else {
        return Ok(Request::default().steps);
    };
    let steps = value.as_u64().filter(|steps| (1..=100).contains(steps)).and_then(|steps| u32::try_from(steps).ok());
    steps.ok_or_else(|| format!("`num_inference_steps` must be an integer between 1 and 100, got {value}"))
}

fn guidance(value: Option<&Value>) -> Result<f32, String> {
    let Some(value) = value else {
        return Ok(Request::default().guidance);
    };
    let scale = value.as_f64().filter(|scale| (0.0..=50.0).contains(scale));
    scale.map(|scale| scale as f32).ok_or_else(|| format!("`guidance_scale` must be between 0 and 50, got {value}"))
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
            let message = request(&body, 1).unwrap_err();
            assert!(message.contains(&format!("`{field}`")), "{body}: {message}");
        }
    }
}
