//! The id of a request, wherever it stands: in the body as `requestId`, or in the header `Idempotency-Key`.
//!
//! Owns: that the two say the same, and that a request without an id is given one. Must not: know what is asked for.

use crate::error::ApiError;
use crate::http::Incoming;
use crate::random;
use domain::id::RequestId;
use domain::request::InvalidRequest;

/// The client's id of the request, or one that is made here.
///
/// # Errors
/// [`ApiError::InvalidRequest`] where the header is no UUID, or names another request than the body.
pub fn request_id(incoming: &Incoming, in_body: Option<RequestId>) -> Result<RequestId, ApiError> {
    match (in_body, in_header(incoming)?) {
        (Some(in_body), Some(in_header)) if in_body != in_header => {
            Err(refuse("requestId", "The requestId and the Idempotency-Key name different requests."))
        }
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => Ok(RequestId::from_random_bytes(random::bytes())),
    }
}

/// The id in the header, where it has one.
///
/// # Errors
/// [`ApiError::InvalidRequest`] where it is no UUID.
pub fn in_header(incoming: &Incoming) -> Result<Option<RequestId>, ApiError> {
    let header = incoming.header("idempotency-key");
    let id = header.map(|text| text.trim().parse()).transpose();
    id.map_err(|_| refuse("Idempotency-Key", "The Idempotency-Key is not a UUID."))
}

fn refuse(field: &str, sentence: &str) -> ApiError {
    ApiError::InvalidRequest(InvalidRequest::new(field, sentence))
}
