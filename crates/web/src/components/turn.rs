//! A turn of the conversation: what was said, what was drawn for it, and the variants beside it.
//!
//! Owns: which variant is shown, and what the button of a failure does. Must not: know how a picture looks.

use crate::bridge::spawn_local;
use crate::markup::view;
use crate::signal::{Memo, RwSignal};
use domain::request::BATCH_COUNT;
use leptos::prelude::*;
use web_state::failure::{self, Failure, Remedy};
use web_state::phrase::Phrase;
use web_state::route::Route;
use web_state::settings::Settings;
use web_state::toast::{Action, Kind};
use web_state::turn::{Picture, Request, Standing, Turn};

use super::control::{button, icon_button};
use super::{composer, focus, picture};
use crate::bridge::{browser, float};
use crate::store::{Store, account, chat, follow, notices, send, session, unsent};
use crate::words::{t, tf};

/// A turn, which is followed as it changes.
#[must_use]
pub fn turn(store: Store, turn: Memo<Option<Turn>>) -> AnyView {
    // Which of the variants is shown; none is the newest.
    let chosen = RwSignal::new(None::<usize>);
    let count =
        Memo::new(move |_| turn.with(|turn| turn.as_ref().map_or(0, |turn| worth_showing(&turn.variants).len())));
    let place = Memo::new(move |_| {
        let newest = count.get().saturating_sub(1);
        chosen.get().filter(|place| *place < newest).unwrap_or(newest)
    });
    let prompt =
        Memo::new(move |_| turn.with(|turn| turn.as_ref().map(|turn| turn.prompt.clone()).unwrap_or_default()));
    let body = move || {
        focus::keep_in(".turn");
        turn.get().map(|turn| body(store, &turn, place.get()))
    };
    view! {
        <li class="turn" tabindex="-1">
            <p class="turn-prompt" dir="auto">{move || prompt.get()}</p>
            {body}
            <div class="turn-foot">
                {move || (count.get() > 1).then(|| pager(chosen, place, count))}
                <p class="turn-facts">{move || turn.with(|turn| turn.as_ref().and_then(|turn| facts(turn, place.get())))}</p>
            </div>
        </li>
    }
    .into_any()
}

/// The variants that are worth a place: what failed is shown only while nothing came after it.
fn worth_showing(variants: &[Request]) -> Vec<&Request> {
    let last = variants.len().saturating_sub(1);
    let is_worth = |(place, request): &(usize, &Request)| {
        *place == last || !matches!(request.standing, Standing::Failed(_) | Standing::Expired | Standing::Deleted)
    };
    variants.iter().enumerate().filter(is_worth).map(|(_, request)| request).collect()
}

fn body(store: Store, turn: &Turn, place: usize) -> AnyView {
    let variants = worth_showing(&turn.variants);
    variants.get(place).map_or_else(|| not_drawn(store, turn), |request| pictures(store, turn, request))
}

fn pictures(store: Store, turn: &Turn, request: &Request) -> AnyView {
    let siblings: Vec<Picture> = request.pictures.iter().filter(|picture| picture.is_there()).cloned().collect();
    let Some(first) = request.pictures.first() else {
        return view! { <p class="quiet">{t("picture.deleted")}</p> }.into_any();
    };
    let (width, height) = picture::sides(first);
    // Who speaks for those that wait or failed is the first of them.
    let speaker = request.pictures.iter().position(|picture| !picture.is_there());
    let frames = request
        .pictures
        .iter()
        .enumerate()
        .map(|(place, one)| {
            let (turn, request_id) = (turn.clone(), request.id.clone());
            let act = move |remedy| heal(store, remedy, &turn, &request_id);
            picture::picture(store, one.clone(), speaker == Some(place), siblings.clone(), act)
        })
        .collect_view();
    let count = request.pictures.len().to_string();
    view! { <div class="pictures" data-count=count data-w=width data-h=height>{frames}</div> }.into_any()
}

