//! 1,500 rules with their first occurrences, computed by python-dateutil and confirmed by a second engine.

use jiff::Timestamp;
use mesh_recurrence::{Nominal, Outcome, Policies, RuleProblem, RuleSet, Series, zone};
use serde_json::Value;

const ROWS: &str = include_str!("../data/rrule_dev.jsonl");

/// The wrong answers of one row.
fn judge(row: &Value) -> Result<bool, String> {
    let text = |field: &str| row[field].as_str().unwrap();
    let start = text("dtstart").parse().unwrap();
    let rules = match RuleSet::parse(text("rrule"), start) {
        Err(error) if error.problem == RuleProblem::Secondly => return Ok(false),
        rules => rules.map_err(|error| format!("refused: {error}"))?,
    };
    assert_eq!(rules.text(), text("rrule"));
    let series = Series::new(rules, zone(text("tzid")).unwrap().1, Policies::default());
    let mut expected = row["occurrences"].as_array().unwrap().iter();
    let mut outcome = series.first();
    for listed in expected.by_ref() {
        let Outcome::Next(found) = outcome else { return Err(format!("{outcome:?} instead of {listed}")) };
        let utc: Timestamp = listed["utc"].as_str().unwrap().parse().unwrap();
        let (local, offset) = listed["local"].as_str().unwrap().split_at(19);
        let nominal = listed["nominal"].as_str().unwrap_or(local);
        let offset = if offset == "Z" { "+00:00" } else { offset };
        if found.instant != utc || found.local.to_string() != local || found.nominal.to_string() != nominal[..19] {
            return Err(format!("{found:?} instead of {listed}"));
        }
        let seconds = found.offset.seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let found_offset = format!("{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60);
        assert_eq!(found_offset, offset, "{row}");
        let by_instant = series.next_after_instant(found.instant);
        outcome = series.next_after(found.nominal);
        if by_instant != outcome {
            return Err(format!("{by_instant:?} by instant, {outcome:?} by nominal start"));
        }
    }
    if row["complete"].as_bool().unwrap() && outcome != Outcome::Ended {
        return Err(format!("{outcome:?} after the last"));
    }
    Ok(true)
}

#[test]
fn every_rule_of_the_oracle_gives_its_occurrences() {
    let rows: Vec<Value> = ROWS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 1500);
    let mut refused = 0;
    let mut wrong = Vec::new();
    for row in &rows {
        match judge(row) {
            Ok(true) => {}
            Ok(false) => refused += 1,
            Err(what) => {
                wrong.push(format!("{} {} {} {}: {what}", row["id"], row["rrule"], row["dtstart"], row["tzid"]))
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong, {refused} refused:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
    assert_eq!(refused, rows.iter().filter(|row| row["freq"] == "SECONDLY").count());
}

#[test]
fn listing_gives_the_same_as_asking_for_one_after_the_other() {
    for line in ROWS.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let start: Nominal = row["dtstart"].as_str().unwrap().parse().unwrap();
        let Ok(rules) = RuleSet::parse(row["rrule"].as_str().unwrap(), start) else { continue };
        let series = Series::new(rules, zone(row["tzid"].as_str().unwrap()).unwrap().1, Policies::default());
        let listed = series.between(Timestamp::MIN, Timestamp::MAX, 20);
        let found: Vec<String> = listed.occurrences.iter().map(|found| found.instant.to_string()).collect();
        let expected: Vec<&str> =
            row["occurrences"].as_array().unwrap().iter().map(|listed| listed["utc"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{row}");
        assert!(listed.complete || !row["complete"].as_bool().unwrap(), "{row}");
    }
}
