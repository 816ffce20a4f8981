//! Which engines there are, in which order: the owner's `IMAGE_ENGINES`.
//!
//! Owns: reading that list. Must not: know what an engine says on the wire.

use crate::{Drawn, Engine, EngineError, HuggingFace, Job};
use std::fmt;
use std::time::Duration;
use transport::Transport;

/// What the engines of the list need to be called.
#[derive(Clone)]
pub struct Keys {
    /// `HUGGINGFACE_API_KEY`.
    pub hugging_face_key: Option<String>,
    /// `https://router.huggingface.co`, or whatever speaks its protocol.
    pub hugging_face_url: String,
}

/// An engine of the list.
#[derive(Clone)]
pub enum AnyEngine {
    /// Hugging Face's own inference.
    HuggingFace(HuggingFace),
}

impl Engine for AnyEngine {
    fn model(&self) -> &str {
        match self {
            Self::HuggingFace(engine) => engine.model(),
        }
    }

    async fn attempt<T: Transport>(
        &self,
        transport: &T,
        job: &Job<'_>,
        timeout: Duration,
    ) -> Result<Drawn<T::Body>, EngineError> {
        match self {
            Self::HuggingFace(engine) => engine.attempt(transport, job, timeout).await,
        }
    }
}

/// What is wrong with the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineListError {
    /// An entry is not `kind:model`, or its model's name has characters that none has.
    Entry(String),
    /// There is no such kind of engine.
    Kind(String),
    /// The key that an entry needs is not set, or could not be sent in a header.
    KeyMissing(&'static str),
    /// There is no entry.
    Empty,
}

impl fmt::Display for EngineListError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(entry) => write!(formatter, "IMAGE_ENGINES: {entry:?} is not of the form kind:owner/model"),
            Self::Kind(kind) => write!(formatter, "IMAGE_ENGINES: there is no engine {kind:?}; there is huggingface"),
            Self::KeyMissing(name) => {
                write!(formatter, "{name} is not set, or is no key, and an engine of IMAGE_ENGINES needs it")
            }
            Self::Empty => formatter.write_str("IMAGE_ENGINES names no engine"),
        }
    }
}

/// Reads a list such as `huggingface:stabilityai/sdxl,huggingface:black-forest-labs/FLUX.1-schnell`.
///
/// # Errors
/// [`EngineListError`] for the first entry that cannot be used.
pub fn engines_from_list(list: &str, keys: &Keys) -> Result<Vec<AnyEngine>, EngineListError> {
    let engines = list
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let (kind, model) = entry.split_once(':').ok_or_else(|| EngineListError::Entry(entry.to_owned()))?;
            if !is_model_name(model) {
                return Err(EngineListError::Entry(entry.to_owned()));
            }
            match kind {
                "huggingface" => {
                    let key = keys.hugging_face_key.as_deref().filter(|key| is_key(key));
                    let key = key.ok_or(EngineListError::KeyMissing("HUGGINGFACE_API_KEY"))?;
                    Ok(AnyEngine::HuggingFace(HuggingFace::new(&keys.hugging_face_url, key, model)))
                }
                other => Err(EngineListError::Kind(other.to_owned())),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    if engines.is_empty() { Err(EngineListError::Empty) } else { Ok(engines) }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `owner/name`, of characters that need no escaping in an address.
fn is_model_name(model: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
    };
    model.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Result<Vec<String>, EngineListError> {
        let keys = Keys { hugging_face_key: Some("hf_key".to_owned()), hugging_face_url: "http://hf".to_owned() };
        engines_from_list(list, &keys).map(|engines| engines.iter().map(|engine| engine.model().to_owned()).collect())
    }

    #[test]
    fn engines_keep_the_order_of_the_list() {
        assert_eq!(read(" huggingface:b/B.2-x ,huggingface:a/a,, "), Ok(vec!["b/B.2-x".to_owned(), "a/a".to_owned()]));
    }

    #[test]
    fn an_entry_that_cannot_be_used_is_named() {
        let rows = [
            ("", EngineListError::Empty),
            (" , ", EngineListError::Empty),
            ("stable-diffusion", EngineListError::Entry("stable-diffusion".to_owned())),
            ("huggingface:nobody", EngineListError::Entry("huggingface:nobody".to_owned())),
            ("huggingface:a/../b", EngineListError::Entry("huggingface:a/../b".to_owned())),
            ("huggingface:a/b?c", EngineListError::Entry("huggingface:a/b?c".to_owned())),
            ("dalle:a/b", EngineListError::Kind("dalle".to_owned())),
        ];
        for (list, expected) in rows {
            assert_eq!(read(list), Err(expected), "{list}");
        }
    }

    #[test]
    fn an_engine_without_its_key_is_refused_by_name() {
        for key in ["", "hf_a\nb", "hf_ä"] {
            let keys = Keys { hugging_face_key: Some(key.to_owned()), hugging_face_url: String::new() };
            assert_eq!(
                engines_from_list("huggingface:a/b", &keys).err(),
                Some(EngineListError::KeyMissing("HUGGINGFACE_API_KEY"))
            );
        }
    }
}
