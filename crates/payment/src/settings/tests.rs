//! Which settings lead to whom, and which to a refusal to start.

use super::*;
use crate::Provider as _;

const RAZORPAY: [(&str, &str); 3] =
    [("RAZORPAY_KEY_ID", "rzp_test_1"), ("RAZORPAY_KEY_SECRET", "s3cret"), ("RAZORPAY_WEBHOOK_SECRET", "wh00k")];

/// The settings of Razorpay with others in their place, or besides.
fn with(others: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from(|name| {
        let mut all = others.iter().chain(&RAZORPAY);
        all.find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn only(settings: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from(|name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

fn is_signed(settings: &Settings, secret: &str) -> bool {
    settings.webhook_secrets.iter().any(|known| known.as_str() == secret)
}

#[test]
fn a_key_is_enough_to_choose_razorpay() {
    for more in [&[][..], &[("PAYMENT_PROVIDER", "")], &[("PAYMENT_PROVIDER", "razorpay")]] {
        let settings = with(more).unwrap();
        assert_eq!(settings.provider.name(), "razorpay");
        assert_eq!(settings.provider.key_id().unwrap().as_str(), "rzp_test_1");
        assert_eq!(settings.webhook_secrets.len(), 1);
        assert!(is_signed(&settings, "wh00k"));
    }
    let settings = with(&[("RAZORPAY_WEBHOOK_SECRET_PREVIOUS", "old")]).unwrap();
    assert_eq!(settings.webhook_secrets.first().unwrap().as_str(), "wh00k");
    assert!(is_signed(&settings, "old"));
}

#[test]
fn what_is_missing_or_unusable_is_named_and_never_quoted() {
    let rows = [
        (with(&[("RAZORPAY_KEY_ID", "")]), SettingsError::NoProvider),
        (with(&[("PAYMENT_PROVIDER", "razorpay"), ("RAZORPAY_KEY_ID", "")]), SettingsError::Setting("RAZORPAY_KEY_ID")),
        (with(&[("RAZORPAY_KEY_ID", "rzp:x")]), SettingsError::Setting("RAZORPAY_KEY_ID")),
        (with(&[("RAZORPAY_KEY_SECRET", "")]), SettingsError::Setting("RAZORPAY_KEY_SECRET")),
        (with(&[("RAZORPAY_KEY_SECRET", "s3cret ")]), SettingsError::Setting("RAZORPAY_KEY_SECRET")),
        (with(&[("RAZORPAY_WEBHOOK_SECRET", "")]), SettingsError::Setting("RAZORPAY_WEBHOOK_SECRET")),
        (with(&[("RAZORPAY_WEBHOOK_SECRET", "\n")]), SettingsError::Setting("RAZORPAY_WEBHOOK_SECRET")),
        (
            with(&[("RAZORPAY_WEBHOOK_SECRET_PREVIOUS", " ")]),
            SettingsError::Setting("RAZORPAY_WEBHOOK_SECRET_PREVIOUS"),
        ),
        (with(&[("RAZORPAY_API_URL", "http://api.razorpay.com/v1")]), SettingsError::Setting("RAZORPAY_API_URL")),
        (with(&[("PAYMENT_PROVIDER", "stripe")]), SettingsError::UnknownProvider),
        (with(&[("PAYMENT_PROVIDER", "Demo")]), SettingsError::UnknownProvider),
        (only(&[]), SettingsError::NoProvider),
    ];
    for (settings, expected) in rows {
        let error = settings.err().unwrap();
        assert_eq!(error, expected);
        let sentence = error.to_string();
        assert!(sentence.ends_with('.') && !sentence.contains("s3cret") && !sentence.contains("wh00k"), "{sentence}");
        if let SettingsError::Setting(name) = error {
            assert!(sentence.starts_with(name), "{sentence}");
        }
    }
}

/// The key goes along with every request: not over the air, and nowhere that two parsers read differently.
#[test]
fn the_key_goes_over_tls_or_stays_on_this_machine() {
    let rows = [
        ("https://api.razorpay.com/v1", true),
        ("https://api.razorpay.com/v1/", true),
        ("https://api.razorpay.com:443", true),
        ("http://127.0.0.1:9999/v1", true),
        ("http://127.8.7.6/v1", true),
        ("http://localhost:9999", true),
        ("http://LOCALHOST:9999", true),
        ("http://[::1]:9999/v1", true),
        ("http://[::1]", true),
        ("http://api.razorpay.com/v1", false),
        ("http://localhost.example.com", false),
        ("http://127.0.0.1.example.com", false),
        ("http://128.0.0.1", false),
        ("http://127.1", false),
        ("http://2130706433", false),
        ("http://localhost@example.com/v1", false),
        ("http://localhost:80@example.com/v1", false),
        ("http://localhost\\@example.com", false),
        ("http://example.com#@localhost", false),
        ("http://[::2]", false),
        ("https://user:pass@api.razorpay.com/v1", false),
        ("https://api.razorpay.com/v1?x=1", false),
        ("https://api.razorpay.com/v1/../v2", false),
        ("https://api.razorpay.com/v1%2f", false),
        ("https://api.razorpay.com:65536/v1", false),
        ("https://api.razorpay.com:+443/v1", false),
        ("https://", false),
        ("https:///v1", false),
        ("HTTPS://api.razorpay.com", false),
        ("ftp://127.0.0.1", false),
        ("//127.0.0.1", false),
        (" https://api.razorpay.com", false),
        ("https://api.razorpay.com/v1\n", false),
        ("api.razorpay.com", false),
    ];
    for (url, expected) in rows {
        assert_eq!(with(&[("RAZORPAY_API_URL", url)]).is_ok(), expected, "{url:?}");
    }
    let long = format!("https://api.razorpay.com/{}", "v".repeat(URL_BYTES_MAX));
    assert!(with(&[("RAZORPAY_API_URL", &long)]).is_err());
}

#[test]
fn a_demo_is_nowhere_but_on_a_developers_machine() {
    let rows = [
        ("http://127.0.0.1:54321", "", true),
        ("http://localhost:54321", "", true),
        ("http://[::1]:54321", "", true),
        ("http://kong:8000", "http://127.0.0.1:54321", true),
        ("http://kong:8000", "", false),
        ("http://kong:8000", "https://hub.example.com", false),
        ("http://127.0.0.1:54321", "https://hub.example.com", false),
        ("https://abcdefgh.supabase.co", "", false),
        ("https://abcdefgh.supabase.co", "http://127.0.0.1:54321", false),
        ("http://kong.example.com:8000", "http://127.0.0.1:54321", false),
        ("http://kong@example.com", "", false),
        ("http://10.0.0.7:54321", "", false),
        ("http://0.0.0.0:54321", "", false),
        ("kong", "", false),
        ("", "", false),
    ];
    for (url, known_to_browsers, expected) in rows {
        let settings =
            with(&[("PAYMENT_PROVIDER", "demo"), ("SUPABASE_URL", url), ("PUBLIC_API_URL", known_to_browsers)]);
        match settings {
            Ok(settings) => {
                assert!(expected, "{url:?} {known_to_browsers:?}");
                assert_eq!(settings.provider.name(), "demo");
                assert!(settings.provider.key_id().is_none() && settings.webhook_secrets.is_empty());
            }
            Err(error) => assert!(!expected && error == SettingsError::DemoOnTheWeb, "{url:?} {known_to_browsers:?}"),
        }
    }
    assert_eq!(only(&[("PAYMENT_PROVIDER", "demo")]).err(), Some(SettingsError::DemoOnTheWeb));
}
