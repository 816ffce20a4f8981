//! The bucket's client.

use crate::script::{Answer, Script, answer, header, lost};
use domain::picture::Format;
use serde_json::json;
use supabase::{Generation, PictureStore, Project, SecretKey, StorageError};
use transport::{Method, Payload, Request};

fn store() -> PictureStore {
    let project = Project { url: "http://kong:8000".to_owned(), publishable_key: String::new() };
    PictureStore::new(&project, "https://hub.example/", &SecretKey::new("sb_secret_x").unwrap())
}

fn upload(answers: impl IntoIterator<Item = Answer>) -> (Result<(), StorageError>, Vec<Request<Vec<u8>>>) {
    let script = Script::new(answers);
    let result = pollster::block_on(store().upload(&script, &script, "a/b.png", Format::Png, &vec![1, 2, 3]));
    (result, script.sent())
}

#[test]
fn a_picture_is_uploaded_with_the_secret_key_as_apikey_alone() {
    let (result, sent) = upload([answer(200, &json!({ "Id": "x", "Key": "generated-images/a/b.png" }))]);
    assert_eq!(result, Ok(()));
    let [request] = &sent[..] else { panic!("one call") };
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, "http://kong:8000/storage/v1/object/generated-images/a/b.png");
    assert_eq!(request.payload, Payload::Bytes(vec![1, 2, 3]));
    assert_eq!(header(request, "apikey"), Some("sb_secret_x"));
    assert_eq!((header(request, "authorization"), header(request, "content-type")), (None, Some("image/png")));
}

#[test]
fn an_upload_that_may_have_been_lost_is_tried_again_and_found_where_it_lies() {
    let duplicate = || answer(400, &json!({ "statusCode": "409", "error": "Duplicate", "code": "KeyAlreadyExists" }));
    assert_eq!(upload([lost(), answer(200, &json!({}))]).0, Ok(()));
    assert_eq!(upload([lost(), duplicate()]).0, Ok(()));
    assert_eq!(upload([answer(500, &json!({})), answer(200, &json!({}))]).0, Ok(()));
    assert!(matches!(upload([lost(), lost()]).0, Err(StorageError::Unreachable(_))));
}

#[test]
fn a_name_that_is_taken_at_the_first_try_is_somebody_elses_picture() {
    let duplicate = answer(400, &json!({ "statusCode": "409", "error": "Duplicate", "code": "KeyAlreadyExists" }));
    assert_eq!(upload([duplicate]).0, Err(StorageError::Rejected("409".to_owned(), "KeyAlreadyExists".to_owned())));
}

#[test]
fn a_refusal_is_read_from_the_body_and_not_tried_again() {
    let refused = answer(400, &json!({ "statusCode": "413", "error": "Payload too large", "message": "secret words" }));
    let error = upload([refused]).0.unwrap_err();
    assert_eq!(error, StorageError::Rejected("413".to_owned(), "Payload too large".to_owned()));
    assert!(!error.to_string().contains("secret"));
}

#[test]
fn deleted_pictures_are_removed_in_one_call_and_whatever_is_not_said_to_be_gone_may_be_there() {
    let remove = |said: Answer| {
        let script = Script::new([said]);
        let result = pollster::block_on(store().remove(&script, &["a/b.png", "c/d.jpg"]));
        (result, script.sent())
    };
    // Storage lists what was there; what was not is gone as well.
    let (result, sent) = remove(answer(200, &json!([{ "name": "a/b.png" }])));
    assert_eq!(result, Ok(()));
    let [request] = &sent[..] else { panic!("one call") };
    assert_eq!(
        (request.method, &*request.url),
        (Method::Delete, "http://kong:8000/storage/v1/object/generated-images")
    );
    assert_eq!(request.payload, Payload::Text(json!({ "prefixes": ["a/b.png", "c/d.jpg"] }).to_string()));
    assert_eq!(header(request, "apikey"), Some("sb_secret_x"));
    assert_eq!((header(request, "authorization"), header(request, "content-type")), (None, Some("application/json")));
    assert!(matches!(remove(lost()).0, Err(StorageError::Unreachable(_))));
    assert!(matches!(remove(answer(500, &json!({}))).0, Err(StorageError::Unreachable(_))));
    assert!(matches!(remove(answer(400, &json!({ "statusCode": "403" }))).0, Err(StorageError::Rejected(..))));
}

#[test]
fn a_picture_lies_in_the_customers_folder_at_the_address_that_browsers_know() {
    let generation: Generation = serde_json::from_value(json!({
        "id": "44444444-4444-4444-8444-444444444444", "status": "running", "storageKey": "key", "url": null, "seed": 7,
        "model": null, "steps": 30, "width": 512, "height": 512, "prompt": "x", "cfgScale": 7.5, "createdAt": "now",
        "negativePrompt": null, "generationTimeMs": null
    }))
    .unwrap();
    let customer = "11111111-1111-4111-8111-111111111111".parse().unwrap();
    let name = PictureStore::object_name(customer, &generation, Format::Jpeg);
    assert_eq!(name, "11111111-1111-4111-8111-111111111111/key.jpg");
    assert_eq!(
        store().public_address(&name),
        format!("https://hub.example/storage/v1/object/public/generated-images/{name}")
    );
}
