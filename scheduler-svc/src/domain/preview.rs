//! What rules would give, with nothing saved.

use mesh_recurrence::{Listed, Nominal, Occurrence, RuleSet, Series, Warning};
use mesh_types::Timestamp;

use super::{
    ScheduleError, SchedulePolicies, SeriesEnd,
    schedule_time::{just_after, to_jiff},
};

/// Rules to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The rules.
    pub rrule: String,
    /// Where they start.
    pub start: Nominal,
    /// The zone; `None` is the caller's.
    pub time_zone: Option<String>,
    /// How they are read. What the next occurrence is counted from and when tasks are made has no bearing.
    pub policies: SchedulePolicies,
    /// Only occurrences after this instant.
    pub after: Option<Timestamp>,
    /// How many at most.
    pub count: usize,
}

/// What rules give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The occurrences, in order of time.
    pub occurrences: Vec<Occurrence>,
    /// The rules in plain English.
    pub text: String,
    /// What may surprise.
    pub warnings: Vec<Warning>,
    /// Whether there are no occurrences after these.
    pub exhausted: bool,
}

impl Outline {
    /// What the rules give, as seen from `now` by somebody in this zone.
    ///
    /// # Errors
    /// When the rules are not rules, or there is no zone.
    pub fn preview(&self, caller_zone: Option<&str>, now: Timestamp) -> Result<Preview, ScheduleError> {
        let zone = self.time_zone.as_deref().or(caller_zone).and_then(mesh_recurrence::zone);
        let (_, zone) = zone.ok_or(ScheduleError::ZoneMissing)?;
        let rules = RuleSet::parse(&self.rrule, self.start).map_err(ScheduleError::Rule)?;
        let text = rules.describe();
        let series = Series::new(rules, zone, self.policies.placing);
        let (occurrences, exhausted) = self.listed(&series);
        Ok(Preview { occurrences, text, warnings: series.warnings(to_jiff(now)), exhausted })
    }

    fn listed(&self, series: &Series) -> (Vec<Occurrence>, bool) {
        let after = self.after.map_or(jiff::Timestamp::MIN, just_after);
        let end = jiff::Timestamp::MAX;
        if let SeriesEnd::Count(count) = self.policies.end {
            // Those that are counted are counted from the first.
            let count = usize::try_from(count).unwrap_or_default();
            let all = series.between(jiff::Timestamp::MIN, end, count);
            let known = all.complete || all.occurrences.len() == count;
            let mut found: Vec<_> = all.occurrences.into_iter().filter(|found| found.instant >= after).collect();
            let exhausted = known && found.len() <= self.count;
            found.truncate(self.count);
            return (found, exhausted);
        }
        let Listed { occurrences, complete } = series.between(after, end, self.count);
        let listed = occurrences.len();
        let admitted = |found: &Occurrence| self.policies.end.admits(found.nominal.date(), 0);
        let occurrences: Vec<_> = occurrences.into_iter().filter(admitted).collect();
        let ended = occurrences.len() < listed;
        (occurrences, complete || ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(rrule: &str, count: usize) -> Outline {
        Outline {
            rrule: rrule.to_owned(),
            start: "2026-11-02T09:00:00".parse().expect("a wall time"),
            time_zone: Some("Europe/Berlin".to_owned()),
            policies: SchedulePolicies::default(),
            after: None,
            count,
        }
    }

    fn preview(outline: &Outline) -> (Vec<String>, bool) {
        let preview = outline.preview(None, Timestamp::default()).expect("these are rules");
        (preview.occurrences.iter().map(|found| found.nominal.to_string()).collect(), preview.exhausted)
    }

    #[test]
    fn a_preview_says_whether_there_is_more() {
        assert!(preview(&outline("FREQ=DAILY;COUNT=2", 2)).1);
        assert!(!preview(&outline("FREQ=DAILY;COUNT=3", 2)).1);
        assert_eq!(preview(&outline("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 2)), (Vec::new(), true));
    }

    #[test]
    fn the_end_of_the_series_holds_wherever_the_list_begins() {
        let mut outline = outline("FREQ=DAILY", 2);
        outline.policies.end = SeriesEnd::Count(4);
        assert!(!preview(&outline).1);
        outline.after = "2026-11-04T08:00:00Z".parse().ok().map(crate::domain::from_jiff);
        assert_eq!(preview(&outline), (vec!["2026-11-05T09:00:00".to_owned()], true));
        outline.policies.end = SeriesEnd::After(jiff::civil::date(2026, 11, 6));
        outline.count = 9;
        assert_eq!(preview(&outline), (["2026-11-05T09:00:00", "2026-11-06T09:00:00"].map(str::to_owned).into(), true));
    }

    #[test]
    fn without_a_zone_it_is_the_callers() {
        let outline = Outline { time_zone: None, ..outline("FREQ=DAILY", 1) };
        assert_eq!(outline.preview(None, Timestamp::default()), Err(ScheduleError::ZoneMissing));
        let preview = outline.preview(Some("Asia/Tokyo"), Timestamp::default()).expect("these are rules");
        assert_eq!(preview.occurrences[0].instant.to_string(), "2026-11-02T00:00:00Z");
    }
}
