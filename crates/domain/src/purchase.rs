//! What a client says about money, read from the JSON that it sent: what it wants to buy, that it has paid, which session
//! is started, what the owner gives back.
//!
//! Owns: the fields and their limits. Must not: know prices (the database's), or believe that anything was paid.

use crate::fields::{InvalidRequest, optional_id, optional_text, read, whole_number};
use crate::id::{PurchaseId, RequestId, SessionId};
use crate::plan::HOURS;
use serde::Deserialize;

/// The most characters of a plan's id.
pub const PLAN_ID_CHARACTERS_MAX: usize = 32;
/// The most characters of each value that a payment brings back.
pub const PROOF_CHARACTERS_MAX: usize = 128;
/// The most characters of the reason for a refund.
pub const REASON_CHARACTERS_MAX: usize = 200;

/// The fields that a refusal may name.
const NAMES: [&str; 9] = [
    "planId",
    "hours",
    "requestId",
    "sessionId",
    "purchaseId",
    "reason",
    "razorpay_order_id",
    "razorpay_payment_id",
    "razorpay_signature",
];

/// What a customer wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The plan; whether there is one of that id is the database's to say.
    pub plan_id: String,
    /// Hours, within [`HOURS`].
    pub hours: u32,
    /// The session to which the hours are added; none for a new one.
    pub session_id: Option<SessionId>,
    /// The client's own id of this request.
    pub request_id: Option<RequestId>,
}

/// That a customer has paid, as his browser says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// For what.
    pub purchase_id: PurchaseId,
    /// What the provider's page handed to the browser; none where it is lost, after a reload for instance.
    pub proof: Option<PaymentProof>,
}

/// The three values that Razorpay's Checkout hands to the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentProof {
    /// Said to be our order.
    pub order_id: String,
    /// Said to be the payment for it.
    pub payment_id: String,
    /// Said to be the provider's signature under the two, in hexadecimal.
    pub signature: String,
}

/// What the owner gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    /// The purchase; or else its session.
    pub purchase_id: Option<PurchaseId>,
    /// The session, where no purchase is named.
    pub session_id: Option<SessionId>,
    /// Why, for the books.
    pub reason: Option<String>,
}

/// All fields of these requests, in one shape: each that serde reads costs a reader of its own in the module that ships.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    plan_id: Option<String>,
    hours: Option<f64>,
    request_id: Option<String>,
    session_id: Option<String>,
    purchase_id: Option<String>,
    reason: Option<String>,
    #[serde(rename = "razorpay_order_id")]
    order_id: Option<String>,
    #[serde(rename = "razorpay_payment_id")]
    payment_id: Option<String>,
    #[serde(rename = "razorpay_signature")]
    signature: Option<String>,
}

impl Wish {
    /// Reads what a customer wants to buy.
    ///
    /// # Errors
    /// [`InvalidRequest`] for the first field that cannot be taken.
    pub fn from_json(body: &[u8]) -> Result<Self, InvalidRequest> {
        let fields: Fields = read(body, &NAMES, "planId and hours")?;
        Ok(Self {
            plan_id: optional_text("planId", fields.plan_id.as_deref(), PLAN_ID_CHARACTERS_MAX)?
                .ok_or_else(|| InvalidRequest::new("planId", "Choose a plan: the planId is missing."))?,
            hours: whole_number("hours", fields.hours, HOURS)?
                .ok_or_else(|| InvalidRequest::new("hours", "Say how many hours: from 1 to 4."))?,
            session_id: optional_id("sessionId", fields.session_id.as_deref())?,
            request_id: optional_id("requestId", fields.request_id.as_deref())?,
        })
    }
}

impl Confirmation {
    /// Reads that a customer has paid.
    ///
    /// # Errors
    /// [`InvalidRequest`] for the first field that cannot be taken; the three values of a payment come together.
    pub fn from_json(body: &[u8]) -> Result<Self, InvalidRequest> {
        let fields: Fields = read(body, &NAMES, "purchaseId")?;
        let value = |name: &str, given: &Option<String>| optional_text(name, given.as_deref(), PROOF_CHARACTERS_MAX);
        let purchase_id = optional_id("purchaseId", fields.purchase_id.as_deref())?
            .ok_or_else(|| InvalidRequest::new("purchaseId", "The purchaseId is missing."))?;
        let order_id = value("razorpay_order_id", &fields.order_id)?;
        let payment_id = value("razorpay_payment_id", &fields.payment_id)?;
        let signature = value("razorpay_signature", &fields.signature)?;
        let proof = match (order_id, payment_id, signature) {
            (Some(order_id), Some(payment_id), Some(signature)) => {
                Some(PaymentProof { order_id, payment_id, signature })
            }
            (None, None, None) => None,
            (order_id, payment_id, _) => {
                let missing = match (order_id, payment_id) {
                    (None, _) => "razorpay_order_id",
                    (_, None) => "razorpay_payment_id",
                    _ => "razorpay_signature",
                };
                return Err(InvalidRequest::new(missing, format!("The {missing} is missing beside the others.")));
            }
        };
        Ok(Self { purchase_id, proof })
    }
}

