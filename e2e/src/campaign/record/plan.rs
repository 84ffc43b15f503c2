//! Which occurrences there must be because of what was done to a schedule.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::DateTime};

use super::{Change, Closing, Expected, Fate, Plan, Series, Standing, Steps, Times};

impl Series {
    /// The next occurrences that are not planned, in order. Counted from completion there are none that can be told.
    pub fn upcoming(&self) -> impl Iterator<Item = DateTime> {
        let skipped = |fate| matches!(fate, Fate::Skipped | Fate::SkippedEarly | Fate::LeftOut);
        let newest = self.occurrences.iter().rev().find(|(_, one)| !skipped(one.fate)).map(|(nominal, _)| *nominal);
        let known = self.plan != Plan::FromCompletion && self.standing != Standing::Ended;
        let times = self.times.after(newest.max(self.changed_after)).take_while(move |_| known);
        let own = times.take_while(|nominal| self.ends_before.is_none_or(|end| *nominal < end));
        own.filter(|nominal| !self.occurrences.contains_key(nominal))
    }

    /// Whether this is where it starts, and a weekend moves that. If it is skipped, what else comes at its time may be skipped
    /// with it, or come: nobody has said which.
    pub fn starts_moved(&self, nominal: DateTime) -> bool {
        let first = self.occurrences.keys().next() == Some(&nominal);
        first && self.times.place(nominal).is_none_or(|place| place != nominal)
    }

    /// The nominal starts of those whose tasks are open, as far as they are known.
    pub fn open(&self) -> impl Iterator<Item = DateTime> {
        self.occurrences.iter().filter(|(_, one)| one.fate == Fate::Open).map(|(nominal, _)| *nominal)
    }

    /// One with this nominal start is there; it must be the one whose time nobody knew.
    pub fn name(&mut self, nominal: DateTime) {
        if let Some(title) = self.unnamed.take() {
            self.occurrences.insert(nominal, Expected { due: nominal, title, fate: Fate::Open });
        }
    }

    /// Something becomes of an open occurrence, and what follows from that is planned.
    pub fn close(&mut self, nominal: DateTime, fate: Fate) {
        if let Some(open) = self.occurrences.get_mut(&nominal).filter(|one| one.fate == Fate::Open) {
            open.fate = fate;
        }
        self.go_on();
    }

    /// An occurrence is skipped that may or may not be planned by now.
    pub fn skip_early(&mut self, nominal: DateTime) {
        if self.occurrences.contains_key(&nominal) {
            return self.close(nominal, Fate::SkippedEarly);
        }
        self.leave_out(nominal);
        self.go_on();
    }

    /// It is deleted, and its open tasks with it if they are closed.
    pub fn delete(&mut self, closing: Option<Closing>) {
        self.deleted = true;
        if let Some(closing) = closing {
            let open = self.occurrences.values_mut().filter(|one| one.fate == Fate::Open);
            open.for_each(|one| one.fate = Fate::Closed(closing));
        }
    }

    /// It is restored.
    pub fn undelete(&mut self) {
        self.deleted = false;
        self.go_on();
    }

    /// It is paused, resumed or ended.
    pub fn stand(&mut self, standing: Standing) {
        self.standing = standing;
        self.go_on();
    }

    /// Something is changed, for what is not planned yet.
    pub fn change(&mut self, change: &Change) {
        let next = self.upcoming().next();
        let (times, plan) = (self.times, self.plan);
        self.apply(change);
        if (times, plan) != (self.times, self.plan) {
            // From the day on which the next one would have been.
            let day = next.map(|next| next.min(times.due(next).unwrap_or(next)).date());
            let eve = day.map(|day| day.saturating_sub(1.day()).at(23, 59, 59, 0));
            self.changed_after = eve.or(self.changed_after);
        }
        self.go_on();
    }

    /// Another schedule takes over from `at` on, with these changes and the open tasks from there on.
    #[must_use]
    pub fn split(&mut self, id: &str, at: DateTime, changes: &[Change]) -> Self {
        let nothing_before = self.upcoming().next().is_none_or(|next| next >= at);
        let mut fresh = Self {
            split_from: Some(id.to_owned()),
            times: Times { start: at, ..self.times },
            changed_after: None,
            occurrences: BTreeMap::new(),
            steps: Steps::default(),
            ..self.clone()
        };
        changes.iter().for_each(|change| fresh.apply(change));
        if self.plan != Plan::FromCompletion {
            // What is over by now does not come again.
            let over = self.occurrences.iter().filter(|(nominal, one)| **nominal >= at && one.fate != Fate::Open);
            let over: Vec<DateTime> =
                over.map(|(nominal, _)| *nominal).filter(|over| fresh.times.gives(*over)).collect();
            over.into_iter().for_each(|over| fresh.leave_out(over));
        }
        let moving: Vec<DateTime> = self.open().filter(|nominal| *nominal >= at).collect();
        for nominal in moving {
            self.occurrences.remove(&nominal);
            fresh.adopt();
        }
        fresh.go_on();
        self.ends_before = Some(at);
        if nothing_before {
            self.standing = Standing::Ended;
        }
        fresh
    }

    /// One more open task becomes its newest occurrence. The first one is where it starts, whatever the rule gives.
    fn adopt(&mut self) {
        let nominal = if self.open().next().is_none() { Some(self.times.start) } else { self.upcoming().next() };
        if let Some(nominal) = nominal {
            self.plan(nominal);
        }
    }

