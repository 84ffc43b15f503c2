//! What the tasks of a schedule are made from.

use jiff::{civil, tz::TimeZone};
use mesh_recurrence::Nominal;
use mesh_types::TaskId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PlannedTime, schedule_time::to_jiff};

/// What every task of a schedule says of itself, besides when it is due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    /// One line of text.
    pub title: String,
    /// Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How much it matters, as the contract numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Free labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The list to file it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_id: Option<Uuid>,
    /// The task it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TaskId>,
    /// How long before it is due work on it begins, in seconds by the clock on the wall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_before_seconds: Option<i64>,
}

/// A part of a template, as an update names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of the template")]
pub enum TemplateField {
    Title,
    Description,
    Priority,
    Tags,
    ListId,
    ParentId,
    StartBefore,
}

impl TemplateField {
    /// The part with this name in the contract.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "title" => Self::Title,
            "description" => Self::Description,
            "priority" => Self::Priority,
            "tags" => Self::Tags,
            "list_id" => Self::ListId,
            "parent_id" => Self::ParentId,
            "start_before" => Self::StartBefore,
            _ => return None,
        })
    }
}

/// Ten years; the contract allows no more.
const LONGEST_START_BEFORE_SECONDS: i64 = 315_360_000;

impl Template {
    /// About how many bytes it takes to tell it.
    pub fn weight(&self) -> usize {
        let tags: usize = self.tags.iter().map(|tag| tag.len() + 4).sum();
        self.title.len() + self.description.as_ref().map_or(0, String::len) + tags + 128
    }

    /// The same template, with this part as it is in `given`.
    #[must_use]
    pub fn with(mut self, part: TemplateField, given: Self) -> Self {
        match part {
            TemplateField::Title => self.title = given.title,
            TemplateField::Description => self.description = given.description,
            TemplateField::Priority => self.priority = given.priority,
            TemplateField::Tags => self.tags = given.tags,
            TemplateField::ListId => self.list_id = given.list_id,
            TemplateField::ParentId => self.parent_id = given.parent_id,
            TemplateField::StartBefore => self.start_before_seconds = given.start_before_seconds,
        }
        self
    }

    /// The same template, with as much time between start and due as a task has. A task that starts after it is due, or
    /// absurdly early, has none.
    #[must_use]
    pub fn starting_like(
        mut self,
        start: Option<&PlannedTime>,
        due: Option<&PlannedTime>,
        zone: (&str, &TimeZone),
    ) -> Self {
        let Some((start, due)) = start.zip(due) else { return self };
        let between = wall_time(start, zone).datetime().duration_until(wall_time(due, zone).datetime()).as_secs();
        self.start_before_seconds = (0..=LONGEST_START_BEFORE_SECONDS).contains(&between).then_some(between);
        self
    }

    /// When work begins on a task that is due then; `None` when that is not told, or is before the calendar begins.
    pub fn start_for(&self, due: Nominal) -> Option<Nominal> {
        let before = jiff::SignedDuration::from_secs(self.start_before_seconds?);
        match due {
            Nominal::Date(day) => day.checked_sub(before).ok().filter(|day| day.year() >= 1).map(Nominal::Date),
            Nominal::Local(wall) => wall.checked_sub(before).ok().filter(|wall| wall.year() >= 1).map(Nominal::Local),
        }
    }
}

/// A planned time by the clock on the wall in this zone: a whole day stays one.
pub(super) fn wall_time(time: &PlannedTime, (name, zone): (&str, &TimeZone)) -> Nominal {
    let to_the_second = |wall: civil::DateTime| {
        Nominal::Local(civil::DateTime::from_parts(
            wall.date(),
            civil::time(wall.hour(), wall.minute(), wall.second(), 0),
        ))
    };
    match time {
        PlannedTime::Date(day, _) => Nominal::Date(*day),
        PlannedTime::LocalTime(wall, there) if there == name => to_the_second(*wall),
        elsewhere => to_the_second(zone.to_datetime(to_jiff(elsewhere.first_instant(None)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> (&'static str, TimeZone) {
        ("Europe/Berlin", TimeZone::get("Europe/Berlin").expect("a known zone"))
    }

    fn local(text: &str) -> PlannedTime {
        PlannedTime::LocalTime(text.parse().expect("a wall time"), "Europe/Berlin".to_owned())
    }

    fn between(start: &PlannedTime, due: &PlannedTime) -> Option<i64> {
        let (name, zone) = zone();
        Template::default().starting_like(Some(start), Some(due), (name, &zone)).start_before_seconds
    }

    #[test]
    fn the_time_between_start_and_due_is_counted_by_the_clock_on_the_wall() {
        // The clocks change in between: the day has 25 hours.
        assert_eq!(between(&local("2026-10-24T09:00:00"), &local("2026-10-25T09:00:00")), Some(86_400));
        assert_eq!(between(&local("2026-10-26T09:00:00"), &local("2026-10-25T09:00:00")), None);
        let (first, last) = (civil::date(2026, 3, 1), civil::date(2026, 3, 4));
        assert_eq!(between(&PlannedTime::Date(first, None), &PlannedTime::Date(last, None)), Some(3 * 86_400));
    }

    #[test]
    fn a_start_is_as_long_before_the_due_again() {
        let template = Template { start_before_seconds: Some(2 * 86_400), ..Template::default() };
        let start = |due: &str| template.start_for(due.parse().expect("a due")).map(|start| start.to_string());
        assert_eq!(start("2026-03-30T09:00:00").as_deref(), Some("2026-03-28T09:00:00"));
        assert_eq!(start("2026-03-01").as_deref(), Some("2026-02-27"));
        assert_eq!(Template::default().start_for("2026-03-01".parse().expect("a due")), None);
    }
}
