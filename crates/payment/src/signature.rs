//! Signatures under what a provider sends: HMAC-SHA256 in hexadecimal.
//!
//! Owns: what exactly is signed, and comparing it in constant time. Must not: read what is signed before it is verified.

use crate::Secret;
use crate::entity::is_id;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 32;

/// Whether a checkout was signed with the key's secret: that this payment is one for this order. It says nothing about
/// how much was paid, nor whether it was captured.
///
/// The order id must be the one of our own database. Ids of a form that no provider gives out are refused, so that the bar
/// between the two can be at one place only.
#[must_use]
pub fn verify_checkout(key_secret: &Secret, order_id: &str, payment_id: &str, signature: &str) -> bool {
    is_id(order_id)
        && is_id(payment_id)
        && is_signed(key_secret, &[order_id.as_bytes(), b"|", payment_id.as_bytes()], signature)
}

/// Whether a webhook's body was signed with one of these secrets: the current one, and the one before it, under which
/// older events still come for a day. The body must be the bytes as they arrived. No secret, no signature.
#[must_use]
pub fn verify_webhook(secrets: &[Secret], raw_body: &[u8], signature: &str) -> bool {
    secrets.iter().any(|secret| is_signed(secret, &[raw_body], signature))
}

fn is_signed(secret: &Secret, parts: &[&[u8]], signature: &str) -> bool {
    let Some(signature) = bytes_of_hex(signature) else { return false };
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_str().as_bytes()) else { return false };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(&signature).is_ok()
}

/// In lower case only, as providers write it: what is signed has one signature and not many.
fn bytes_of_hex(hex: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let mut bytes = [0; SIGNATURE_BYTES];
    if pairs.len() != SIGNATURE_BYTES {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(letter: u8) -> Option<u8> {
    let digit = char::from(letter).to_digit(16).filter(|_| !letter.is_ascii_uppercase())?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests;