    fn leave_out(&mut self, nominal: DateTime) {
        let (due, title) = (nominal, self.title.clone());
        self.occurrences.insert(nominal, Expected { due, title, fate: Fate::LeftOut });
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Title(title) => self.title.clone_from(title),
            Change::Times(times) => self.times = *times,
            Change::Ahead(open) => self.plan = Plan::Ahead(*open),
        }
    }

    /// Plans what is wanted by now, or ends when nothing is left.
    pub fn go_on(&mut self) {
        if self.standing != Standing::Active || self.deleted {
            return;
        }
        let open = |series: &Self| series.open().count() + usize::from(series.unnamed.is_some());
        if self.plan == Plan::FromCompletion {
            if open(self) == 0 {
                self.unnamed = Some(self.title.clone());
            }
            return;
        }
        loop {
            let next = self.upcoming().next();
            let Some(next) = next else {
                if open(self) == 0 {
                    self.standing = Standing::Ended;
                }
                return;
            };
            let wanted = match self.plan {
                Plan::Until(end) => next <= end,
                Plan::Ahead(most) => open(self) < most,
                Plan::OnCompletion | Plan::FromCompletion => open(self) == 0,
            };
            if !wanted {
                return;
            }
            self.plan(next);
        }
    }

    fn plan(&mut self, nominal: DateTime) {
        let (due, title) = (self.times.place(nominal).unwrap_or(nominal), self.title.clone());
        self.occurrences.insert(nominal, Expected { due, title, fate: Fate::Open });
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::campaign::record::{Rule, Weekend};

    fn day(day: i8) -> DateTime {
        date(2030, 1, day).at(9, 0, 0, 0)
    }

    fn series(plan: Plan) -> Series {
        let times = Times { start: day(1), rule: Rule::Days(1), weekend: Weekend::Keep };
        let mut series = Series::new(times, true, "UTC", plan, "one");
        series.go_on();
        series
    }

    fn open(series: &Series) -> Vec<DateTime> {
        series.open().collect()
    }

    #[test]
    fn each_closed_occurrence_has_one_successor() {
        let mut series = series(Plan::OnCompletion);
        series.close(day(1), Fate::Finished);
        assert_eq!(open(&series), [day(2)]);
        series.close(day(1), Fate::Finished);
        assert_eq!(open(&series), [day(2)], "it was reopened");
        series.skip_early(day(4));
        series.close(day(2), Fate::Skipped);
        series.close(day(3), Fate::Finished);
        assert_eq!(open(&series), [day(5)]);
    }

    #[test]
    fn so_many_are_planned_as_are_wanted() {
        assert_eq!(open(&series(Plan::Ahead(2))), [day(1), day(2)]);
        assert_eq!(open(&series(Plan::Until(day(3)))), [day(1), day(2), day(3)]);
        let mut by_completion = series(Plan::FromCompletion);
        by_completion.close(day(1), Fate::Finished);
        assert_eq!((open(&by_completion), by_completion.unnamed.as_deref()), (Vec::new(), Some("one")));
        by_completion.name(day(7));
        assert_eq!(open(&by_completion), [day(7)]);
    }

    #[test]
    fn nothing_is_planned_while_it_is_paused_or_deleted_nor_once_it_has_ended() {
        let mut series = series(Plan::OnCompletion);
        series.stand(Standing::Paused);
        series.close(day(1), Fate::Finished);
        assert_eq!(open(&series), []);
        series.stand(Standing::Active);
        assert_eq!(open(&series), [day(2)]);
        series.delete(Some(Closing::Cancel));
        assert_eq!((open(&series), series.occurrences[&day(2)].fate), (Vec::new(), Fate::Closed(Closing::Cancel)));
        series.undelete();
        assert_eq!(open(&series), [day(3)]);
        series.stand(Standing::Ended);
        series.close(day(3), Fate::Finished);
        assert_eq!(open(&series), []);
    }

    #[test]
    fn other_times_hold_from_the_day_of_the_next_one_on() {
        let mut series = series(Plan::OnCompletion);
        let evening = Times { start: date(2030, 1, 1).at(18, 0, 0, 0), ..series.times };
        series.change(&Change::Times(evening));
        series.close(day(1), Fate::Finished);
        assert_eq!(open(&series), [date(2030, 1, 2).at(18, 0, 0, 0)]);
        series.change(&Change::Ahead(2));
        assert_eq!(open(&series).len(), 2);
    }

    #[test]
    fn a_split_takes_what_is_open_from_there_on() {
        let mut old = series(Plan::Ahead(4));
        old.close(day(3), Fate::Finished);
        let new = old.split("old", day(2), &[Change::Title("two".to_owned())]);
        assert_eq!((open(&old), old.standing, old.ends_before), (vec![day(1)], Standing::Ended, Some(day(2))));
        assert_eq!(open(&new), [day(2), day(4), day(5), day(6)]);
        assert_eq!((new.occurrences[&day(2)].title.as_str(), new.occurrences[&day(3)].fate), ("two", Fate::LeftOut));
    }

    #[test]
    fn what_comes_before_a_split_still_comes() {
        let mut old = series(Plan::OnCompletion);
        let new = old.split("old", day(3), &[]);
        assert_eq!((open(&old), open(&new)), (vec![day(1)], vec![day(3)]));
        old.close(day(1), Fate::Finished);
        assert_eq!((open(&old), old.standing), (vec![day(2)], Standing::Active));
        old.close(day(2), Fate::Finished);
        assert_eq!((open(&old), old.standing), (Vec::new(), Standing::Ended));
    }
}
