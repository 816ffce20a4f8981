//! Razorpay's API, version 1.
//!
//! Owns: the requests, and reading their answers; what it means when there is none stands in `razorpay/refusal.rs`.
//! Must not: retry, or send the key to any other address than the owner's.

mod refusal;

use crate::entity::{Entity, Unreadable, is_id, is_idempotency_key, is_receipt};
use crate::provider::Provider;
use crate::settings::is_api_address;
use crate::{BODY_BYTES_MAX, Failure, KeyId, NewOrder, NewRefund, Order, Payment, Refund, Secret, verify_checkout};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::time::Duration;
use transport::{Body, Method, Payload, Request, Transport};

/// Where Razorpay is.
pub const RAZORPAY_URL: &str = "https://api.razorpay.com/v1";

/// A customer, or a worker with others waiting behind it, waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Minutes for which a payment that the bank confirms late is still captured: three days, the longest that Razorpay
/// allows. What is bought is a session whose clock has not started, so a payment is as welcome late as at once; and what
/// is not captured is money that the customer misses for days and the hub never gets. Said with every order, since the
/// dashboard may be set to something else.
const CAPTURE_MINUTES: u32 = 4_320;
/// What is captured by nobody goes back the usual way, which costs nothing.
const REFUND_SPEED: &str = "normal";
/// The most that a list may hold.
const COUNT_MAX: u32 = 100;

/// An account at Razorpay.
#[derive(Clone)]
pub struct Razorpay {
    url: String,
    key_id: KeyId,
    key_secret: Secret,
}

impl Razorpay {
    /// The account of that key, at that address ([`RAZORPAY_URL`]). None when the address is neither https nor this
    /// machine's own: the secret goes along with every request.
    #[must_use]
    pub fn new(url: &str, key_id: KeyId, key_secret: Secret) -> Option<Self> {
        is_api_address(url).then(|| Self { url: url.trim_end_matches('/').to_owned(), key_id, key_secret })
    }

    /// The id of the key, which the browser needs as well.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// See [`verify_checkout`].
    #[must_use]
    pub fn verify_checkout(&self, order_id: &str, payment_id: &str, signature: &str) -> bool {
        verify_checkout(&self.key_secret, order_id, payment_id, signature)
    }

    /// Sends one request and reads the answer as JSON.
    async fn ask<T: Transport>(&self, transport: &T, path: &str, order: Option<Errand<'_>>) -> Result<Value, Failure> {
        let login = format!("{}:{}", self.key_id.as_str(), self.key_secret.as_str());
        let mut headers = vec![("authorization", format!("Basic {}", BASE64_STANDARD.encode(login)))];
        let (method, payload) = match order {
            None => (Method::Get, Payload::None),
            Some(Errand { contents, idempotency_key }) => {
                headers.push(("content-type", "application/json".to_owned()));
                headers.extend(idempotency_key.map(|key| ("x-refund-idempotency", key.to_owned())));
                (Method::Post, Payload::Text(contents.to_string()))
            }
        };
        let url = format!("{}/{path}", self.url);
        let request = Request { method, url, headers, payload, timeout: TIMEOUT, bytes_max: BODY_BYTES_MAX };
        let response = transport.send(request).await?;
        if !response.is_success() {
            return Err(refusal::failure(&response, self.key_secret.as_str()));
        }
        serde_json::from_str(&response.body.text(BODY_BYTES_MAX)).map_err(|_| unreadable("no JSON"))
    }

    /// Asks about what has that id, in a path that ends with it or goes on behind it.
    async fn ask_of<T: Transport>(&self, transport: &T, id: &str, path: &str) -> Result<Value, Failure> {
        // It may come from a browser. Of an id that none can be, nothing need be asked, and nowhere else is led by it.
        if !is_id(id) {
            return Err(Failure::NotFound);
        }
        self.ask(transport, path, None).await.map_err(refusal::of_id)
    }
}

/// A request that changes something.
struct Errand<'a> {
    contents: Value,
    idempotency_key: Option<&'a str>,
}

fn unreadable(what: &str) -> Failure {
    Failure::Unreachable { reason: format!("its answer cannot be read: {what}") }
}

impl From<Unreadable> for Failure {
    fn from(Unreadable(what): Unreadable) -> Self {
        unreadable(&what)
    }
}

/// What a request of ours lacks, before it is sent.
fn unusable(what: &str) -> Failure {
    Failure::Rejected { reason: what.to_owned() }
}

