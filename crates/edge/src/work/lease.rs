//! Keeping a lease alive while somebody works under it.
//!
//! Owns: the beat. Must not: know what the work is.

use crate::context::{Backend, Context};
use domain::id::LeaseId;
use std::time::Duration;
use supabase::Pulse;
use transport::Timer;

/// A sign of life every so often. The lease lives twelve of them (`private.lease`), so that some may be lost; and a
/// customer who takes his request back waits no longer than this for it to be heard.
const BEAT: Duration = Duration::from_secs(5);

/// Renews a lease until its customer takes the request back; ends then, and never otherwise.
pub async fn until_cancelled(context: &Context, backend: &Backend, lease: LeaseId) {
    loop {
        context.timer.sleep(BEAT).await;
        match backend.ledger.renew(&context.transport, lease).await {
            Ok(Pulse { cancel_requested: true, .. }) => return,
            // It ran out: the credit is the customer's again, and what is being drawn will be a present. There is nothing
            // left to renew.
            Ok(Pulse { held: false, .. }) => std::future::pending().await,
            Ok(_) => {}
            Err(error) => crate::log(&format!("lease {lease}: {error}")),
        }
    }
}
