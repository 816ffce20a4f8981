//! A turn of the conversation: what was said, what was drawn for it, and the variants beside it.
//!
//! Owns: which variant is shown, and what the button of a failure does. Must not: know how a picture looks.

use crate::bridge::spawn_local;
use crate::markup::view;
use crate::signal::{Memo, RwSignal};
use leptos::prelude::*;
use web_state::failure::{self, Failure, Remedy};
use web_state::route::Route;
use web_state::settings::Settings;
use web_state::turn::{Picture, Request, Standing, Turn};

use super::control::{button, icon_button};
use super::{composer, picture};
use crate::bridge::{browser, float};
use crate::store::{Store, account, chat, follow, send, session, unsent};
use crate::words::{t, tf};

/// A turn, which is followed as it changes.
#[must_use]
pub fn turn(store: Store, turn: Memo<Option<Turn>>) -> AnyView {
    // Which of the variants is shown; none is the newest.
    let chosen = RwSignal::new(None::<usize>);
    let prompt =
        Memo::new(move |_| turn.with(|turn| turn.as_ref().map(|turn| turn.prompt.clone()).unwrap_or_default()));
    view! {
        <li class="turn">
            <p class="turn-prompt" dir="auto">{move || prompt.get()}</p>
            {move || turn.get().map(|turn| shown(store, &turn, chosen))}
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

fn shown(store: Store, turn: &Turn, chosen: RwSignal<Option<usize>>) -> AnyView {
    let variants = worth_showing(&turn.variants);
    let newest = variants.len().saturating_sub(1);
    let place = chosen.get().filter(|place| *place < newest).unwrap_or(newest);
    let Some(request) = variants.get(place) else { return not_drawn(store, turn) };
    let count = variants.len();
    let pager = (count > 1).then(|| pager(chosen, place, count));
    view! {
        {pictures(store, turn, request)}
        <div class="turn-foot">
            {pager}
            <p class="turn-facts">{facts(request)}</p>
        </div>
    }
    .into_any()
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

fn pager(chosen: RwSignal<Option<usize>>, place: usize, count: usize) -> AnyView {
    let go = move |to: usize| chosen.set(Some(to));
    let before = place.saturating_sub(1);
    let after = place.saturating_add(1).min(count.saturating_sub(1));
    let shown = [place.saturating_add(1).to_string(), count.to_string()];
    view! {
        <div class="pager" role="group" aria-label=t("variants.label")>
            {icon_button("quiet", "chevron-left", t("variants.previous"), move || go(before))}
            <span class="pager-words">{tf("variants.place", &[("place", &shown[0]), ("count", &shown[1])])}</span>
            {icon_button("quiet", "chevron-right", t("variants.next"), move || go(after))}
        </div>
    }
    .into_any()
}

/// Size, seed, and when.
fn facts(request: &Request) -> Option<String> {
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
            <div class="turn-foot">{button("plain", "refresh-cw", t("turn.draw"), draw)}</div>
        }
        .into_any();
    }
    let words = failure::of_picture(Failure::NoAnswer);
    let act: Box<dyn Fn(Remedy)> = Box::new(move |remedy| heal(store, remedy, &turn, &request_id));
    view! {
        <div class="pictures" data-count="1" data-w="512" data-h="512">
            <figure class="picture" data-state="failed" data-w="512" data-h="512">{picture::failed(words, "", act)}</figure>
        </div>
        <div class="turn-foot"></div>
    }
    .into_any()
}

/// Does what the button of a failure promises.
fn heal(store: Store, remedy: Remedy, turn: &Turn, request_id: &str) {
    match remedy {
        Remedy::AskAgainSameId if unsent::find(request_id).is_some() => send::ask_again_for(store, request_id),
        Remedy::AskAgainSameId => spawn_local(follow::look(store, request_id.to_owned())),
        Remedy::TryAgainNewId => {
            follow::drop_job(store, request_id);
            let earlier = turn.variants.iter().find(|request| request.id == request_id);
            let settings = earlier
                .and_then(|request| request.pictures.first())
                .map_or_else(|| store.settings.get_untracked(), |picture| Settings::of_picture(picture, true));
            send::send(store, turn.prompt.clone(), settings, true);
        }
        Remedy::AddHour | Remedy::ChoosePlan => chat::go(store, &Route::Plans),
        Remedy::EditPrompt => composer::put_words(store, turn.prompt.clone()),
        Remedy::SignIn => account::sign_out(store),
        Remedy::StartSession => {
            if let Some(session) = store.session_untracked() {
                session::start(store, session.id);
            }
        }
        Remedy::None => {}
    }
}
