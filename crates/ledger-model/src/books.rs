//! The books: all sessions and all pictures, as written down.
//!
//! Owns: that every change is noted, so that it can be told what an operation has written. Must not: decide anything.

use crate::generation::{Generation, State};
use crate::names::{CustomerId, GenerationId, RequestId, SessionId};
use crate::session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// Sessions and pictures.
#[derive(Clone, Debug, Default)]
pub struct Books {
    sessions: BTreeMap<SessionId, Session>,
    generations: Vec<Generation>,
    of_request: BTreeMap<(CustomerId, RequestId), Vec<GenerationId>>,
    of_session: BTreeMap<SessionId, Vec<GenerationId>>,
    /// Those that wait or run, as written down.
    open: BTreeSet<GenerationId>,
    /// How long each completed picture took, in the order of their completion.
    paces_ms: Vec<u32>,
    /// What was there before, of whatever an operation has touched.
    sessions_before: BTreeMap<SessionId, Option<Session>>,
    generations_before: BTreeMap<GenerationId, Option<Generation>>,
}

/// What an operation has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Sessions that are new or different.
    pub sessions: Vec<SessionId>,
    /// Pictures that are new or different.
    pub generations: Vec<GenerationId>,
}

impl Books {
    /// A session of the books.
    #[must_use]
    pub fn session(&self, id: SessionId) -> &Session {
        &self.sessions[&id]
    }

    /// A session, where there is one of that name.
    #[must_use]
    pub fn find_session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// All sessions.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, &Session)> {
        self.sessions.iter().map(|(id, session)| (*id, session))
    }

    /// A picture of the books.
    #[must_use]
    pub fn generation(&self, id: GenerationId) -> &Generation {
        &self.generations[id.0]
    }

    /// All pictures, in the order in which they were made.
    pub fn generations(&self) -> impl Iterator<Item = (GenerationId, &Generation)> {
        self.generations.iter().enumerate().map(|(place, generation)| (GenerationId(place), generation))
    }

    /// The pictures of a request, in the order of the batch; none where there is no such request.
    #[must_use]
    pub fn request(&self, customer: CustomerId, request: RequestId) -> &[GenerationId] {
        self.of_request.get(&(customer, request)).map_or(&[], Vec::as_slice)
    }

    /// The pictures of a session.
    pub fn of_session(&self, id: SessionId) -> impl Iterator<Item = &Generation> {
        self.of_session.get(&id).into_iter().flatten().map(|id| self.generation(*id))
    }

    /// Those that wait or run, as written down, in the order in which they were made.
    pub fn open(&self) -> impl Iterator<Item = (GenerationId, &Generation)> {
        self.open.iter().map(|id| (*id, self.generation(*id)))
    }

    /// How long the newest pictures took, at most so many of them.
    #[must_use]
    pub fn newest_paces_ms(&self, count_max: usize) -> &[u32] {
        &self.paces_ms[self.paces_ms.len().saturating_sub(count_max)..]
    }

    /// Writes a session down.
    pub fn add_session(&mut self, id: SessionId, session: Session) {
        self.sessions_before.entry(id).or_insert(None);
        self.sessions.insert(id, session);
    }

    /// Writes a picture down.
    pub fn add_generation(&mut self, generation: Generation) -> GenerationId {
        let id = GenerationId(self.generations.len());
        self.generations_before.insert(id, None);
        self.of_request.entry((generation.customer, generation.request)).or_default().push(id);
        self.of_session.entry(generation.contents.session).or_default().push(id);
        self.open.insert(id);
        self.generations.push(generation);
        id
    }

    /// Changes a session.
    pub fn write_session(&mut self, id: SessionId, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.sessions.get_mut(&id) {
            self.sessions_before.entry(id).or_insert_with(|| Some(session.clone()));
            change(session);
        }
    }

    /// Changes a picture.
    pub fn write(&mut self, id: GenerationId, change: impl FnOnce(&mut Generation)) {
        let generation = &mut self.generations[id.0];
        self.generations_before.entry(id).or_insert_with(|| Some(generation.clone()));
        let was_completed = generation.state.is_completed();
        change(generation);
        match generation.state {
            State::Queued { .. } | State::Running { .. } => self.open.insert(id),
            State::Completed { .. } | State::Failed { .. } | State::Expired { .. } => self.open.remove(&id),
        };
        if let (false, State::Completed { picture }) = (was_completed, generation.state) {
            self.paces_ms.push(picture.generation_time_ms);
        }
    }

    /// What was written since this was last asked.
    pub fn take_changes(&mut self) -> Changes {
        let sessions = std::mem::take(&mut self.sessions_before);
        let generations = std::mem::take(&mut self.generations_before);
        Changes {
            sessions: sessions
                .into_iter()
                .filter(|(id, before)| before.as_ref() != self.sessions.get(id))
                .map(|(id, _)| id)
                .collect(),
            generations: generations
                .into_iter()
                .filter(|(id, before)| before.as_ref() != Some(self.generation(*id)))
                .map(|(id, _)| id)
                .collect(),
        }
    }
}
