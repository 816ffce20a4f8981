//! The world in which the operations happen: small enough that everything meets everything.
//!
//! Owns: how many customers there are, which engines, how tight their budgets and the customers' allowance.

use ledger_model::time::{Moment, Span};
use ledger_model::world::{Allowance, Budget, Engine, World};

/// When it begins: 2026-03-01 10:00 UTC.
pub const BEGINNING: Moment = Moment(1_772_359_200_000_000);

const ENGINES: [Engine; 5] = [
    Engine { name: "forge:sdxl", account: "forge" },
    Engine { name: "huggingface:flux", account: "huggingface" },
    Engine { name: "huggingface:turbo", account: "huggingface" },
    Engine { name: "fal:schnell", account: "fal" },
    Engine { name: "drip:one", account: "drip" },
];

const BUDGETS: [Budget; 3] = [
    Budget { account: "huggingface", turns_per_hour: Some(30), gap: Span(2 * Span::SECOND.0) },
    Budget { account: "fal", turns_per_hour: None, gap: Span(1_500 * Span::MILLISECOND.0) },
    // So few that the queue is often too long for it.
    Budget { account: "drip", turns_per_hour: Some(4), gap: Span::NONE },
];

pub fn world() -> World {
    World {
        customers: 5,
        conversations_each: 2,
        engines: &ENGINES,
        budgets: &BUDGETS,
        allowance: Allowance { per_minute: 30, burst: 12 },
    }
}
