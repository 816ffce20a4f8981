//! The provider that is none: for the local stack, where nobody has an account anywhere.
//!
//! Owns: what its orders, payments and refunds are called. It remembers nothing, so it can only answer what follows from
//! the question. Must not: send anything, or be reachable from anywhere but a developer's machine (`settings.rs`).

use crate::entity::{is_id, is_idempotency_key, is_receipt};
use crate::provider::Provider;
use crate::{Failure, NewOrder, NewRefund, Order, OrderStatus, Payment, PaymentStatus, Refund, RefundStatus};
use transport::Transport;

/// Pays at once and with nothing.
#[derive(Clone, Copy, Debug)]
pub struct Demo(());

impl Demo {
    pub(crate) const fn new() -> Self {
        Self(())
    }

    /// Pays the order of that receipt: this is what the customer's press on "pay" is here. The same receipt is the same
    /// payment, however often it is called; the ledger grants for it once.
    #[must_use]
    pub fn pay(&self, receipt: &str, amount_paise: u64, currency: &str) -> Payment {
        Payment {
            id: format!("demo_payment_{receipt}"),
            order_id: Some(order_id(receipt)),
            amount_paise,
            currency: currency.to_owned(),
            status: PaymentStatus::Captured,
            failure_reason: None,
        }
    }
}

fn order_id(receipt: &str) -> String {
    format!("demo_order_{receipt}")
}

fn unusable(what: &str) -> Failure {
    Failure::Rejected { reason: what.to_owned() }
}

impl Provider for Demo {
    fn name(&self) -> &'static str {
        "demo"
    }

    /// The same receipt is the same order.
    async fn create_order<T: Transport>(&self, _transport: &T, order: &NewOrder<'_>) -> Result<Order, Failure> {
        if !is_receipt(order.receipt) {
            return Err(unusable("receipt"));
        }
        Ok(Order {
            id: order_id(order.receipt),
            receipt: Some(order.receipt.to_owned()),
            amount_paise: order.amount_paise,
            currency: order.currency.to_owned(),
            status: OrderStatus::Created,
            created_at: 0,
        })
    }

    /// Never any: making the order once more makes the same one.
    async fn find_order<T: Transport>(&self, _transport: &T, _receipt: &str) -> Result<Option<Order>, Failure> {
        Ok(None)
    }

    /// Never any: nobody has paid but by [`Demo::pay`], whose caller holds the payment.
    async fn payment<T: Transport>(&self, _transport: &T, _payment_id: &str) -> Result<Payment, Failure> {
        Err(Failure::NotFound)
    }

    /// Never any, as with a payment.
    async fn payments_of<T: Transport>(&self, _transport: &T, _order_id: &str) -> Result<Vec<Payment>, Failure> {
        Ok(vec![])
    }

    async fn refund<T: Transport>(&self, _transport: &T, refund: &NewRefund<'_>) -> Result<Refund, Failure> {
        if !is_idempotency_key(refund.idempotency_key) {
            return Err(unusable("idempotency_key"));
        }
        if !is_receipt(refund.receipt) {
            return Err(unusable("receipt"));
        }
        if !is_id(refund.payment_id) {
            return Err(Failure::NotFound);
        }
        Ok(Refund {
            id: format!("demo_refund_{}", refund.idempotency_key),
            status: RefundStatus::Processed,
            amount_paise: refund.amount_paise,
            receipt: Some(refund.receipt.to_owned()),
        })
    }

    /// Never any: asking for the refund once more makes the same one.
    async fn refunds_of<T: Transport>(&self, _transport: &T, _payment_id: &str) -> Result<Vec<Refund>, Failure> {
        Ok(vec![])
    }
}
