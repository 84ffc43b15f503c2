//! Single channels: found among the caller's own, made, changed.

use mesh_store::{
    Change, Sql, StoreError, Transaction, Worked, conclude,
    request_ids::{Claim, Outcome},
};
use mesh_types::{Caller, Etag, Timestamp, UserId, WorkspaceId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, sea_query::ExprTrait,
};
use uuid::Uuid;

use super::{Error, Store, channel_keys, deliveries, tables::channel};
use crate::domain::{Channel, ChannelEvent, ChannelVerb, NotifyError, WebhookSecret};

/// What a change made of a channel.
#[derive(Clone, Debug)]
pub struct WrittenChannel {
    /// The channel after it.
    pub channel: Channel,
    /// Its event; `None` if nothing had to be done.
    pub change_id: Option<Uuid>,
    /// The key that it made, to be told this once.
    pub secret: Option<WebhookSecret>,
}

/// Which page of a person's channels, oldest first.
#[derive(Clone, Debug)]
pub struct ChannelsPage {
    /// Whose.
    pub user: UserId,
    /// In these workspaces.
    pub workspaces: Vec<WorkspaceId>,
    /// Whether deleted ones are shown, too.
    pub show_deleted: bool,
    /// After the channel that was made then, with this id.
    pub after: Option<(Timestamp, Uuid)>,
    /// At most so many.
    pub limit: u64,
}

impl Store {
    /// The channel with this id, if it is the caller's; deleted ones included.
    ///
    /// # Errors
    /// [`Error::NotFound`], or what the database says.
    pub async fn find_channel(&self, caller: &Caller, id: Uuid) -> Result<Channel, Error> {
        find(self.database.reader(), own(caller), id).await
    }

    /// The channels of one page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_channels(&self, page: &ChannelsPage) -> Result<Vec<Channel>, Error> {
        let mut query = of(page.user, &page.workspaces);
        if !page.show_deleted {
            query = query.filter(channel::Column::DeleteUs.is_null());
        }
        if let Some((time, id)) = page.after {
            let later = channel::Column::CreateUs.gt(time.as_micros());
            let same = channel::Column::CreateUs.eq(time.as_micros()).and(channel::Column::Id.gt(id));
            query = query.filter(later.or(same));
        }
        let query = query.order_by_asc(channel::Column::CreateUs).order_by_asc(channel::Column::Id).limit(page.limit);
        let rows = query.all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Channel::try_from).collect::<Result<_, _>>()?)
    }

    /// Stores a new channel, its key and its event, unless the request has been answered before.
    ///
    /// # Errors
    /// When the person has too many, the request id cannot be taken, or what the database says.
    pub async fn create_channel(&self, change: &Change<'_>, event: ChannelEvent) -> Result<WrittenChannel, Error> {
        let transaction = self.database.begin().await?;
        let worked = self.insert_channel(&transaction, change, event).await;
        self.conclude_channel(transaction, change, worked).await
    }

    /// Changes one of the caller's channels: locks it, lets `decide` look at it and say what happens, and stores that
    /// with its event. What waits for a channel that is deleted is cancelled.
    ///
    /// # Errors
    /// When there is no such channel, the etag is stale, `decide` says no, the request id cannot be taken; or what the
    /// database says.
    pub async fn update_channel(
        &self,
        change: &Change<'_>,
        id: Uuid,
        etag: Option<&Etag>,
        decide: impl FnOnce(&Channel) -> Result<Option<ChannelEvent>, NotifyError> + Send,
    ) -> Result<WrittenChannel, Error> {
        let transaction = self.database.begin().await?;
        let decide = |channel: &Channel| channel.matches(etag).and_then(|()| decide(channel));
        let worked = self.change_channel(&transaction, change, id, decide).await;
        self.conclude_channel(transaction, change, worked).await
    }

    async fn insert_channel(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        event: ChannelEvent,
    ) -> Result<Worked<WrittenChannel>, Error> {
        let (workspace, id) = (event.after.workspace_id, event.after.id);
        if let Claim::Replay(outcome) = change.claim(transaction, workspace).await? {
            return Ok(Worked::Before(outcome));
        }
        check_quota(transaction, event.after.user_id).await?;
        let row = channel::Model::from(&event.after).into_active_model();
        channel::Entity::insert(row.reset_all()).exec_without_returning(transaction).await.map_err(StoreError::from)?;
        let written = self.tell_channel(transaction, event, change.now).await?;
        change.record(transaction, workspace, Outcome { event_id: written.change_id, aggregate_id: id }).await?;
        Ok(Worked::Fresh(written))
    }

    async fn change_channel(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        id: Uuid,
        decide: impl FnOnce(&Channel) -> Result<Option<ChannelEvent>, NotifyError> + Send,
    ) -> Result<Worked<WrittenChannel>, Error> {
        let channel = find(transaction, own(change.caller).lock_exclusive(), id).await?;
        let workspace = channel.workspace_id;
        if let Claim::Replay(outcome) = change.claim(transaction, workspace).await? {
            return Ok(Worked::Before(outcome));
        }
        let written = match decide(&channel)? {
            None => WrittenChannel { channel, change_id: None, secret: None },
            Some(event) => {
                rewrite(transaction, &event.after).await?;
                if event.verb == ChannelVerb::Deleted {
                    let waiting = deliveries::lock_waiting_for_channel(transaction, id).await?;
                    self.cancel(transaction, waiting, |_| event.cause.clone(), change.now).await?;
                }
                self.tell_channel(transaction, event, change.now).await?
            }
        };
        change.record(transaction, workspace, Outcome { event_id: written.change_id, aggregate_id: id }).await?;
        Ok(Worked::Fresh(written))
    }

    /// Keeps the key that was made, if one was, and appends the event.
    pub(super) async fn tell_channel(
        &self,
        transaction: &Transaction,
        event: ChannelEvent,
        now: Timestamp,
    ) -> Result<WrittenChannel, StoreError> {
        if let Some(secret) = &event.secret {
            channel_keys::add(transaction, &event.after, secret, now).await?;
        }
        let ids = self.append(transaction, &self.codec.channel, std::slice::from_ref(&event), now).await?;
        Ok(WrittenChannel { channel: event.after, change_id: ids.first().copied(), secret: event.secret })
    }

    async fn conclude_channel(
        &self,
        transaction: Transaction,
        change: &Change<'_>,
        worked: Result<Worked<WrittenChannel>, Error>,
    ) -> Result<WrittenChannel, Error> {
        match conclude(transaction, worked).await? {
            Worked::Fresh(written) => {
                self.log.committed();
                Ok(written)
            }
            Worked::Before(outcome) => self.replay_channel(change.caller, outcome).await,
        }
    }

    /// The state after the event that the first request appended, without the key: that is told once. If it changed
    /// nothing, or its event is kept no longer, the channel as it is.
    async fn replay_channel(&self, caller: &Caller, outcome: Outcome) -> Result<WrittenChannel, Error> {
        let event = match outcome.event_id {
            Some(id) => self.log.find(id).await?,
            None => None,
        };
        let channel = match event {
            None => self.find_channel(caller, outcome.aggregate_id).await?,
            Some(event) => {
                let decoded = (self.codec.channel.decode)(&event);
                decoded.ok_or_else(|| StoreError::corrupt("event_log.payload"))?
            }
        };
        Ok(WrittenChannel { channel, change_id: outcome.event_id, secret: None })
    }
}

