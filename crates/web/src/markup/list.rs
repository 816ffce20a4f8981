//! A list that keeps the views of the keys that stay.
//!
//! Owns: which views are made, kept and taken away, and that what stays in its order stays where it is: an element that were
//! put anew would lose the focus and where it is scrolled to. Leptos' own list moves all that stand behind what is put in
//! front. Must not: know what it lists.

use std::rc::Rc;

use leptos::prelude::*;
use leptos::tachys::view::Mountable;
use leptos::tachys::view::any_view::AnyViewState;
use send_wrapper::SendWrapper;
use web_sys::{Comment, Node};

type One = Rc<dyn Fn(String) -> AnyView>;

/// What is listed now; as a view it puts it in the place of what was listed before.
pub struct Listed {
    keys: Vec<String>,
    one: SendWrapper<One>,
    /// The part of the page that the list is in. Its views are of that part, and not of one look at the keys.
    owner: Owner,
}

/// A list that keeps the views of the keys that stay.
#[must_use]
pub fn keyed(keys: impl Fn() -> Vec<String> + Send + 'static, one: impl Fn(String) -> AnyView + 'static) -> AnyView {
    listed(Box::new(keys), SendWrapper::new(Rc::new(one)))
}

fn listed(keys: Box<dyn Fn() -> Vec<String> + Send>, one: SendWrapper<One>) -> AnyView {
    let owner = Owner::current().unwrap_or_default();
    (move || Listed { keys: keys(), one: one.clone(), owner: owner.clone() }).into_any()
}

/// A view of the list, with the part of the page that it is.
struct Item {
    key: String,
    state: AnyViewState,
    _owner: Owner,
}

/// The list as it stands in the document.
pub struct List(SendWrapper<Standing>);

struct Standing {
    items: Vec<Item>,
    /// What stands behind the last view.
    end: Comment,
}

impl Listed {
    fn make(&self, key: String) -> Item {
        let owner = self.owner.with(Owner::new);
        let state = owner.with(|| (self.one)(key.clone()).build());
        Item { key, state, _owner: owner }
    }

    /// Puts what is listed in the place of what stands there.
    fn replace(self, standing: &mut Standing) {
        let mut before: Vec<Option<Item>> = std::mem::take(&mut standing.items).into_iter().map(Some).collect();
        // Up to where in the order of before what is kept has come: whatever stood further in front has to be moved.
        let mut reached = 0;
        let mut to_place = vec![];
        for key in &self.keys {
            let is_it = |item: &Option<Item>| item.as_ref().is_some_and(|item| item.key == *key);
            let ahead = before.iter().skip(reached).position(is_it).map(|ahead| reached.saturating_add(ahead));
            let (kept, stays) = match ahead {
                Some(place) => {
                    reached = place.saturating_add(1);
                    (before.get_mut(place).and_then(Option::take), true)
                }
                None => (before.iter_mut().take(reached).find(|item| is_it(item)).and_then(Option::take), false),
            };
            to_place.push(!stays);
            standing.items.push(kept.unwrap_or_else(|| self.make(key.clone())));
        }
        for mut gone in before.into_iter().flatten() {
            gone.state.unmount();
        }
        for (place, _) in to_place.iter().enumerate().rev().filter(|(_, is_to_place)| **is_to_place) {
            standing.place(place);
        }
    }
}

impl Standing {
    /// Puts the view before those that come after it, which stand where they should.
    fn place(&mut self, place: usize) {
        let Some((until, behind)) = self.items.split_at_mut_checked(place.saturating_add(1)) else { return };
        let Some(item) = until.last_mut() else { return };
        let is_placed = behind.iter().any(|next| next.state.insert_before_this(&mut item.state));
        if let (false, Some(parent)) = (is_placed, self.end.parent_element()) {
            item.state.mount(&parent, Some(&self.end));
        }
    }
}

impl Render for Listed {
    type State = List;

    fn build(self) -> List {
        let items = self.keys.iter().map(|key| self.make(key.clone())).collect();
        List(SendWrapper::new(Standing { items, end: document().create_comment("") }))
    }

    fn rebuild(self, list: &mut List) {
        self.replace(&mut list.0);
    }
}

drawn_in_the_browser!(Listed);

impl Mountable for List {
    fn unmount(&mut self) {
        for item in &mut self.0.items {
            item.state.unmount();
        }
        self.0.end.remove();
    }

    fn mount(&mut self, parent: &web_sys::Element, marker: Option<&Node>) {
        for item in &mut self.0.items {
            item.state.mount(parent, marker);
        }
        let _ = parent.insert_before(&self.0.end, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        if self.0.items.iter().any(|item| item.state.insert_before_this(child)) {
            return true;
        }
        let parent = self.0.end.parent_element();
        if let Some(parent) = &parent {
            child.mount(parent, Some(&self.0.end));
        }
        parent.is_some()
    }

    fn elements(&self) -> Vec<web_sys::Element> {
        self.0.items.iter().flat_map(|item| item.state.elements()).collect()
    }
}
