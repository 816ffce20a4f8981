//! What several functions do with money: an order made for a purchase, a payment looked at and told to the ledger, a
//! refund asked for.
//!
//! Owns: what is said to the provider and in which order to the ledger, and what a provider's failure is answered with.
//! Must not: judge whether a payment pays (the ledger's), or know how a provider is spoken to (the crate payment's).

use crate::context::{Backend, Context, Till};
use crate::error::ApiError;
use domain::code::Code;
use payment::{Failure, NewOrder, NewRefund, Payment, PaymentStatus, Provider, RefundStatus};
use std::fmt::Display;
use supabase::{Alert, LedgerError, PaymentReport, Purchase, Recorded, Refund};

/// Seconds after which asking again makes sense, where nobody knows better.
const SOON_SECONDS: u32 = 5;

/// The clients that money takes.
pub struct Cashier<'a> {
    pub context: &'a Context,
    pub backend: &'a Backend,
    pub till: &'a Till,
}

impl<'a> Cashier<'a> {
    /// # Errors
    /// [`ApiError`] where the project or the provider is not set up; the log says what is missing.
    pub fn of(context: &'a Context) -> Result<Self, ApiError> {
        let backend = context.backend()?;
        let till = context.till.as_ref().map_err(|wrong| {
            crate::log(wrong);
            ApiError::payment(Code::PaymentsMisconfigured)
        })?;
        Ok(Self { context, backend, till })
    }

    /// Makes the order for a purchase that has none. An order whose making was not answered is found by its receipt; one
    /// that nobody finds is never paid, since nobody is told of it.
    ///
    /// # Errors
    /// [`ApiError`] where there is none now; the same request later tries again.
    pub async fn order(&self, purchase: &Purchase) -> Result<Purchase, ApiError> {
        let provider = &self.till.provider;
        let (transport, timer) = (&self.context.transport, &self.context.timer);
        let receipt = purchase.id.to_string();
        let order = NewOrder {
            receipt: &receipt,
            amount_paise: purchase.amount_paise,
            currency: &purchase.currency,
            notes: &[("plan", &purchase.plan_id)],
        };
        let made = match provider.create_order(transport, &order).await {
            // Where a receipt may be used once only, an order that was made before is the reason of a refusal.
            Err(failure @ (Failure::Unreachable { .. } | Failure::Rejected { .. })) => {
                log(purchase, &failure);
                provider.find_order(transport, &receipt).await.and_then(|found| found.ok_or(failure))
            }
            made => made,
        };
        let made = made.map_err(|failure| {
            log(purchase, &failure);
            unavailable(&failure)
        })?;
        let recorded = self.backend.ledger.record_order(transport, timer, purchase, provider.name(), &made.id).await;
        match recorded.map_err(|error| ApiError::ledger(&error))? {
            Recorded::Ordered(purchase) => Ok(purchase),
            Recorded::PurchaseNotFound => Err(ApiError::PurchaseNotFound),
            other => Err(ApiError::internal(&format!("an order cannot be {other:?}"))),
        }
    }

    /// Asks the provider for all payments of a purchase's order and tells the ledger of each. Answers what the most
    /// telling of them came to; none where nobody has tried to pay.
    ///
    /// # Errors
    /// [`ApiError`] where provider or ledger do not answer; what was told before is kept.
    pub async fn look_up(&self, purchase: &Purchase, source: &str) -> Result<Option<Outcome>, ApiError> {
        let Some(order_id) = purchase.order_id.as_deref() else { return Ok(None) };
        let payments = self.till.provider.payments_of(&self.context.transport, order_id).await;
        let payments = payments.map_err(|failure| {
            log(purchase, &failure);
            unavailable(&failure)
        })?;
        let mut best = None;
        for payment in payments {
            let outcome = self.tell(purchase, order_id, &payment, source).await?;
            best = best.max(Some(outcome));
        }
        Ok(best)
    }

