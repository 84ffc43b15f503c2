//! A task is created, changed, completed, deleted and restored; it is watched, listed and recorded.

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use e2e::{Client, Face, Messages, Mode, Person, Target};
use futures::StreamExt;
use mesh_proto::{
    audit::v1::{AuditEvent, AuditOutcome},
    task::v1::{Task, TaskPriority, TaskStatus, TaskTime, WatchTasksResponse, task_time, watch_tasks_response::Event},
};
use mesh_testkit::eventually;

macro_rules! script {
    ($($name:ident: $mode:ident, $face:ident;)*) => {
        $(#[tokio::test]
        async fn $name() -> Result<()> {
            the_script_plays(Mode::$mode, Face::$face).await
        })*
    };
}

script! {
    in_one_process_by_rest: Single, Rest;
    in_one_process_by_grpc: Single, Grpc;
    in_one_process_by_grpc_web: Single, GrpcWeb;
    in_one_process_by_grpc_web_text: Single, GrpcWebText;
    in_a_mesh_by_rest: Mesh, Rest;
    in_a_mesh_by_grpc: Mesh, Grpc;
    in_a_mesh_by_grpc_web: Mesh, GrpcWeb;
    in_a_mesh_by_grpc_web_text: Mesh, GrpcWebText;
}

async fn the_script_plays(mode: Mode, face: Face) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (ada, client) = target.person(face, "ada").await?;
    let who = client.get_me().await?;
    ensure!(who.user.is_some_and(|user| user.id == ada.user_id && user.email == ada.email));
    ensure!(who.workspaces.iter().any(|workspace| workspace.workspace_id == ada.workspace_id && workspace.personal));

    let second = target.client(face)?.with_token(&ada.access_token);
    let mut watcher = Watcher::open(&second).await?;
    let steps = live(&client, &mut watcher).await?;
    e2e::tell(format_args!("{mode:?} by {face:?}: changes seen after {}", watcher.delays()));
    listed_as_it_is(&client, steps.last().context("there were steps")?).await?;
    let id = &steps[0].id;
    let history = eventually(async || match client.task_history(id).await {
        Ok(history) if history.len() >= steps.len() => Ok(history),
        other => Err(other),
    })
    .await;
    audited(&history, &steps, &ada)
}

/// Creates, changes, completes, deletes and restores a task; after each the watcher has seen it.
async fn live(client: &Client, watcher: &mut Watcher) -> Result<Vec<Task>> {
    let due = TaskTime { value: Some(task_time::Value::Date("2027-01-31".to_owned())), time_zone: String::new() };
    let new = Task { title: Some("Buy milk 🥛".to_owned()), due: Some(due), ..Task::default() };
    let created = watcher.sees(client.create_task(new).await).await?;
    let id = created.id.clone();
    ensure!(created.status() == TaskStatus::NeedsAction && created.version == 1, "{created:?}");

    let tags = vec!["errand".to_owned()];
    let change = Task { id: id.clone(), tags, priority: Some(TaskPriority::High.into()), ..Task::default() };
    let changed = watcher.sees(client.update_task(change, &["priority", "tags", "due"], "").await).await?;
    ensure!(changed.title == created.title && changed.due.is_none() && changed.tags == ["errand"], "{changed:?}");

    let completed = watcher.sees(client.complete_task(&id, "").await).await?;
    ensure!(completed.status() == TaskStatus::Completed && completed.completed_time.is_some(), "{completed:?}");
    let deleted = watcher.sees(client.delete_task(&id, "").await).await?;
    ensure!(deleted.delete_time.is_some(), "{deleted:?}");
    let restored = watcher.sees(client.undelete_task(&id, "").await).await?;
    ensure!(restored.delete_time.is_none() && restored.status() == TaskStatus::Completed, "{restored:?}");
    ensure!(restored.version == 5, "each step is one version: {restored:?}");
    Ok(vec![created, changed, completed, deleted, restored])
}

async fn listed_as_it_is(client: &Client, last: &Task) -> Result<()> {
    let got = client.get_task(&last.id).await?;
    let all = client.all_tasks(10).await?;
    let expected = Task { change_id: String::new(), ..last.clone() };
    ensure!(got == expected, "{got:?} is not {expected:?}");
    ensure!(all == [expected], "{all:?}");
    Ok(())
}

/// One entry a step, with who did it, by which token, and what changed.
fn audited(history: &[AuditEvent], steps: &[Task], ada: &Person) -> Result<()> {
    let actions: Vec<_> = history.iter().map(|event| event.action.as_str()).collect();
    ensure!(actions == ["created", "updated", "completed", "deleted", "undeleted"], "{actions:?}");
    for (event, step) in history.iter().zip(steps) {
        let actor = event.actor.clone().unwrap_or_default();
        ensure!(actor.user_id == ada.user_id && actor.token_id == ada.api_token_id, "{actor:?}");
        ensure!(actor.client_address.contains("127.0.0.1"), "{actor:?}");
        ensure!(event.outcome() == AuditOutcome::Success && event.workspace_id == ada.workspace_id, "{event:?}");
        ensure!(event.entity_version == step.version && event.id == step.change_id, "{event:?} of {step:?}");
        let after = event.after.clone().unwrap_or_default();
        ensure!(after.fields.get("title") == Some(&text("Buy milk 🥛")), "{after:?}");
        ensure!(event.before.is_some() == (event.action != "created"), "{event:?}");
    }
    let before = history[1].before.clone().unwrap_or_default();
    ensure!(before.fields.contains_key("due") && !before.fields.contains_key("title"), "{before:?}");
    let status = history[2].before.clone().unwrap_or_default().fields.remove("status");
    ensure!(status == Some(text("TASK_STATUS_NEEDS_ACTION")), "{status:?}");
    ensure!(history[2].changed_fields.iter().any(|field| field == "status"), "{:?}", history[2].changed_fields);
    Ok(())
}

fn text(text: &str) -> prost_types::Value {
    prost_types::Value { kind: Some(prost_types::value::Kind::StringValue(text.to_owned())) }
}

/// A second client that watches.
struct Watcher {
    messages: Messages<WatchTasksResponse>,
    delays_ms: Vec<f64>,
}

impl Watcher {
    async fn open(client: &Client) -> Result<Self> {
        let opened = client.watch_tasks("").await;
        let mut watcher = Self { messages: opened?, delays_ms: vec![] };
        match watcher.next().await? {
            Event::Position(_) => Ok(watcher),
            other => bail!("a stream begins with its position, not {other:?}"),
        }
    }

    /// The answer to a change, once this watcher has been told the same.
    async fn sees(&mut self, answer: Result<Task, e2e::Failure>) -> Result<Task> {
        let task = answer?;
        let answered = Instant::now();
        let Event::Changed(change) = self.next().await? else { bail!("something else came before the change") };
        self.delays_ms.push(answered.elapsed().as_secs_f64() * 1e3);
        let seen = Task { change_id: task.change_id.clone(), ..change.task.unwrap_or_default() };
        ensure!(seen == task, "seen {seen:?}, answered {task:?}");
        Ok(task)
    }

    async fn next(&mut self) -> Result<Event> {
        loop {
            let next = tokio::time::timeout(e2e::PATIENCE, self.messages.next()).await;
            let message = next.context("nothing came")?.context("the stream ended")?;
            match message?.event {
                Some(Event::Heartbeat(_)) => {}
                other => return other.context("an empty message"),
            }
        }
    }

    fn delays(&self) -> String {
        let delays: Vec<_> = self.delays_ms.iter().map(|delay| format!("{delay:.1}")).collect();
        format!("{} ms", delays.join(", "))
    }
}
