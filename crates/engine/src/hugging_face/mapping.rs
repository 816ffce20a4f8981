//! Who serves a model: the answer of Hugging Face's hub.
//!
//! Owns: reading it, in both of its shapes, and which entries can be used. Must not: choose among those. Source:
//! `expand[]=inferenceProviderMapping` of the hub's API as the official clients read it.

use super::Provider;
use crate::media::is_plain_path;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// A provider that serves the model now, and how it calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Whom to ask.
    pub provider: Provider,
    /// The model's name at the provider.
    pub id: String,
    /// Where the model is an adapter (LoRA) on a base that the provider has: the file of its weights.
    pub adapter_weights: Option<String>,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default, rename = "inferenceProviderMapping")]
    mapping: Entries,
}

/// The entries in their order. Both shapes are read by hand because the order of an object's keys is lost in a map.
#[derive(Default)]
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("providers, listed or by name")
    }

    fn visit_unit<E>(self) -> Result<Entries, E> {
        Ok(Entries::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = vec![];
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
        let mut entries = vec![];
        while let Some(entry) = list.next_element::<Value>()? {
            if let Some(provider) = entry.get("provider").and_then(Value::as_str) {
                entries.push((provider.to_owned(), entry));
            }
        }
        Ok(Entries(entries))
    }
}

/// Who serves the model, the cheapest first and the others in the hub's order; nobody is an answer as well. None where
/// the text is not the hub's answer.
pub fn read(body: &[u8]) -> Option<Vec<Served>> {
    let model: Model = serde_json::from_slice(body).ok()?;
    let serving = model.mapping.0.iter().filter_map(|(name, entry)| usable(name, entry));
    let (mut cheapest, others): (Vec<_>, Vec<_>) = serving.partition(|served| served.provider == Provider::HfInference);
    cheapest.extend(others);
    Some(cheapest)
}

fn usable(provider: &str, entry: &Value) -> Option<Served> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if text("status")? != "live" || text("task")? != "text-to-image" {
        return None;
    }
    let provider = Provider::from_name(provider)?;
    let adapter_weights = text("adapterWeightsPath").map(str::to_owned);
    let adapter_weights = if text("adapter") == Some("lora") {
        // Without them the base alone would draw, under the adapter's name.
        Some(adapter_weights?)
    } else {
        None
    };
    let id = text("providerId").filter(|id| is_plain_path(id))?.to_owned();
    Some(Served { provider, id, adapter_weights })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Provider::{FalAi, HfInference, Replicate, Together};
    use serde_json::json;

    fn served(mapping: &Value) -> Vec<(Provider, String)> {
        let body = json!({ "id": "a/b", "inferenceProviderMapping": mapping }).to_string();
        read(body.as_bytes()).unwrap().into_iter().map(|served| (served.provider, served.id)).collect()
    }

    fn live(provider: &str, id: &str) -> Value {
        json!({ "provider": provider, "providerId": id, "status": "live", "task": "text-to-image" })
    }

    #[test]
    fn an_object_and_a_list_say_the_same() {
        let entry = |id: &str| json!({ "providerId": id, "status": "live", "task": "text-to-image" });
        let object = json!({ "fal-ai": entry("fal-ai/flux/dev") });
        let list = json!([live("fal-ai", "fal-ai/flux/dev")]);
        let expected = [(FalAi, "fal-ai/flux/dev".to_owned())];
        assert_eq!(served(&object), expected);
        assert_eq!(served(&list), expected);
    }

    #[test]
    fn the_order_is_the_hubs_but_for_the_cheapest() {
        let body = r#"{"inferenceProviderMapping":{
            "together":{"providerId":"t","status":"live","task":"text-to-image"},
            "replicate":{"providerId":"r/r:abc","status":"live","task":"text-to-image"},
            "hf-inference":{"providerId":"a/b","status":"live","task":"text-to-image"},
            "fal-ai":{"providerId":"f","status":"live","task":"text-to-image"}}}"#;
        let providers: Vec<_> = read(body.as_bytes()).unwrap().iter().map(|served| served.provider).collect();
        assert_eq!(providers, [HfInference, Together, Replicate, FalAi]);
    }

    #[test]
    fn what_cannot_be_used_is_skipped() {
        let with = |name: &str, value: Value| {
            let mut entry = live("fal-ai", "f");
            entry[name] = value;
            entry
        };
        let rows = [
            json!([]),
            json!({}),
            json!(null),
            json!([live("nobody-knows", "x")]),
            json!([with("status", json!("error"))]),
            json!([with("status", json!("staging"))]),
            json!([with("status", json!(1))]),
            json!([with("task", json!("text-to-video"))]),
            json!([with("providerId", json!("../together/x"))]),
            json!([with("providerId", json!("f?x=1"))]),
            json!([with("providerId", json!(""))]),
            json!([with("adapter", json!("lora"))]),
            json!([{ "providerId": "f" }, 5, null]),
        ];
        for mapping in rows {
            assert_eq!(served(&mapping), [], "{mapping}");
        }
        assert_eq!(served(&json!([5, live("nobody-knows", "x"), live("together", "t")])).len(), 1);
        assert_eq!(read(b"{}"), Some(vec![]), "a model without the key has no provider");
    }

    #[test]
    fn what_is_not_the_hubs_answer_says_nothing() {
        for body in ["", "<html>", "5", r#"{"inferenceProviderMapping":5}"#] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
    }
}
