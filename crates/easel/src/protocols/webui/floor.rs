//! The requests that are being painted, so that they can be watched and interrupted. All of the WebUI's progress is that
//! of the oldest of them: a real one paints one request after the other, and this one does so only as far as the clients
//! can tell. A client that gave its request a name, its task, can ask about that one.

use crate::clock;
use crate::painter::Request;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Steps after which there is something to be seen.
pub const PREVIEW_STEPS: u32 = 10;

/// A preview is so many times smaller than its picture.
const PREVIEW_SCALE: u32 = 8;

/// Tasks that are remembered after their end, as many as a real WebUI does.
const ENDED_MAX: usize = 16;

/// The floor of the studio.
#[derive(Debug, Default)]
pub struct Floor {
    roll: Mutex<Roll>,
}

/// Who is on the floor, and who was.
#[derive(Debug, Default)]
struct Roll {
    /// In the order of their arrival.
    sittings: Vec<Arc<Sitting>>,
    /// Tasks in the order of their end.
    ended: VecDeque<String>,
}

/// One request that is being painted.
#[derive(Debug)]
pub struct Sitting {
    /// What is painted.
    pub request: Request,
    task: Option<String>,
    job: &'static str,
    batches: u32,
    timestamp: String,
    started: Instant,
    batch: AtomicU32,
    sampling: Mutex<Sampling>,
    interrupted: AtomicBool,
    skipped: AtomicBool,
    bell: Notify,
}

/// The sampling of one batch.
#[derive(Clone, Copy, Debug)]
struct Sampling {
    started: Instant,
    /// How long it takes; for ever without.
    length: Option<Duration>,
}

/// A sitting that leaves the floor when it is dropped, also when its client leaves.
#[derive(Debug)]
pub struct Seat<'a> {
    floor: &'a Floor,
    sitting: Arc<Sitting>,
}

impl Floor {
    /// Begins a request, which its client may have given a name.
    pub fn sit(&self, request: Request, task: Option<String>, job: &'static str, batches: u32) -> Seat<'_> {
        let started = Instant::now();
        let sitting = Arc::new(Sitting {
            request,
            task,
            job,
            batches,
            timestamp: clock::compact(clock::unix_seconds()),
            started,
            batch: AtomicU32::new(0),
            sampling: Mutex::new(Sampling { started, length: None }),
            interrupted: AtomicBool::new(false),
            skipped: AtomicBool::new(false),
            bell: Notify::new(),
        });
        self.roll().sittings.push(Arc::clone(&sitting));
        Seat { floor: self, sitting }
    }

    /// The request whose progress is shown.
    pub fn oldest(&self) -> Option<Arc<Sitting>> {
        self.roll().sittings.first().cloned()
    }

    /// The request of this name, as long as it is on the floor.
    pub fn find(&self, task: &str) -> Option<Arc<Sitting>> {
        self.roll().sittings.iter().find(|sitting| sitting.is(task)).cloned()
    }

    /// What is told of a task, without a picture: it is active while it is the oldest, queued behind others, and
    /// completed once it has left the floor.
    pub fn standing(&self, task: &str) -> Value {
        let roll = self.roll();
        let place = roll.sittings.iter().position(|sitting| sitting.is(task));
        let active = roll.sittings.first().filter(|_| place == Some(0));
        let share = active.map(|sitting| sitting.share());
        let elapsed = active.map_or(0.0, |sitting| sitting.started.elapsed().as_secs_f64());
        let words = match place {
            Some(0) => None,
            Some(place) => Some(format!("In queue: {place}/{}", roll.sittings.len().saturating_sub(1))),
            None => Some("Waiting...".to_owned()),
        };
        json!({
            "active": active.is_some(),
            "queued": place.is_some() && active.is_none(),
            "completed": roll.ended.iter().any(|ended| ended == task),
            "progress": share,
            "eta": share.filter(|share| *share > 0.0).map(|share| elapsed / share - elapsed),
            "live_preview": null,
            "id_live_preview": -1,
            "textinfo": words,
        })
    }

    /// A thread that panicked while it held the lock leaves lists that are still lists.
    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Seat<'_> {
    type Target = Sitting;

    fn deref(&self) -> &Sitting {
        &self.sitting
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut roll = self.floor.roll();
        roll.sittings.retain(|sitting| !Arc::ptr_eq(sitting, &self.sitting));
        if let Some(task) = &self.sitting.task {
            if roll.ended.len() >= ENDED_MAX {
                roll.ended.pop_front();
            }
            roll.ended.push_back(task.clone());
        }
    }
}

impl Sitting {
    /// Samples one batch for so long, or for ever, unless somebody wants it to end. Returns the steps that were made.
    pub async fn sample(&self, batch: u32, length: Option<Duration>) -> u32 {
        self.batch.store(batch, Ordering::Relaxed);
        self.skipped.store(false, Ordering::Relaxed);
        *self.sampling() = Sampling { started: Instant::now(), length };
        let whole = async {
            match length {
                Some(length) => tokio::time::sleep(length).await,
                None => std::future::pending().await,
            }
        };
        let stopped = async {
            // A bell that was rung before this batch began may still be heard here, and means nothing then.
            while !self.is_interrupted() && !self.skipped.load(Ordering::Relaxed) {
                self.bell.notified().await;
            }
        };
        tokio::select! {
            biased;
            () = whole => self.request.steps,
            () = stopped => self.step().max(1),
        }
    }