/// Channels of `user` in these workspaces: where every query for a caller begins.
fn of(user: UserId, workspaces: &[WorkspaceId]) -> Select<channel::Entity> {
    channel::Entity::find()
        .filter(channel::Column::UserId.eq(user.0))
        .filter(channel::Column::WorkspaceId.is_in(workspaces.iter().map(|workspace| workspace.0)))
}

fn own(caller: &Caller) -> Select<channel::Entity> {
    of(caller.actor.user_id, &caller.readable())
}

async fn find(
    connection: &impl ConnectionTrait,
    channels: Select<channel::Entity>,
    id: Uuid,
) -> Result<Channel, Error> {
    let found = channels.filter(channel::Column::Id.eq(id)).one(connection).await.map_err(StoreError::from)?;
    Ok(Channel::try_from(found.ok_or(Error::NotFound { kind: "channel", id })?)?)
}

/// Keeps the person from making two channels at the same time, so that they are counted right.
async fn check_quota(transaction: &Transaction, user: UserId) -> Result<(), Error> {
    const LOCK: Sql = Sql {
        postgres: "SELECT pg_advisory_xact_lock(hashtext('channel_quota'), hashtext($1))",
        // There is one writer.
        sqlite: "SELECT $1",
    };
    LOCK.one(transaction, [user.to_string().into()]).await?;
    let own = channel::Entity::find().filter(channel::Column::UserId.eq(user.0));
    let count = own.filter(channel::Column::DeleteUs.is_null()).count(transaction).await.map_err(StoreError::from)?;
    if count >= Channel::MOST { Err(NotifyError::TooManyChannels { most: Channel::MOST }.into()) } else { Ok(()) }
}

/// Every channel that takes deliveries of these people.
pub(super) async fn taking_deliveries(
    connection: &impl ConnectionTrait,
    users: impl Iterator<Item = UserId>,
) -> Result<Vec<Channel>, StoreError> {
    let rows = channel::Entity::find()
        .filter(channel::Column::UserId.is_in(users.map(|user| user.0)))
        .filter(channel::Column::Enabled.eq(true))
        .filter(channel::Column::SuspendReason.is_null())
        .filter(channel::Column::DeleteUs.is_null())
        .order_by_asc(channel::Column::Id);
    rows.all(connection).await?.into_iter().map(Channel::try_from).collect()
}

/// The channels with these ids.
pub(super) async fn with_ids(
    connection: &impl ConnectionTrait,
    ids: impl Iterator<Item = Uuid>,
) -> Result<Vec<Channel>, StoreError> {
    let rows = channel::Entity::find().filter(channel::Column::Id.is_in(ids));
    rows.all(connection).await?.into_iter().map(Channel::try_from).collect()
}

/// The channel with this id, whosoever it is, kept from other writers until the transaction ends.
pub(super) async fn lock(transaction: &Transaction, id: Uuid) -> Result<Channel, StoreError> {
    let found = channel::Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
    found.ok_or_else(|| StoreError::corrupt("delivery.channel_id"))?.try_into()
}

pub(super) async fn rewrite(transaction: &Transaction, channel: &Channel) -> Result<(), StoreError> {
    let row = channel::Model::from(channel).into_active_model().reset_all();
    channel::Entity::update_many().set(row).filter(channel::Column::Id.eq(channel.id)).exec(transaction).await?;
    Ok(())
}
