//! The functions by their names.
//!
//! Owns: which functions there are, and that everything that ends in an error is answered as one.
//! Must not: do any function's work.

#[cfg(feature = "payments")]
mod buy_session;
#[cfg(feature = "payments")]
mod confirm_payment;
#[cfg(feature = "pictures")]
mod generate_image;
#[cfg(feature = "payments")]
mod payment_webhook;
#[cfg(feature = "payments")]
mod payment_worker;
#[cfg(feature = "pictures")]
mod queue_worker;
#[cfg(feature = "payments")]
mod refund_session;
#[cfg(feature = "payments")]
mod start_session;

use crate::call::Afterwards;
use crate::context::Context;
use crate::error::ApiError;
use crate::http::{self, Incoming};
use domain::id::RequestId;
use std::rc::Rc;
use web_sys::{Request, Response};

/// An error, and the id under which the server worked where there was one.
pub type Refused = (ApiError, Option<RequestId>);

/// Answers a request to the function of that name, with what is done after the answer.
pub async fn answer(
    function_name: &str,
    request: Request,
    context: Option<Rc<Context>>,
) -> (Response, Option<Afterwards>) {
    let incoming = Incoming::new(request);
    if incoming.method() == "OPTIONS" {
        return (http::preflight(), None);
    }
    let Some(context) = context else {
        return (ApiError::internal("the instance was not started").response(None), None);
    };
    #[cfg(feature = "payments")]
    if function_name == "payment-webhook" {
        return match payment_webhook::handle(&incoming, &context).await {
            Ok(received) => (received, Some(Box::pin(payment_webhook::afterwards(context)))),
            Err(error) => (error.response(None), None),
        };
    }
    // Boxed, so that the engine compiles the whole of it only when a request gets there: not for a preflight.
    let answered = match function_name {
        #[cfg(feature = "pictures")]
        "generate-image" => Box::pin(generate_image::handle(&incoming, &context)).await,
        #[cfg(feature = "pictures")]
        "queue-worker" => without_id(Box::pin(queue_worker::handle(&incoming, &context)).await),
        #[cfg(feature = "payments")]
        "buy-session" => Box::pin(buy_session::handle(&incoming, &context)).await,
        #[cfg(feature = "payments")]
        "confirm-payment" => without_id(Box::pin(confirm_payment::handle(&incoming, &context)).await),
        #[cfg(feature = "payments")]
        "start-session" => without_id(Box::pin(start_session::handle(&incoming, &context)).await),
        #[cfg(feature = "payments")]
        "refund-session" => without_id(Box::pin(refund_session::handle(&incoming, &context)).await),
        #[cfg(feature = "payments")]
        "payment-worker" => without_id(Box::pin(payment_worker::handle(&incoming, &context)).await),
        other => Err((ApiError::internal(&format!("there is no function {other:?}")), None)),
    };
    (answered.unwrap_or_else(|(error, request_id)| error.response(request_id)), None)
}

fn without_id(answered: Result<Response, ApiError>) -> Result<Response, Refused> {
    answered.map_err(|error| (error, None))
}
