//! Removing from Storage what customers deleted.
//!
//! Owns: the order of it: taken from the ledger, removed, recorded. Must not: decide what is due (the ledger's), or fail the
//! shift: what could not be removed or recorded stays due.

use crate::context::{Backend, Context};
use domain::id::GenerationId;
use supabase::Removal;

/// So often is the ledger asked for more within one shift, which is as many hundred pictures.
const ROUNDS_MAX: usize = 10;

/// Removes what is due; answers how many pictures that were.
pub async fn remove_deleted(context: &Context, backend: &Backend) -> usize {
    let mut removed = 0_usize;
    for _ in 0..ROUNDS_MAX {
        match remove_some(context, backend).await {
            Ok(0) => break,
            Ok(count) => removed = removed.saturating_add(count),
            Err(reason) => {
                crate::log(&format!("deleted pictures stay in storage until the next try: {reason}"));
                break;
            }
        }
    }
    removed
}

async fn remove_some(context: &Context, backend: &Backend) -> Result<usize, String> {
    let (transport, timer, ledger) = (&context.transport, &context.timer, &backend.ledger);
    let due = ledger.claim_removals(transport).await.map_err(|error| error.to_string())?;
    if due.is_empty() {
        return Ok(0);
    }
    let names: Vec<&str> = due.iter().map(|removal| removal.object_name.as_str()).collect();
    backend.store.remove(transport, &names).await.map_err(|error| error.to_string())?;
    let ids: Vec<GenerationId> = due.iter().map(|Removal { id, .. }| *id).collect();
    ledger.record_removals(transport, timer, &ids).await.map_err(|error| error.to_string())?;
    Ok(due.len())
}
