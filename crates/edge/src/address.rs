//! Where a request comes from, as far as it can be believed.
//!
//! Owns: which header tells the client's address, what of it counts, and the key with which it is sealed for the ledger.
//! Must not: believe `x-forwarded-for`: a client may
//! begin that list as he likes.

use crate::context::{Backend, Context};
use crate::http::Incoming;
use std::net::IpAddr;
use supabase::SealedAddress;

/// The client's address as the ledger believes it; none where it is not known, or the instance has not learnt the key.
pub fn sealed(incoming: &Incoming, context: &Context) -> Option<SealedAddress> {
    let address = of(incoming, &context.client_address_header)?;
    context.address_key.borrow().as_ref().map(|key| key.seal(address))
}

/// Asks for the key of addresses, once an instance. The first request of an instance goes without its address.
pub async fn learn_key(context: &Context, backend: &Backend) {
    if context.address_key.borrow().is_none() {
        match backend.ledger.address_key(&context.transport).await {
            Ok(key) => {
                context.address_key.replace(Some(key));
            }
            Err(error) => crate::log(&format!("no address can be limited: {error}")),
        }
    }
}

/// The address of the client; none where the platform did not say. Of IPv6 the first 64 bits count: a household has them
/// all to itself, and a client may change the rest with every request.
fn of(incoming: &Incoming, header: &str) -> Option<String> {
    normalized(&incoming.header(header)?)
}

fn normalized(text: &str) -> Option<String> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_a_client_cannot_change_at_will() {
        let rows = [
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1 ", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::")),
            ("2001:db8:1:2::9", Some("2001:db8:1:2::")),
            ("192.0.2.1, 198.51.100.7", None),
            ("localhost", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(normalized(text).as_deref(), expected, "{text:?}");
        }
    }
}
