//! Rules in plain English.

use jiff::civil::Date;

use crate::{
    Frequency, Nominal,
    parse::Parsed,
    rule::{Moment, OrdinalWeekday, Rule, RuleEnd},
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The rules in plain English.
pub(crate) fn describe(parsed: &Parsed, start: Nominal) -> String {
    let mut text = match &parsed.rule {
        Some(rule) => describe_rule(rule, start),
        None => format!("on {}", in_words(start)),
    };
    for (moments, before) in [(&parsed.added, "also on"), (&parsed.excepted, "except on")] {
        match moments.as_slice() {
            [] => {}
            few if few.len() <= 3 => {
                let words: Vec<String> = few.iter().map(moment).collect();
                text += &format!(", {before} {}", join(&words));
            }
            many => text += &format!(", {before} {} dates", many.len()),
        }
    }
    text
}

fn describe_rule(rule: &Rule, start: Nominal) -> String {
    let pieces = [every(rule), days(rule, start), months(rule), times(rule, start), positions(rule)];
    let mut text = pieces.into_iter().filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ");
    match &rule.end {
        RuleEnd::Never => {}
        RuleEnd::Count(1) => text += ", once",
        RuleEnd::Count(count) => text += &format!(", {count} times"),
        RuleEnd::Until(until) => text += &format!(", until {}", moment(until)),
    }
    text
}

fn every(rule: &Rule) -> String {
    let unit = match rule.frequency {
        Frequency::Minutely => "minute",
        Frequency::Hourly => "hour",
        Frequency::Daily => "day",
        Frequency::Weekly => "week",
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    };
    match rule.interval {
        1 => format!("every {unit}"),
        2 => format!("every other {unit}"),
        interval => format!("every {interval} {unit}s"),
    }
}

fn days(rule: &Rule, start: Nominal) -> String {
    let mut pieces = Vec::new();
    if !rule.month_days.is_empty() {
        pieces.push(format!("on the {}{}", ordinals(&rule.month_days, "day"), of_month(rule)));
    }
    if !rule.year_days.is_empty() {
        pieces.push(format!("on the {} of the year", ordinals(&rule.year_days, "day")));
    }
    if !rule.weeks.is_empty() {
        pieces.push(format!("in the {} of the year", ordinals(&rule.weeks, "week")));
    }
    if !rule.weekdays.is_empty() {
        pieces.push(weekdays(rule));
    } else if !rule.picks_days() {
        pieces.extend(from_start(rule, start.date()));
    }
    pieces.join(" and ")
}

/// ` of the month`, where no month is named behind it.
fn of_month(rule: &Rule) -> &'static str {
    if rule.months.is_empty() && rule.frequency != Frequency::Monthly { " of the month" } else { "" }
}

/// The day that the rule takes from its start.
fn from_start(rule: &Rule, start: Date) -> Option<String> {
    let day = ordinal(start.day().into());
    match rule.frequency {
        Frequency::Yearly if rule.months.is_empty() => {
            Some(format!("on the {day} of {}", MONTHS[usize::from(start.month().unsigned_abs()) - 1]))
        }
        Frequency::Yearly | Frequency::Monthly => Some(format!("on the {day}")),
        Frequency::Weekly => {
            Some(format!("on {}", WEEKDAYS[start.weekday().to_monday_zero_offset().unsigned_abs() as usize]))
        }
        _ => None,
    }
}

fn weekdays(rule: &Rule) -> String {
    let plain: Vec<u8> = rule.weekdays.iter().filter(|(n, _)| *n == 0).map(|(_, day)| *day).collect();
    if plain == [0, 1, 2, 3, 4] && rule.weekdays.len() == 5 {
        return "on weekdays".to_owned();
    }
    let name = |(ordinal_of, day): &OrdinalWeekday| match ordinal_of {
        0 => WEEKDAYS[usize::from(*day)].to_owned(),
        n => format!("the {} {}", place(*n), WEEKDAYS[usize::from(*day)]),
    };
    let in_year = rule.frequency == Frequency::Yearly && rule.months.is_empty() && plain.len() < rule.weekdays.len();
    let names: Vec<String> = rule.weekdays.iter().map(name).collect();
    format!("on {}{}", join(&names), if in_year { " of the year" } else { "" })
}

