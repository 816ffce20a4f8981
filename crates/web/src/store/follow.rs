//! Following requests that are under way, wherever they were begun: in this page, before a reload, in another tab.
//!
//! Owns: how the hub's word on a request becomes its phase, and what happens when it is settled. Must not: decide when to
//! look (that is `live`).

use domain::code::Code;
use domain::generation::Status;
use web_state::failure::{self, Failure};
use web_state::phrase::Phrase;
use web_state::route::Route;
use web_state::toast::{Action, Kind};
use web_state::turn::Picture;
use web_state::wait::Facts;

use super::{Job, Phase, Store, chat, notices, rows, session, unsent};
use crate::bridge::{Answer, Ask, hub};
use crate::words::t;

/// Where `generate-image` tells of a request.
#[must_use]
pub fn address(request_id: &str) -> String {
    ["generate-image?requestId=", request_id].concat()
}

/// What an answer tells of a request that is not settled; none where it is.
#[must_use]
pub fn facts_of(answer: &Answer) -> Option<Facts> {
    let body = &answer.body;
    let status = match body.text("status").as_str() {
        "queued" => Status::Queued,
        "running" => Status::Running,
        _ if body.text("code") == Code::RequestInProgress.as_str() => Status::Running,
        _ => return None,
    };
    Some(Facts {
        status: Some(status),
        wait_code: body.text("waitingFor").parse().ok(),
        not_before_ms: body.date("notBefore"),
        position: Some(body.whole("position")).filter(|place| *place > 0),
        estimated_start_ms: body.date("estimatedStartAt"),
        since_ms: hub().now(),
        cancelling: body.flag("cancelling"),
        offline: false,
    })
}

/// Sets a job's phase; a job that is not there yet is made. Since when it is drawn is kept while it is.
pub fn set_phase(store: Store, request_id: &str, conversation_id: &str, mut phase: Phase) {
    let known = store.jobs.with_untracked(|jobs| jobs.iter().find(|job| job.request_id == request_id).cloned());
    if let (Phase::UnderWay(facts), Some(Job { phase: Phase::UnderWay(before), .. })) = (&mut phase, &known)
        && facts.status == before.status
    {
        facts.since_ms = before.since_ms;
        facts.cancelling |= before.cancelling;
    }
    match known {
        Some(known) if known.phase == phase => {}
        Some(_) => store.jobs.update(|jobs| {
            if let Some(job) = jobs.iter_mut().find(|job| job.request_id == request_id) {
                job.phase = phase;
            }
        }),
        None => store.jobs.update(|jobs| {
            let (request_id, conversation_id) = (request_id.to_owned(), conversation_id.to_owned());
            jobs.push(Job { request_id, conversation_id, phase });
        }),
    }
}

/// Marks a job as being taken back, before the hub has said so.
pub fn mark_cancelling(store: Store, request_id: &str) {
    store.jobs.update(|jobs| {
        for job in jobs.iter_mut().filter(|job| job.request_id == request_id) {
            if let Phase::UnderWay(facts) = &mut job.phase {
                facts.cancelling = true;
            }
        }
    });
}

/// Forgets a job.
pub fn drop_job(store: Store, request_id: &str) {
    store.jobs.update(|jobs| jobs.retain(|job| job.request_id != request_id));
}

/// Takes up what is under way and this page does not follow yet.
pub async fn take_up(store: Store) {
    let Some(found) = store.ask(Ask::InFlight).await.rows() else { return };
    for picture in rows::pictures(&found) {
        // The hub has heard of it: nobody needs to ask for it again.
        unsent::forget(&picture.request_id);
        let is_followed = store.jobs.with_untracked(|jobs| {
            let mut ours = jobs.iter().filter(|job| job.request_id == picture.request_id);
            ours.any(|job| !matches!(job.phase, Phase::Silent(_)))
        });
        if !is_followed {
            let conversation_id = picture.conversation_id.clone().unwrap_or_default();
            set_phase(store, &picture.request_id.clone(), &conversation_id, Phase::UnderWay(facts_in(&picture)));
        }
    }
}

/// What a row tells, until the hub is asked.
fn facts_in(picture: &Picture) -> Facts {
    Facts {
        status: Some(picture.status),
        wait_code: picture.wait_code,
        not_before_ms: picture.not_before_ms,
        since_ms: picture.created_at_ms,
        ..Facts::default()
    }
}

/// Looks where a request stands, and shows what came of it.
pub async fn look(store: Store, request_id: String) {
    let answer = hub().call(&address(&request_id), "GET", None, false).await;
    if answer.is_silence() || answer.status >= 500 || answer.status == 401 || answer.status == 429 {
        return;
    }
    if answer.status == 404 {
        // It never arrived. What was kept of it is asked for again; of what was not, nobody knows anything.
        if unsent::find(&request_id).is_none() {
            drop_job(store, &request_id);
        }
        return;
    }
    match facts_of(&answer) {
        Some(facts) => set_phase(store, &request_id, "", Phase::UnderWay(facts)),
        None => settled(store, &request_id, &answer).await,
    }
}

async fn settled(store: Store, request_id: &str, answer: &Answer) {
    unsent::forget(request_id);
    let found = chat::fetch(store, request_id).await;
    // Two looks may be under way at once: whoever finds the job tells of its end.
    let was_followed = store.jobs.with_untracked(|jobs| jobs.iter().any(|job| job.request_id == request_id));
    drop_job(store, request_id);
    if was_followed {
        if let Some(made) = found.iter().find(|picture| picture.is_there()) {
            store.fresh.update(|fresh| fresh.extend(found.iter().map(|picture| picture.id.clone())));
            store.settings.update(|settings| settings.note_seed(made.seed));
            tell_elsewhere(store, made);
        }
        tell(store, answer);
    }
    session::refresh(store).await;
}

/// Tells of a picture that nobody sees come: another conversation is open.
fn tell_elsewhere(store: Store, made: &Picture) {
    let is_in_studio = store.route.with_untracked(|route| matches!(route, Route::Studio { .. }));
    let is_open = store.opened.with_untracked(|opened| *opened == made.conversation_id);
    if let (false, Some(conversation)) = (is_in_studio && is_open, made.conversation_id.clone()) {
        let show = Action::Show { conversation };
        let words = if is_open { "toast.done" } else { "toast.done_elsewhere" };
        notices::tell(store, Kind::Good, Phrase::new(words), Some(show));
    }
}

fn tell(store: Store, answer: &Answer) {
    let code = answer.body.text("code").parse().ok();
    match (answer.body.text("status").as_str(), code) {
        ("completed" | "", None) => notices::announce(store, false, t("announce.done")),
        (_, Some(Code::Cancelled)) => notices::say(store, Kind::Note, "toast.cancelled"),
        (_, Some(code)) => {
            notices::announce(store, true, notices::sentence(failure::of_picture(Failure::Recorded(code))));
        }
        _ => notices::announce(store, true, notices::sentence(failure::of_picture(Failure::Expired))),
    }
}