/// It stays while one pages, and the focus on its buttons.
fn pager(chosen: RwSignal<Option<usize>>, place: Memo<usize>, count: Memo<usize>) -> AnyView {
    let back = move || chosen.set(Some(place.get_untracked().saturating_sub(1)));
    let on = move || chosen.set(Some(place.get_untracked().saturating_add(1)));
    let words = move || {
        let [place, count] = [place.get().saturating_add(1), count.get()].map(|number| number.to_string());
        tf("variants.place", &[("place", &place), ("count", &count)])
    };
    view! {
        <div class="pager" role="group" aria-label=t("variants.label")>
            {icon_button("quiet", "chevron-left", t("variants.previous"), back)}
            <span class="pager-words">{words}</span>
            {icon_button("quiet", "chevron-right", t("variants.next"), on)}
        </div>
    }
    .into_any()
}

/// Size, seed, and when.
fn facts(turn: &Turn, place: usize) -> Option<String> {
    let request = worth_showing(&turn.variants).get(place).copied()?;
    let picture = request.pictures.iter().find(|picture| picture.is_there())?;
    let (width, height, seed) = (picture.width.to_string(), picture.height.to_string(), picture.seed.to_string());
    let time = browser().clock(float(picture.created_at_ms));
    Some(tf("turn.facts", &[("width", &width), ("height", &height), ("seed", &seed), ("time", &time)]))
}

/// Something that was said and that no picture is known of: it never arrived, was refused before it took a credit, or was deleted.
fn not_drawn(store: Store, turn: &Turn) -> AnyView {
    let request_id = turn.id.clone();
    let turn = turn.clone();
    if unsent::find(&request_id).is_none() {
        let draw = move || heal(store, Remedy::TryAgainNewId, &turn, &request_id);
        return view! {
            <p class="quiet">{t("turn.none")}</p>
            <p>{button("plain", "refresh-cw", t("turn.draw"), draw)}</p>
        }
        .into_any();
    }
    let words = failure::of_picture(Failure::NoAnswer);
    let act: Box<dyn Fn(Remedy)> = Box::new(move |remedy| heal(store, remedy, &turn, &request_id));
    view! {
        <div class="pictures" data-count="1" data-w="512" data-h="512">
            <figure class="picture" data-state="failed" data-w="512" data-h="512">{picture::failed(words, "", act)}</figure>
        </div>
    }
    .into_any()
}

/// What a request is asked for with again: as many as did not come, and the seed where the hub had given one.
fn settings_again(request: &Request) -> Settings {
    let missing = request.pictures.iter().filter(|picture| !picture.is_there() && !picture.deleted).count();
    let Some(first) = request.pictures.first() else { return Settings::default() };
    let settings = Settings::of_picture(first, !chat::is_local(first));
    Settings {
        count: u32::try_from(missing).unwrap_or(u32::MAX).clamp(*BATCH_COUNT.start(), *BATCH_COUNT.end()),
        ..settings
    }
}

/// Does what the button of a failure promises.
fn heal(store: Store, remedy: Remedy, turn: &Turn, request_id: &str) {
    match remedy {
        Remedy::AskAgainSameId if unsent::find(request_id).is_some() => send::ask_again_for(store, request_id),
        Remedy::AskAgainSameId => spawn_local(follow::look(store, request_id.to_owned())),
        Remedy::TryAgainNewId => {
            follow::drop_job(store, request_id);
            let earlier = turn.variants.iter().find(|request| request.id == request_id);
            let settings = earlier.map_or_else(|| store.settings.get_untracked(), settings_again);
            if !send::send(store, turn.prompt.clone(), settings, true) {
                notices::tell(store, Kind::Note, Phrase::new("prompt.no_session"), Some(Action::AddHour));
            }
        }
        Remedy::AddHour | Remedy::ChoosePlan => chat::go(store, &Route::Plans),
        Remedy::EditPrompt => composer::put_words(store, turn.prompt.clone()),
        Remedy::SignIn => account::sign_in_anew(),
        Remedy::StartSession => {
            if let Some(session) = store.session_untracked() {
                session::start(store, session.id);
            }
        }
        Remedy::None => {}
    }
}
