//! Randomness, from the runtime's cryptographic source.
//!
//! Owns: where random bytes come from. Must not: stretch or seed anything itself.

/// Random bytes. All zero only where the runtime has no source of randomness, which none that runs functions lacks; what
/// must not be guessed (the address of a picture) is drawn by the database.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        crate::log("the runtime has no source of randomness");
    }
    bytes
}
