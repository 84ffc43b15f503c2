//! A bus that dies, and one that comes back having forgotten everything.

use anyhow::Result;
use e2e::{Mode, Target};

use super::{Witness, load::write};

#[tokio::test]
async fn nats_may_be_killed_and_come_back() -> Result<()> {
    nats_fails(|_| Ok(())).await
}

#[tokio::test]
async fn nats_may_lose_its_store() -> Result<()> {
    nats_fails(|nats| nats.wipe()).await
}

/// Kills the server while tasks are written, does `damage`, and starts it again when all of them are.
async fn nats_fails(damage: fn(&xtask::servers::Nats) -> Result<()>) -> Result<()> {
    let mut target = Target::start(Mode::Mesh).await?;
    let witness = Witness::new(&target).await?;
    let before = write(&witness.client).await?;
    let (during, damaged) = tokio::join!(write(&witness.client), async {
        witness.watcher.told(before.len() * 5 + 10).await;
        let nats = target.nats()?;
        nats.kill()?;
        damage(nats)
    });
    damaged?;
    let without = write(&witness.client).await?;
    target.nats()?.start_again()?;
    let after = write(&witness.client).await?;
    witness.testifies(&[before, during?, without, after].concat()).await
}
