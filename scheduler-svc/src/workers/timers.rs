//! Timers: three loops that go on side by side. One says that this replica is there, one claims timers that nobody holds,
//! one fires what is due. Whatever any of them misses, the next round makes up for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use metrics::{gauge, histogram};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Error, Timers, Volley},
    domain::Firing,
};

/// How often a batch of overdue ones fires at most. Faster than that, relay, bus and notifier are busy with them, and what is
/// on time waits behind them on its way to the person.
const OVERDUE_PACE: Duration = Duration::from_millis(100);
/// The wall clock is read at least so often, so that steps of it and suspends are harmless.
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// How long to wait when everything that is due was just being changed by somebody else. By the machine's own measure: the
/// clock may stand still, or step.
const AGAIN: Duration = Duration::from_millis(20);

/// How long to wait after the database failed.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Claims and fires until `stop`, then leaves what is held to others.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    tokio::join!(keep_lease(&app, &stop), claim(&app, &stop), fire(&app, &stop));
    if let Err(error) = app.leave().await {
        tracing::warn!(error = %error, "timers were not left to others, they wait for the lease to end");
    }
}

async fn keep_lease(app: &App, stop: &CancellationToken) {
    if app.is_alone() {
        return;
    }
    let every = app.timers().settings().lease.mul_f32(0.3);
    while stop.run_until_cancelled(sleep(every)).await.is_some() {
        if let Err(error) = app.renew_lease().await {
            tracing::warn!(error = %error, "timer lease cannot be renewed");
        }
    }
}

async fn claim(app: &App, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let began = Instant::now();
        if let Err(error) = app.claim_timers().await {
            tracing::warn!(error = %error, "timers cannot be claimed");
        }
        histogram!("scheduler_timer_claim_seconds").record(began.elapsed().as_secs_f64());
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(app.timers().settings().sweep) => {}
            () = app.timers().asked_to_look() => {}
        }
    }
}

async fn fire(app: &App, stop: &CancellationToken) {
    let mut overdue_from = Instant::now();
    while !stop.is_cancelled() {
        let began = Instant::now();
        match app.fire_reminders(began >= overdue_from).await {
            Ok(volley) if volley.taken > 0 => {
                record(app.timers(), &volley);
                if !volley.overdue.is_empty() {
                    overdue_from = began + OVERDUE_PACE;
                }
                if volley.is_stuck() {
                    stop.run_until_cancelled(sleep(AGAIN)).await;
                }
            }
            Ok(_) => wait(app, overdue_from.saturating_duration_since(Instant::now()), stop).await,
            Err(error) => pause(&error, stop).await,
        }
    }
}

/// Until the next timer is due, or an earlier one comes; overdue ones have their turn after `overdue_in`.
async fn wait(app: &App, overdue_in: Duration, stop: &CancellationToken) {
    let longest = app.until_next(overdue_in).map_or(LONGEST_WAIT, |next| next.min(LONGEST_WAIT));
    tokio::select! {
        () = stop.cancelled() => {}
        () = sleep(longest) => {}
        () = app.timers().something_held() => {}
    }
}

async fn pause(error: &Error, stop: &CancellationToken) {
    tracing::warn!(error = %error, "reminders cannot fire");
    stop.run_until_cancelled(sleep(AFTER_FAILURE)).await;
}

fn record(timers: &Timers, volley: &Volley) {
    for firing in &volley.firings {
        // What was held in time and still fires late had to wait for others, or for the database.
        let cause = if firing.late { "busy" } else { "on_time" };
        lateness(cause, firing);
    }
    for firing in &volley.overdue {
        lateness("overdue", firing);
    }
    gauge!("scheduler_timers_held").set(timers.count() as f64);
}

fn lateness(cause: &'static str, firing: &Firing) {
    histogram!("scheduler_reminder_lateness_seconds", "cause" => cause).record(firing.waited.as_secs_f64());
}
