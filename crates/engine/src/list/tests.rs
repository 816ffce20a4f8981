//! What the owner may write into `IMAGE_ENGINES` and beside it, and what he is told where it cannot be used.
use super::*;

fn keys() -> Keys {
    Keys {
        hugging_face_key: Some("hf_key".to_owned()),
        web_ui_url: Some("http://gpu:7860/".to_owned()),
        sd_cpp_url: Some("http://gpu:1234".to_owned()),
        open_ai_key: Some("sk-key".to_owned()),
        ..Keys::default()
    }
}

fn names(list: &str) -> Result<Vec<String>, EngineListError> {
    engines_from_list(list, &keys()).map(|engines| engines.iter().map(|engine| engine.name().to_owned()).collect())
}

#[test]
fn engines_keep_the_order_of_the_list_and_its_names() {
    let entries = [
        "huggingface:b/B.2-x",
        "huggingface/hf-inference:a/a",
        "huggingface/fal-ai:a/a",
        "huggingface/replicate:a/a",
        "huggingface/together:a/a",
        "webui",
        r"webui:SD 1.5\dreamshaper_8 (v2).safetensors [879db523c3]",
        "webui:a:b",
        "sdcpp",
        "sdcpp:sd-v1-5 Q8_0",
        "openai:gpt-image-1",
        "openai:org/model:q4_0",
    ];
    let list = format!(" {} ,, ", entries.join(" , "));
    assert_eq!(names(&list).unwrap(), entries);
}

#[test]
fn an_entry_that_cannot_be_used_is_named() {
    let entry = |entry: &str| EngineListError::Entry(entry.to_owned());
    let kind = |kind: &str| EngineListError::Kind(kind.to_owned());
    let long = format!("webui:{}", "x".repeat(201));
    let rows = [
        ("", EngineListError::Empty),
        (" , ", EngineListError::Empty),
        ("stable-diffusion", entry("stable-diffusion")),
        ("huggingface", entry("huggingface")),
        ("huggingface:nobody", entry("huggingface:nobody")),
        ("huggingface:a/../b", entry("huggingface:a/../b")),
        ("huggingface:a/b?c", entry("huggingface:a/b?c")),
        ("huggingface:a/b/c", entry("huggingface:a/b/c")),
        ("huggingface/fal-ai", entry("huggingface/fal-ai")),
        ("huggingface/nobody:a/b", kind("huggingface/nobody")),
        ("openai", entry("openai")),
        ("openai:", entry("openai:")),
        ("openai:a b", entry("openai:a b")),
        ("openai:.hidden", entry("openai:.hidden")),
        ("openai/fal-ai:a", kind("openai/fal-ai:a")),
        ("webui:", entry("webui:")),
        ("webui: x", entry("webui: x")),
        ("webui:a\nb", entry("webui:a\nb")),
        (long.as_str(), entry(&long)),
        ("dalle:a/b", kind("dalle")),
    ];
    for (list, expected) in rows {
        assert_eq!(names(list), Err(expected), "{list}");
    }
}

#[test]
fn the_owner_is_told_which_kinds_there_are() {
    assert_eq!(
        EngineListError::Kind("dalle".to_owned()).to_string(),
        "IMAGE_ENGINES: there is no engine \"dalle\"; there are huggingface, huggingface/hf-inference, \
         huggingface/fal-ai, huggingface/replicate, huggingface/together, openai, webui, sdcpp"
    );
    assert!(EngineListError::Entry("x".to_owned()).to_string().contains("\"x\""));
}