fn months(rule: &Rule) -> String {
    if rule.months.is_empty() {
        return String::new();
    }
    let names: Vec<String> =
        rule.months.iter().map(|month| MONTHS[month.unsigned_abs() as usize - 1].to_owned()).collect();
    format!("in {}", join(&names))
}

fn times(rule: &Rule, start: Nominal) -> String {
    if !rule.has_time_parts() {
        return String::new();
    }
    let at = start.datetime();
    let or = |list: &[i16], default: i8| if list.is_empty() { vec![i16::from(default)] } else { list.to_vec() };
    let known = rule.frequency >= Frequency::Daily || !rule.hours.is_empty() && rule.frequency == Frequency::Hourly;
    let (hours, minutes, seconds) =
        (or(&rule.hours, at.hour()), or(&rule.minutes, at.minute()), or(&rule.seconds, at.second()));
    if known && hours.len() * minutes.len() * seconds.len() <= 6 {
        let mut times = Vec::new();
        for hour in &hours {
            for minute in &minutes {
                times.extend(seconds.iter().map(|second| match second {
                    0 => format!("{hour:02}:{minute:02}"),
                    second => format!("{hour:02}:{minute:02}:{second:02}"),
                }));
            }
        }
        return format!("at {}", join(&times));
    }
    let named = [(&rule.hours, "hour"), (&rule.minutes, "minute"), (&rule.seconds, "second")];
    let named = named.into_iter().filter(|(list, _)| !list.is_empty()).map(|(list, unit)| match list.as_slice() {
        list if list.len() > 6 => format!("{} {unit}s", list.len()),
        list => format!("{unit} {}", join(&list.iter().map(i16::to_string).collect::<Vec<_>>())),
    });
    format!("at {}", join(&named.collect::<Vec<_>>()))
}

fn positions(rule: &Rule) -> String {
    if rule.positions.is_empty() {
        return String::new();
    }
    format!("(only the {} of these)", ordinals(&rule.positions, "one"))
}

/// `1st and 3rd`, `last day`, `2nd to last day`.
fn ordinals(numbers: &[i16], noun: &str) -> String {
    let from_start = numbers.iter().filter(|n| **n > 0).map(|n| match noun {
        "day" => ordinal(*n),
        noun => format!("{} {noun}", ordinal(*n)),
    });
    let from_end = numbers.iter().rev().filter(|n| **n < 0).map(|n| format!("{} {noun}", place(*n)));
    let words: Vec<String> = from_start.chain(from_end).collect();
    match words.len() {
        count if count > 12 => format!("{count} chosen {noun}s"),
        _ => join(&words),
    }
}

fn place(number: i16) -> String {
    match number {
        -1 => "last".to_owned(),
        n if n < 0 => format!("{} to last", ordinal(-n)),
        n => ordinal(n),
    }
}

fn ordinal(number: i16) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn join(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn moment(moment: &Moment) -> String {
    match moment {
        Moment::Date(date) => in_words(Nominal::Date(*date)),
        Moment::Local(local) => in_words(Nominal::Local(*local)),
        Moment::Utc(utc) => format!("{} UTC", in_words(Nominal::Local(*utc))),
        Moment::Zoned(local, zone) => {
            format!("{} {}", in_words(Nominal::Local(*local)), zone.iana_name().unwrap_or_default())
        }
    }
}

fn in_words(nominal: Nominal) -> String {
    let date = nominal.date();
    let day = format!("{} {} {}", date.day(), MONTHS[usize::from(date.month().unsigned_abs()) - 1], date.year());
    match nominal {
        Nominal::Date(_) => day,
        Nominal::Local(at) => format!("{day} {:02}:{:02}", at.hour(), at.minute()),
    }
}
