//! The words that every service shares. No async, no transport, and of the machine only its clock and its zones: `domain/`
//! may use all of this.

mod caller;
mod crash;
mod error;
mod etag;
mod id;
mod order;
mod page;
mod request_id;
mod time;
mod zone;

pub use caller::{Actor, Caller, Membership, Role, WorkspaceSelector};
pub use crash::crash_point;
pub use error::{ErrorKind, Fault, Reason, Resource, Violation};
pub use etag::Etag;
pub use id::{ApiTokenId, TaskId, UserId, WorkspaceId, derived_id, new_id};
pub use order::{Direction, OrderBy, OrderError, SortField};
pub use page::{PageSize, PageToken};
pub use request_id::RequestId;
pub use time::{Clock, SystemClock, Timestamp};
pub use zone::{tzdata_source, tzdata_version, wall_instant, zone};
