//! The engines of a list are asked where their settings say.
use crate::script::{Script, attempt, reply};
use engine::{Failure, Keys, engines_from_list};

#[test]
fn every_kind_of_engine_is_asked_where_its_settings_say() {
    let text = |text: &str| Some(text.to_owned());
    let keys = Keys {
        hugging_face_key: text("hf_key"),
        web_ui_url: text("http://webui:7860/"),
        web_ui_login: text("hub:pass"),
        sd_cpp_url: text("http://sdcpp:1234"),
        sd_cpp_login: text("hub:pass"),
        open_ai_key: text("sk-key"),
        ..Keys::default()
    };
    let lookup = "GET https://huggingface.co/api/models/a/b?expand[]=inferenceProviderMapping";
    let rows = [
        ("huggingface:a/b", lookup, "Bearer hf_key"),
        ("huggingface/fal-ai:a/b", lookup, "Bearer hf_key"),
        ("huggingface/hf-inference:a/b", "POST https://router.huggingface.co/hf-inference/models/a/b", "Bearer hf_key"),
        ("webui", "POST http://webui:7860/sdapi/v1/txt2img", "Basic aHViOnBhc3M="),
        ("sdcpp", "POST http://sdcpp:1234/sdcpp/v1/img_gen", "Basic aHViOnBhc3M="),
        ("openai:gpt-image-1", "POST https://api.openai.com/v1/images/generations", "Bearer sk-key"),
    ];
    for (entry, expected, authorization) in rows {
        let engines = engines_from_list(entry, &keys).unwrap();
        let script = Script::new([reply(404, "application/json", r#"{"error":"not here"}"#)]);
        let error = attempt(&script, &engines[0], 100).unwrap_err();
        assert_eq!(error.failure, Failure::Gone);
        assert!(error.detail.starts_with(entry), "{error}");
        assert_eq!(script.asked(), [expected]);
        assert_eq!(script.sent()[0].headers[0], ("authorization", authorization.to_owned()), "{entry}");
    }
}
