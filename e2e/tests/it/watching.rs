//! Watches that break off and go on, and watches that must end.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use e2e::{Client, Face, Messages, Mode, Target};
use futures::StreamExt;
use mesh_proto::task::v1::{Task, WatchTasksResponse, watch_tasks_response::Event};
use mesh_rpc::{Claims, TokenSigner};
use mesh_types::{Clock, SystemClock};
use tonic::Code;

in_both_modes! {
    a_resumed_watch_tells_what_was_missed_and_nothing_twice;
    a_watch_ends_when_its_token_does;
    nobody_is_told_of_the_tasks_of_others;
}

async fn a_resumed_watch_tells_what_was_missed_and_nothing_twice(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    for face in Face::ALL {
        let (_, client) = target.person(face, "resume").await?;
        let mut watch = open(&client, "").await?;
        let first = create(&client, "seen").await?;
        let seen = next(&mut watch).await?;
        ensure!(changed(&seen)? == (first.id.as_str(), 1), "{seen:?} by {face:?}");
        drop(watch);
        let missed = create(&client, "missed").await?;
        client.complete_task(&first.id, "").await?;

        let mut resumed = open(&client, &seen.resume_token).await?;
        for expected in [(missed.id.as_str(), 1), (first.id.as_str(), 2)] {
            let message = next(&mut resumed).await?;
            ensure!(changed(&message)? == expected, "{message:?} is not {expected:?} by {face:?}");
        }
        let live = create(&client, "live").await?;
        let message = next(&mut resumed).await?;
        ensure!(changed(&message)? == (live.id.as_str(), 1), "{message:?} by {face:?}");
    }
    Ok(())
}

async fn a_watch_ends_when_its_token_does(mode: Mode) -> Result<()> {
    /// Long enough to open every watch.
    const LIFETIME: Duration = Duration::from_secs(3);
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "expiring").await?;
    let signer = TokenSigner::from_pem("gateway", &target.signing_key()?)?;
    let mut claims: Claims = crate::refusals::claims_of(&person.access_token)?;
    claims.exp = SystemClock.now().plus(LIFETIME).to_parts().0;
    let token = signer.sign(&claims)?;
    let watches = Face::ALL.map(|face| {
        let token = token.clone();
        async move {
            let mut watch = open(&target.client(face)?.with_token(&token), "").await?;
            let ended = tokio::time::timeout(e2e::PATIENCE, watch.next()).await.context("it goes on")?;
            let failure = ended.context("it ended without a word")?.err().context("it told something")?;
            let told = (failure.code, failure.reason.as_str());
            ensure!(told == (Code::Unauthenticated, "TOKEN_EXPIRED"), "{failure:?} by {face:?}");
            anyhow::Ok(())
        }
    });
    futures::future::try_join_all(watches).await.map(drop)
}

async fn nobody_is_told_of_the_tasks_of_others(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    for face in Face::ALL {
        let (_, ada) = target.person(face, "ada").await?;
        let (_, eve) = target.person(face, "eve").await?;
        let mut watch = open(&eve, "").await?;
        create(&ada, "nobody else's business").await?;
        let own = create(&eve, "my own").await?;
        let message = next(&mut watch).await?;
        ensure!(changed(&message)? == (own.id.as_str(), 1), "{message:?} by {face:?}");
    }
    Ok(())
}

/// A watch that has said where it stands.
async fn open(client: &Client, resume_token: &str) -> Result<Messages<WatchTasksResponse>> {
    let mut watch = client.watch_tasks(resume_token).await?;
    match next(&mut watch).await?.event {
        Some(Event::Position(_)) => Ok(watch),
        other => bail!("a stream begins with its position, not {other:?}"),
    }
}

async fn next(watch: &mut Messages<WatchTasksResponse>) -> Result<WatchTasksResponse> {
    loop {
        let message = tokio::time::timeout(e2e::PATIENCE, watch.next()).await.context("nothing came")?;
        let message = message.context("the stream ended")??;
        if !matches!(message.event, Some(Event::Heartbeat(_))) {
            return Ok(message);
        }
    }
}

/// Which task changed, and to which version.
fn changed(message: &WatchTasksResponse) -> Result<(&str, i64)> {
    match &message.event {
        Some(Event::Changed(change)) => {
            let task = change.task.as_ref().context("a change is of a task")?;
            Ok((&task.id, task.version))
        }
        other => bail!("no change: {other:?}"),
    }
}

async fn create(client: &Client, title: &str) -> Result<Task> {
    Ok(client.create_task(Task { title: Some(title.to_owned()), ..Task::default() }).await?)
}
