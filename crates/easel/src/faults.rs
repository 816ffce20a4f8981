//! The order book of faults: what to play, for which prompts, how often. It knows no protocol; each protocol plays a
//! fault in its own words.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that real engines do and clients must survive.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An answer made to order.
    Status {
        /// The HTTP status, 200 to 599.
        status: u16,
        /// A JSON value; a string is sent as it is when `content_type` is not JSON. Without one the protocol's usual
        /// body for this status is sent.
        #[serde(default)]
        body: Option<Value>,
        /// `application/json` by default.
        #[serde(default)]
        content_type: Option<String>,
        /// Extra headers, such as `Retry-After` and `RateLimit`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// The model is loading.
    Cold {
        /// Seconds that the engine says it needs.
        #[serde(default = "twenty")]
        estimated_time: f64,
        /// The variant of the gateway: an HTML page without any number.
        #[serde(default)]
        html: bool,
    },
    /// 200 with a page instead of a picture.
    TextPage {},
    /// 200 without a body.
    Empty {},
    /// A valid picture cut off, with a `Content-Length` that agrees.
    Truncated {
        /// How much of it is sent, 0 to 1.
        #[serde(default = "half")]
        fraction: f64,
    },
    /// JPEG bytes labelled `image/png`.
    Mislabelled {},
    /// The picture as base64 in JSON.
    JsonB64 {},
    /// The address of the picture in JSON.
    JsonUrl {
        /// Whether the address answers 404.
        #[serde(default)]
        missing: bool,
    },
    /// Never answers.
    Hang {},
    /// Answers properly, but late.
    Slow {
        /// The delay.
        ms: u64,
    },
    /// Closes the connection in the middle of the body, short of its `Content-Length`.
    Reset {
        /// Bytes of the body that still arrive.
        #[serde(default = "four_thousand")]
        after_bytes: usize,
    },
    /// The prompt is refused by moderation.
    RefusePrompt {},
    /// A valid picture of another size than asked for.
    WrongSize {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// A body of many mebibytes that begins like a PNG.
    Huge {
        /// Its size.
        mib: u64,
        /// Whether `Content-Length` tells its size beforehand.
        #[serde(default = "yes")]
        declared: bool,
    },
    /// Random bytes labelled `image/png`.
    Garbage {
        /// How many.
        #[serde(default = "four_thousand")]
        bytes: usize,
    },
    /// The job is taken and fails.
    JobFailed {
        /// What the engine says about it; without it the protocol's usual words.
        #[serde(default)]
        error: Option<String>,
    },
    /// The job is taken and never done.
    NeverDone {},
    /// To ask for the job fails some times; then it answers as if nothing had been.
    PollFailed {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// How many times; null for ever.
        #[serde(default = "once")]
        times: Option<u64>,
    },
    /// The picture was made, and held back or marked as indecent.
    Nsfw {},
    /// 200 with a list of pictures that holds none.
    EmptyList {},
    /// To fetch the picture from its address fails some times; then it is there.
    DownloadFailed {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// How many times; null for ever.
        #[serde(default = "once")]
        times: Option<u64>,
    },
}

fn once() -> Option<u64> {
    Some(1)
}

fn twenty() -> f64 {
    20.0
}

fn half() -> f64 {
    0.5
}

fn four_thousand() -> usize {
    4096
}

fn yes() -> bool {
    true
}

impl Fault {
    /// Its name, as orders write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Cold { .. } => "cold",
            Self::TextPage {} => "text_page",
            Self::Empty {} => "empty",
            Self::Truncated { .. } => "truncated",
            Self::Mislabelled {} => "mislabelled",
            Self::JsonB64 {} => "json_b64",
            Self::JsonUrl { .. } => "json_url",
            Self::Hang {} => "hang",
            Self::Slow { .. } => "slow",
            Self::Reset { .. } => "reset",
            Self::RefusePrompt {} => "refuse_prompt",
            Self::WrongSize { .. } => "wrong_size",
            Self::Huge { .. } => "huge",
            Self::Garbage { .. } => "garbage",
            Self::JobFailed { .. } => "job_failed",
            Self::NeverDone {} => "never_done",
            Self::PollFailed { .. } => "poll_failed",
            Self::Nsfw {} => "nsfw",
            Self::EmptyList {} => "empty_list",
            Self::DownloadFailed { .. } => "download_failed",
        }
    }

    /// What is wrong with the order itself, so that a test with a typing error hears of it at once.
    fn complaint(&self) -> Option<&'static str> {
        match self {
            Self::Status { status, .. } if !(200..=599).contains(status) => Some("status must be 200 to 599"),
            Self::Cold { estimated_time, .. } if !estimated_time.is_finite() => Some("estimated_time must be finite"),
            Self::Truncated { fraction } if !(0.0..=1.0).contains(fraction) => Some("fraction must be 0 to 1"),
            Self::WrongSize { width, height } if !(16..=2048).contains(width) || !(16..=2048).contains(height) => {
                Some("width and height must be 16 to 2048")
            }
            Self::Huge { mib, .. } if *mib > 4096 => Some("mib must be at most 4096"),
            Self::Garbage { bytes } if *bytes > 1 << 26 => Some("bytes must be at most 64 MiB"),
            Self::PollFailed { status, .. } | Self::DownloadFailed { status, .. } if !(400..=599).contains(status) => {
                Some("status must be 400 to 599")
            }
            _ => None,
        }
    }
}

