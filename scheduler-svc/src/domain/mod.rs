//! What is true of reminders and schedules: pure and synchronous. What a rule needs to know of a task comes as an argument.

mod carry_over;
mod cause;
mod edit;
mod error;
mod event;
mod fire;
mod follow;
#[cfg(test)]
mod follow_tests;
mod occurrence;
#[cfg(test)]
mod occurrence_tests;
mod order;
mod page_key;
mod person;
mod planned_time;
mod policies;
mod policies_stored;
mod preview;
mod reminder;
#[cfg(test)]
mod reminder_tests;
mod schedule;
#[cfg(test)]
mod schedule_change_tests;
mod schedule_create;
mod schedule_edit;
mod schedule_error;
mod schedule_event;
mod schedule_list;
mod schedule_order;
mod schedule_plan;
mod schedule_replace;
mod schedule_search;
mod schedule_skip;
mod schedule_split;
#[cfg(test)]
mod schedule_tests;
mod schedule_time;
mod snooze;
mod task_ref;
mod template;
mod timer;
mod timer_queue;
mod undelete;
#[cfg(test)]
mod undelete_tests;

pub use cause::{Cause, Told};
pub use edit::Edit;
pub use error::ReminderError;
pub use event::{Field, Firing, ReminderEvent, Verb};
pub use occurrence::{Closed, Heard, Occurrence, OccurrenceState, Place, Since, ToDo};
pub use order::{OrderBy, SortField};
pub use page_key::PageKey;
pub use person::{Person, PersonDay};
pub use planned_time::PlannedTime;
pub use policies::{Advance, Coded, Generation, Missed, SchedulePolicies, SeriesEnd};
pub use policies_stored::{PolicyField, StoredPolicies};
pub use preview::{Outline, Preview};
pub use reminder::{Anchor, Decision, Draft, Reminder, State, When};
pub use schedule::{OpenTasks, Planned, Schedule, ScheduleDecision, ScheduleState, ScheduleStep, Upcoming};
pub use schedule_create::{Beginning, ScheduleDraft};
pub use schedule_edit::ScheduleEdit;
pub use schedule_error::ScheduleError;
pub use schedule_event::{ScheduleEvent, ScheduleField, ScheduleVerb};
pub use schedule_list::{Computed, Window};
pub use schedule_order::{ScheduleKey, ScheduleOrder, ScheduleSort};
pub use schedule_plan::{SoFar, Succession};
pub use schedule_split::{Cut, Split};
pub use schedule_time::{from_jiff, to_jiff};
pub use snooze::SnoozePreset;
pub use task_ref::{TaskChange, TaskRef, TaskStatus};
pub use template::{Template, TemplateField};
pub use timer::Timer;
pub use timer_queue::TimerQueue;