    /// Tells the ledger of a payment of that order.
    ///
    /// # Errors
    /// [`ApiError`] where the ledger does not answer.
    pub async fn tell(
        &self,
        purchase: &Purchase,
        order_id: &str,
        payment: &Payment,
        source: &str,
    ) -> Result<Outcome, ApiError> {
        if payment.status == PaymentStatus::Unknown {
            log(purchase, &format_args!("payment {} is in a state that is not known", payment.id));
            return Ok(Outcome::Pending);
        }
        let report = PaymentReport {
            provider: self.till.provider.name(),
            order_id,
            payment_id: &payment.id,
            amount_paise: payment.amount_paise,
            currency: &payment.currency,
            payment_status: payment.status.as_str(),
            source,
            failure_reason: payment.failure_reason.as_deref(),
        };
        let (transport, timer) = (&self.context.transport, &self.context.timer);
        let recorded = self.backend.ledger.record_payment(transport, timer, &report).await;
        Ok(match recorded.map_err(|error| unconfirmed(&error))? {
            Recorded::Paid(purchase) => Outcome::Paid(purchase.into()),
            // Somebody paid twice: the hours of the first payment are there, and the owner knows of the second.
            Recorded::Surplus(purchase) if purchase.is_paid() => Outcome::Paid(purchase.into()),
            Recorded::Held(_) | Recorded::Surplus(_) => Outcome::Held,
            Recorded::Noted(purchase) if purchase.is_paid() => Outcome::Paid(purchase.into()),
            Recorded::Noted(_) if payment.status == PaymentStatus::Failed => Outcome::Failed,
            Recorded::Noted(_) => Outcome::Pending,
            other => return Err(ApiError::internal(&format!("a payment cannot be {other:?}"))),
        })
    }

    /// Tells the owner that something is wrong with a purchase. What is told stays true when nobody hears it, so that
    /// nothing else waits for it.
    pub async fn alert(&self, kind: &str, purchase: Option<&Purchase>, payment_id: Option<&str>) {
        let alert = Alert {
            kind,
            purchase_id: purchase.map(|purchase| purchase.id),
            order_id: purchase.and_then(|purchase| purchase.order_id.as_deref()),
            payment_id,
        };
        if let Err(error) = self.backend.ledger.alert(&self.context.transport, &self.context.timer, &alert).await {
            crate::log(&format!("the alert {kind} was not kept: {error}"));
        }
    }

