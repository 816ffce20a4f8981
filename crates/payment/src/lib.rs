//! The payment providers behind one trait: Razorpay, and a demo for the local stack that moves no money.
//!
//! Owns: the providers' wire formats, the classes of their failures, the signatures under what they send, and their
//! settings.
//! Must not: know plans, sessions or credits; decide whether a payment pays for anything, which is the database's; retry,
//! or touch the network other than through the trait of `transport`.
//!
//! How an hour is bought with it: [`Provider::create_order`] under the purchase's id as the receipt, after
//! [`Provider::find_order`] where an earlier answer was lost; the browser pays; [`AnyProvider::verify_checkout`] with the
//! order id of our own database, then [`Provider::payment`], whose status, amount and currency the database judges. What
//! the browser never brings comes as a webhook ([`verify_webhook`] over the raw bytes, then [`Event::from_body`]) or by
//! asking ([`Provider::payments_of`]).

mod demo;
mod entity;
mod event;
mod failure;
mod provider;
mod razorpay;
mod record;
mod secret;
mod settings;
mod signature;

pub use demo::Demo;
pub use event::{Event, EventError, Facts, body_sha256};
pub use failure::Failure;
pub use provider::{AnyProvider, Provider};
pub use razorpay::{RAZORPAY_URL, Razorpay};
pub use record::{NewOrder, NewRefund, Order, OrderStatus, Payment, PaymentStatus, Refund, RefundStatus};
pub use secret::{KeyId, Secret};
pub use settings::{Settings, SettingsError};
pub use signature::{verify_checkout, verify_webhook};

/// The most bytes of a provider's answer, and of an event, that are read.
pub const BODY_BYTES_MAX: usize = 262_144;
