//! Which picture is shown where, in every order in which rows may come.

use super::*;

fn message(id: &str, content: &str, created_at_ms: u64) -> Message {
    Message { id: id.to_owned(), content: content.to_owned(), created_at_ms }
}

fn picture(request_id: &str, prompt: &str, created_at_ms: u64, status: Status) -> Picture {
    Picture {
        id: format!("{request_id}-0"),
        request_id: request_id.to_owned(),
        conversation_id: Some("c".to_owned()),
        session_id: "s".to_owned(),
        batch_index: 0,
        batch_count: 1,
        hour_index: 0,
        status,
        prompt: prompt.to_owned(),
        negative_prompt: String::new(),
        width: 512,
        height: 512,
        steps: 30,
        cfg_scale_tenths: 75,
        seed: 7,
        url: (status == Status::Completed).then(|| format!("blob:{request_id}")),
        object_name: None,
        model: None,
        failure_code: None,
        wait_code: None,
        not_before_ms: None,
        created_at_ms,
        created_at: String::new(),
        settled_at_ms: None,
        deleted: false,
    }
}

fn deleted(mut picture: Picture) -> Picture {
    picture.deleted = true;
    picture
}

/// Turns as `id:request,request`.
fn shape(messages: &[Message], pictures: &[Picture]) -> Vec<String> {
    turns(messages, pictures)
        .iter()
        .map(|turn| {
            let variants: Vec<&str> = turn.variants.iter().map(|request| request.id.as_str()).collect();
            format!("{}:{}", turn.id, variants.join(","))
        })
        .collect()
}

#[test]
fn a_request_belongs_to_the_message_of_its_id() {
    let messages = [message("b", "sea", 20), message("a", "hill", 10)];
    let pictures = [picture("b", "sea", 21, Status::Running), picture("a", "hill", 11, Status::Completed)];
    assert_eq!(shape(&messages, &pictures), ["a:a", "b:b"]);
    // Also where the two clocks differ, and where the row was cleaned of what the message still has.
    let pictures = [picture("a", "hills", 1, Status::Completed)];
    assert_eq!(shape(&messages, &pictures), ["a:a", "b:"]);
}

#[test]
fn a_request_without_a_message_is_a_variant_of_the_newest_turn_before_it() {
    let messages = [message("a", "sea", 10), message("b", "sea", 20), message("c", "hill", 30)];
    let pictures = [
        picture("a", "sea", 11, Status::Completed),
        picture("v1", "sea", 15, Status::Failed),
        picture("b", "sea", 21, Status::Completed),
        picture("v2", "sea", 40, Status::Queued),
        picture("c", "hill", 31, Status::Completed),
    ];
    assert_eq!(shape(&messages, &pictures), ["a:a,v1", "b:b,v2", "c:c"]);
    let mut reversed = pictures.to_vec();
    reversed.reverse();
    assert_eq!(shape(&messages, &reversed), shape(&messages, &pictures));
}

#[test]
fn an_orphan_is_a_turn_and_gets_its_own_variants() {
    let pictures = [
        picture("o", "moon", 5, Status::Completed),
        picture("p", "moon", 6, Status::Completed),
        picture("early", "sea", 9, Status::Completed),
    ];
    assert_eq!(shape(&[message("a", "sea", 10)], &pictures), ["o:o,p", "early:early", "a:"]);
    assert_eq!(shape(&[], &[]), Vec::<String>::new());
}

#[test]
fn the_same_message_twice_is_one_turn() {
    let messages = [message("a", "sea", 10), message("a", "sea", 10)];
    assert_eq!(shape(&messages, &[]), ["a:"]);
}

#[test]
fn what_was_deleted_stays_in_its_place() {
    let messages = [message("a", "sea", 10)];
    let pictures = [picture("a", "sea", 11, Status::Completed), deleted(picture("v", "sea", 12, Status::Completed))];
    let turns = turns(&messages, &pictures);
    let standings: Vec<Standing> = turns[0].variants.iter().map(|request| request.standing).collect();
    assert_eq!(standings, [Standing::Done, Standing::Deleted]);
    assert_eq!(turns[0].newest(), Some(0));
    assert!(turns[0].variants[1].pictures.is_empty());
}

#[test]
fn a_batch_stands_as_its_pictures_together() {
    let batch = |statuses: &[Status]| -> Vec<Picture> {
        (0_u32..)
            .zip(statuses)
            .map(|(batch_index, status)| Picture { batch_index, ..picture("r", "sea", 10, *status) })
            .collect()
    };
    use Status::{Completed, Expired, Failed, Queued, Running};
    for (statuses, expected) in [
        (&[Queued, Queued][..], Standing::Waiting),
        (&[Queued, Running], Standing::Running),
        (&[Completed, Queued], Standing::Running),
        (&[Completed, Failed], Standing::Done),
        (&[Failed, Expired], Standing::Failed(Code::Internal)),
        (&[Expired, Expired], Standing::Expired),
    ] {
        assert_eq!(requests(&batch(statuses))[0].standing, expected, "{statuses:?}");
    }
    let mut refused = batch(&[Failed, Failed]);
    refused[1].failure_code = Some(Code::PromptRefused);
    assert_eq!(requests(&refused)[0].standing, Standing::Failed(Code::PromptRefused));
    let mut late = batch(&[Expired]);
    late[0].url = Some("blob:late".to_owned());
    assert_eq!(requests(&late)[0].standing, Standing::Done);
    let mut half = batch(&[Completed, Completed]);
    half[0].deleted = true;
    let half = requests(&half);
    assert_eq!((half[0].standing, half[0].pictures.len()), (Standing::Done, 1));
}

#[test]
fn every_status_has_its_name() {
    let names = ["queued", "running", "completed", "failed", "expired", "gone"];
    let read = names.map(status_of);
    use Status::{Completed, Expired, Failed, Queued, Running};
    assert_eq!(read, [Some(Queued), Some(Running), Some(Completed), Some(Failed), Some(Expired), None]);
}