impl RefundOrder {
    /// Reads what the owner gives back.
    ///
    /// # Errors
    /// [`InvalidRequest`] for the first field that cannot be taken.
    pub fn from_json(body: &[u8]) -> Result<Self, InvalidRequest> {
        let fields: Fields = read(body, &NAMES, "purchaseId or sessionId")?;
        let purchase_id = optional_id("purchaseId", fields.purchase_id.as_deref())?;
        let session_id = optional_id("sessionId", fields.session_id.as_deref())?;
        if purchase_id.is_none() == session_id.is_none() {
            return Err(InvalidRequest::new("purchaseId", "Name either the purchaseId or the sessionId."));
        }
        let reason = optional_text("reason", fields.reason.as_deref(), REASON_CHARACTERS_MAX)?;
        Ok(Self { purchase_id, session_id, reason })
    }
}

/// Reads which session is meant.
///
/// # Errors
/// [`InvalidRequest`] where it is missing or no UUID.
pub fn session_from_json(body: &[u8]) -> Result<SessionId, InvalidRequest> {
    let fields: Fields = read(body, &NAMES, "sessionId")?;
    optional_id("sessionId", fields.session_id.as_deref())?
        .ok_or_else(|| InvalidRequest::new("sessionId", "The sessionId is missing."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "44444444-4444-4444-8444-444444444444";

    fn field<T>(read: Result<T, InvalidRequest>) -> Option<String> {
        read.err().map(|refusal| refusal.field)
    }

    #[test]
    fn a_wish_is_a_plan_and_one_to_four_hours() {
        let wish = Wish::from_json(br#"{"planId":" pro ","hours":4,"sessionId":null,"amountPaise":1}"#).unwrap();
        assert_eq!((wish.plan_id.as_str(), wish.hours, wish.session_id), ("pro", 4, None));
        let rows = [
            (r#"{"hours":1}"#, "planId"),
            (r#"{"planId":"","hours":1}"#, "planId"),
            (r#"{"planId":7,"hours":1}"#, "planId"),
            (r#"{"planId":"pro"}"#, "hours"),
            (r#"{"planId":"pro","hours":0}"#, "hours"),
            (r#"{"planId":"pro","hours":5}"#, "hours"),
            (r#"{"planId":"pro","hours":1.5}"#, "hours"),
            (r#"{"planId":"pro","hours":"1"}"#, "hours"),
            (r#"{"planId":"pro","hours":1,"sessionId":"mine"}"#, "sessionId"),
            (r#"{"planId":"pro","hours":1,"requestId":"1"}"#, "requestId"),
            (r#"["pro",1]"#, "body"),
            ("", "body"),
        ];
        for (body, expected) in rows {
            assert_eq!(field(Wish::from_json(body.as_bytes())).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn the_three_values_of_a_payment_come_together_or_not_at_all() {
        let read = |rest: &str| Confirmation::from_json(format!(r#"{{"purchaseId":"{ID}"{rest}}}"#).as_bytes());
        assert_eq!(read("").unwrap().proof, None);
        let all = r#","razorpay_order_id":"order_1","razorpay_payment_id":"pay_1","razorpay_signature":"ab""#;
        let proof = read(all).unwrap().proof.unwrap();
        assert_eq!(
            (proof.order_id.as_str(), proof.payment_id.as_str(), proof.signature.as_str()),
            ("order_1", "pay_1", "ab")
        );
        let rows = [
            (r#","razorpay_order_id":"order_1""#, "razorpay_payment_id"),
            (r#","razorpay_payment_id":"pay_1","razorpay_signature":"ab""#, "razorpay_order_id"),
            (r#","razorpay_order_id":"order_1","razorpay_payment_id":"pay_1""#, "razorpay_signature"),
            (r#","razorpay_signature":{}"#, "razorpay_signature"),
        ];
        for (rest, expected) in rows {
            assert_eq!(field(read(rest)).as_deref(), Some(expected), "{rest}");
        }
        assert_eq!(field(Confirmation::from_json(b"{}")).as_deref(), Some("purchaseId"));
        assert_eq!(
            field(read(&format!(r#","razorpay_signature":"{}""#, "a".repeat(129)))).as_deref(),
            Some("razorpay_signature")
        );
    }

    #[test]
    fn a_refund_names_a_purchase_or_a_session() {
        let read = |body: &str| RefundOrder::from_json(body.as_bytes());
        assert!(read(&format!(r#"{{"purchaseId":"{ID}","reason":"unhappy"}}"#)).unwrap().session_id.is_none());
        assert!(read(&format!(r#"{{"sessionId":"{ID}"}}"#)).unwrap().reason.is_none());
        for body in ["{}".to_owned(), format!(r#"{{"sessionId":"{ID}","purchaseId":"{ID}"}}"#)] {
            assert_eq!(field(read(&body)).as_deref(), Some("purchaseId"), "{body}");
        }
    }

    #[test]
    fn a_session_is_named_by_its_id() {
        assert_eq!(session_from_json(format!(r#"{{"sessionId":"{ID}"}}"#).as_bytes()).unwrap().to_string(), ID);
        for body in ["{}", r#"{"sessionId":"x"}"#, r#"{"sessionId":1}"#] {
            assert_eq!(field(session_from_json(body.as_bytes())).as_deref(), Some("sessionId"), "{body}");
        }
    }
}
