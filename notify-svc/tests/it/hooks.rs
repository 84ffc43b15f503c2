//! The words in which tests speak of channels and deliveries.

use mesh_events::{Envelope, EventLog};
use mesh_proto::notify::v1::{
    Channel, CreateChannelRequest, Delivery, DeliveryState, GetChannelRequest, ListChannelsRequest,
    ListDeliveriesRequest, RetryDeliveryRequest, UpdateChannelRequest, WebhookTarget,
};
use mesh_store::Sql;
use mesh_testkit::{TestDatabase, eventually};
use notify_svc::{Config, startup::NAME};
use uuid::Uuid;

use crate::{
    receiver::{Receiver, Reply},
    reminders::Reminder,
    support::{Client, World},
};

/// A world whose webhooks may go to this machine, and are looked for often.
pub(crate) async fn world(database: TestDatabase) -> World {
    world_with(database, |_| {}).await
}

/// The same with other settings.
pub(crate) async fn world_with(database: TestDatabase, adjust: impl FnOnce(&mut Config)) -> World {
    World::with(database, |config| {
        config.webhooks.allowed_networks = vec!["127.0.0.0/8".parse().expect("a network")];
        config.webhooks.poll_interval_ms = 20;
        config.webhooks.jitter_percent = 0;
        adjust(config);
    })
    .await
}

/// A channel to this URL, as a client sends it.
pub(crate) fn webhook(url: &str) -> Channel {
    let target = WebhookTarget { url: Some(url.to_owned()), ..WebhookTarget::default() };
    Channel { webhook: Some(target), ..Channel::default() }
}

pub(crate) fn creation(channel: Channel) -> CreateChannelRequest {
    CreateChannelRequest { channel: Some(channel), ..CreateChannelRequest::default() }
}

/// An update of the fields that `paths` names.
pub(crate) fn update(channel: Channel, paths: &[&str]) -> UpdateChannelRequest {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    UpdateChannelRequest {
        channel: Some(channel),
        update_mask: Some(prost_types::FieldMask { paths }),
        ..UpdateChannelRequest::default()
    }
}

pub(crate) async fn create(client: &mut Client, channel: Channel) -> Channel {
    client.create_channel(creation(channel)).await.expect("the channel is made").into_inner()
}

pub(crate) async fn get(client: &mut Client, id: &str) -> Channel {
    client.get_channel(GetChannelRequest { id: id.to_owned() }).await.expect("the channel is there").into_inner()
}

pub(crate) async fn channels(client: &mut Client, show_deleted: bool) -> Vec<Channel> {
    let request = ListChannelsRequest { show_deleted, page_size: 1_000, ..ListChannelsRequest::default() };
    client.list_channels(request).await.expect("a page").into_inner().channels
}

/// The channel without what only the answer to a mutation tells.
pub(crate) fn settled(mut channel: Channel) -> Channel {
    if let Some(webhook) = &mut channel.webhook {
        webhook.secret.clear();
    }
    Channel { change_id: String::new(), ..channel }
}

/// The key that the answer to a mutation tells.
pub(crate) fn secret_of(channel: &Channel) -> String {
    channel.webhook.as_ref().map(|webhook| webhook.secret.clone()).unwrap_or_default()
}

/// One reminder of the user's fires.
pub(crate) async fn fire(world: &World, title: &str) -> Reminder {
    let reminder = Reminder::of(&world.user, title);
    world.tell(&[reminder.fires(2)]).await;
    reminder
}

pub(crate) async fn deliveries(client: &mut Client) -> Vec<Delivery> {
    let request = ListDeliveriesRequest { page_size: 1_000, ..ListDeliveriesRequest::default() };
    client.list_deliveries(request).await.expect("a page").into_inner().deliveries
}

/// The only delivery to the user, once it is as `is` says.
pub(crate) async fn the_delivery(world: &World, is: impl Fn(&Delivery) -> bool) -> Delivery {
    let client = world.client();
    eventually(async || {
        let all = deliveries(&mut client.clone()).await;
        match <[Delivery; 1]>::try_from(all) {
            Ok([one]) if is(&one) => Ok(one),
            Ok([one]) => Err(format!("{one:?}")),
            Err(all) => Err(format!("{} deliveries", all.len())),
        }
    })
    .await
}

/// The only delivery to the user, once it stands there.
pub(crate) async fn the_delivery_in(world: &World, state: DeliveryState) -> Delivery {
    the_delivery(world, |delivery| delivery.state() == state).await
}

/// Everything that was told of this kind of thing so far, oldest first.
pub(crate) async fn told(world: &World, entity: &str) -> Vec<Envelope> {
    const TOLD: Sql = Sql::both("SELECT event_id FROM event_log WHERE entity = $1 ORDER BY seq");
    let database = world.database.connect().await;
    let rows = TOLD.all(database.reader(), [entity.into()]).await.expect("the log can be read");
    let log = EventLog::new(database.clone(), NAME);
    let mut events = Vec::new();
    for row in rows {
        let id: Uuid = row.try_get("", "event_id").expect("an id");
        events.push(log.find(id).await.expect("the log can be read").expect("the event is there"));
    }
    database.close().await;
    events
}

/// Runs a statement of the test's own.
pub(crate) async fn sql(world: &World, text: &str) {
    use sea_orm::ConnectionTrait;
    let database = world.database.connect().await;
    database.writer().execute_unprepared(text).await.expect("a statement of the test's");
    database.close().await;
}

pub(crate) fn retry(id: &str) -> RetryDeliveryRequest {
    RetryDeliveryRequest { id: id.to_owned(), ..RetryDeliveryRequest::default() }
}

/// A world with a channel to a receiver that answers this.
pub(crate) async fn with_receiver(database: TestDatabase, reply: Reply) -> (World, Receiver, Channel) {
    let (world, receiver) = (world(database).await, Receiver::answering(reply).await);
    let channel = create(&mut world.client(), webhook(&receiver.url())).await;
    (world, receiver, channel)
}

/// The only delivery to the user, once it was tried so often.
pub(crate) async fn tried(world: &World, times: i32) -> Delivery {
    the_delivery(world, |delivery| delivery.attempt_count == times).await
}
