//! Writers who do not give up: every call carries a request id and is repeated until it is answered.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use e2e::{Client, Failure};
use futures::future::try_join_all;
use mesh_proto::task::v1::{Task, TaskPriority};
use mesh_types::{Clock, SystemClock, new_id};

/// How many writers there are at a time, and how many tasks each writes at least.
const WRITERS: usize = 4;
const TASKS: usize = 4;
/// The changes each task goes through, its creation included.
pub(super) const STEPS: i64 = 5;
/// How long a call may go unanswered, with all its repetitions.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes while `harm` is done, and a little longer.
pub(super) async fn write_during(client: &Client, harm: impl Future<Output = Result<()>>) -> Result<Vec<Task>> {
    let done = AtomicBool::new(false);
    let harm = async {
        let outcome = harm.await;
        done.store(true, Ordering::Relaxed);
        outcome
    };
    let (written, harmed) = tokio::join!(write_until(client, &done), harm);
    harmed?;
    written
}

/// Writes a little.
pub(super) async fn write(client: &Client) -> Result<Vec<Task>> {
    write_until(client, &AtomicBool::new(true)).await
}

/// Creates tasks and puts each through its steps. Returns what the last answer about each said.
async fn write_until(client: &Client, done: &AtomicBool) -> Result<Vec<Task>> {
    let writers = (0..WRITERS).map(|writer| async move {
        let (mut written, mut more) = (Vec::new(), TASKS);
        while more > 0 || !done.load(Ordering::Relaxed) {
            written.push(live(client, &format!("{writer}/{}", written.len())).await?);
            more = more.saturating_sub(1);
        }
        anyhow::Ok(written)
    });
    Ok(try_join_all(writers).await?.concat())
}

async fn live(client: &Client, title: &str) -> Result<Task> {
    let new = Task { title: Some(title.to_owned()), ..Task::default() };
    let task = until_answered(async |id| client.create_task_once(new.clone(), id).await).await?;
    let id = task.id.as_str();
    let change = Task { id: id.to_owned(), priority: Some(TaskPriority::High.into()), ..Task::default() };
    until_answered(async |request| client.update_task(change.clone(), &[], request).await).await?;
    until_answered(async |request| client.complete_task(id, request).await).await?;
    until_answered(async |request| client.delete_task(id, request).await).await?;
    let last = until_answered(async |request| client.undelete_task(id, request).await).await?;
    ensure!(last.version == STEPS, "a repeated call was done twice: {last:?}");
    Ok(Task { change_id: String::new(), ..last })
}

/// Repeats a call by the same request id until it is answered.
pub(super) async fn until_answered<A>(mut call: impl AsyncFnMut(&str) -> Result<A, Failure>) -> Result<A> {
    let request_id = new_id(SystemClock.now()).to_string();
    let deadline = Instant::now() + PATIENCE;
    loop {
        match call(&request_id).await {
            Ok(answer) => return Ok(answer),
            Err(failure) if failure.is_passing() && Instant::now() < deadline => {
                // Sleeps because a client that got no answer waits before it asks again.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(failure) => bail!("{failure:?}"),
        }
    }
}
