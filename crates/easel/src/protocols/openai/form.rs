//! Reads the form in which pictures are sent to be edited. Its texts become the fields of an object, as in other bodies;
//! its files stay apart.

use crate::encode::is_picture;
use crate::incoming::Incoming;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use serde_json::{Map, Value, json};

/// The most pictures that one edit takes.
const IMAGES_MAX: usize = 16;

/// A form.
#[derive(Debug, Default)]
pub struct Form {
    texts: Map<String, Value>,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    field: String,
    name: Option<String>,
    content_type: Option<String>,
    bytes: Bytes,
}

impl Form {
    /// Reads the body; an error says why it is no form.
    pub async fn read(incoming: &Incoming) -> Result<Self, String> {
        let mut request = Request::new(Body::from(incoming.body.clone()));
        *request.headers_mut() = incoming.headers.clone();
        // The body was read under the server's own limit.
        DefaultBodyLimit::disable().apply(&mut request);
        let mut parts = Multipart::from_request(request, &()).await.map_err(|error| error.body_text())?;
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|error| error.body_text())? {
            let field = part.name().unwrap_or_default().to_owned();
            let (name, content_type) = (part.file_name().map(str::to_owned), part.content_type().map(str::to_owned));
            let bytes = part.bytes().await.map_err(|error| error.body_text())?;
            if name.is_some() || field == "image" || field == "image[]" || field == "mask" {
                form.files.push(File { field, name, content_type, bytes });
            } else {
                form.texts.insert(field, String::from_utf8_lossy(&bytes).into_owned().into());
            }
        }
        Ok(form)
    }

    /// Its texts, as the fields of an object.
    pub fn fields(&self) -> Value {
        Value::Object(self.texts.clone())
    }

    /// Its texts, and what can be said of its files in a word.
    pub fn shown(&self) -> Value {
        let mut shown = self.texts.clone();
        for file in &self.files {
            let told = json!({ "file_name": file.name, "content_type": file.content_type, "bytes": file.bytes.len() });
            let list = shown.entry(file.field.clone()).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(told);
            }
        }
        Value::Object(shown)
    }

    /// What is wrong with its pictures: the sentence, and the code.
    pub fn complaint(&self) -> Option<(String, &'static str)> {
        let images: Vec<&File> =
            self.files.iter().filter(|file| file.field == "image" || file.field == "image[]").collect();
        if images.is_empty() {
            return Some(("Missing required parameter: 'image'.".to_owned(), "missing_required_parameter"));
        }
        if images.len() > IMAGES_MAX {
            return Some((format!("At most {IMAGES_MAX} images can be edited at once."), "invalid_value"));
        }
        let masks = self.files.iter().filter(|file| file.field == "mask");
        let broken = images.into_iter().chain(masks).find(|file| !is_picture(&file.bytes))?;
        Some((format!("Invalid image file: '{}' is no PNG, JPEG or WebP.", broken.field), "invalid_image_file"))
    }
}
