//! The history of one thing is listed, in order of its versions.

use mesh_types::{Caller, Fault, PageSize, PageToken};
use uuid::Uuid;

use super::{App, EntryPage, page::Filling};
use crate::domain::{Entry, HistoryKey};

/// Whose history to list.
#[derive(Clone, Debug)]
pub struct ListEntityEvents {
    /// What kind of thing, such as `task`.
    pub entity: String,
    /// Which one.
    pub entity_id: Uuid,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

impl App {
    /// One page of the history of one thing. It is short when its entries are large.
    ///
    /// # Errors
    /// NOT_FOUND for a thing of which nothing is recorded, yet or ever, that the caller may see; INVALID_ARGUMENT for a
    /// token that is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_entity_events(&self, caller: &Caller, list: ListEntityEvents) -> Result<EntryPage, Fault> {
        let ListEntityEvents { entity, entity_id, page_size, page_token } = list;
        let (user, id) = (caller.actor.user_id.to_string(), entity_id.to_string());
        let query = ["entity", user.as_str(), entity.as_str(), id.as_str()];
        let after: Option<HistoryKey> = PageToken::decode(&page_token, &query)?;
        let workspaces = caller.readable();
        let mut page = Filling::new(page_size, Entry::history_key, after);
        while let Some((after, limit)) = page.next_bite() {
            page.take(self.store.list_entity_events(&workspaces, (&entity, entity_id), after, limit).await?, limit);
        }
        let page = page.done(&query)?;
        if page.entries.is_empty() && after.is_none() {
            return Err(Fault::not_found("entity", entity_id));
        }
        Ok(page)
    }
}
