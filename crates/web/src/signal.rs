//! Signals and memos whose values are of many types and whose machinery is of one.
//!
//! Leptos compiles its signals once for each type that is kept in one, which for this crate was a third of the WebAssembly.
//! Here the graph (who depends on whom, and what is stale) is Leptos' own, of a trigger and of memos of a number, and the
//! values lie beside it. Reading and writing are as Leptos has them.
//!
//! Owns: where the values lie. Must not: be used from more than the page's one thread, which does not exist in a browser.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use leptos::prelude::{
    ArcMemo, Effect, Get, GetUntracked, GetValue, LocalStorage, Memo as Versions, Notify, StoredValue, Track, Trigger,
    on_cleanup,
};
use leptos::reactive::graph::{AnySubscriber, Subscriber, ToAnySubscriber};
use send_wrapper::SendWrapper;

/// Where a value lies: it goes with the part of the page that made it.
type Slot = StoredValue<Rc<dyn Any>, LocalStorage>;

fn gone() -> ! {
    wasm_bindgen::throw_str("a signal was used after its part of the page was gone")
}

fn held(slot: Slot) -> Rc<dyn Any> {
    slot.try_get_value().unwrap_or_else(|| gone())
}

/// The cell of a slot, which is of that type because nobody else has the slot.
fn cell<T: 'static>(held: &Rc<dyn Any>) -> &RefCell<T> {
    held.downcast_ref().unwrap_or_else(|| gone())
}

/// A value that can be changed, and whose readers hear of it.
pub struct RwSignal<T> {
    changed: Trigger,
    slot: Slot,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for RwSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RwSignal<T> {}

impl<T: 'static> RwSignal<T> {
    /// A signal with that value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { changed: Trigger::new(), slot: StoredValue::new_local(Rc::new(RefCell::new(value))), kind: PhantomData }
    }

    /// Reads the value; whoever follows signals here follows this one.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.changed.track();
        self.with_untracked(read)
    }

    /// Reads the value.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        read(&cell(&held(self.slot)).borrow())
    }

    /// Reads the value, where the part of the page that made it is still there.
    pub fn try_with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.slot.try_get_value().map(|held| read(&cell(&held).borrow()))
    }

    /// Changes the value and tells its readers. Where the part of the page that made it is gone there are none: a picture
    /// may arrive, or an answer come, after whoever waited for it has left.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        if let Some(held) = self.slot.try_get_value() {
            change(&mut cell(&held).borrow_mut());
            self.changed.notify();
        }
    }

    /// Changes the value and tells nobody.
    pub fn update_untracked<R>(self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut cell(&held(self.slot)).borrow_mut())
    }

    /// Puts another value in its place.
    pub fn set(self, value: T) {
        self.update(|kept| *kept = value);
    }

    /// Follows the signal without reading it.
    pub fn track(self) {
        self.changed.track();
    }
}

impl<T: Clone + 'static> RwSignal<T> {
    /// The value; whoever follows signals here follows this one.
    #[must_use]
    pub fn get(self) -> T {
        self.with(Clone::clone)
    }

    /// The value.
    #[must_use]
    pub fn get_untracked(self) -> T {
        self.with_untracked(Clone::clone)
    }
}

/// A value that is worked out of others, when it is read, and only where they have changed. Who reads it hears of it only
/// where it has become another.
pub struct Memo<T> {
    versions: Versions<u32>,
    slot: Slot,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Memo<T> {}

impl<T: PartialEq + 'static> Memo<T> {
    /// A memo of what that function answers; it is given what it answered before.
    #[must_use]
    pub fn new(work: impl Fn(Option<&T>) -> T + 'static) -> Self {
        let value = Rc::new(RefCell::new(None::<T>));
        let kept: Rc<dyn Any> = value.clone();
        let step = move || {
            let now = Some(work(value.borrow().as_ref()));
            let is_other = *value.borrow() != now;
            if is_other {
                value.replace(now);
            }
            is_other
        };
        Self { versions: versions(Box::new(step)), slot: StoredValue::new_local(kept), kind: PhantomData }
    }

    /// Reads the value; whoever follows signals here follows this one.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.versions.get();
        self.read(read)
    }

    /// Reads the value.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.versions.get_untracked();
        self.read(read)
    }

    fn read<R>(self, read: impl FnOnce(&T) -> R) -> R {
        cell::<Option<T>>(&held(self.slot)).borrow().as_ref().map_or_else(|| gone(), read)
    }

    /// Follows the memo without reading it.
    pub fn track(self) {
        self.versions.get();
    }
}

impl<T: Clone + PartialEq + 'static> Memo<T> {
    /// The value; whoever follows signals here follows this one.
    #[must_use]
    pub fn get(self) -> T {
        self.with(Clone::clone)
    }

    /// The value.
    #[must_use]
    pub fn get_untracked(self) -> T {
        self.with_untracked(Clone::clone)
    }
}

/// Counts how often a value became another.
fn versions(step: Box<dyn Fn() -> bool>) -> Versions<u32> {
    let step = SendWrapper::new(step);
    let versions = ArcMemo::new(move |before: Option<&u32>| {
        let before = before.copied().unwrap_or_default();
        if step() { before.wrapping_add(1) } else { before }
    });
    leave_with_owner(versions.to_any_subscriber());
    versions.into()
}

/// Has the graph forget who followed signals, once his part of the page is gone: by itself it would ask him for ever.
fn leave_with_owner(follower: AnySubscriber) {
    on_cleanup(move || follower.clear_sources(&follower));
}

/// Does that now and whenever a signal that it read has changed; it is given what it answered before.
pub fn effect<T: 'static>(mut work: impl FnMut(Option<T>) -> T + 'static) {
    let mut before = None;
    run(Box::new(move || before = Some(work(before.take()))));
}

fn run(mut work: Box<dyn FnMut()>) {
    let effect = Effect::new(move |_: Option<()>| work());
    leave_with_owner(effect.to_any_subscriber());
}
