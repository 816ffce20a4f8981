//! The functions by their names.
//!
//! Owns: which functions there are, and that everything that ends in an error is answered as one.
//! Must not: do any function's work.

mod generate_image;
mod queue_worker;

use crate::context::Context;
use crate::error::ApiError;
use crate::http::{self, Incoming};
use web_sys::{Request, Response};

/// Answers a request to the function of that name.
pub async fn answer(function_name: &str, request: Request, context: Option<&Context>) -> Response {
    let incoming = Incoming::new(request);
    if incoming.method() == "OPTIONS" {
        return http::preflight();
    }
    let answered = match (function_name, context) {
        // Boxed, so that the engine compiles the whole of it only when a request gets there: not for a preflight.
        ("generate-image", Some(context)) => Box::pin(generate_image::handle(&incoming, context)).await,
        ("queue-worker", Some(context)) => {
            Box::pin(queue_worker::handle(&incoming, context)).await.map_err(|error| (error, None))
        }
        (_, None) => Err((ApiError::internal("the instance was not started"), None)),
        (other, Some(_)) => Err((ApiError::internal(&format!("there is no function {other:?}")), None)),
    };
    answered.unwrap_or_else(|(error, request_id)| error.response(request_id))
}
