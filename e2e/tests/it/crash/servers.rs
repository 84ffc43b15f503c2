//! A bus that dies, and one that comes back having forgotten everything.

use anyhow::Result;
use e2e::{Mode, Target};

use super::{
    Witness,
    load::{write, write_during},
};

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
    let killed = async {
        let nats = target.nats()?;
        nats.kill()?;
        damage(nats)
    };
    let during = write_during(&witness.client, killed).await?;
    let without = write(&witness.client).await?;
    target.nats()?.start_again()?;
    let after = write(&witness.client).await?;
    witness.testifies(&[before, during, without, after].concat()).await
}
