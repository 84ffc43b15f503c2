//! How late reminders are, by cause, and how fast what is overdue is made up for. Read as it is measured; workers run on the
//! thread of the test, so what is measured is its own.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use mesh_testkit::{TestDatabase, eventually};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::{
    support::{HOUR, MINUTE, SECOND, World, offset, remind},
    told::Log,
};

mesh_testkit::on_both_databases!(
    lateness_is_counted_by_its_cause,
    overdue_ones_fire_at_their_pace_and_let_by_what_is_on_time,
);

/// No faster than so do batches of overdue ones fire.
const PACE: Duration = Duration::from_millis(100);

/// What was measured of each reminder that fired: the cause, and how many seconds late.
#[derive(Clone, Debug, Default)]
struct Lateness(Arc<Mutex<Vec<(String, f64)>>>);

impl Lateness {
    fn measured(&self) -> Vec<(String, f64)> {
        self.0.lock().expect("nobody panicked").clone()
    }

    /// What was measured by this cause, once there is so much.
    async fn of(&self, cause: &str, count: usize) -> Vec<f64> {
        eventually(async || {
            let measured = self.measured().into_iter().filter(|(of, _)| of == cause);
            let measured: Vec<f64> = measured.map(|(_, seconds)| seconds).collect();
            if measured.len() >= count { Ok(measured) } else { Err(measured) }
        })
        .await
    }
}

/// One line of the histogram.
struct Line {
    cause: String,
    of: Lateness,
}

impl HistogramFn for Line {
    fn record(&self, seconds: f64) {
        self.of.0.lock().expect("nobody panicked").push((self.cause.clone(), seconds));
    }
}

impl Recorder for Lateness {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let cause = key.labels().find(|label| label.key() == "cause");
        match cause.filter(|_| key.name() == "scheduler_reminder_lateness_seconds") {
            Some(cause) => Histogram::from_arc(Arc::new(Line { cause: cause.value().to_owned(), of: self.clone() })),
            None => Histogram::noop(),
        }
    }
}

async fn lateness_is_counted_by_its_cause(database: TestDatabase) {
    let lateness = Lateness::default();
    let _measuring = metrics::set_default_local_recorder(&lateness);
    let mut world = World::on(database).await;
    let soon = world.task_due_in(10 * SECOND).await;
    remind(&mut world.client(), &soon, offset(0)).await;
    world.clock.advance(12 * SECOND);
    assert_eq!(lateness.of("on_time", 1).await, [2.0], "it was held, and that is not late yet");

    let held = world.task_due_in(10 * SECOND).await;
    remind(&mut world.client(), &held, offset(0)).await;
    world.clock.advance(20 * SECOND);
    assert_eq!(lateness.of("busy", 1).await, [10.0], "it was held all the time");

    Log::of(&world).await.fill(&world, 3, world.after(MINUTE)).await;
    world.stop().await;
    world.clock.advance(2 * MINUTE);
    world.resume().await;
    assert_eq!(lateness.of("overdue", 3).await, [60.0; 3], "nobody held them");
    assert_eq!(lateness.measured().len(), 5, "each is counted once");
}

async fn overdue_ones_fire_at_their_pace_and_let_by_what_is_on_time(database: TestDatabase) {
    const BATCH: usize = 2;
    const BATCHES: usize = 15;
    let lateness = Lateness::default();
    let _measuring = metrics::set_default_local_recorder(&lateness);
    let mut world = World::on(database).await;
    let log = Log::of(&world).await;
    let task = world.task_due_in(HOUR + SECOND).await;
    remind(&mut world.client(), &task, offset(0)).await;
    log.fill(&world, (BATCH * BATCHES) as i64, world.after(MINUTE)).await;
    world.stop().await;
    world.config.timers.overdue_batch = BATCH;
    world.clock.advance(HOUR);

    let began = Instant::now();
    world.resume().await;
    eventually(async || log.unheld().await == 0).await;
    let before = lateness.measured().len();
    world.clock.advance(SECOND);
    lateness.of("on_time", 1).await;
    let place = lateness.measured().iter().position(|(cause, _)| cause == "on_time").expect("it fired");
    assert!(place <= before + BATCH, "no more than what was firing just then came before it: {place} after {before}");

    lateness.of("overdue", BATCH * BATCHES).await;
    assert!(began.elapsed() >= PACE * (BATCHES as u32 - 1), "{:?}", began.elapsed());
    assert!(place < BATCH * BATCHES, "the backlog was gone before it could be in the way");
}
