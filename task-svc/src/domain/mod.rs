//! What is true of tasks: pure and synchronous. Every rule that does not need to look anything up is here; what a rule
//! needs to know of other tasks comes as an argument.

mod edit;
mod error;
mod event;
#[cfg(test)]
mod laws;
mod lineage;
mod order;
mod page_key;
mod planned_time;
mod position;
mod series;
mod status;
mod task;
mod text;

pub use edit::Edit;
pub use error::TaskError;
pub use event::{Field, TaskEvent, Verb};
pub use lineage::Lineage;
pub use order::{OrderBy, SortField};
pub use page_key::{PageKey, SortValue};
pub use planned_time::{PlannedTime, PlannedTimeError, Zone};
pub use position::Position;
pub use series::{Occurrence, Series};
pub use status::{Priority, Status};
pub use task::{Decision, Draft, Task};
pub use text::{Description, Tags, TextError, Title};