#[test]
fn a_setting_that_an_entry_needs_is_named() {
    let with = |change: fn(&mut Keys)| {
        let mut keys = keys();
        change(&mut keys);
        keys
    };
    let rows: [(&str, Keys, &str); 17] = [
        ("huggingface:a/b", with(|keys| keys.hugging_face_key = None), "HUGGINGFACE_API_KEY"),
        ("huggingface:a/b", with(|keys| keys.hugging_face_key = Some(String::new())), "HUGGINGFACE_API_KEY"),
        ("huggingface:a/b", with(|keys| keys.hugging_face_key = Some("hf_a\nb".to_owned())), "HUGGINGFACE_API_KEY"),
        ("huggingface:a/b", with(|keys| keys.hugging_face_key = Some("hf_ä".to_owned())), "HUGGINGFACE_API_KEY"),
        ("huggingface:a/b", with(|keys| keys.hugging_face_url = "router".to_owned()), "HUGGINGFACE_BASE_URL"),
        ("huggingface:a/b", with(|keys| keys.hugging_face_hub_url = "ftp://hub".to_owned()), "HUGGINGFACE_HUB_URL"),
        ("webui", with(|keys| keys.web_ui_url = None), "WEBUI_URL"),
        ("webui", with(|keys| keys.web_ui_url = Some("http://u:p@gpu".to_owned())), "WEBUI_URL"),
        ("webui", with(|keys| keys.web_ui_url = Some("http://gpu?x".to_owned())), "WEBUI_URL"),
        ("webui", with(|keys| keys.web_ui_url = Some("http://".to_owned())), "WEBUI_URL"),
        ("webui", with(|keys| keys.web_ui_login = Some("nobody".to_owned())), "WEBUI_AUTH"),
        ("sdcpp", with(|keys| keys.sd_cpp_url = None), "SDCPP_URL"),
        ("sdcpp", with(|keys| keys.sd_cpp_login = Some("a:\nb".to_owned())), "SDCPP_AUTH"),
        ("openai:a", with(|keys| keys.open_ai_key = None), "OPENAI_API_KEY"),
        ("openai:a", with(|keys| keys.open_ai_url = "gpu:8080".to_owned()), "OPENAI_BASE_URL"),
        ("openai:a", with(|keys| keys.open_ai_response_format = Some("png".to_owned())), "OPENAI_RESPONSE_FORMAT"),
        ("openai:a", with(|keys| keys.open_ai_dialect = Some("klingon".to_owned())), "OPENAI_DIALECT"),
    ];
    for (list, keys, name) in rows {
        let error = engines_from_list(list, &keys).err();
        assert_eq!(error, Some(EngineListError::Setting(name)), "{list} {name}");
    }
}

#[test]
fn a_setting_that_no_entry_needs_is_not_missed() {
    let keys = Keys { open_ai_url: "http://gpu:8080/v1".to_owned(), ..Keys::default() };
    assert!(engines_from_list("openai:a", &keys).is_ok(), "another host may need no key");
    let mistyped = Keys { open_ai_key: Some("sk\nkey".to_owned()), ..keys };
    let error = engines_from_list("openai:a", &mistyped).err();
    assert_eq!(error, Some(EngineListError::Setting("OPENAI_API_KEY")), "but one that is set is to be sent");
    let keys = Keys { hugging_face_key: Some("hf_key".to_owned()), open_ai_url: String::new(), ..Keys::default() };
    assert!(engines_from_list("huggingface:a/b", &keys).is_ok());
}

#[test]
fn engines_of_one_key_or_one_host_share_an_account() {
    let accounts = |list: &str, keys: &Keys| -> Vec<String> {
        let engines = engines_from_list(list, keys).unwrap();
        engines.iter().map(|engine| engine.account().to_owned()).collect()
    };
    assert_eq!(
        accounts("huggingface:a/b,huggingface/fal-ai:a/b,webui,webui:x,sdcpp,openai:a", &keys()),
        [
            "huggingface",
            "huggingface",
            "webui@http://gpu:7860",
            "webui@http://gpu:7860",
            "sdcpp@http://gpu:1234",
            "openai"
        ]
    );
    let elsewhere =
        Keys { hugging_face_url: "http://easel/".to_owned(), open_ai_url: "http://gpu:8080/v1/".to_owned(), ..keys() };
    assert_eq!(
        accounts("huggingface:a/b,openai:a", &elsewhere),
        ["huggingface@http://easel", "openai@http://gpu:8080/v1"]
    );
}