    /// Ends the request with what there is.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.bell.notify_one();
    }

    /// Ends the batch, and goes on with the next.
    pub fn skip(&self) {
        self.skipped.store(true, Ordering::Relaxed);
        self.bell.notify_one();
    }

    /// Whether no further batch is wanted.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// A small picture of what is there, once there is something.
    pub fn preview(&self) -> Option<Request> {
        let steps = Some(self.step()).filter(|step| *step >= PREVIEW_STEPS)?;
        let small = |side: u32| (side / PREVIEW_SCALE).max(16);
        let (width, height) = (small(self.request.width), small(self.request.height));
        Some(Request { width, height, steps, ..self.request.clone() })
    }

    /// The progress as it is shown, without a picture: it begins at a hundredth and never reaches one.
    pub fn progress(&self) -> Value {
        let (batch, steps) = (self.batch.load(Ordering::Relaxed), self.request.steps.max(1));
        let progress = (0.01 + self.share()).min(0.99);
        let elapsed = self.started.elapsed().as_secs_f64();
        json!({
            "progress": progress,
            "eta_relative": elapsed / progress - elapsed,
            "state": {
                "skipped": self.skipped.load(Ordering::Relaxed),
                "interrupted": self.is_interrupted(),
                "stopping_generation": false,
                "job": self.job,
                "job_count": self.batches,
                "job_timestamp": self.timestamp,
                "job_no": batch,
                "sampling_step": self.step(),
                "sampling_steps": steps,
            },
            "current_image": null,
            "textinfo": null,
        })
    }

    /// Whether its client gave it this name.
    fn is(&self, task: &str) -> bool {
        self.task.as_deref() == Some(task)
    }

    /// How much of it is sampled.
    fn share(&self) -> f64 {
        let sampled = f64::from(self.step()) / f64::from(self.request.steps.max(1));
        let share = (f64::from(self.batch.load(Ordering::Relaxed)) + sampled) / f64::from(self.batches.max(1));
        share.min(1.0)
    }

    fn step(&self) -> u32 {
        let Sampling { started, length } = *self.sampling();
        let Some(length) = length.filter(|length| !length.is_zero()) else {
            return 0;
        };
        let share = started.elapsed().as_secs_f64() / length.as_secs_f64();
        (f64::from(self.request.steps) * share.min(1.0)) as u32
    }

    /// A thread that panicked while it held the lock leaves times that are still times.
    fn sampling(&self) -> MutexGuard<'_, Sampling> {
        self.sampling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The progress while nothing is painted.
pub fn idle() -> Value {
    json!({
        "progress": 0.0,
        "eta_relative": 0.0,
        "state": {
            "skipped": false, "interrupted": false, "stopping_generation": false, "job": "", "job_count": 0,
            "job_timestamp": "0", "job_no": 0, "sampling_step": 0, "sampling_steps": 0,
        },
        "current_image": null,
        "textinfo": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request { steps: 20, ..Request::default() }
    }

    #[tokio::test]
    async fn an_endless_batch_ends_when_it_is_interrupted_and_the_floor_is_empty_afterwards() {
        let floor = Floor::default();
        let seat = floor.sit(request(), None, "scripts_txt2img", 2);
        let other = floor.oldest().unwrap();
        let (steps, ()) = tokio::join!(seat.sample(0, None), async { other.interrupt() });
        assert_eq!((steps, seat.is_interrupted()), (1, true));
        assert_eq!(seat.progress()["progress"], 0.01);
        drop(seat);
        assert!(floor.oldest().is_none());
    }

    #[tokio::test]
    async fn a_skip_ends_one_batch_alone() {
        let floor = Floor::default();
        let seat = floor.sit(request(), None, "scripts_txt2img", 2);
        let (_, ()) = tokio::join!(seat.sample(0, None), async { seat.skip() });
        assert!(!seat.is_interrupted());
        let next = tokio::time::timeout(Duration::from_millis(20), seat.sample(1, None)).await;
        assert!(next.is_err(), "the second batch goes on");
        assert_eq!(seat.progress()["state"]["job_no"], 1);
    }

    #[tokio::test]
    async fn a_batch_that_takes_no_time_has_all_its_steps() {
        let floor = Floor::default();
        assert_eq!(floor.sit(request(), None, "scripts_txt2img", 1).sample(0, Some(Duration::ZERO)).await, 20);
    }

    #[test]
    fn a_task_that_ended_is_remembered_for_a_while() {
        let floor = Floor::default();
        for number in 0..=ENDED_MAX {
            drop(floor.sit(request(), Some(number.to_string()), "scripts_txt2img", 1));
        }
        let is_completed = |number: usize| floor.standing(&number.to_string())["completed"] == true;
        assert_eq!((is_completed(0), is_completed(1), is_completed(ENDED_MAX)), (false, true, true));
    }
}
