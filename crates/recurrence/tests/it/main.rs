//! Recurrence, judged by what others computed, by RFC 5545's own examples and by properties.
#![expect(clippy::unwrap_used, reason = "a test whose rule cannot be read has failed")]

mod elapsed;
mod hostile;
mod oracle;
mod policies;
mod properties;
mod refused;
mod rfc5545;
mod second_opinion;
mod words;
mod zones;

use jiff::{Timestamp, tz::TimeZone};
use mesh_recurrence::{Listed, Nominal, Occurrence, Outcome, Policies, RuleSet, Series, zone};

/// A series of these rules with the default policies.
fn series(rules: &str, start: &str, zone_name: &str) -> Series {
    series_with(rules, start, zone_name, Policies::default())
}

fn series_with(rules: &str, start: &str, zone_name: &str, policies: Policies) -> Series {
    Series::new(RuleSet::parse(rules, nominal(start)).unwrap(), tz(zone_name), policies)
}

fn nominal(text: &str) -> Nominal {
    text.parse().unwrap()
}

fn tz(name: &str) -> TimeZone {
    zone(name).unwrap().1
}

/// The first occurrences.
fn first(series: &Series, count: usize) -> Vec<Occurrence> {
    series.between(Timestamp::MIN, Timestamp::MAX, count).occurrences
}

/// The first occurrences as wall times with their offset, `2026-03-29T03:30:00+02`.
fn walls(series: &Series, count: usize) -> Vec<String> {
    first(series, count).iter().map(|found| format!("{}{}", found.local, found.offset)).collect()
}

/// The first occurrences as the rules give them.
fn nominals(series: &Series, count: usize) -> Vec<String> {
    first(series, count).iter().map(|found| found.nominal.to_string()).collect()
}

/// Asks for one occurrence after the other.
fn iterate(series: &Series, count: usize) -> Vec<Occurrence> {
    let mut found = Vec::new();
    let mut outcome = series.first();
    while let Outcome::Next(occurrence) = outcome {
        outcome = series.next_after(occurrence.nominal);
        found.push(occurrence);
        if found.len() == count {
            break;
        }
    }
    found
}

fn all(series: &Series, limit: usize) -> Listed {
    series.between(Timestamp::MIN, Timestamp::MAX, limit)
}
