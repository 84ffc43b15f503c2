//! Changes of single fields, several of which make one change of a schedule.

use mesh_recurrence::{Nominal, Outcome, RuleSet, Series};
use mesh_types::Timestamp;

use super::{
    Advance, Generation, Place, PolicyField, Schedule, ScheduleDecision, ScheduleError, SchedulePolicies, ScheduleVerb,
    SoFar, StoredPolicies, Template, TemplateField, Upcoming, reminder::FIRST_INSTANT, schedule_time::to_jiff,
};

/// The new value of one field. Those that can be cleared take their default then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleEdit {
    /// What its tasks are made from.
    Template(Template),
    /// One part of that.
    PartOfTemplate(TemplateField, Template),
    /// The rules.
    Rrule(String),
    /// Where they start.
    Start(Nominal),
    /// The zone, as the database of zones spells it.
    TimeZone(String),
    /// How the rules are read.
    Policies(SchedulePolicies),
    /// One policy of these.
    Policy(PolicyField, StoredPolicies),
}

impl Schedule {
    /// Makes all `edits` at once: one version and one event. They hold from the next occurrence that is not planned yet.
    ///
    /// # Errors
    /// When it is deleted or has ended, or would make no sense.
    pub fn edit(&self, edits: Vec<ScheduleEdit>, so_far: &SoFar, now: Timestamp) -> ScheduleDecision {
        self.refuse_if_over()?;
        let after = self.edited(edits)?;
        if after == *self {
            return Ok(None);
        }
        if after.has_rules_of(self) {
            return Ok(Some(self.step(after, ScheduleVerb::Updated, now)));
        }
        let rules_from = self.next.map(|next| self.eve_of(&next)).transpose()?.or(self.rules_from);
        let next = Self { rules_from, ..after };
        let next = Self { next: next.upcoming(so_far, now)?, ..next };
        self.go_on(next, ScheduleVerb::Updated, so_far, now).map(Some)
    }

    /// The same schedule with other fields, if they go together.
    pub(super) fn edited(&self, edits: Vec<ScheduleEdit>) -> Result<Self, ScheduleError> {
        let mut after = self.clone();
        for edit in edits {
            match edit {
                ScheduleEdit::Template(template) => after.template = template,
                ScheduleEdit::PartOfTemplate(part, given) => after.template = after.template.with(part, given),
                ScheduleEdit::Rrule(rrule) => after.rrule = rrule,
                ScheduleEdit::Start(start) => after.start = start,
                ScheduleEdit::TimeZone(zone) => after.time_zone = zone,
                ScheduleEdit::Policies(policies) => after.policies = policies,
                ScheduleEdit::Policy(part, given) => {
                    after.policies = after.policies.with(part, &given).ok_or(ScheduleError::PoliciesClash)?;
                }
            }
        }
        if after.template.title.is_empty() {
            return Err(ScheduleError::TitleMissing);
        }
        if !after.has_rules_of(self) {
            after.text = after.check()?.0.describe();
        }
        Ok(after)
    }

    fn has_rules_of(&self, other: &Self) -> bool {
        let rules = |of: &Self| (of.rrule.clone(), of.start, of.time_zone.clone(), of.policies);
        rules(self) == rules(other)
    }

    /// Checks the rules against everything they depend on, and returns them, and where the start is in the zone.
    pub(super) fn check(&self) -> Result<(RuleSet, Place), ScheduleError> {
        let Self { rrule, start, policies, .. } = self;
        let rules = RuleSet::parse(rrule, *start).map_err(ScheduleError::Rule)?;
        if policies.advance == Advance::FromCompletion {
            if rules.count().is_some() {
                return Err(ScheduleError::CountFromCompletion);
            }
            if policies.generation != Generation::OnCompletion {
                return Err(ScheduleError::AheadFromCompletion);
            }
        }
        if !policies.end.admits(start.date(), 0) {
            return Err(ScheduleError::EndBeforeStart);
        }
        let zone = self.zone()?;
        let series = Series::new(rules.clone(), zone, policies.placing);
        match series.first() {
            Outcome::Next(_) => {}
            Outcome::Ended => return Err(ScheduleError::NeverFires),
            Outcome::GaveUp => return Err(ScheduleError::TooHard),
        }
        let place = Place::of_start(&series).filter(|place| place.instant >= FIRST_INSTANT);
        Ok((rules, place.ok_or(ScheduleError::StartUnplaceable)?))
    }

    /// The last second before the day on which the next one would have been, by its name or where it was moved: from then on
    /// nothing comes twice on that day, nor is it left out.
    fn eve_of(&self, next: &Upcoming) -> Result<Nominal, ScheduleError> {
        let moved = self.zone()?.to_datetime(to_jiff(next.time)).date();
        let day = next.nominal.date().min(moved);
        Ok(Nominal::Local(day.yesterday().unwrap_or(day).at(23, 59, 59, 0)))
    }
}
