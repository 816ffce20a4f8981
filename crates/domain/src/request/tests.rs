//! Every field of a request, right and wrong.

use super::*;

const SESSION: &str = "7f0c0a30-7a3b-4c53-8c0e-0a8f0f7f3b11";

fn body(extra: &str) -> String {
    format!(r#"{{"prompt":"a sunset","sessionId":"{SESSION}"{extra}}}"#)
}

fn read_with(extra: &str) -> ImageRequest {
    ImageRequest::from_json(body(extra).as_bytes()).unwrap()
}

fn refused_field(body: &[u8]) -> String {
    let refusal = ImageRequest::from_json(body).unwrap_err();
    assert!(refusal.sentence.ends_with('.'), "a sentence: {}", refusal.sentence);
    refusal.field
}

#[test]
fn the_originals_request_gets_the_defaults() {
    let request = read_with(r#","conversationId":null"#);
    assert_eq!(
        request,
        ImageRequest {
            session_id: SESSION.parse().unwrap(),
            conversation_id: None,
            request_id: None,
            prompt: "a sunset".to_owned(),
            negative_prompt: None,
            width: 512,
            height: 512,
            steps: 30,
            cfg_scale: 7.5,
            seed: None,
            batch_count: 1,
        }
    );
}

#[test]
fn every_field_is_read() {
    let request = read_with(
        r#","conversationId":"00000000-0000-4000-8000-00000000000a","requestId":"00000000-0000-4000-8000-00000000000b",
           "negativePrompt":" people ","width":768,"height":1024,"steps":50,"cfgScale":1,"seed":4294967295,"batchCount":4,
           "somethingElse":{"deep":[1,2,3]}"#,
    );
    assert_eq!(request.conversation_id.unwrap().to_string(), "00000000-0000-4000-8000-00000000000a");
    assert_eq!(request.request_id.unwrap().to_string(), "00000000-0000-4000-8000-00000000000b");
    assert_eq!(request.negative_prompt.as_deref(), Some("people"));
    assert_eq!((request.width, request.height, request.steps), (768, 1024, 50));
    assert_eq!((request.seed, request.batch_count), (Some(u32::MAX), 4));
    assert!((request.cfg_scale - 1.0).abs() < f64::EPSILON);
}

#[test]
fn guidance_is_kept_to_two_decimals() {
    assert_eq!(read_with(r#","cfgScale":7.256"#).cfg_scale.to_string(), "7.26");
}

#[test]
fn a_blank_negative_prompt_is_none() {
    assert_eq!(read_with(r#","negativePrompt":"  ""#).negative_prompt, None);
}

#[test]
fn a_field_out_of_its_limits_is_named() {
    let rows = [
        (r#","width":513"#, "width"),
        (r#","width":512.5"#, "width"),
        (r#","width":"512""#, "width"),
        (r#","height":0"#, "height"),
        (r#","height":-512"#, "height"),
        (r#","height":1e300"#, "height"),
        (r#","steps":9"#, "steps"),
        (r#","steps":51"#, "steps"),
        (r#","steps":20.5"#, "steps"),
        (r#","steps":[20]"#, "steps"),
        (r#","steps":true"#, "steps"),
        (r#","cfgScale":0.99"#, "cfgScale"),
        (r#","cfgScale":20.01"#, "cfgScale"),
        (r#","seed":-1"#, "seed"),
        (r#","seed":4294967296"#, "seed"),
        (r#","seed":1.5"#, "seed"),
        (r#","batchCount":0"#, "batchCount"),
        (r#","batchCount":5"#, "batchCount"),
        (r#","requestId":"1""#, "requestId"),
        (r#","requestId":7"#, "requestId"),
        (r#","conversationId":"not-a-uuid""#, "conversationId"),
        (r#","negativePrompt":{"a":1}"#, "negativePrompt"),
        (r#","negativePrompt":"a\u0000b""#, "negativePrompt"),
        (r#","style":"anime""#, "style"),
        (r#","sourceImageId":"x""#, "sourceImageId"),
        (r#","strength":0.5"#, "strength"),
    ];
    for (extra, field) in rows {
        assert_eq!(refused_field(body(extra).as_bytes()), field, "{extra}");
    }
}

#[test]
fn nulls_are_as_good_as_absent_even_for_what_is_not_offered() {
    let request = read_with(r#","style":null,"sourceImageId":null,"strength":null,"steps":null,"seed":null"#);
    assert_eq!((request.steps, request.seed), (30, None));
}

#[test]
fn prompts_that_cannot_be_drawn_are_named() {
    let long = "x".repeat(PROMPT_CHARACTERS_MAX + 1);
    let rows = [
        r#"{"sessionId":"S"}"#.to_owned(),
        r#"{"prompt":null,"sessionId":"S"}"#.to_owned(),
        r#"{"prompt":"","sessionId":"S"}"#.to_owned(),
        r#"{"prompt":" \n\t ","sessionId":"S"}"#.to_owned(),
        r#"{"prompt":5,"sessionId":"S"}"#.to_owned(),
        r#"{"prompt":"a\u0000b","sessionId":"S"}"#.to_owned(),
        r#"{"prompt":"\ud800","sessionId":"S"}"#.to_owned(),
        r#"{"prompt":"\udc00 x","sessionId":"S"}"#.to_owned(),
        format!(r#"{{"prompt":"{long}","sessionId":"S"}}"#),
    ];
    for row in rows {
        assert_eq!(refused_field(row.replace('S', SESSION).as_bytes()), "prompt", "{row}");
    }
}

#[test]
fn a_prompt_may_be_as_long_as_the_limit_in_any_script() {
    for character in ['x', 'ह', '𓀀'] {
        let prompt: String = std::iter::repeat_n(character, PROMPT_CHARACTERS_MAX).collect();
        let body = format!(r#"{{"prompt":"{prompt}","sessionId":"{SESSION}"}}"#);
        assert_eq!(ImageRequest::from_json(body.as_bytes()).unwrap().prompt, prompt);
    }
}

#[test]
fn a_session_must_be_named() {
    for row in [r#"{"prompt":"x"}"#, r#"{"prompt":"x","sessionId":null}"#, r#"{"prompt":"x","sessionId":"1"}"#] {
        assert_eq!(refused_field(row.as_bytes()), "sessionId", "{row}");
    }
}

#[test]
fn what_is_not_a_json_object_is_refused_as_a_whole() {
    let deep = "[".repeat(100_000);
    let rows: [&[u8]; 10] = [
        b"",
        b"null",
        b"[]",
        b"7",
        b"\"x\"",
        b"{",
        b"{\"prompt\":\"x\"} trailing",
        b"\xff\xfe",
        b"{\"prompt\":null}{}",
        deep.as_bytes(),
    ];
    for row in rows {
        assert_eq!(refused_field(row), "body");
    }
}
