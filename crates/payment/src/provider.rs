//! What the hub asks of a payment provider, whichever it is.
//!
//! Owns: the trait, what each of its questions costs and what repeating it does, and the choice between the providers.
//! Must not: know what is said on the wire.

use crate::{Demo, Failure, KeyId, NewOrder, NewRefund, Order, Payment, Razorpay, Refund};
use transport::Transport;

/// One payment provider. Every method sends at most one request and never repeats it; whether to is the caller's to say.
/// A future may be dropped at any point; what was asked for may have happened then, as after [`Failure::Unreachable`].
pub trait Provider {
    /// As the ledger calls it.
    fn name(&self) -> &'static str;

    /// Makes an order, which costs nothing. Never repeated blindly: called twice it can make two orders of one receipt,
    /// so after a failure that [may have happened](Failure::may_have_happened), ask [`Self::find_order`] first. A second
    /// order does no harm as long as nobody is shown it: the ledger keeps the first that it is told of.
    ///
    /// # Errors
    /// [`Failure`]; an answer about another receipt, amount or currency than what was asked for counts as unreadable.
    fn create_order<T: Transport>(
        &self,
        transport: &T,
        order: &NewOrder<'_>,
    ) -> impl Future<Output = Result<Order, Failure>>;

    /// Looks for the order of that receipt. Changes nothing, costs nothing, may be repeated. None is no promise right after
    /// a request for it was lost: it may still be on its way. Of several the one that is furthest is taken, then the
    /// oldest, so that everybody who asks takes the same. Amount and currency are not compared.
    ///
    /// # Errors
    /// [`Failure`].
    fn find_order<T: Transport>(
        &self,
        transport: &T,
        receipt: &str,
    ) -> impl Future<Output = Result<Option<Order>, Failure>>;

    /// A payment as it stands. Changes nothing, costs nothing, may be repeated. Its order is for the caller to compare:
    /// any payment of the owner's account is answered.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::NotFound`] where there is none of that id, whatever the id looks like.
    fn payment<T: Transport>(&self, transport: &T, payment_id: &str) -> impl Future<Output = Result<Payment, Failure>>;

    /// Every try to pay that order, those that failed included; none where nobody has tried. Changes nothing, costs
    /// nothing, may be repeated.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::NotFound`] where there is no such order.
    fn payments_of<T: Transport>(
        &self,
        transport: &T,
        order_id: &str,
    ) -> impl Future<Output = Result<Vec<Payment>, Failure>>;

    /// Gives money back to where it came from. It cannot be undone, and the provider keeps its fee. Repeated under the
    /// same idempotency key with the same contents it stays one refund and may be called as often as needed; under
    /// another key it is another refund.
    ///
    /// # Errors
    /// [`Failure`]; after one that [may have happened](Failure::may_have_happened) the same call finds out. How long the
    /// provider remembers a key is not known, and one that it has forgotten is answered with a rejection of a payment which
    /// is given back already. So a rejection says that this call gave nothing back, not that no earlier one did: ask
    /// [`Self::refunds_of`] before a refund that was ever left open counts as failed.
    fn refund<T: Transport>(
        &self,
        transport: &T,
        refund: &NewRefund<'_>,
    ) -> impl Future<Output = Result<Refund, Failure>>;

    /// The refunds of a payment, the last 100 of them. Changes nothing, costs nothing, may be repeated.
    ///
    /// # Errors
    /// [`Failure`]; [`Failure::NotFound`] where there is no such payment.
    fn refunds_of<T: Transport>(
        &self,
        transport: &T,
        payment_id: &str,
    ) -> impl Future<Output = Result<Vec<Refund>, Failure>>;
}

/// The provider that the owner has set.
#[derive(Clone)]
pub enum AnyProvider {
    /// Razorpay, or what speaks like it.
    Razorpay(Razorpay),
    /// No provider at all: pays by itself, on the local stack only.
    Demo(Demo),
}

impl AnyProvider {
    /// The key that the browser needs to open the provider's page; none where there is no such page.
    #[must_use]
    pub const fn key_id(&self) -> Option<&KeyId> {
        match self {
            Self::Razorpay(provider) => Some(provider.key_id()),
            Self::Demo(_) => None,
        }
    }

    /// Whether the provider signed that this payment is one for this order, the order id being our own database's and not
    /// the browser's. It does not say how much was paid, nor whether it was captured: ask [`Provider::payment`]. A demo
    /// signs nothing, so nothing is signed by it; what pays there is [`Demo::pay`].
    #[must_use]
    pub fn verify_checkout(&self, order_id: &str, payment_id: &str, signature: &str) -> bool {
        match self {
            Self::Razorpay(provider) => provider.verify_checkout(order_id, payment_id, signature),
            Self::Demo(_) => false,
        }
    }
}

impl Provider for AnyProvider {
    fn name(&self) -> &'static str {
        match self {
            Self::Razorpay(provider) => provider.name(),
            Self::Demo(provider) => provider.name(),
        }
    }

    async fn create_order<T: Transport>(&self, transport: &T, order: &NewOrder<'_>) -> Result<Order, Failure> {
        match self {
            Self::Razorpay(provider) => provider.create_order(transport, order).await,
            Self::Demo(provider) => provider.create_order(transport, order).await,
        }
    }

    async fn find_order<T: Transport>(&self, transport: &T, receipt: &str) -> Result<Option<Order>, Failure> {
        match self {
            Self::Razorpay(provider) => provider.find_order(transport, receipt).await,
            Self::Demo(provider) => provider.find_order(transport, receipt).await,
        }
    }

    async fn payment<T: Transport>(&self, transport: &T, payment_id: &str) -> Result<Payment, Failure> {
        match self {
            Self::Razorpay(provider) => provider.payment(transport, payment_id).await,
            Self::Demo(provider) => provider.payment(transport, payment_id).await,
        }
    }

    async fn payments_of<T: Transport>(&self, transport: &T, order_id: &str) -> Result<Vec<Payment>, Failure> {
        match self {
            Self::Razorpay(provider) => provider.payments_of(transport, order_id).await,
            Self::Demo(provider) => provider.payments_of(transport, order_id).await,
        }
    }

    async fn refund<T: Transport>(&self, transport: &T, refund: &NewRefund<'_>) -> Result<Refund, Failure> {
        match self {
            Self::Razorpay(provider) => provider.refund(transport, refund).await,
            Self::Demo(provider) => provider.refund(transport, refund).await,
        }
    }

    async fn refunds_of<T: Transport>(&self, transport: &T, payment_id: &str) -> Result<Vec<Refund>, Failure> {
        match self {
            Self::Razorpay(provider) => provider.refunds_of(transport, payment_id).await,
            Self::Demo(provider) => provider.refunds_of(transport, payment_id).await,
        }
    }
}
