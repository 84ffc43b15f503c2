//! Schedules are listed, page by page.

use mesh_types::{Caller, ErrorKind, Fault, PageSize, PageToken, Reason, WorkspaceSelector};

use super::{App, Error};
use crate::{
    domain::{Schedule, ScheduleKey, ScheduleOrder},
    store,
};

/// Answers stay under 3 MiB; this leaves room for what [`Schedule::weight`] does not know of.
const MAX_PAGE_BYTES: usize = 2_800_000;

/// Which schedules to list.
#[derive(Clone, Debug)]
pub struct ListSchedules {
    /// Of which workspaces.
    pub workspaces: WorkspaceSelector,
    /// Whether deleted ones are listed, too.
    pub show_deleted: bool,
    /// In which order.
    pub order: ScheduleOrder,
    /// How many at most.
    pub page_size: PageSize,
    /// Where to begin: the token that came with the page before.
    pub page_token: String,
}

/// A page of schedules.
#[derive(Clone, Debug)]
pub struct SchedulePage {
    /// The schedules.
    pub schedules: Vec<Schedule>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

impl App {
    /// One page of schedules. It is short when they are large.
    ///
    /// # Errors
    /// When the caller cannot see the workspace, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_schedules(&self, caller: &Caller, list: ListSchedules) -> Result<SchedulePage, Error> {
        let workspaces = caller.select(list.workspaces)?;
        let identity = identity(caller, &list);
        let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
        let after = PageToken::decode::<ScheduleKey>(&list.page_token, &identity)?;
        if after.as_ref().is_some_and(|key| !key.fits(&list.order)) {
            return Err(forged().into());
        }
        let wanted = list.page_size.get();
        let (show_deleted, limit) = (list.show_deleted, wanted + 1);
        let page = store::SchedulePage { workspaces, show_deleted, order: list.order, after, limit };
        let mut schedules = self.store.list_schedules(&page).await?;
        let kept = fitting(&schedules, wanted);
        let more = schedules.len() > kept;
        schedules.truncate(kept);
        let last = schedules.last().filter(|_| more).map(|schedule| ScheduleKey::after(schedule, &page.order));
        let next_page_token = last.map_or(Ok(String::new()), |key| PageToken::encode(&key, &identity))?;
        Ok(SchedulePage { schedules, next_page_token })
    }
}

/// What tells this list from others, so that a page token is good for no other.
fn identity(caller: &Caller, list: &ListSchedules) -> [String; 5] {
    let workspace = match list.workspaces {
        WorkspaceSelector::All => "-".to_owned(),
        WorkspaceSelector::Personal => caller.personal_workspace.to_string(),
        WorkspaceSelector::One(id) => id.to_string(),
    };
    let (user, deleted) = (caller.actor.user_id.to_string(), list.show_deleted.to_string());
    ["schedules".to_owned(), user, workspace, list.order.to_string(), deleted]
}

pub(super) fn forged() -> Fault {
    let message = "the page token is not one of this query; ask again without it";
    Fault::new(ErrorKind::InvalidArgument, Reason::PageTokenInvalid, message)
}

/// How many of the schedules fit on the page: as many as are wanted, but never so many that the answer gets too large.
fn fitting(schedules: &[Schedule], wanted: u64) -> usize {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut bytes = 0;
    let fits = |schedule: &&Schedule| {
        bytes += schedule.weight();
        bytes <= MAX_PAGE_BYTES
    };
    schedules.iter().take(wanted).take_while(fits).count()
}
