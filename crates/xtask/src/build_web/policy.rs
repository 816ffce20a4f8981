//! The content security policy: what the page may load and with whom it may speak.
//!
//! Owns the policy's text and what counts as an address. Whether it travels as a header or in the page is `page`'s
//! business.

use anyhow::{Context, Result, ensure};

/// Scheme, host and port of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin of an address on the web. Whatever could end a part of the policy early is refused.
    pub fn of(address: &str) -> Result<Self> {
        let (scheme, rest) = address.split_once("://").with_context(|| format!("`{address}` is no address"))?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_host = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        ensure!(
            matches!(scheme, "https" | "http") && is_host && !host.is_empty(),
            "`{address}` is not the address of a host, with https:// or http:// before it"
        );
        Ok(Self(format!("{scheme}://{host}")))
    }

    /// The same host for WebSockets.
    fn live(&self) -> String {
        self.0.replacen("http", "ws", 1)
    }

    /// The origin, and the host with which it shares that work where it is Razorpay's checkout.
    fn with_razorpays(&self, other: &str) -> String {
        if self.0 == "https://checkout.razorpay.com" { format!("{} {other}", self.0) } else { self.0.clone() }
    }
}

/// How the policy comes to the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// By a header, which can say everything.
    Header,
    /// In the page, where the browser ignores who may frame it.
    Meta,
}

/// The policy of a page that speaks with the hub, and takes payments where there is a checkout.
pub fn policy(hub: &Origin, checkout: Option<&Origin>, delivery: Delivery) -> String {
    let live = hub.live();
    let hub = hub.0.as_str();
    // The script of Razorpay's checkout loads another, which assesses the risk, and frames a page; each has its host.
    let scripts = checkout.map(|origin| format!(" {}", origin.with_razorpays("https://cdn.razorpay.com")));
    let frames =
        checkout.map_or_else(|| "'none'".to_owned(), |origin| origin.with_razorpays("https://api.razorpay.com"));
    let mut directives = vec![
        "default-src 'none'".to_owned(),
        format!("script-src 'self' 'wasm-unsafe-eval'{}", scripts.unwrap_or_default()),
        "style-src 'self'".to_owned(),
        "font-src 'self'".to_owned(),
        format!("img-src 'self' blob: {hub}"),
        format!("connect-src 'self' {hub} {live}"),
        format!("frame-src {frames}"),
        "manifest-src 'self'".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
    ];
    if delivery == Delivery::Header {
        directives.push("frame-ancestors 'none'".to_owned());
    }
    directives.join("; ")
}

#[cfg(test)]
mod tests {
    use super::{Delivery, Origin, policy};

    #[test]
    fn an_origin_is_what_stands_before_the_path() {
        for (address, expected) in [
            ("https://a.supabase.co", "https://a.supabase.co"),
            ("https://a.supabase.co/rest/v1?x#y", "https://a.supabase.co"),
            ("http://127.0.0.1:54321/", "http://127.0.0.1:54321"),
            ("http://[::1]:54321/", "http://[::1]:54321"),
        ] {
            assert_eq!(Origin::of(address).unwrap(), Origin(expected.to_owned()), "{address}");
        }
        for wrong in ["a.supabase.co", "ftp://a", "https://", "https://a b", "https://a;script-src *", "https://u@a"] {
            Origin::of(wrong).unwrap_err();
        }
    }

    #[test]
    fn the_policy_names_the_hub_and_nobody_else() {
        let hub = Origin::of("https://a.supabase.co").unwrap();
        assert_eq!(
            policy(&hub, None, Delivery::Header),
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
             img-src 'self' blob: https://a.supabase.co; \
             connect-src 'self' https://a.supabase.co wss://a.supabase.co; frame-src 'none'; manifest-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert!(!policy(&hub, None, Delivery::Meta).contains("frame-ancestors"));
    }

    #[test]
    fn a_checkout_may_bring_its_script_and_its_page_as_on_the_local_stack() {
        // What scripts/local/site.ts is held against as well.
        let cases = include_str!("../../../../scripts/local/tests/policies.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(cases).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let origin = |name: &str| Origin::of(case[name].as_str().unwrap()).unwrap();
            let policy = policy(&origin("hub"), Some(&origin("checkout")), Delivery::Header);
            let expected: Vec<&str> =
                case["policy"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
            assert_eq!(policy.split("; ").collect::<Vec<_>>(), expected, "{case}");
        }
    }
}
