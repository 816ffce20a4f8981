//! A picture through all its life: the frame that waits, what is being waited for, the picture that develops, the reason why
//! there is none.
//!
//! Owns: its states and their words. Must not: decide what a failure means, or do what its buttons promise.

use crate::markup::view;
use crate::signal::{Memo, RwSignal, effect};
use domain::generation::Status;
use leptos::prelude::*;
use web_state::failure::{self, Failure, Remedy, Words};
use web_state::turn::Picture;
use web_state::wait::{Announced, Facts, Wait};

use super::control::{button, icon};
use super::focus;
use super::image::Arrival;
use super::picture_actions::{self, Place};
use crate::store::{Job, Lightbox, Phase, Store, notices, send};
use crate::words::{say, t, tf};

/// One frame of a request. `is_first` says whether it speaks for the others; `remedy` does what the button of a failure
/// promises; `siblings` are what the lightbox pages through.
#[must_use]
pub fn picture(
    store: Store,
    picture: Picture,
    is_first: bool,
    siblings: Vec<Picture>,
    remedy: impl Fn(Remedy) + 'static,
) -> AnyView {
    let (width, height) = sides(&picture);
    let is_fresh = store.fresh.with_untracked(|fresh| fresh.contains(&picture.id));
    let is_loaded = RwSignal::new(!is_fresh);
    let shown = picture.clone();
    let state = move || match shown.status {
        _ if shown.deleted => "deleted",
        Status::Queued | Status::Running => "waiting",
        _ if shown.url.is_some() => {
            if is_loaded.get() {
                "there"
            } else {
                "developing"
            }
        }
        Status::Completed | Status::Failed | Status::Expired => "failed",
    };
    let inside = match picture.status {
        _ if picture.deleted => gone(),
        _ if picture.url.is_some() => there(store, picture.clone(), siblings, is_loaded),
        Status::Queued | Status::Running if is_first => waiting(store, picture.request_id.clone(), Box::new(remedy)),
        Status::Queued | Status::Running | Status::Completed => ().into_any(),
        Status::Failed | Status::Expired if is_first => {
            failed(failure_of(store, &picture), &picture.request_id, Box::new(remedy))
        }
        Status::Failed | Status::Expired => not_arrived(),
    };
    view! {
        <figure class="picture" data-state=state data-w=width data-h=height data-fresh=is_fresh.then_some("")>
            {inside}
        </figure>
    }
    .into_any()
}

/// The sides of the frame: those that the styles know, the nearest to what the engine drew.
#[must_use]
pub fn sides(picture: &Picture) -> (String, String) {
    let side = |pixels: u32| match pixels {
        0..640 => "512",
        640..896 => "768",
        _ => "1024",
    };
    (side(picture.width).to_owned(), side(picture.height).to_owned())
}

fn there(store: Store, picture: Picture, siblings: Vec<Picture>, is_loaded: RwSignal<bool>) -> AnyView {
    let alternative = tf("picture.alt", &[("prompt", &picture.prompt)]);
    let (width, height) = (picture.width.to_string(), picture.height.to_string());
    let arrival = Arrival::new(store);
    let address = arrival.address(picture.url.clone());
    let label = tf("picture.open_label", &[("prompt", &picture.prompt)]);
    let shown_id = picture.id.clone();
    let open = move |_| store.lightbox.set(Some(Lightbox { pictures: siblings.clone(), shown_id: shown_id.clone() }));
    view! {
        <button class="picture-open" type="button" aria-label=label on:click=open>
            <img
                src=address
                alt=alternative
                width=width
                height=height
                decoding="async"
                on:load=move |_| {
                    arrival.succeed();
                    is_loaded.set(true);
                }
                on:error=move |_| {
                    arrival.fail();
                    is_loaded.set(true);
                }
            />
        </button>
        {picture_actions::actions(store, picture, Place::Stage)}
    }
    .into_any()
}

fn waiting(store: Store, request_id: String, remedy: Box<dyn Fn(Remedy)>) -> AnyView {
    let id = request_id.clone();
    let phase = Memo::new(move |_| phase_of(store, &id));
    // While it is asked again by itself there is nothing to press.
    let is_silent = Memo::new(move |_| {
        let phase = phase.get();
        let is_offline = !store.is_online.get() && matches!(phase, Some(Phase::Silent(_)));
        is_offline || phase.as_ref().is_some_and(send::is_given_up)
    });
    let remedy = std::rc::Rc::new(remedy);
    let silent = move || {
        let remedy = remedy.clone();
        let words = failure::of_picture(if store.is_online.get() { Failure::NoAnswer } else { Failure::Offline });
        failed(words, "", Box::new(move |wanted| remedy(wanted)))
    };
    let silent = send_wrapper(silent);
    (move || {
        let is_silent = is_silent.get();
        focus::keep_in(".turn");
        if is_silent { silent() } else { wait_line(store, phase, request_id.clone()) }
    })
    .into_any()
}