/// An order: play this fault for requests with such a prompt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Part of the prompt; absent or empty for every prompt.
    #[serde(default)]
    pub prompt_contains: String,
    /// Part of the path, where one prompt goes to several routes or engines; absent or empty for every path.
    #[serde(default)]
    pub path_contains: String,
    /// How often; null for ever.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// What to play.
    pub fault: Fault,
}

/// The orders that still stand, oldest first.
#[derive(Debug, Default)]
pub struct OrderBook {
    inner: Mutex<Orders>,
}

#[derive(Debug, Default)]
struct Orders {
    last_id: u64,
    standing: Vec<(u64, Order)>,
}

impl OrderBook {
    /// Takes an order and returns its id, or says what is wrong with it.
    pub fn push(&self, order: Order) -> Result<u64, &'static str> {
        if let Some(complaint) = order.fault.complaint() {
            return Err(complaint);
        }
        if order.times == Some(0) {
            return Err("times must be at least 1, or null for ever");
        }
        let mut orders = self.orders();
        orders.last_id = orders.last_id.saturating_add(1);
        let id = orders.last_id;
        orders.standing.push((id, order));
        Ok(id)
    }

    /// The fault to play for this prompt on this path, if any; it counts as played.
    pub fn take(&self, prompt: &str, path: &str) -> Option<Fault> {
        let mut orders = self.orders();
        let meant = |order: &Order| prompt.contains(&order.prompt_contains) && path.contains(&order.path_contains);
        let at = orders.standing.iter().position(|(_, order)| meant(order))?;
        let (_, order) = orders.standing.get_mut(at)?;
        let fault = order.fault.clone();
        order.times = order.times.map(|times| times.saturating_sub(1));
        if order.times == Some(0) {
            orders.standing.remove(at);
        }
        Some(fault)
    }

    /// Withdraws the orders with exactly this `prompt_contains`, or all of them.
    pub fn clear(&self, prompt_contains: Option<&str>) {
        self.orders().standing.retain(|(_, order)| prompt_contains.is_some_and(|part| order.prompt_contains != part));
    }

    /// A thread that panicked while it held the lock leaves a list that is still a list.
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: &str) -> Order {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_order_is_played_as_often_as_it_says() {
        let book = OrderBook::default();
        book.push(order(r#"{"prompt_contains":"x","times":2,"fault":{"kind":"empty"}}"#)).unwrap();
        assert_eq!(book.take("axa", "/v1"), Some(Fault::Empty {}));
        assert_eq!(book.take("b", "/v1"), None);
        assert_eq!(book.take("x", "/v1"), Some(Fault::Empty {}));
        assert_eq!(book.take("x", "/v1"), None);
    }

    #[test]
    fn orders_for_one_prompt_are_played_in_turn() {
        let book = OrderBook::default();
        book.push(order(r#"{"fault":{"kind":"slow","ms":1}}"#)).unwrap();
        book.push(order(r#"{"times":null,"fault":{"kind":"hang"}}"#)).unwrap();
        assert_eq!(book.take("p", "/v1"), Some(Fault::Slow { ms: 1 }));
        assert_eq!((book.take("p", "/v1"), book.take("p", "/v1")), (Some(Fault::Hang {}), Some(Fault::Hang {})));
    }

    #[test]
    fn an_order_for_one_path_waits_for_it() {
        let book = OrderBook::default();
        book.push(order(r#"{"path_contains":"/images","fault":{"kind":"nsfw"}}"#)).unwrap();
        assert_eq!(book.take("p", "/v1/moderations"), None);
        assert_eq!(book.take("p", "/v1/images/generations"), Some(Fault::Nsfw {}));
    }

    #[test]
    fn clearing_one_prompt_leaves_the_others() {
        let book = OrderBook::default();
        book.push(order(r#"{"prompt_contains":"a","fault":{"kind":"empty"}}"#)).unwrap();
        book.push(order(r#"{"prompt_contains":"b","fault":{"kind":"empty"}}"#)).unwrap();
        book.clear(Some("a"));
        assert_eq!((book.take("a", "/v1"), book.take("b", "/v1").is_some()), (None, true));
    }

    #[test]
    fn a_wrong_order_is_refused() {
        for json in [
            r#"{"fault":{"kind":"nonsense"}}"#,
            r#"{"fault":{"kind":"slow","ms":1,"typo":2}}"#,
            r#"{"fault":{"kind":"empty"},"promptcontains":"x"}"#,
        ] {
            assert!(serde_json::from_str::<Order>(json).is_err(), "{json}");
        }
        let book = OrderBook::default();
        for json in [
            r#"{"fault":{"kind":"status","status":99}}"#,
            r#"{"fault":{"kind":"truncated","fraction":1.5}}"#,
            r#"{"times":0,"fault":{"kind":"empty"}}"#,
            r#"{"fault":{"kind":"poll_failed","status":200}}"#,
            r#"{"fault":{"kind":"download_failed","status":302}}"#,
        ] {
            assert!(book.push(order(json)).is_err(), "{json}");
        }
    }
}
