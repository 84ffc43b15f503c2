//! Which fields an Update changes, and to what.

use mesh_proto::task::v1 as proto;
use mesh_rpc::fields::{Checks, Unwritable, masked};
use mesh_types::Fault;

use super::fields;
use crate::domain::Edit;

/// The edits that `paths` name: of no path, the fields that are present. A named field that is absent is cleared.
pub(super) fn edits(mut task: proto::Task, paths: Vec<String>, checks: &mut Checks) -> Result<Vec<Edit>, Fault> {
    if paths.is_empty() {
        let paths = present(&task);
        return Ok(paths.into_iter().filter_map(|field| edit(field, &mut task, checks)).collect());
    }
    let named = masked("task", &paths, Field::named)?;
    Ok(named.into_iter().filter_map(|field| edit(field, &mut task, checks)).collect())
}

/// What Update can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    List,
    Parent,
    Title,
    Description,
    Status,
    Priority,
    Tags,
    Start,
    Due,
    Series,
}

/// What it cannot.
const OUTPUT_ONLY: [&str; 10] = [
    "id",
    "workspace_id",
    "position",
    "completed_time",
    "create_time",
    "update_time",
    "delete_time",
    "version",
    "created_by",
    "change_id",
];

impl Field {
    /// The field at this path. The etag may be named; it is compared, not written.
    fn named(path: &str) -> Result<Option<Self>, Unwritable> {
        let field = match path {
            "list_id" => Self::List,
            "parent_id" => Self::Parent,
            "title" => Self::Title,
            "description" => Self::Description,
            "status" => Self::Status,
            "priority" => Self::Priority,
            "tags" => Self::Tags,
            "start" => Self::Start,
            "due" => Self::Due,
            "schedule_id" | "occurrence" => Self::Series,
            "etag" => return Ok(None),
            known if OUTPUT_ONLY.contains(&known) => return Err(Unwritable::OutputOnly),
            _ => return Err(Unwritable::Unknown),
        };
        Ok(Some(field))
    }
}

fn present(task: &proto::Task) -> Vec<Field> {
    let fields = [
        (Field::List, task.list_id.is_some()),
        (Field::Parent, task.parent_id.is_some()),
        (Field::Title, task.title.is_some()),
        (Field::Description, task.description.is_some()),
        (Field::Status, task.status.is_some()),
        (Field::Priority, task.priority.is_some()),
        (Field::Tags, !task.tags.is_empty()),
        (Field::Start, task.start.is_some()),
        (Field::Due, task.due.is_some()),
        (Field::Series, task.schedule_id.is_some() || task.occurrence.is_some()),
    ];
    fields.into_iter().filter(|(_, present)| *present).map(|(field, _)| field).collect()
}

/// The edit of one field, with a note if it cannot be made.
fn edit(field: Field, task: &mut proto::Task, checks: &mut Checks) -> Option<Edit> {
    match field {
        Field::List => fields::list_id(task, checks).map(Edit::List),
        Field::Parent => fields::parent_id(task, checks).map(Edit::Parent),
        Field::Title => fields::title(task, checks).map(Edit::Title),
        Field::Description => fields::description(task, checks).map(Edit::Description),
        Field::Status => {
            if task.status.is_none() {
                checks.add("task.status", "required", "cannot be cleared");
            }
            fields::status(task, checks).map(Edit::Status)
        }
        Field::Priority => fields::priority(task, checks).map(Edit::Priority),
        Field::Tags => fields::tags(task, checks).map(Edit::Tags),
        Field::Start => fields::start(task, checks).map(Edit::Start),
        Field::Due => fields::due(task, checks).map(Edit::Due),
        Field::Series => fields::series(task, checks).map(Edit::Series),
    }
}