/// The page has one thread: what a view keeps need not be sendable.
fn send_wrapper<View>(make: impl Fn() -> View + 'static) -> impl Fn() -> View + Send + 'static {
    let make = send_wrapper::SendWrapper::new(make);
    move || make()
}

fn phase_of(store: Store, request_id: &str) -> Option<Phase> {
    store.jobs.with(|jobs| jobs.iter().find(|job| job.request_id == request_id).map(|Job { phase, .. }| phase.clone()))
}

fn wait_of(store: Store, phase: Option<Phase>) -> Option<Wait> {
    let mut facts = match phase {
        Some(Phase::UnderWay(facts)) => facts,
        _ => Facts::default(),
    };
    facts.offline = !store.is_online.get();
    Wait::of(&facts, store.now_ms.get())
}

fn wait_line(store: Store, phase: Memo<Option<Phase>>, request_id: String) -> AnyView {
    let wait = Memo::new(move |_| wait_of(store, phase.get()));
    let words = Memo::new(move |_| wait.get().map(|wait| say(&wait.phrase())).unwrap_or_default());
    let can_cancel = Memo::new(move |_| wait.get().is_some_and(Wait::can_cancel));
    effect(move |said: Option<Announced>| {
        let mut said = said.unwrap_or_default();
        if let Some(phrase) = said.say(wait.get(), store.now_ms.get_untracked()) {
            notices::announce(store, false, say(&phrase));
        }
        said
    });
    let cancel = move || {
        let request_id = request_id.clone();
        let can_cancel = can_cancel.get();
        focus::keep_in(".turn");
        can_cancel.then(|| button("plain", "x", t("picture.cancel"), move || send::cancel(store, request_id.clone())))
    };
    view! {
        <div class="picture-wait">
            <progress class="hidden" max="100" aria-label=t("picture.progress")></progress>
            <p>{icon("hourglass")}<span>{move || words.get()}</span></p>
            {cancel}
        </div>
    }
    .into_any()
}

/// Why there is no picture: what the hub said to this page, or what it has written down.
fn failure_of(store: Store, picture: &Picture) -> Words {
    let refused = store.jobs.with_untracked(|jobs| {
        jobs.iter().find(|job| job.request_id == picture.request_id).and_then(|job| match job.phase {
            Phase::Refused { code, .. } => Some(code),
            _ => None,
        })
    });
    failure::of_picture(match (refused, picture.failure_code) {
        (Some(Some(code)), _) => Failure::Answered(code),
        (_, Some(code)) => Failure::Recorded(code),
        // A code of a newer hub: what it means for the customer's credits is not known here.
        (Some(None), None) => Failure::NoAnswer,
        (None, None) => Failure::Expired,
    })
}

/// The reason, that it cost nothing, and the one button.
#[must_use]
pub fn failed(words: Words, reference: &str, remedy: Box<dyn Fn(Remedy)>) -> AnyView {
    let uncharged = words.uncharged.then(|| {
        view! { <p class="uncharged">{icon("check")}<span>{t("failure.not_charged")}</span></p> }
    });
    let button =
        words.remedy.key().map(|key| button("primary", icon_of(words.remedy), t(key), move || remedy(words.remedy)));
    let reference = reference.split('-').next().filter(|part| part.len() == 8).map(|part| {
        view! { <p class="hint">{tf("failure.reference", &[("reference", part)])}</p> }
    });
    view! {
        <div class="picture-failed">
            {icon("image-off")}
            <p><span>{t(words.key)}</span></p>
            {uncharged}
            {button}
            {reference}
        </div>
    }
    .into_any()
}

const fn icon_of(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::EditPrompt => "pencil",
        Remedy::AddHour | Remedy::ChoosePlan => "ticket",
        Remedy::StartSession => "play",
        Remedy::AskAgainSameId | Remedy::TryAgainNewId => "refresh-cw",
        Remedy::SignIn | Remedy::None => "",
    }
}

/// A picture of a batch whose others speak for it.
fn not_arrived() -> AnyView {
    view! { <div class="picture-failed">{icon("image-off")}</div> }.into_any()
}

fn gone() -> AnyView {
    view! { <p class="picture-gone">{icon("trash-2")}<span>{t("picture.deleted")}</span></p> }.into_any()
}
