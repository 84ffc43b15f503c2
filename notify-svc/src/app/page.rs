//! What pages of channels and of deliveries have in common.

use mesh_types::{Caller, PageSize, WorkspaceSelector};

/// Answers stay under 3 MiB; this leaves room for what weights do not know of.
const MAX_PAGE_BYTES: usize = 2_800_000;

/// What tells a list from others, so that a page token is good for no other.
pub(super) fn identity(list: &str, caller: &Caller, workspaces: WorkspaceSelector, rest: &str) -> [String; 4] {
    let workspace = match workspaces {
        WorkspaceSelector::All => "-".to_owned(),
        WorkspaceSelector::Personal => caller.personal_workspace.to_string(),
        WorkspaceSelector::One(id) => id.to_string(),
    };
    [list.to_owned(), caller.actor.user_id.to_string(), workspace, rest.to_owned()]
}

/// Keeps as many as are wanted, but never so many that the answer gets too large; says whether any are left.
pub(super) fn cut<T>(items: &mut Vec<T>, wanted: PageSize, weight: impl Fn(&T) -> usize) -> bool {
    let wanted = usize::try_from(wanted.get()).unwrap_or(usize::MAX);
    let mut bytes = 0;
    let fits = |item: &&T| {
        bytes += weight(item);
        bytes <= MAX_PAGE_BYTES
    };
    let kept = items.iter().take(wanted).take_while(fits).count();
    let more = items.len() > kept;
    items.truncate(kept);
    more
}
