//! The simulated users: each has an account, a webhook, two streams, and several hands that do things at once.

mod caller;
mod follow;
mod inbox;
mod lane;
mod reminders;
mod series;
mod streams;
mod tasks;

use std::{
    net::SocketAddr,
    sync::{Arc, PoisonError},
};

use anyhow::{Context, Result};
use mesh_proto::notify::v1::{Channel, CreateChannelRequest, WebhookTarget};
use mesh_proto::{notify::v1::Notification, task::v1::Task};
use tokio::{task::JoinSet, time::Instant};

pub(super) use caller::Caller;
pub use follow::Known;
pub(super) use series::wall_time;

use super::{journal::Journal, receiver::Receiver, record::Ledger, rng::Rng, world::World};
use crate::{Client, Face, Person};
use caller::{Acked, request_id};
use follow::{Shared, follow};
use lane::Lane;
use streams::{NotificationStream, TaskStream};

/// Somebody who uses the mesh while it breaks.
#[derive(Debug)]
pub(super) struct User {
    pub(super) name: String,
    caller: Caller,
    watched: Shared<Task>,
    streamed: Shared<Notification>,
    /// Aborted when the user is dropped.
    _following: JoinSet<()>,
}

/// What a hand does, again and again.
#[derive(Clone, Copy, Debug)]
enum Trade {
    Tasks,
    Reminders,
    Series,
    Inbox,
}

/// A user's hands.
const HANDS: [Trade; 5] = [Trade::Tasks, Trade::Reminders, Trade::Reminders, Trade::Series, Trade::Inbox];

impl User {
    /// Signs somebody up, makes their webhook, and begins to follow.
    pub(super) async fn new(
        number: usize,
        gateways: &[SocketAddr],
        receiver: &Receiver,
        journal: &Journal,
    ) -> Result<Self> {
        let (name, face) = (format!("user-{number}"), Face::ALL[number % Face::ALL.len()]);
        let clients: Result<Vec<_>> = gateways.iter().map(|gateway| Client::new(face, *gateway)).collect();
        let clients = clients?;
        let person = Person::sign_up(clients.first().context("a mesh has a gateway")?, &name).await?;
        let clients = clients.iter().map(|client| client.with_token(&person.api_token)).collect();
        let caller = Caller::new(clients, journal.clone());
        let (watched, streamed) = (Shared::default(), Shared::default());
        let mut following = JoinSet::new();
        following.spawn(follow::<TaskStream>(caller.another(), Arc::clone(&watched)));
        following.spawn(follow::<NotificationStream>(caller.another(), Arc::clone(&streamed)));
        let user = Self { name, caller, watched, streamed, _following: following };
        user.make_webhook(receiver).await?;
        Ok(user)
    }

    async fn make_webhook(&self, receiver: &Receiver) -> Result<()> {
        let webhook = WebhookTarget { url: Some(receiver.url(&self.name)), ..WebhookTarget::default() };
        let channel = Channel { name: Some("program".to_owned()), webhook: Some(webhook), ..Channel::default() };
        let request = CreateChannelRequest {
            channel: Some(channel),
            request_id: request_id(),
            ..CreateChannelRequest::default()
        };
        let made = self.caller.call("taskmesh.notify.v1.NotifyService/CreateChannel", &request).await;
        let made: Acked<Channel> = made.map_err(|refusal| refusal.failure).context("making a webhook")?;
        let secret = made.answer.webhook.context("a webhook was asked for")?.secret;
        receiver.expect(&self.name, &secret);
        Ok(())
    }

    /// Uses the mesh until then, and a little longer until all is answered. Returns what is remembered.
    pub(super) async fn live(&self, seed: &Rng, until: Instant) -> Ledger {
        let mut hands = JoinSet::new();
        for (number, trade) in HANDS.into_iter().enumerate() {
            let rng = seed.fork(&format!("{} {number}", self.name));
            hands.spawn(work(Lane::new(self.caller.another(), rng, until), trade));
        }
        let mut ledger = Ledger::default();
        while let Some(worked) = hands.join_next().await {
            match worked {
                Ok(remembered) => ledger.take_in(remembered),
                Err(error) => ledger.oddities.push(format!("a hand was lost: {error}")),
            }
        }
        ledger
    }

    /// What a fresh look shows.
    pub(super) async fn look(&self, receiver: &Receiver) -> Result<World> {
        let mut world = World::look(&self.caller).await.with_context(|| self.name.clone())?;
        world.receipts = receiver.receipts(&self.name);
        world.watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        world.streamed = self.streamed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(world)
    }
}

async fn work(mut lane: Lane, trade: Trade) -> Ledger {
    while lane.goes_on() {
        // A story that breaks off has written down why.
        let _: Option<()> = match trade {
            Trade::Tasks => tasks::story(&mut lane).await,
            Trade::Reminders => reminders::story(&mut lane).await,
            Trade::Series => series::story(&mut lane).await,
            Trade::Inbox => inbox::story(&mut lane).await,
        };
        lane.breathe().await;
    }
    lane.ledger
}
