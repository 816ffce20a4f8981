//! Which provider of Hugging Face serves which model, as one flag of the command line tells it.

use std::str::FromStr;

/// What the hub calls an entry's health.
const STATUSES: [&str; 3] = ["live", "staging", "error"];

/// One provider of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The provider, which is also the first part of the path at the router.
    pub provider: String,
    /// What the provider calls the model.
    pub provider_id: String,
    /// `live`, `staging` or `error`.
    pub status: String,
    /// Such as `text-to-image`.
    pub task: String,
}

impl Entry {
    /// The entry of a model about which nothing was said.
    pub fn of_hf_inference(model: &str) -> Self {
        Self {
            provider: "hf-inference".to_owned(),
            provider_id: model.to_owned(),
            status: "live".to_owned(),
            task: "text-to-image".to_owned(),
        }
    }
}

impl FromStr for Entry {
    type Err = ();

    /// Reads `provider:providerId[:status[:task]]`. An id may hold colons itself, as versions at replicate do, so status
    /// and task are told from it by what they look like.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (provider, rest) = text.split_once(':').ok_or(())?;
        let (rest, task) = match rest.rsplit_once(':') {
            Some((before, task)) if task.contains("-to-") && ends_with_status(before) => (before, task),
            _ => (rest, "text-to-image"),
        };
        let (provider_id, status) = match rest.rsplit_once(':') {
            Some((id, status)) if STATUSES.contains(&status) => (id, status),
            _ => (rest, "live"),
        };
        if provider.is_empty() || provider_id.is_empty() {
            return Err(());
        }
        let owned = str::to_owned;
        Ok(Self {
            provider: owned(provider),
            provider_id: owned(provider_id),
            status: owned(status),
            task: owned(task),
        })
    }
}

fn ends_with_status(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, status)| STATUSES.contains(&status))
}

/// The providers of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The model's id on the hub.
    pub model: String,
    /// Its providers, the hub's preference first; none when nobody serves it.
    pub entries: Vec<Entry>,
}

impl FromStr for Mapping {
    type Err = ();

    /// Reads `MODEL=entry,entry`; nothing after the sign means that no provider serves the model.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (model, entries) = text.split_once('=').filter(|(model, _)| !model.is_empty()).ok_or(())?;
        let entries = entries.split(',').filter(|entry| !entry.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { model: model.to_owned(), entries })
    }
}

/// In which of its two legal shapes the hub answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A list of entries that name their provider.
    #[default]
    Array,
    /// An object with a key for each provider, which come in alphabetical order and so tell no preference.
    Object,
}

impl FromStr for Shape {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "array" => Ok(Self::Array),
            "object" => Ok(Self::Object),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_with_and_without_its_optional_parts() {
        for (text, expected) in [
            ("fal-ai:fal-ai/flux/schnell", ("fal-ai", "fal-ai/flux/schnell", "live", "text-to-image")),
            ("together:a/b:staging", ("together", "a/b", "staging", "text-to-image")),
            ("replicate:a/b:5f3c", ("replicate", "a/b:5f3c", "live", "text-to-image")),
            ("replicate:a/b:5f3c:error:image-to-image", ("replicate", "a/b:5f3c", "error", "image-to-image")),
            ("fal-ai:wan/v2:live:text-to-video", ("fal-ai", "wan/v2", "live", "text-to-video")),
        ] {
            let entry: Entry = text.parse().unwrap();
            let read = (&*entry.provider, &*entry.provider_id, &*entry.status, &*entry.task);
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn a_model_may_have_many_providers_or_none() {
        let mapping: Mapping = "a/b=hf-inference:a/b,fal-ai:x/y".parse().unwrap();
        assert_eq!((mapping.model.as_str(), mapping.entries.len()), ("a/b", 2));
        assert_eq!("a/b=".parse::<Mapping>().unwrap().entries, []);
        for wrong in ["a/b", "=fal-ai:x", "a/b=fal-ai", "a/b=:x", "a/b=fal-ai:"] {
            assert!(wrong.parse::<Mapping>().is_err(), "{wrong}");
        }
    }
}
