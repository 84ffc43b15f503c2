//! The nominal starts of a series before placing: the rule, its end, the dates added and excepted.

use std::sync::OnceLock;

use jiff::tz::TimeZone;

use crate::{
    MonthEnd, Nominal, Policies,
    calendar::{DAY, day_of, seconds_of},
    expand::{elapsed::Elapsed, wall::Wall, work::Work},
    parse::Parsed,
    place::{Clock, Placer, instant_of, instant_of_day, offset_at, wall_at},
    rule::{Moment, RuleEnd},
};

/// What a series draws its nominal starts from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) rule: Expansion,
    pub(crate) start: i64,
    end: RuleEnd,
    /// Where the rule ends; COUNT is counted once, when it is first asked for.
    bound: OnceLock<Bound>,
    /// RDATE, sorted.
    pub(crate) added: Vec<i64>,
    /// EXDATE as nominal starts, as instants and as whole days; each sorted.
    excepted: Vec<i64>,
    excepted_instants: Vec<i64>,
    excepted_days: Vec<i64>,
}

/// A rule made ready for expansion.
#[derive(Clone, Debug)]
pub(crate) enum Expansion {
    /// There is no rule, only dates.
    Dates,
    Wall(Wall),
    Elapsed(Elapsed),
}

/// The last nominal start that the rule may give.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) last: i64,
    /// What comes after it: nothing, or nobody knows, since counting there was too much work.
    pub(crate) known: bool,
    /// The last instant, where the bound is an instant and `last` only an upper bound of it.
    pub(crate) instant: i64,
}

impl Source {
    /// The source of a rule set, and the clock that its nominal starts are read off.
    pub(crate) fn new(parsed: &Parsed, start: Nominal, zone: &TimeZone, policies: Policies) -> (Source, Clock) {
        let wall_start = seconds_of(start.datetime());
        let clamp = policies.month_end == MonthEnd::Clamp;
        let instant = instant_of(zone, wall_start);
        let elapsed = parsed.rule.as_ref().is_some_and(|rule| rule.is_elapsed());
        let clock = match start {
            _ if elapsed => Clock::Fixed(offset_at(zone, instant)),
            Nominal::Date(_) => Clock::Days,
            Nominal::Local(_) => Clock::Wall,
        };
        let rule = match &parsed.rule {
            None => Expansion::Dates,
            Some(rule) if elapsed => {
                let day = wall_at(zone, instant).div_euclid(DAY);
                Expansion::Elapsed(Elapsed::new(rule, day, instant, clamp, zone.clone()))
            }
            Some(rule) => Expansion::Wall(Wall::new(rule, wall_start, clamp)),
        };
        let mut source = Source {
            rule,
            start: to_clock(&Moment::Local(start.datetime()), wall_start, zone, clock),
            end: parsed.rule.as_ref().map_or(RuleEnd::Never, |rule| rule.end.clone()),
            bound: OnceLock::new(),
            added: parsed.added.iter().map(|moment| to_clock(moment, wall_start, zone, clock)).collect(),
            excepted: Vec::new(),
            excepted_instants: Vec::new(),
            excepted_days: Vec::new(),
        };
        // With dates only, the start is the first of them.
        if parsed.rule.is_none() {
            source.added.push(source.start);
        }
        source.except(&parsed.excepted, zone, clock);
        for list in [&mut source.added, &mut source.excepted, &mut source.excepted_instants, &mut source.excepted_days]
        {
            list.sort_unstable();
            list.dedup();
        }
        (source, clock)
    }

    fn except(&mut self, moments: &[Moment], zone: &TimeZone, clock: Clock) {
        for moment in moments {
            match (moment, clock) {
                (Moment::Date(date), _) => self.excepted_days.push(day_of(*date)),
                (Moment::Local(local), Clock::Wall | Clock::Days) => self.excepted.push(seconds_of(*local)),
                (Moment::Local(local), Clock::Fixed(_)) => {
                    self.excepted_instants.push(instant_of(zone, seconds_of(*local)));
                }
                (Moment::Utc(utc), _) => self.excepted_instants.push(seconds_of(*utc)),
                (Moment::Zoned(local, own), _) => self.excepted_instants.push(instant_of(own, seconds_of(*local))),
            }
        }
    }