/// Each entity of a list: `{ entity: "collection", count, items }`.
fn listed<'a, T>(answer: &'a Value, read: impl Fn(Entity<'a>) -> Result<T, Unreadable>) -> Result<Vec<T>, Failure> {
    let items = answer.get("items").and_then(Value::as_array).ok_or_else(|| unreadable("no items"))?;
    items.iter().map(|item| read(Entity(item)).map_err(Failure::from)).collect()
}

impl Provider for Razorpay {
    fn name(&self) -> &'static str {
        "razorpay"
    }

    async fn create_order<T: Transport>(&self, transport: &T, order: &NewOrder<'_>) -> Result<Order, Failure> {
        let NewOrder { receipt, amount_paise, currency, notes } = *order;
        if !is_receipt(receipt) {
            return Err(unusable("receipt"));
        }
        let notes: Map<String, Value> = notes.iter().map(|(name, note)| ((*name).to_owned(), (*note).into())).collect();
        let contents = json!({
            "amount": amount_paise,
            "currency": currency,
            "receipt": receipt,
            "notes": notes,
            "payment": {
                "capture": "automatic",
                "capture_options": { "automatic_expiry_period": CAPTURE_MINUTES, "refund_speed": REFUND_SPEED },
            },
        });
        let errand = Errand { contents, idempotency_key: None };
        let answer = self.ask(transport, "orders", Some(errand)).await.map_err(refusal::of_address)?;
        let made = Entity(&answer).order()?;
        let is_ours =
            made.receipt.as_deref() == Some(receipt) && made.amount_paise == amount_paise && made.currency == currency;
        if is_ours { Ok(made) } else { Err(unreadable("it is about another order")) }
    }

    async fn find_order<T: Transport>(&self, transport: &T, receipt: &str) -> Result<Option<Order>, Failure> {
        // Nothing was ever ordered under such a name.
        if !is_receipt(receipt) {
            return Ok(None);
        }
        let path = format!("orders?receipt={receipt}&count={COUNT_MAX}");
        let answer = self.ask(transport, &path, None).await.map_err(refusal::of_address)?;
        let found = listed(&answer, Entity::order)?;
        let ours = found.into_iter().filter(|order| order.receipt.as_deref() == Some(receipt));
        Ok(ours.min_by(|left, right| {
            let place = |order: &Order| (Reverse(order.status), order.created_at);
            place(left).cmp(&place(right)).then_with(|| left.id.cmp(&right.id))
        }))
    }

    async fn payment<T: Transport>(&self, transport: &T, payment_id: &str) -> Result<Payment, Failure> {
        let answer = self.ask_of(transport, payment_id, &format!("payments/{payment_id}")).await?;
        let payment = Entity(&answer).payment()?;
        if payment.id == payment_id { Ok(payment) } else { Err(unreadable("it is about another payment")) }
    }

    async fn payments_of<T: Transport>(&self, transport: &T, order_id: &str) -> Result<Vec<Payment>, Failure> {
        let answer = self.ask_of(transport, order_id, &format!("orders/{order_id}/payments")).await?;
        let mut payments = listed(&answer, Entity::payment)?;
        payments.retain(|payment| payment.order_id.as_deref() == Some(order_id));
        Ok(payments)
    }

    async fn refund<T: Transport>(&self, transport: &T, refund: &NewRefund<'_>) -> Result<Refund, Failure> {
        let NewRefund { idempotency_key, payment_id, amount_paise, receipt } = *refund;
        if !is_idempotency_key(idempotency_key) {
            return Err(unusable("idempotency_key"));
        }
        if !is_receipt(receipt) {
            return Err(unusable("receipt"));
        }
        if !is_id(payment_id) {
            return Err(Failure::NotFound);
        }
        let contents = json!({ "amount": amount_paise, "speed": REFUND_SPEED, "receipt": receipt });
        let errand = Errand { contents, idempotency_key: Some(idempotency_key) };
        let answer = self.ask(transport, &format!("payments/{payment_id}/refund"), Some(errand)).await?;
        let made = Entity(&answer);
        let is_ours = made.optional_id("payment_id")?.as_deref() == Some(payment_id)
            && made.number("amount")? == Some(amount_paise);
        if is_ours { Ok(made.refund()?) } else { Err(unreadable("it is about another refund")) }
    }

    async fn refunds_of<T: Transport>(&self, transport: &T, payment_id: &str) -> Result<Vec<Refund>, Failure> {
        let path = format!("payments/{payment_id}/refunds?count={COUNT_MAX}");
        let answer = self.ask_of(transport, payment_id, &path).await?;
        listed(&answer, Entity::refund)
    }
}
