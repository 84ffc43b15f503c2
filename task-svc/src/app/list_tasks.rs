//! Tasks are listed, page by page.

use mesh_types::{Caller, ErrorKind, Fault, PageSize, PageToken, Reason, WorkspaceSelector};

use super::{App, Error};
use crate::{
    domain::{OrderBy, PageKey, Task},
    store::Page,
};

/// Answers stay under 3 MiB; this leaves room for what [`Task::weight`] does not know of.
const MAX_PAGE_BYTES: usize = 2_800_000;

/// Which tasks to list.
#[derive(Clone, Debug)]
pub struct ListTasks {
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

/// A page of tasks.
#[derive(Clone, Debug)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

impl App {
    /// One page of tasks. It is short when its tasks are large.
    ///
    /// # Errors
    /// When the caller cannot see the workspace, or the token is not one of this list's.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_tasks(&self, caller: &Caller, list: ListTasks) -> Result<TaskPage, Error> {
        let workspaces = caller.select(list.workspaces)?;
        let identity = identity(caller, &list);
        let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
        let after = PageToken::decode::<PageKey>(&list.page_token, &identity)?;
        if after.as_ref().is_some_and(|key| !key.fits(&list.order)) {
            return Err(forged().into());
        }
        let wanted = list.page_size.get();
        let page = Page { workspaces, show_deleted: list.show_deleted, order: list.order, after, limit: wanted + 1 };
        let mut tasks = self.store.list_tasks(&page).await?;
        let kept = fitting(&tasks, wanted);
        let more = tasks.len() > kept;
        tasks.truncate(kept);
        let last = tasks.last().filter(|_| more).map(|task| PageKey::after(task, &page.order));
        let next_page_token = last.map_or(Ok(String::new()), |key| PageToken::encode(&key, &identity))?;
        Ok(TaskPage { tasks, next_page_token })
    }
}

/// What tells this list from others, so that a page token is good for no other.
fn identity(caller: &Caller, list: &ListTasks) -> [String; 4] {
    let workspace = match list.workspaces {
        WorkspaceSelector::All => "-".to_owned(),
        WorkspaceSelector::Personal => caller.personal_workspace.to_string(),
        WorkspaceSelector::One(id) => id.to_string(),
    };
    [caller.actor.user_id.to_string(), workspace, list.order.to_string(), list.show_deleted.to_string()]
}

fn forged() -> Fault {
    let message = "the page token is not one of this query; ask again without it";
    Fault::new(ErrorKind::InvalidArgument, Reason::PageTokenInvalid, message)
}

/// How many of the tasks fit on the page: as many as are wanted, but never so many that the answer gets too large.
fn fitting(tasks: &[Task], wanted: u64) -> usize {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut bytes = 0;
    let fits = |task: &&Task| {
        bytes += task.weight();
        bytes <= MAX_PAGE_BYTES
    };
    tasks.iter().take(wanted).take_while(fits).count()
}