    /// Whether a nominal start is excepted.
    pub(crate) fn is_excepted(&self, nominal: i64, placer: &Placer) -> bool {
        if self.excepted.binary_search(&nominal).is_ok() {
            return true;
        }
        let has = |list: &[i64], wanted: &dyn Fn() -> i64| !list.is_empty() && list.binary_search(&wanted()).is_ok();
        let instant = || placer.plain_instant(nominal);
        let day = || match placer.clock {
            Clock::Fixed(_) => wall_at(&placer.zone, instant()).div_euclid(DAY),
            Clock::Wall | Clock::Days => nominal.div_euclid(DAY),
        };
        has(&self.excepted_instants, &instant) || has(&self.excepted_days, &day)
    }

    /// Whether the day of a nominal start stands in for one that its month does not have.
    pub(crate) fn is_clamped(&self, nominal: i64, wall: i64) -> bool {
        self.added.binary_search(&nominal).is_err()
            && match &self.rule {
                Expansion::Dates => false,
                Expansion::Wall(rule) => rule.days.is_clamped(nominal.div_euclid(DAY)),
                Expansion::Elapsed(rule) => rule.days.is_clamped(wall.div_euclid(DAY)),
            }
    }

    pub(crate) fn bound(&self, placer: &Placer) -> Bound {
        *self.bound.get_or_init(|| {
            let none = Bound { last: i64::MAX, known: true, instant: i64::MAX };
            match &self.end {
                RuleEnd::Never => none,
                RuleEnd::Count(count) => self.count_to(*count, placer.clock).map_or_else(
                    |counted_to| Bound { last: counted_to, known: false, ..none },
                    |last| Bound { last: last.unwrap_or(i64::MAX), ..none },
                ),
                RuleEnd::Until(until) => until_bound(until, placer),
            }
        })
    }

    fn count_to(&self, count: u32, clock: Clock) -> Result<Option<i64>, i64> {
        let mut work = Work::new(Work::ONE_ANSWER);
        match (&self.rule, clock) {
            (Expansion::Wall(rule), _) => rule.nth(count, &mut work),
            (Expansion::Elapsed(rule), Clock::Fixed(offset)) => {
                let nominal = |instant: i64| instant.saturating_add(offset);
                rule.nth(count, &mut work).map(|last| last.map(nominal)).map_err(nominal)
            }
            _ => Ok(None),
        }
    }

    /// Whether UNTIL is before the start.
    pub(crate) fn ends_before_start(&self, placer: &Placer) -> bool {
        let bound = self.bound(placer);
        let is_until = matches!(self.end, RuleEnd::Until(_));
        is_until && (bound.last < self.start || bound.instant < placer.plain_instant(self.start))
    }
}

/// A moment as a nominal start.
fn to_clock(moment: &Moment, start: i64, zone: &TimeZone, clock: Clock) -> i64 {
    let wall = match moment {
        Moment::Date(date) => day_of(*date) * DAY + start.rem_euclid(DAY),
        Moment::Local(local) => seconds_of(*local),
        Moment::Utc(utc) => wall_at(zone, seconds_of(*utc)),
        Moment::Zoned(local, own) => wall_at(zone, instant_of(own, seconds_of(*local))),
    };
    match clock {
        Clock::Wall | Clock::Days => wall,
        Clock::Fixed(offset) => instant_of(zone, wall) + offset,
    }
}

/// UNTIL is inclusive. In UTC it is compared with instants; a day counts to its end; a wall time is the zone's.
fn until_bound(until: &Moment, placer: &Placer) -> Bound {
    let nominal = |last| Bound { last, known: true, instant: i64::MAX };
    let instant = |instant: i64| Bound { last: instant.saturating_add(2 * DAY), known: true, instant };
    match (until, placer.clock) {
        (Moment::Date(date), Clock::Fixed(_)) => instant(instant_of_day(&placer.zone, day_of(*date) + 1) - 1),
        (Moment::Date(date), _) => nominal(day_of(*date) * DAY + DAY - 1),
        // For whole days only the day of it counts.
        (Moment::Utc(local) | Moment::Local(local), Clock::Days) => nominal(seconds_of(*local)),
        (Moment::Utc(utc), _) => instant(seconds_of(*utc)),
        (Moment::Local(local) | Moment::Zoned(local, _), Clock::Fixed(_)) => {
            instant(instant_of(&placer.zone, seconds_of(*local)))
        }
        (Moment::Local(local) | Moment::Zoned(local, _), _) => nominal(seconds_of(*local)),
    }
}
