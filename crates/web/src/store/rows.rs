//! Rows of the hub as plain values.

use domain::generation::Status;
use web_state::strip::{self, SessionStatus};
use web_state::turn::{self, Message, Picture};

use super::{Balance, Conversation, Plan, Session};
use crate::bridge::Row;

/// A picture, or the hold on one.
#[must_use]
pub fn picture(row: &Row) -> Picture {
    Picture {
        id: row.text("id"),
        request_id: row.text("requestId"),
        conversation_id: row.some_text("conversationId"),
        session_id: row.text("sessionId"),
        batch_index: row.whole("batchIndex"),
        batch_count: row.whole("batchCount"),
        hour_index: row.whole("hourIndex"),
        status: turn::status_of(&row.text("status")).unwrap_or(Status::Expired),
        prompt: row.text("prompt"),
        negative_prompt: row.text("negativePrompt"),
        width: row.whole("width"),
        height: row.whole("height"),
        steps: row.whole("steps"),
        cfg_scale_tenths: row.whole("cfgScaleTenths"),
        seed: row.whole("seed"),
        url: row.some_text("url"),
        object_name: row.some_text("objectName"),
        model: row.some_text("model"),
        failure_code: row.text("failureCode").parse().ok(),
        wait_code: row.text("waitCode").parse().ok(),
        not_before_ms: row.moment("notBefore"),
        created_at_ms: row.moment("createdAt").unwrap_or_default(),
        created_at: row.text("createdAtText"),
        settled_at_ms: row.moment("settledAt"),
        deleted: row.flag("deleted"),
    }
}

/// Pictures.
#[must_use]
pub fn pictures(rows: &[Row]) -> Vec<Picture> {
    rows.iter().map(picture).collect()
}

/// What the customer said.
#[must_use]
pub fn message(row: &Row) -> Message {
    Message {
        id: row.text("id"),
        content: row.text("content"),
        created_at_ms: row.moment("createdAt").unwrap_or_default(),
    }
}

/// A plan.
#[must_use]
pub fn plan(row: &Row) -> Plan {
    Plan {
        id: row.text("id"),
        name: row.text("name"),
        price_per_hour_paise: row.whole("pricePerHourPaise"),
        images_per_hour: row.whole("imagesPerHour"),
        videos_per_hour: row.whole("videosPerHour"),
    }
}

/// A session.
#[must_use]
pub fn session(row: &Row) -> Session {
    Session {
        id: row.text("id"),
        plan_id: row.text("planId"),
        hours: row.whole("hours"),
        is_active: row.text("status") == "active",
        created_at_ms: row.moment("createdAt").unwrap_or_default(),
        started_at_ms: row.moment("startedAt"),
        expires_at_ms: row.moment("expiresAt"),
    }
}

/// What is left of a session.
#[must_use]
pub fn balance(session_id: &str, row: &Row) -> Option<Balance> {
    row.is_there().then(|| Balance {
        session_id: session_id.to_owned(),
        hour: strip::Balance {
            per_hour: row.whole("creditsPerHour"),
            remaining: row.whole("creditsRemaining"),
            held: row.whole("creditsHeld"),
            resets_at_ms: row.moment("resetsAt"),
            expires_at_ms: row.moment("expiresAt"),
            session: SessionStatus::from_name(&row.text("status")),
        },
    })
}

/// A conversation.
#[must_use]
pub fn conversation(row: &Row) -> Conversation {
    Conversation { id: row.text("id"), title: row.text("title") }
}