    /// Asks the provider for a refund that was begun, and tells the ledger what it said. However often it is asked, the
    /// money goes back once: the refund's id is its key.
    ///
    /// # Errors
    /// [`ApiError`] where it is refused, or the ledger does not answer. Where the provider does not answer, it is still
    /// under way, and the worker asks again.
    pub async fn refund(&self, refund: &Refund) -> Result<Refunding, ApiError> {
        let (transport, timer) = (&self.context.transport, &self.context.timer);
        let key = refund.id.to_string();
        let order = NewRefund {
            idempotency_key: &key,
            payment_id: &refund.payment_id,
            amount_paise: refund.amount_paise,
            receipt: &key,
        };
        let made = match self.till.provider.refund(transport, &order).await {
            // It may be refused because it was made long ago, by a call whose answer was lost.
            Err(refused @ (Failure::Rejected { .. } | Failure::NotFound)) => {
                let earlier = self.till.provider.refunds_of(transport, &refund.payment_id).await;
                let earlier = earlier.map(|all| all.into_iter().find(|made| made.receipt.as_ref() == Some(&key)));
                match earlier {
                    Ok(Some(made)) => Ok(made),
                    Ok(None) | Err(Failure::NotFound) => Err(refused),
                    Err(unknown) => Err(unknown),
                }
            }
            made => made,
        };
        let (id, status, reason) = match made {
            Ok(made) => (Some(made.id), made.status, None),
            Err(refused @ (Failure::Rejected { .. } | Failure::NotFound)) => {
                (None, RefundStatus::Failed, Some(refused.to_string()))
            }
            Err(failure) => {
                crate::log(&format!("refund {key}: {failure}"));
                return match failure {
                    Failure::Misconfigured { .. } => Err(unavailable(&failure)),
                    _ => Ok(Refunding::UnderWay),
                };
            }
        };
        let (id, reason) = (id.as_deref(), reason.as_deref());
        let settled = self.backend.ledger.settle_refund(transport, timer, refund, id, status.as_str(), reason).await;
        match settled.map_err(|error| ApiError::ledger(&error))?.as_str() {
            "refunding" => Ok(Refunding::UnderWay),
            "refunded" => Ok(Refunding::Done),
            "refund_failed" => Err(ApiError::payment(Code::RefundRefused)),
            other => Err(ApiError::internal(&format!("a refund cannot be {other:?}"))),
        }
    }
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunding {
    /// The provider is at it, or will be asked again.
    UnderWay,
    /// The money went back.
    Done,
}

/// What a payment came to. Of several payments of an order the last in this order is what counts.
#[derive(Debug)]
pub enum Outcome {
    /// It failed; another may follow, and this one may still succeed.
    Failed,
    /// It is not decided.
    Pending,
    /// It does not fit, and the owner has been told.
    Held,
    /// The purchase is paid.
    Paid(Box<Purchase>),
}

impl Outcome {
    const fn rank(&self) -> u8 {
        match self {
            Self::Failed => 0,
            Self::Pending => 1,
            Self::Held => 2,
            Self::Paid(_) => 3,
        }
    }
}

impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Outcome {}

impl PartialOrd for Outcome {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Outcome {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// What a client is told when the provider did not do what was asked of it.
pub fn unavailable(failure: &Failure) -> ApiError {
    match failure {
        Failure::Misconfigured { .. } | Failure::Rejected { .. } | Failure::NotFound => {
            ApiError::payment(Code::PaymentsMisconfigured)
        }
        Failure::Busy { retry_after: Some(wait) } => {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1);
            ApiError::Payment { code: Code::PaymentsUnavailable, retry_after: Some(seconds) }
        }
        Failure::Busy { retry_after: None } | Failure::Unreachable { .. } | Failure::InProgress => try_again(),
    }
}

/// The ledger did not say whether it took a payment: it may have, and asking again tells.
fn unconfirmed(error: &LedgerError) -> ApiError {
    crate::log(&error.to_string());
    try_again()
}

fn try_again() -> ApiError {
    ApiError::Payment { code: Code::PaymentsUnavailable, retry_after: Some(SOON_SECONDS) }
}

fn log(purchase: &Purchase, what: &dyn Display) {
    crate::log(&format!("purchase {}: {what}", purchase.id));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn of_several_payments_the_most_telling_counts() {
        let told = [Outcome::Pending, Outcome::Failed, Outcome::Held].into_iter().max();
        assert!(matches!(told, Some(Outcome::Held)));
        assert!(Some(Outcome::Failed) > None);
    }

    #[test]
    fn what_a_provider_does_not_do_is_told_by_whether_it_passes() {
        let busy = Failure::Busy { retry_after: Some(Duration::from_secs(7)) };
        let unreachable = Failure::Unreachable { reason: "cut".to_owned() };
        let refused = Failure::Misconfigured { reason: "401".to_owned() };
        let rows = [
            (busy, Code::PaymentsUnavailable, Some(7)),
            (Failure::Busy { retry_after: None }, Code::PaymentsUnavailable, Some(5)),
            (unreachable, Code::PaymentsUnavailable, Some(5)),
            (refused, Code::PaymentsMisconfigured, None),
        ];
        for (failure, code, retry_after) in rows {
            assert_eq!(unavailable(&failure), ApiError::Payment { code, retry_after });
        }
    }
}
