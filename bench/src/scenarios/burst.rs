//! S7: ten thousand reminders at once, as everybody likes nine o'clock.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Context;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::{
    Row,
    http::Connection,
    inbox::{self, Inbox, Instant, REMINDERS_PER_TASK},
    latencies::Latencies,
    target::Mesh,
};

/// Each has as many reminders as one task can have.
const PEOPLE: usize = 100;
/// For how long nothing may come any more until all is believed to have come.
const QUIET: Duration = Duration::from_secs(2);
/// How long the bar allows.
const BAR: Duration = Duration::from_secs(5);

/// S7: from the instant at which all are due to the last message at the last stream.
pub async fn burst(mesh: &Mesh) -> anyhow::Result<Vec<Row>> {
    let gateways = mesh.gateways();
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let address = gateways[number % gateways.len()].clone();
        let token = mesh.sign_up().await?;
        let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
        people.push((Inbox::open(channel, &token).await?, address, token));
    }
    let due = inbox::now()? + lead(mesh, &gateways[0]).await?;
    let due = Duration::from_millis(due.as_millis() as u64);
    let (mut makers, mut readers) = (JoinSet::new(), JoinSet::new());
    for (inbox, address, token) in people {
        makers.spawn(remind(address, token, due));
        readers.spawn(read(inbox, due));
    }
    while let Some(made) = makers.join_next().await {
        made??;
    }
    anyhow::ensure!(inbox::now()? < due, "the reminders could not be made in time");
    let mut all = Seen::default();
    while let Some(read) = readers.join_next().await {
        all.merge(read??);
    }
    let (count, last) = (all.reminders.len(), all.latencies.quantile(1.0));
    let expected = PEOPLE * REMINDERS_PER_TASK;
    let measured = format!("{count} of {expected} within {:.2} s, {} twice", last.as_secs_f64(), all.twice);
    Ok(vec![Row {
        id: "S7",
        what: format!("{expected} reminders due in the same millisecond, {} replicas", gateways.len()),
        measured,
        bar: "all delivered in < 5 s, none twice",
        met: Some(count == expected && all.twice == 0 && last < BAR),
    }])
}

/// What came to one person, or to all.
#[derive(Default)]
struct Seen {
    reminders: BTreeSet<String>,
    latencies: Latencies,
    twice: usize,
}

impl Seen {
    fn merge(&mut self, other: Self) {
        self.reminders.extend(other.reminders);
        self.latencies.merge(other.latencies);
        self.twice += other.twice;
    }
}

/// How long it takes to make all of them at most: what one person needs, as often as there are people, and some more.
async fn lead(mesh: &Mesh, gateway: &str) -> anyhow::Result<Duration> {
    let begin = inbox::now()?;
    let tomorrow = begin + Duration::from_secs(86_400);
    remind(gateway.to_owned(), mesh.sign_up().await?, tomorrow).await?;
    Ok((inbox::now()? - begin) * PEOPLE as u32 + Duration::from_secs(10))
}

async fn remind(address: String, token: String, due: Instant) -> anyhow::Result<()> {
    let mut connection = Connection::open(&address, &token).await?;
    let task = inbox::create_task(&mut connection).await?;
    for _ in 0..REMINDERS_PER_TASK {
        inbox::remind(&mut connection, &task, due).await?;
    }
    Ok(())
}

/// Reads until all are there and it has been quiet since, or it is far too late.
async fn read(mut inbox: Inbox, due: Instant) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    let latest = due + 6 * BAR;
    loop {
        let complete = seen.reminders.len() == REMINDERS_PER_TASK;
        let patience = if complete { QUIET } else { latest.saturating_sub(inbox::now()?) };
        let Ok(next) = tokio::time::timeout(patience, inbox.next()).await else { return Ok(seen) };
        let (notification, came) = next.context("a stream of notifications")?;
        seen.latencies.record(came.saturating_sub(due));
        if !seen.reminders.insert(notification.reminder_id().to_owned()) {
            seen.twice += 1;
        }
    }
}
