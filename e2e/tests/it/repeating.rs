//! Calls that are made again: by the same request id nothing happens twice; by a stale etag nothing happens at all.

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Mode, Target};
use futures::future::join_all;
use mesh_proto::task::v1::{DeleteTaskRequest, Task};
use mesh_types::{Clock, SystemClock, new_id};
use tonic::Code;

in_both_modes! {
    a_repeated_call_is_answered_as_before_and_done_once;
    the_same_call_made_many_times_at_once_is_done_once;
    a_request_id_stands_for_one_body;
    a_stale_etag_is_refused_with_the_current_one;
}

async fn a_repeated_call_is_answered_as_before_and_done_once(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    for face in Face::ALL {
        let (_, client) = target.person(face, "again").await?;
        let id = request_id();
        let first = client.create_task_once(task("once"), &id).await?;
        client.complete_task(&first.id, "").await?;
        // By another face, too: the id belongs to the person and the RPC.
        for other in Face::ALL {
            let again = client.by(other).create_task_once(task("once"), &id).await?;
            ensure!(again == first, "{again:?} by {other:?} after {first:?} by {face:?}");
        }
        ensure!(client.all_tasks(100).await?.len() == 1);
        let (_, stranger) = target.person(face, "stranger").await?;
        let theirs = stranger.create_task_once(task("once"), &id).await?;
        ensure!(theirs.id != first.id, "an id of somebody else's was taken for theirs");
    }
    Ok(())
}

async fn the_same_call_made_many_times_at_once_is_done_once(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (_, client) = target.person(Face::Grpc, "burst").await?;
    let id = request_id();
    let calls = (0..4 * Face::ALL.len()).map(|turn| {
        let (client, id) = (client.by(Face::ALL[turn % Face::ALL.len()]), id.clone());
        async move { client.create_task_once(task("burst"), &id).await }
    });
    let answers = join_all(calls).await;
    let tasks = client.all_tasks(100).await?;
    ensure!(tasks.len() == 1, "{tasks:?}");
    for answer in answers {
        match answer {
            Ok(answered) => ensure!(answered.id == tasks[0].id, "{answered:?}"),
            Err(failure) => {
                ensure!(failure.reason == "REQUEST_IN_FLIGHT" && failure.code == Code::Aborted, "{failure}")
            }
        }
    }
    Ok(())
}

async fn a_request_id_stands_for_one_body(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    for face in Face::ALL {
        let (_, client) = target.person(face, "reuse").await?;
        let id = request_id();
        let first = client.create_task_once(task("one"), &id).await?;
        let failure = client.create_task_once(task("another"), &id).await.err().context("it was taken")?;
        let told = (failure.code, failure.reason.as_str());
        ensure!(told == (Code::InvalidArgument, "REQUEST_ID_REUSED"), "{failure} by {face:?}");
        // Another RPC has ids of its own.
        ensure!(client.complete_task(&first.id, &id).await?.version == 2);
    }
    Ok(())
}

async fn a_stale_etag_is_refused_with_the_current_one(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    for face in Face::ALL {
        let (_, client) = target.person(face, "etag").await?;
        let first = client.create_task(task("etag")).await?;
        let second = client.complete_task(&first.id, "").await?;
        let stale = delete(&client, &first).await.err().context("it was deleted")?;
        let told = (stale.code, stale.reason.as_str());
        ensure!(told == (Code::Aborted, "ETAG_MISMATCH"), "{stale} by {face:?}");
        ensure!(stale.metadata.values().any(|value| value == &second.etag), "{stale} does not tell {}", second.etag);
        let change = Task { title: Some("changed".to_owned()), ..first.clone() };
        let stale = client.update_task(change.clone(), &["title"], "").await.err().context("it was changed")?;
        ensure!(stale.reason == "ETAG_MISMATCH", "{stale} by {face:?}");
        let change = Task { etag: second.etag.clone(), ..change };
        let changed = client.update_task(change, &["title"], "").await.with_context(|| format!("{face:?}"))?;
        ensure!((changed.title(), changed.version) == ("changed", 3));
        delete(&client, &changed).await?;
    }
    Ok(())
}

/// Deletes the task if it is as it was read.
async fn delete(client: &Client, read: &Task) -> Result<Task, e2e::Failure> {
    let request = DeleteTaskRequest { id: read.id.clone(), etag: read.etag.clone(), ..DeleteTaskRequest::default() };
    client.call("taskmesh.task.v1.TaskService/DeleteTask", &request).await
}

fn task(title: &str) -> Task {
    Task { title: Some(title.to_owned()), ..Task::default() }
}

fn request_id() -> String {
    new_id(SystemClock.now()).to_string()
}
