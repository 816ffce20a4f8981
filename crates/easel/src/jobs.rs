//! Jobs of engines that take a request, answer at once, and are asked for the result later. A job here is done after it
//! was asked for a certain number of times, not after a certain time, so that tests see the same every time.

use crate::faults::Fault;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Jobs that are remembered; the oldest go first.
const JOBS_MAX: usize = 1000;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waits for its turn.
    Queued,
    /// Is worked on.
    Running,
    /// Has ended, well or badly.
    Done,
    /// Was taken back before its turn came.
    Cancelled,
}

/// One job, with what its protocol has to know of it.
#[derive(Debug)]
pub struct Job<T> {
    /// Its name.
    pub id: String,
    /// What it is to paint.
    pub prompt: String,
    /// What goes wrong with it.
    pub fault: Option<Fault>,
    /// What was ordered.
    pub order: T,
    polls_until_done: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    polls: u64,
    failed_polls: u64,
    cancelled: bool,
}

impl<T> Job<T> {
    /// A job that is done once it was asked for so many times.
    pub fn new(id: String, prompt: &str, fault: Option<Fault>, polls_until_done: u64, order: T) -> Self {
        Self { id, prompt: prompt.to_owned(), fault, order, polls_until_done, state: Mutex::default() }
    }

    /// Asks where the job is, which moves it on; or the HTTP status with which the asking fails.
    pub fn poll(&self) -> Result<Stage, u16> {
        let mut state = self.state();
        if let Some(Fault::PollFailed { status, times }) = self.fault
            && times.is_none_or(|times| state.failed_polls < times)
        {
            state.failed_polls = state.failed_polls.saturating_add(1);
            return Err(status);
        }
        let stage = self.stage_after(&state, state.polls);
        state.polls = state.polls.saturating_add(1);
        Ok(match stage {
            // The first question finds it queued only if there is time for it to be seen running as well.
            Stage::Queued if self.polls_until_done < 2 => Stage::Running,
            stage => stage,
        })
    }

    /// Where the job is, without moving it.
    pub fn stage(&self) -> Stage {
        let state = self.state();
        self.stage_after(&state, state.polls)
    }

    /// Takes the job back if its turn has not come, and tells where it is now.
    pub fn cancel(&self) -> Stage {
        let mut state = self.state();
        if self.stage_after(&state, state.polls) == Stage::Queued {
            state.cancelled = true;
        }
        self.stage_after(&state, state.polls)
    }

    fn stage_after(&self, state: &State, polls: u64) -> Stage {
        let endless = matches!(self.fault, Some(Fault::NeverDone {}));
        match polls {
            _ if state.cancelled => Stage::Cancelled,
            polls if polls >= self.polls_until_done && !endless => Stage::Done,
            0 => Stage::Queued,
            _ => Stage::Running,
        }
    }

    /// A thread that panicked while it held the lock leaves numbers that are still numbers.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The jobs of one protocol.
#[derive(Debug)]
pub struct Jobs<T> {
    jobs: Mutex<VecDeque<Arc<Job<T>>>>,
}

impl<T> Default for Jobs<T> {
    fn default() -> Self {
        Self { jobs: Mutex::default() }
    }
}

impl<T> Jobs<T> {
    /// Takes a job.
    pub fn add(&self, job: Job<T>) -> Arc<Job<T>> {
        let job = Arc::new(job);
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.len() >= JOBS_MAX {
            jobs.pop_front();
        }
        jobs.push_back(Arc::clone(&job));
        job
    }

    /// The job of this name.
    pub fn find(&self, id: &str) -> Option<Arc<Job<T>>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.iter().find(|job| job.id == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::Stage::{Cancelled, Done, Queued, Running};
    use super::*;

    fn job(polls_until_done: u64, fault: Option<Fault>) -> Job<()> {
        Job::new("1".to_owned(), "a lake", fault, polls_until_done, ())
    }

    #[test]
    fn a_job_is_done_after_the_polls_that_were_asked_for() {
        for (polls_until_done, stages) in [
            (0, vec![Done, Done]),
            (1, vec![Running, Done, Done]),
            (2, vec![Queued, Running, Done]),
            (3, vec![Queued, Running, Running, Done]),
        ] {
            let job = job(polls_until_done, None);
            let seen: Vec<Stage> = stages.iter().map(|_| job.poll().unwrap()).collect();
            assert_eq!(seen, stages, "{polls_until_done}");
            assert_eq!(job.stage(), Done);
        }
    }

    #[test]
    fn a_job_that_is_never_done_runs_for_ever() {
        let job = job(1, Some(Fault::NeverDone {}));
        assert_eq!([(); 5].map(|()| job.poll()), [Ok(Running); 5]);
        assert_eq!(job.cancel(), Running);
    }

    #[test]
    fn failed_polls_do_not_move_the_job() {
        let job = job(1, Some(Fault::PollFailed { status: 502, times: Some(2) }));
        assert_eq!([(); 4].map(|()| job.poll()), [Err(502), Err(502), Ok(Running), Ok(Done)]);
    }

    #[test]
    fn only_a_queued_job_can_be_cancelled() {
        let queued = job(1, None);
        assert_eq!((queued.cancel(), queued.poll()), (Cancelled, Ok(Cancelled)));
        let running = job(1, None);
        assert_eq!(running.poll(), Ok(Running));
        assert_eq!((running.cancel(), running.poll()), (Done, Ok(Done)));
    }
}
