//! A client's address, sealed: the database believes only what bears the seal, since a customer may call it himself.
//!
//! Owns: the seal, which is SHA-256 of the key, the address and the key again, one a line, in hexadecimal; SQL makes the
//! same (`private.sealed_address`). Must not: find out the address, which is the edge's.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The key that the edge functions share with the database. It cannot be printed.
#[derive(Clone)]
pub struct AddressKey(String);

/// An address with its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedAddress {
    address: String,
    seal: String,
}

impl AddressKey {
    pub(crate) const fn new(key: String) -> Self {
        Self(key)
    }

    /// Seals an address.
    #[must_use]
    pub fn seal(&self, address: String) -> SealedAddress {
        let digest = Sha256::digest(format!("{key}\n{address}\n{key}", key = self.0));
        let mut seal = String::with_capacity(64);
        for byte in digest {
            // Writing into a string does not fail.
            let _ = write!(seal, "{byte:02x}");
        }
        SealedAddress { address, seal }
    }
}

impl SealedAddress {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn seal(&self) -> &str {
        &self.seal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_what_postgres_makes_of_the_same() {
        // select encode(sha256(convert_to(E'key\\n192.0.2.1\\nkey', 'UTF8')), 'hex')
        let sealed = AddressKey::new("key".to_owned()).seal("192.0.2.1".to_owned());
        assert_eq!(sealed.address(), "192.0.2.1");
        assert_eq!(sealed.seal(), "b00add7e78c96e6f2da24e2e1e1cf3934eb422bec994a94f181a68a61bc9592b");
    }
}
