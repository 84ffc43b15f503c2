//! A person's whole to-do list, with the odd texts of real life, comes back as it went in.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Mode, Target};
use futures::future::try_join_all;
use mesh_proto::task::v1::{Task, TaskStatus};
use mesh_testkit::eventually;

/// One title a line; tabs and spaces at the ends of a line belong to it.
const LIST: &str = include_str!("../../data/todo.txt");

#[tokio::test]
async fn a_real_list_survives_one_process() -> Result<()> {
    the_list_survives(Mode::Single).await
}

#[tokio::test]
async fn a_real_list_survives_a_mesh() -> Result<()> {
    the_list_survives(Mode::Mesh).await
}

#[test]
fn the_list_is_as_odd_as_life() {
    let lines: Vec<_> = titles().collect();
    assert_eq!(lines.len(), 500);
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), 500);
    assert!(lines.iter().any(|line| line.chars().count() == 500));
    assert!(lines.iter().any(|line| line.ends_with(' ')) && lines.iter().any(|line| line.contains('\t')));
}

fn titles() -> impl Iterator<Item = &'static str> {
    LIST.split_terminator('\n')
}

async fn the_list_survives(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (_, first) = target.person(Face::Rest, "list").await?;
    let clients: Vec<_> = Face::ALL.iter().map(|&face| first.by(face)).collect();
    let lines: Vec<_> = titles().collect();
    let parts = clients.iter().enumerate().map(|(turn, client)| enter(client, &lines, turn));
    let mut expected: BTreeMap<String, Task> = try_join_all(parts).await?.into_iter().flatten().collect();
    ensure!(expected.len() == lines.len());
    listed_everywhere(&clients, &expected).await?;
    let steps = lines.len() + work_through(&clients, &lines, &mut expected).await?;
    listed_everywhere(&clients, &expected).await?;
    audited(&first, &expected, steps).await
}

/// Enters every fourth line, beginning with `turn`.
async fn enter(client: &Client, lines: &[&str], turn: usize) -> Result<Vec<(String, Task)>> {
    let mut entered = Vec::new();
    for &line in lines.iter().skip(turn).step_by(Face::ALL.len()) {
        let task = client.create_task(Task { title: Some(line.to_owned()), ..Task::default() }).await;
        let task = task.with_context(|| format!("{line:?} by {:?}", client.face()))?;
        ensure!(task.title() == line, "{:?} became {:?} by {:?}", line, task.title(), client.face());
        entered.push((task.id.clone(), without_change(task)));
    }
    Ok(entered)
}

/// Completes every fifth task; gives every seventh the text of another line as its description. Counts what it did.
async fn work_through(clients: &[Client], lines: &[&str], tasks: &mut BTreeMap<String, Task>) -> Result<usize> {
    let mut steps = 0;
    for (index, task) in tasks.values_mut().enumerate() {
        let client = &clients[index % clients.len()];
        if index % 5 == 0 {
            *task = without_change(client.complete_task(&task.id, "").await?);
            ensure!(task.status() == TaskStatus::Completed);
            steps += 1;
        }
        if index % 7 == 0 {
            let change = Task { id: task.id.clone(), description: Some(lines[index].to_owned()), ..Task::default() };
            let changed = client.update_task(change, &[], "").await?;
            ensure!(changed.title == task.title && changed.description() == lines[index], "{changed:?}");
            *task = without_change(changed);
            steps += 1;
        }
    }
    Ok(steps)
}

/// By every face, in pages of various sizes, the list is what it should be.
async fn listed_everywhere(clients: &[Client], expected: &BTreeMap<String, Task>) -> Result<()> {
    for (client, page_size) in clients.iter().zip([7, 499, 500, 1000]) {
        let listed = client.all_tasks(page_size).await?;
        ensure!(listed.len() == expected.len(), "{} tasks by {:?}", listed.len(), client.face());
        for task in listed {
            let expected = expected.get(&task.id);
            ensure!(expected == Some(&task), "{task:?} by {:?} is not {expected:?}", client.face());
        }
    }
    Ok(())
}

/// Every step is in the record once, with the title as it was written.
async fn audited(client: &Client, expected: &BTreeMap<String, Task>, steps: usize) -> Result<()> {
    let history = eventually(async || {
        let mut history = client.whole_history().await.map_err(|failure| format!("{failure:?}"))?;
        history.retain(|event| event.entity_type == "task");
        if history.len() >= steps { Ok(history) } else { Err(format!("{} of {steps}", history.len())) }
    })
    .await;
    let versions: BTreeSet<_> = history.iter().map(|event| (&event.entity_id, event.entity_version)).collect();
    ensure!(history.len() == steps && versions.len() == steps, "{} entries of {steps} steps", history.len());
    for event in &history {
        let title = expected[&event.entity_id].title().to_owned();
        let after =
            event.after.as_ref().and_then(|after| after.fields.get("title")).and_then(|title| title.kind.clone());
        ensure!(after == Some(prost_types::value::Kind::StringValue(title)), "{event:?}");
    }
    Ok(())
}

fn without_change(task: Task) -> Task {
    Task { change_id: String::new(), ..task }
}
