//! The first five minutes with Taskmesh, by every face, in both modes.

mod reminders;
mod schedules;
mod tasks;
mod webhooks;
