//! A rule set in a zone, under policies: what the services ask.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

use crate::{
    Adjustment, Listed, Nominal, Occurrence, Outcome, Policies, RuleSet, Warning, Weekend,
    calendar::{DAY, seconds_of, to_date, to_datetime},
    expand::work::{GaveUp, Work},
    place::{Clock, Placed, Placer, timestamp},
    source::Source,
    stream::Stream,
    walk::Walk,
    warning,
};

/// A rule set in a zone, under policies. Cheap to build; every answer is computed, nothing is stored.
///
/// Occurrences are in the order of their instants, which is that of their nominal starts unless a policy moves some.
/// No two are at one instant: of several, the one that was not moved stays, else the first.
#[derive(Clone, Debug)]
pub struct Series {
    rules: RuleSet,
    pub(crate) source: Source,
    pub(crate) placer: Placer,
}

impl Series {
    /// A series of these rules.
    pub fn new(rules: RuleSet, zone: TimeZone, policies: Policies) -> Series {
        let (source, clock) = Source::new(&rules.parsed, rules.start(), &zone, policies);
        Series { rules, source, placer: Placer { zone, clock, policies } }
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.placer.zone
    }

    /// The policies.
    pub fn policies(&self) -> Policies {
        self.placer.policies
    }

    /// The first occurrence.
    pub fn first(&self) -> Outcome {
        self.after(i64::MIN)
    }

    /// The occurrence that nominally starts then, where a policy moves it; [`Outcome::Ended`] if the rules do not give it or a
    /// policy drops it. It need not be one of the series: another may stay where this one would be moved.
    pub fn at(&self, nominal: Nominal) -> Outcome {
        let nominal = self.seconds(nominal);
        match self.walk_from(nominal) {
            Ok(Some(given)) if given == nominal => {
                self.placer.place(nominal).map_or(Outcome::Ended, |placed| Outcome::Next(self.occurrence(placed)))
            }
            Ok(_) => Outcome::Ended,
            Err(GaveUp) => Outcome::GaveUp,
        }
    }

    /// The occurrence after this one, which need not be an occurrence itself.
    ///
    /// A nominal start that the rules do not give stands for its instant in the zone.
    pub fn next_after(&self, after: Nominal) -> Outcome {
        let nominal = self.seconds(after);
        // Only the weekend moves what the rules give further than what they do not give.
        let placed = match self.placer.policies.weekend {
            Weekend::NextWeekday | Weekend::PreviousWeekday if self.walk_from(nominal) == Ok(Some(nominal)) => {
                self.placer.place(nominal)
            }
            Weekend::NextWeekday | Weekend::PreviousWeekday => None,
            Weekend::Keep | Weekend::Drop => self.placer.place(nominal),
        };
        self.after(placed.map_or_else(|| self.placer.plain_instant(nominal), |placed| placed.instant))
    }

    /// The first occurrence whose instant is after this one.
    pub fn next_after_instant(&self, after: Timestamp) -> Outcome {
        self.after(floor(after))
    }

    /// The occurrences whose instant is in `[from, to)`, at most `limit`.
    pub fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Listed {
        let units = u32::try_from(limit).unwrap_or(u32::MAX).saturating_mul(8).saturating_add(Work::ONE_ANSWER);
        // The last second that is before each.
        let before =
            |instant: Timestamp| if instant.subsec_nanosecond() > 0 { floor(instant) } else { floor(instant) - 1 };
        let (after, last) = (before(from), before(to));
        let mut stream = Stream::new(&self.source, &self.placer, after, units);
        let mut occurrences = Vec::new();
        loop {
            match stream.next() {
                Ok(Some(placed)) if placed.instant <= last => {
                    if occurrences.len() == limit {
                        return Listed { occurrences, complete: false };
                    }
                    occurrences.push(self.occurrence(placed));
                }
                Ok(_) => return Listed { occurrences, complete: true },
                Err(GaveUp) => return Listed { occurrences, complete: false },
            }
        }
    }

    /// How many of the occurrences that COUNT counts nominally start before this; `None` if the rules do not end by COUNT.
    pub fn counted_before(&self, nominal: Nominal) -> Option<u32> {
        let limit = usize::try_from(self.rules.count()?).unwrap_or(usize::MAX);
        // It counts before dates are left out and before policies drop any; only the month's end gives more.
        let policies = Policies { month_end: self.placer.policies.month_end, ..Policies::default() };
        let counted = Series::new(self.rules.rule_alone(), self.placer.zone.clone(), policies);
        let all = counted.between(Timestamp::MIN, Timestamp::MAX, limit).occurrences;
        Some(all.iter().filter(|found| found.nominal < nominal).count() as u32)
    }

    /// What may surprise whoever wrote the rules, as seen from `now`.
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        warning::warnings(self, now)
    }

    fn after(&self, instant: i64) -> Outcome {
        match Stream::new(&self.source, &self.placer, instant, Work::ONE_ANSWER).next() {
            Ok(Some(placed)) => Outcome::Next(self.occurrence(placed)),
            Ok(None) => Outcome::Ended,
            Err(GaveUp) => Outcome::GaveUp,
        }
    }

    /// The first nominal start from one on, before placing.
    pub(crate) fn nominal_from(&self, from: i64) -> Option<i64> {
        self.walk_from(from).ok()?
    }

    fn walk_from(&self, from: i64) -> Result<Option<i64>, GaveUp> {
        Walk::new(&self.source, &self.placer, from).next(&mut Work::new(Work::ONE_ANSWER))
    }

    /// A nominal start as seconds on the clock it is read off.
    fn seconds(&self, nominal: Nominal) -> i64 {
        match self.placer.clock {
            Clock::Days => seconds_of(nominal.date().into()),
            Clock::Wall | Clock::Fixed(_) => seconds_of(nominal.datetime()),
        }
    }

    /// A nominal start as the caller knows it.
    pub(crate) fn nominal(&self, seconds: i64) -> Nominal {
        match self.placer.clock {
            Clock::Days => Nominal::Date(to_date(seconds.div_euclid(DAY))),
            Clock::Wall | Clock::Fixed(_) => Nominal::Local(to_datetime(seconds)),
        }
    }

    fn occurrence(&self, placed: Placed) -> Occurrence {
        let reasons = [
            (placed.by_weekend, Adjustment::Weekend),
            (self.source.is_clamped(placed.nominal, placed.wall), Adjustment::MonthEnd),
            (placed.by_gap, Adjustment::DstGap),
        ];
        Occurrence {
            nominal: self.nominal(placed.nominal),
            instant: timestamp(placed.instant),
            local: self.nominal(placed.wall),
            offset: Offset::from_seconds(placed.offset).unwrap_or(Offset::UTC),
            adjustments: reasons.into_iter().filter(|(is_so, _)| *is_so).map(|(_, reason)| reason).collect(),
        }
    }
}

/// The second that an instant is in.
fn floor(instant: Timestamp) -> i64 {
    instant.as_nanosecond().div_euclid(1_000_000_000) as i64
}
