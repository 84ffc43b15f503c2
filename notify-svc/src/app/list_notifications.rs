//! An inbox is listed, page by page.

use mesh_types::{Caller, ErrorKind, Fault, PageSize, PageToken, Reason, WorkspaceSelector};

use super::{App, Error};
use crate::{
    domain::{Notification, OrderBy, PageKey},
    store::{Counts, Page},
};

/// Answers stay under 3 MiB; this leaves room for what [`Notification::weight`] does not know of.
const MAX_PAGE_BYTES: usize = 2_800_000;

/// Which notifications to list.
#[derive(Clone, Debug)]
pub struct ListNotifications {
    /// Of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// Whether withdrawn ones are listed, too.
    pub show_withdrawn: bool,
    /// In which order.
    pub order: OrderBy,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

/// A page of an inbox.
#[derive(Clone, Debug)]
pub struct NotificationPage {
    /// The notifications.
    pub notifications: Vec<Notification>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
    /// How many wait in all of these workspaces.
    pub counts: Counts,
}

impl App {
    /// One page of the caller's own notifications. It is short when they are large.
    ///
    /// # Errors
    /// When the caller cannot see the workspace, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_notifications(
        &self,
        caller: &Caller,
        list: ListNotifications,
    ) -> Result<NotificationPage, Error> {
        let (user, workspaces) = (caller.actor.user_id, caller.select(list.workspaces)?);
        let identity = identity(caller, &list);
        let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
        let after = PageToken::decode::<PageKey>(&list.page_token, &identity)?;
        if after.as_ref().is_some_and(|key| !key.fits(&list.order)) {
            return Err(forged().into());
        }
        let counts = self.store.count_waiting(user, &workspaces).await?;
        let wanted = list.page_size.get();
        let ListNotifications { show_withdrawn, order, .. } = list;
        let page = Page { user, workspaces, show_withdrawn, order, after, limit: wanted + 1 };
        let mut notifications = self.store.list_notifications(&page).await?;
        let kept = fitting(&notifications, wanted);
        let more = notifications.len() > kept;
        notifications.truncate(kept);
        let last = notifications.last().filter(|_| more).map(|last| PageKey::after(last, &page.order));
        let next_page_token = last.map_or(Ok(String::new()), |key| PageToken::encode(&key, &identity))?;
        Ok(NotificationPage { notifications, next_page_token, counts })
    }
}

/// What tells this list from others, so that a page token is good for no other.
fn identity(caller: &Caller, list: &ListNotifications) -> [String; 5] {
    let workspace = match list.workspaces {
        WorkspaceSelector::All => "-".to_owned(),
        WorkspaceSelector::Personal => caller.personal_workspace.to_string(),
        WorkspaceSelector::One(id) => id.to_string(),
    };
    let (order, withdrawn) = (list.order.to_string(), list.show_withdrawn.to_string());
    ["notifications".to_owned(), caller.actor.user_id.to_string(), workspace, order, withdrawn]
}

fn forged() -> Fault {
    let message = "the page token is not one of this query; ask again without it";
    Fault::new(ErrorKind::InvalidArgument, Reason::PageTokenInvalid, message)
}

/// How many fit on the page: as many as are wanted, but never so many that the answer gets too large.
fn fitting(notifications: &[Notification], wanted: u64) -> usize {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut bytes = 0;
    let fits = |notification: &&Notification| {
        bytes += notification.weight();
        bytes <= MAX_PAGE_BYTES
    };
    notifications.iter().take(wanted).take_while(fits).count()
}
