//! The fields that requests of every service have: the workspace, the request's id, the filter.

use mesh_types::{ErrorKind, Fault, Reason, RequestId, WorkspaceId, WorkspaceSelector};
use prost::Message;
use sha2::{Digest, Sha256};

use super::Checks;

/// The request's id, if it has one, with a digest of everything else in it (`rest`).
pub fn request_id(id: String, rest: &impl Message, checks: &mut Checks) -> Option<RequestId> {
    let id = checks.token("request_id", id)?;
    Some(RequestId { id, body_digest: Sha256::digest(rest.encode_to_vec()).into() })
}

/// Which workspaces a `workspace_id` means: empty is the personal one, `-` all of them.
///
/// # Errors
/// INVALID_ARGUMENT for anything else that is no UUID.
pub fn workspaces(text: &str) -> Result<WorkspaceSelector, Fault> {
    match text {
        "" => Ok(WorkspaceSelector::Personal),
        "-" => Ok(WorkspaceSelector::All),
        id => {
            let mut checks = Checks::default();
            let id = checks.uuid("workspace_id", id);
            checks.finish(id).map(|id| WorkspaceSelector::One(WorkspaceId(id)))
        }
    }
}

/// The workspace of something new: the request's (`asked`), else the resource's (in `resource_field`, such as
/// `task.workspace_id`), else (`Some(None)`) the personal one. `None` is none of these, which is noted.
pub fn new_home(
    asked: &str,
    of_resource: &str,
    resource_field: &str,
    checks: &mut Checks,
) -> Option<Option<WorkspaceId>> {
    let (field, text) = match (asked, of_resource) {
        ("", "") => return Some(None),
        ("", of_resource) => (resource_field, of_resource),
        (asked, _) => ("workspace_id", asked),
    };
    checks.uuid(field, text).map(|id| Some(WorkspaceId(id)))
}

/// Filters are not there yet; ignoring one would answer something else than what was asked.
///
/// # Errors
/// INVALID_ARGUMENT (`FILTER_INVALID`) unless it is empty.
pub fn refuse_filter(field: &'static str, text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Ok(());
    }
    let message = format!("{field} is not available yet; leave it empty");
    Err(Fault::new(ErrorKind::InvalidArgument, Reason::FilterInvalid, message).with("field", field))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ID: &str = "0190163d-8694-739b-aea5-966c26f8ad90";

    #[test]
    fn the_workspace_asked_for_counts_more_than_that_of_the_resource() {
        let mut checks = Checks::default();
        let here = Some(Some(WorkspaceId(Uuid::parse_str(ID).expect("a UUID"))));
        assert_eq!(new_home(ID, "nonsense", "task.workspace_id", &mut checks), here);
        assert_eq!(new_home("", ID, "task.workspace_id", &mut checks), here);
        assert_eq!(new_home("", "", "task.workspace_id", &mut checks), Some(None));
        assert_eq!(new_home("", "nonsense", "task.workspace_id", &mut checks), None);
        let fault = checks.finish(Some(())).expect_err("one was nonsense");
        assert_eq!(fault.violations[0].field, "task.workspace_id");
    }

    #[test]
    fn an_empty_workspace_is_the_personal_one_and_a_dash_is_all() {
        assert_eq!(workspaces(""), Ok(WorkspaceSelector::Personal));
        assert_eq!(workspaces("-"), Ok(WorkspaceSelector::All));
        assert!(workspaces("everything").is_err());
    }

    #[test]
    fn a_request_id_goes_with_a_digest_of_the_rest() {
        let mut checks = Checks::default();
        let of = |seconds, checks: &mut Checks| {
            request_id("r1".to_owned(), &prost_types::Timestamp { seconds, nanos: 0 }, checks).expect("an id")
        };
        assert_eq!(of(1, &mut checks), of(1, &mut checks));
        assert_ne!(of(1, &mut checks), of(2, &mut checks));
        assert_eq!(request_id(String::new(), &(), &mut checks), None);
    }
}
