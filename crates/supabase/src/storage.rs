//! The bucket of pictures.
//!
//! Owns: names and addresses of objects, and uploading, deleting and removing them with the secret key.
//! Must not: look into a picture.

use crate::{Generation, Project, SecretKey};
use domain::id::CustomerId;
use domain::picture::Format;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use transport::{Body, Method, Payload, Request, Timer, Transport, TransportError};

const BUCKET: &str = "generated-images";
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
const RETRY_PAUSE: Duration = Duration::from_millis(300);
/// Answers of Storage are a few lines of JSON.
const ANSWER_BYTES_MAX: usize = 65_536;

/// A client of the bucket.
pub struct PictureStore {
    url: String,
    public_url: String,
    secret_key: SecretKey,
}

/// Why an object was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// No answer. Whether the object is there is not known.
    Unreachable(String),
    /// Storage said no. Its own status (most come as HTTP 400) and code.
    Rejected(String, String),
}

impl fmt::Display for StorageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(formatter, "storage cannot be reached: {reason}"),
            Self::Rejected(status, code) => {
                write!(formatter, "storage rejected the picture: {status} {code}")
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rejection {
    status_code: String,
    code: String,
    error: String,
}

/// Storage's list of objects to remove; each is one name.
#[derive(Serialize)]
struct Names<'a> {
    prefixes: &'a [&'a str],
}

impl PictureStore {
    /// The bucket of that project. `public_url` is the project's address as browsers know it.
    #[must_use]
    pub fn new(project: &Project, public_url: &str, secret_key: &SecretKey) -> Self {
        Self {
            url: project.url.clone(),
            public_url: public_url.trim_end_matches('/').to_owned(),
            secret_key: secret_key.clone(),
        }
    }

    /// The name of a generation's picture: in the customer's folder, and not to be guessed.
    #[must_use]
    pub fn object_name(customer: CustomerId, generation: &Generation, format: Format) -> String {
        format!("{customer}/{}.{}", generation.storage_key, format.extension())
    }

    /// The address at which anybody gets the picture.
    #[must_use]
    pub fn public_address(&self, object_name: &str) -> String {
        format!("{}/storage/v1/object/public/{BUCKET}/{object_name}", self.public_url)
    }

    /// Stores a picture. Tried twice: a name belongs to one picture, so finding it taken is finding it stored.
    ///
    /// # Errors
    /// [`StorageError`] when it is not known to be stored.
    pub async fn upload<T: Transport>(
        &self,
        transport: &T,
        timer: &impl Timer,
        object_name: &str,
        format: Format,
        bytes: &T::Body,
    ) -> Result<(), StorageError> {
        let request = || {
            let mut request = self.request(Method::Post, object_name, Payload::Bytes(bytes.clone()));
            request.headers.push(("content-type", format.media_type().to_owned()));
            // The address is the picture's for good; an hour bounds how long a copy outlives a picture that is taken away.
            request.headers.push(("cache-control", "max-age=3600".to_owned()));
            request
        };
        match call(transport, request()).await {
            Err(StorageError::Unreachable(_)) => {
                timer.sleep(RETRY_PAUSE).await;
                match call(transport, request()).await {
                    Err(StorageError::Rejected(status, _)) if status == "409" => Ok(()),
                    answered => answered,
                }
            }
            answered => answered,
        }
    }

    /// Deletes a picture that was stored and not recorded.
    ///
    /// # Errors
    /// [`StorageError`] when it may still be there.
    pub async fn delete<T: Transport>(&self, transport: &T, object_name: &str) -> Result<(), StorageError> {
        call(transport, self.request(Method::Delete, object_name, Payload::None)).await
    }

    /// Removes pictures that their customers deleted, all of them in one call. One that is not there is removed.
    ///
    /// # Errors
    /// [`StorageError`] when some of them may still be there.
    pub async fn remove<T: Transport>(&self, transport: &T, object_names: &[&str]) -> Result<(), StorageError> {
        let names = serde_json::to_string(&Names { prefixes: object_names });
        let names = names.map_err(|error| StorageError::Rejected("400".to_owned(), error.to_string()))?;
        let mut request = self.request(Method::Delete, "", Payload::Text(names));
        request.headers.push(("content-type", "application/json".to_owned()));
        call(transport, request).await
    }

    fn request<B>(&self, method: Method, object_name: &str, payload: Payload<B>) -> Request<B> {
        let separator = if object_name.is_empty() { "" } else { "/" };
        Request {
            method,
            url: format!("{}/storage/v1/object/{BUCKET}{separator}{object_name}", self.url),
            headers: self.secret_key.headers(),
            payload,
            timeout: CALL_TIMEOUT,
            bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

async fn call<T: Transport>(transport: &T, request: Request<T::Body>) -> Result<(), StorageError> {
    let response = transport.send(request).await.map_err(|error| match error {
        TransportError::Timeout | TransportError::Connection(_) => StorageError::Unreachable(error.to_string()),
        TransportError::TooLarge => StorageError::Rejected("200".to_owned(), error.to_string()),
    })?;
    if response.is_success() {
        return Ok(());
    }
    let rejection: Rejection = serde_json::from_str(&response.body.text(ANSWER_BYTES_MAX)).unwrap_or_default();
    let status = if rejection.status_code.is_empty() { response.status.to_string() } else { rejection.status_code };
    let code = if rejection.code.is_empty() { rejection.error } else { rejection.code };
    match response.status {
        500..=599 => Err(StorageError::Unreachable(format!("{status} {code}"))),
        _ => Err(StorageError::Rejected(status, code)),
    }
}
