//! Vectors of Razorpay's own SDK (RAZORPAY.md, sections 5 and 6), and everything beside them.

use super::*;

const KEY_SECRET: &str = "EnLs21M47BllR3X8PSFtjtbd";
const ORDER: &str = "order_IEIaMR65cu6nz3";
const PAYMENT: &str = "pay_IH4NVgf4Dreq1l";
const CHECKOUT: &str = "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f";

const WEBHOOK_SECRET: &str = "123456";
const BODY: &[u8] = br#"{"a":1,"b":2,"c":{"d":3}}"#;
const WEBHOOK: &str = "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc";

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

#[test]
fn a_checkout_is_signed_for_its_order_and_its_payment() {
    let rows = [
        (KEY_SECRET, ORDER, PAYMENT, true),
        ("EnLs21M47BllR3X8PSFtjtbe", ORDER, PAYMENT, false),
        (KEY_SECRET, "order_IEIaMR65cu6nz4", PAYMENT, false),
        (KEY_SECRET, ORDER, "pay_IH4NVgf4Dreq1L", false),
        (KEY_SECRET, PAYMENT, ORDER, false),
        (KEY_SECRET, "", PAYMENT, false),
        (KEY_SECRET, ORDER, "", false),
    ];
    for (key_secret, order, payment, expected) in rows {
        assert_eq!(verify_checkout(&secret(key_secret), order, payment, CHECKOUT), expected, "{order} {payment}");
    }
}

/// Where the bar between the ids stands must not be the browser's to choose.
#[test]
fn ids_that_hold_a_bar_are_never_signed() {
    let key_secret = secret("k");
    let signature = "71161b60a4d93def32c2a653725e320ac4f6c6feb2fed076741d5242a569be45";
    assert!(is_signed(&key_secret, &[b"a|b", b"|", b"c"], signature), "the bytes alone are signed");
    assert!(!verify_checkout(&key_secret, "a|b", "c", signature));
    assert!(!verify_checkout(&key_secret, "a", "b|c", signature));
}

#[test]
fn a_webhook_is_signed_with_its_current_or_its_previous_secret() {
    let [old, new] = [secret(WEBHOOK_SECRET), secret("654321")];
    let rows: [(&[Secret], bool); 5] = [
        (std::slice::from_ref(&old), true),
        (&[new.clone(), old.clone()], true),
        (&[old.clone(), new.clone()], true),
        (&[new], false),
        (&[], false),
    ];
    for (secrets, expected) in rows {
        assert_eq!(verify_webhook(secrets, BODY, WEBHOOK), expected);
    }
    for body in [&br#"{"a":1, "b":2,"c":{"d":3}}"#[..], br#"{"a":1,"b":2,"c":{"d":3}} "#, b""] {
        assert!(!verify_webhook(std::slice::from_ref(&old), body, WEBHOOK));
    }
}

#[test]
fn a_signature_is_64_digits_in_lower_case_and_nothing_else() {
    let secrets = [secret(WEBHOOK_SECRET)];
    let odd = WEBHOOK.strip_prefix('2').unwrap();
    let short = WEBHOOK.strip_prefix("2f").unwrap();
    let rows = [
        WEBHOOK.to_uppercase(),
        WEBHOOK.replace('e', "E"),
        odd.to_owned(),
        short.to_owned(),
        format!("{WEBHOOK}00"),
        format!("{WEBHOOK} "),
        format!(" {WEBHOOK}"),
        format!("0x{short}"),
        format!("+{odd}"),
        WEBHOOK.replace('e', "g"),
        WEBHOOK.replace('2', "２"),
        "é".repeat(32),
        "0".repeat(64),
        String::new(),
    ];
    for signature in rows {
        assert!(!verify_webhook(&secrets, BODY, &signature), "{signature:?}");
    }
    assert!(verify_webhook(&secrets, BODY, WEBHOOK));
}

/// RFC 4231, cases 2, 6 and 7: keys shorter and longer than a block.
#[test]
fn hmac_is_that_of_the_rfc() {
    let long = "\u{aa}".repeat(131);
    let key = Secret::new("Jefe").unwrap();
    let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert!(verify_webhook(&[key], b"what do ya want for nothing?", signature));
    // A key of other bytes than text has no place in the settings.
    assert!(Secret::new(&long).is_none());
}
