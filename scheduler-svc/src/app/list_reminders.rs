//! A person's reminders are listed, page by page.

use mesh_types::{Caller, ErrorKind, Fault, PageSize, PageToken, Reason, WorkspaceSelector};

use super::{App, Error};
use crate::{
    domain::{OrderBy, PageKey, Reminder},
    store::Page,
};

/// Which reminders to list.
#[derive(Clone, Debug)]
pub struct ListReminders {
    /// Of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// Whether deleted ones are listed, too.
    pub show_deleted: bool,
    /// In which order.
    pub order: OrderBy,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

/// A page of reminders.
#[derive(Clone, Debug)]
pub struct ReminderPage {
    /// The reminders.
    pub reminders: Vec<Reminder>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

impl App {
    /// One page of the caller's reminders. (The largest page of the largest reminders stays under 3 MiB.)
    ///
    /// # Errors
    /// When the caller cannot see the workspace, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_reminders(&self, caller: &Caller, list: ListReminders) -> Result<ReminderPage, Error> {
        let workspaces = caller.select(list.workspaces)?;
        let identity = identity(caller, &list);
        let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
        let after = PageToken::decode::<PageKey>(&list.page_token, &identity)?;
        if after.as_ref().is_some_and(|key| !key.fits(&list.order)) {
            return Err(forged().into());
        }
        let (user, wanted) = (caller.actor.user_id, list.page_size.get());
        let page =
            Page { user, workspaces, show_deleted: list.show_deleted, order: list.order, after, limit: wanted + 1 };
        let mut reminders = self.store.list_reminders(&page).await?;
        let kept = usize::try_from(wanted).unwrap_or(usize::MAX);
        let more = reminders.len() > kept;
        reminders.truncate(kept);
        let last = reminders.last().filter(|_| more).map(|reminder| PageKey::after(reminder, &page.order));
        let next_page_token = last.map_or(Ok(String::new()), |key| PageToken::encode(&key, &identity))?;
        Ok(ReminderPage { reminders, next_page_token })
    }
}

/// What tells this list from others, so that a page token is good for no other.
fn identity(caller: &Caller, list: &ListReminders) -> [String; 5] {
    let workspace = match list.workspaces {
        WorkspaceSelector::All => "-".to_owned(),
        WorkspaceSelector::Personal => caller.personal_workspace.to_string(),
        WorkspaceSelector::One(id) => id.to_string(),
    };
    let user = caller.actor.user_id.to_string();
    ["reminders".to_owned(), user, workspace, list.order.to_string(), list.show_deleted.to_string()]
}

fn forged() -> Fault {
    let message = "the page token is not one of this query; ask again without it";
    Fault::new(ErrorKind::InvalidArgument, Reason::PageTokenInvalid, message)
}
