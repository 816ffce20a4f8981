//! `index.html` and the headers that go with it.
//!
//! Owns the places of the template that the build fills: `{{asset boot.js}}`, `{{icons}}`, `{{csp}}`, and, for a site that is
//! made for one hub, `{{HUB_URL}}`, `{{HUB_KEY}}` and `{{CHECKOUT_URL}}`, which are otherwise left to whoever serves it.

use anyhow::{Context, Result, bail, ensure};

use super::assets::{Assets, FOLDER};
use super::policy::{self, Delivery, Origin};

/// The hub that a site is made for.
#[derive(Debug, PartialEq, Eq)]
pub struct Hub {
    url: String,
    key: String,
    checkout_url: String,
    origin: Origin,
    checkout: Option<Origin>,
}

impl Hub {
    /// The hub at the address, with the key that browsers may know and the script of the checkout, where one is used.
    pub fn new(url: &str, key: &str, checkout_url: Option<&str>) -> Result<Self> {
        // Such a key would be in every browser that opens the page.
        ensure!(!key.starts_with("sb_secret_"), "--publishable-key was given a secret key");
        Ok(Self {
            origin: Origin::of(url)?,
            checkout: checkout_url.map(Origin::of).transpose()?,
            url: url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
            checkout_url: checkout_url.unwrap_or_default().to_owned(),
        })
    }

    fn policy(&self, delivery: Delivery) -> String {
        policy::policy(&self.origin, self.checkout.as_ref(), delivery)
    }
}

/// The page: the template, filled and without its remarks.
pub fn page(template: &str, assets: &Assets, icons: &str, hub: Option<&Hub>) -> Result<String> {
    let mut page = String::new();
    let template = without_remarks(template)?;
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let (token, after) = after.split_once("}}").context("index.html: `{{` without `}}`")?;
        page.push_str(before);
        page.push_str(&value(token, assets, icons, hub)?);
        rest = after;
    }
    page.push_str(rest);
    let lines: Vec<&str> = page.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Ok(lines.join("\n") + "\n")
}

/// What stands in the place of a token.
fn value(token: &str, assets: &Assets, icons: &str, hub: Option<&Hub>) -> Result<String> {
    Ok(match (token, hub) {
        ("icons", _) => icons.to_owned(),
        ("csp", None) => String::new(),
        ("csp", Some(hub)) => {
            let policy = hub.policy(Delivery::Meta);
            format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">", escaped(&policy))
        }
        ("HUB_URL", Some(hub)) => escaped(&hub.url),
        ("HUB_KEY", Some(hub)) => escaped(&hub.key),
        ("CHECKOUT_URL", Some(hub)) => escaped(&hub.checkout_url),
        ("HUB_URL" | "HUB_KEY" | "CHECKOUT_URL", None) => format!("{{{{{token}}}}}"),
        _ => match token.strip_prefix("asset ") {
            Some(name) => assets.path(name)?,
            None => bail!("index.html: the build knows no `{{{{{token}}}}}`"),
        },
    })
}

/// The headers of the site, in the format that Netlify and Cloudflare Pages read.
pub fn headers(hub: &Hub) -> String {
    let policy = hub.policy(Delivery::Header);
    format!(
        "/*\n  Content-Security-Policy: {policy}\n  X-Content-Type-Options: nosniff\n\
         /\n  Cache-Control: no-cache\n/index.html\n  Cache-Control: no-cache\n\
         /{FOLDER}/*\n  Cache-Control: public, max-age=31536000, immutable\n"
    )
}

fn without_remarks(html: &str) -> Result<String> {
    let mut kept = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").context("index.html: `<!--` without `-->`")?.1;
    }
    kept.push_str(rest);
    Ok(kept)
}

/// The text as it stands between the quotes of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::{Assets, Hub, headers, page};

    fn filled(template: &str, hub: Option<&Hub>) -> anyhow::Result<String> {
        let assets = Assets::named("boot.js", "boot-e3b0c44298.js");
        page(template, &assets, "<div hidden></div>", hub)
    }

    #[test]
    fn a_page_for_any_hub_keeps_the_tokens_of_whoever_serves_it() {
        let template =
            "<!-- What this\n  is. -->\n  {{csp}}\n  <meta content=\"{{HUB_URL}}\">\n{{icons}}\n{{asset boot.js}}\n";
        assert_eq!(
            filled(template, None).unwrap(),
            "<meta content=\"{{HUB_URL}}\">\n<div hidden></div>\nassets/boot-e3b0c44298.js\n"
        );
    }

    #[test]
    fn a_page_for_one_hub_names_it_and_holds_the_policy() {
        let hub = Hub::new("https://a.example/", "a\"<&b", None).unwrap();
        let page = filled("{{csp}}{{HUB_URL}} {{HUB_KEY}} [{{CHECKOUT_URL}}]", Some(&hub)).unwrap();
        assert!(page.ends_with("https://a.example a&quot;&lt;&amp;b []\n"), "{page}");
        assert!(
            page.starts_with("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "),
            "{page}"
        );
    }

    #[test]
    fn what_the_build_does_not_know_stops_it() {
        for wrong in ["{{other}}", "{{asset other.js}}", "{{icons", "<!-- never ends"] {
            filled(wrong, None).unwrap_err();
        }
        Hub::new("https://a.example", "sb_secret_x", None).unwrap_err();
    }

    #[test]
    fn the_headers_keep_assets_for_ever_and_the_page_never() {
        let headers = headers(&Hub::new("https://a.example", "key", None).unwrap());
        assert!(headers.contains("/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n"), "{headers}");
        assert!(headers.contains("; frame-ancestors 'none'\n"), "{headers}");
    }
}
