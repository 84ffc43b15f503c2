//! Recurrence rules of RFC 5545 in every time zone: strict, bounded, pure and synchronous.
//!
//! ```
//! use mesh_recurrence::{Outcome, Policies, RuleSet, Series, zone};
//!
//! let rules = RuleSet::parse("FREQ=WEEKLY;BYDAY=MO,FR", "2026-11-20T09:00:00".parse()?)?;
//! assert_eq!(rules.describe(), "every week on Monday and Friday");
//! let (_, berlin) = zone("Europe/Berlin").ok_or("no such zone")?;
//! let series = Series::new(rules, berlin, Policies::default());
//! let Outcome::Next(first) = series.first() else { return Err("no occurrence".into()) };
//! assert_eq!(first.instant.to_string(), "2026-11-20T08:00:00Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//!
//! [`RuleSet::parse`] reads strictly and says where a problem is; the text is kept as it was written and never written
//! anew. `expand/` turns a rule into nominal starts without a zone: a rule is a row of periods (years, months, weeks,
//! days, hours or minutes) that are found by arithmetic, so that "what comes after this instant" costs the same in the
//! first year and in the tenth. `place` puts a nominal start into the zone by the policies, and `stream` keeps the
//! occurrences in order where policies move them past each other.
//!
//! - A wall time in a gap takes the offset before it, one that comes twice is the first (section 3.3.5), unless the
//!   policies say otherwise. No two occurrences are at one instant.
//! - HOURLY and MINUTELY without BYHOUR, BYMINUTE and BYSECOND step in elapsed time: every four hours are four real
//!   hours. Their nominal starts are read off a clock that keeps the offset of the start. All other rules step in wall
//!   time.
//! - A start that does not fit the rule is not an occurrence. With RDATE alone, the start is the first occurrence.
//! - COUNT counts what the rule gives, before dates are left out and before the policies. UNTIL is inclusive; in UTC it
//!   is compared with instants, as a day it counts to the day's end, as a wall time it is the zone's; the weekend policy
//!   comes after it.
//! - BYWEEKNO without a day takes the start's weekday, and BYSETPOS counts in whole weeks, as the RFC has it.
//! - Second 60 is second 59 (section 3.3.12). EXDATE as a date leaves out the whole day; RDATE as a date takes the
//!   start's time. Both may have a TZID of their own or be in UTC.
//! - The calendar ends with the year 9999.
//!
//! # The bound on the work
//!
//! Rules come from strangers. BYHOUR, BYMINUTE and BYSECOND are never multiplied out, a rule that fits no day of the
//! calendar's cycle of 400 years has [`Outcome::Ended`], and whatever takes more than a fixed number of steps (a few
//! milliseconds) is [`Outcome::GaveUp`] instead of a wrong "no". `cargo xtask fuzz rules` tries that on odd texts for as long as
//! one likes.
//!
//! # What is refused
//!
//! | refused | because |
//! |---|---|
//! | FREQ=SECONDLY | nobody does a task every second |
//! | more than 16 KiB of text | the contract's limit |
//! | DTSTART among the lines | the start and its zone are given beside the rules |
//! | EXRULE | obsolete since RFC 5545 |
//! | a second RRULE | the RFC leaves its meaning undefined |
//! | EXDATE alone | it leaves out something of nothing |
//! | unknown properties, parameters and parts, X- ones included | they would be ignored, and the rule would mean something else |
//! | RSCALE and SKIP | RFC 7529 is not supported; the month-end policy covers its common use |
//! | VALUE=PERIOD | an occurrence has no length |
//! | a part given twice; COUNT with UNTIL | the RFC forbids it |
//! | INTERVAL=0, COUNT=0, numbers outside the RFC's ranges | the RFC forbids it, and 0 has no meaning |
//! | ordinals (`2MO`) outside MONTHLY and YEARLY, or with BYWEEKNO | the RFC forbids it |
//! | BYMONTHDAY with WEEKLY; BYYEARDAY with DAILY, WEEKLY, MONTHLY; BYWEEKNO without YEARLY | the RFC forbids it |
//! | BYSETPOS without another BY part | the RFC forbids it |
//! | BYHOUR, BYMINUTE, BYSECOND, HOURLY, MINUTELY and times in RDATE and EXDATE for whole days | a day has no time |
//!
//! # Why our own expansion
//!
//! The `rrule` crate is right for most rules, but in zones it loses days and repeats times when the clocks change, it
//! counts from the start, refuses `BYDAY=-5MO`, fires `WEEKLY;BYDAY=2MO` every day, goes wrong for minutes with times
//! of day, cannot tell "ended" from "gave up", and 600 bytes can make it take seconds and 170 MB. Guarding it takes more
//! code than expanding the rules. It is the second opinion of the tests, where it is right.

mod calendar;
mod describe;
mod expand;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod nominal;
mod occurrence;
mod parse;
mod place;
mod policy;
mod problem;
mod rule;
mod rule_set;
mod series;
mod source;
mod stream;
mod walk;
mod warning;

pub use mesh_types::{tzdata_version, zone};
pub use nominal::{Nominal, NominalError};
pub use occurrence::{Adjustment, Listed, Occurrence, Outcome};
pub use policy::{DstGap, DstOverlap, MonthEnd, Policies, Weekend};
pub use problem::{Frequency, Part, RuleError, RuleProblem};
pub use rule_set::RuleSet;
pub use series::Series;
pub use warning::Warning;
