//! Recurrence rules to try services with: those whose occurrences others have computed, and those written to hurt.

/// 1,500 rules with their first 20 occurrences, a JSON object on each line; `crates/recurrence` says where they are from.
pub const ORACLE_RULES: &str = include_str!("../../recurrence/tests/data/rrule_dev.jsonl");

/// Rules that were written to hurt, each with what it tries. Some are refused, most are rules.
pub fn hostile_rules() -> Vec<(String, String)> {
    let mut rules = never_firing();
    rules.extend(products());
    rules.extend(extremes());
    rules.extend(excepted());
    rules.extend(long_texts());
    rules.into_iter().map(|(what, rule)| (what.to_owned(), rule)).collect()
}

type Rules = Vec<(&'static str, String)>;

fn never_firing() -> Rules {
    let frequencies = ["YEARLY", "MONTHLY", "DAILY", "HOURLY", "MINUTELY"];
    let february = frequencies.map(|name| ("30 February", format!("FREQ={name};BYMONTH=2;BYMONTHDAY=30")));
    let others = [
        ("minutes that are stepped over", "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1"),
        ("a second of one", "FREQ=MINUTELY;BYDAY=TU;BYMINUTE=29;BYSETPOS=2"),
        ("weekdays that are stepped over", "FREQ=DAILY;INTERVAL=7;BYDAY=SU"),
        ("a sixth Monday", "FREQ=MONTHLY;BYDAY=6MO"),
        ("a day outside its week", "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=200"),
        ("leap days that are stepped over", "FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29;BYDAY=2MO"),
    ];
    february.into_iter().chain(others.map(|(what, rule)| (what, rule.to_owned()))).collect()
}

fn products() -> Rules {
    let (hours, sixty) = (numbers(0..24), numbers(0..60));
    let all = format!("BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty}");
    let days = "BYDAY=MO,TU,WE,TH,FR,SA,SU";
    let mut rules = Vec::new();
    for frequency in ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"] {
        rules.push(("every second", format!("FREQ={frequency};{days};{all}")));
        rules.push(("picks from every second", format!("FREQ={frequency};{days};{all};BYSETPOS=-1,1,7,-366")));
    }
    let year_days = numbers(1..367);
    rules.push((
        "every day of the year, none of it",
        format!("FREQ=YEARLY;BYYEARDAY={year_days};BYMONTHDAY=30;BYMONTH=2"),
    ));
    rules.push(("the same by minutes", format!("FREQ=MINUTELY;BYYEARDAY={year_days};BYMONTHDAY=30;BYMONTH=2")));
    rules.push(("picks nothing from a year", format!("FREQ=YEARLY;BYYEARDAY={year_days};BYHOUR={hours};BYSETPOS=366")));
    rules
}

fn extremes() -> Rules {
    let rules = [
        ("interval 2^31", "FREQ=DAILY;INTERVAL=2147483648"),
        ("interval 2^32 - 1, yearly", "FREQ=YEARLY;INTERVAL=4294967295"),
        ("interval 2^32 - 1, by minutes", "FREQ=MINUTELY;INTERVAL=4294967295;COUNT=4294967295"),
        ("interval 2^32", "FREQ=DAILY;INTERVAL=4294967296"),
        ("interval beyond numbers", "FREQ=DAILY;INTERVAL=99999999999999999999999999"),
        ("every minute, 2^32 - 1 times", "FREQ=MINUTELY;COUNT=4294967295"),
        ("nine o'clock's minutes, 2^32 - 1 times", "FREQ=MINUTELY;BYHOUR=9;COUNT=4294967295"),
        ("Monday's minutes, 2^32 - 1 times", "FREQ=MINUTELY;BYDAY=MO;COUNT=4294967295"),
        ("until the end of the calendar", "FREQ=MINUTELY;UNTIL=99991231T235959Z"),
        ("an interval that is never a Sunday", "FREQ=HOURLY;INTERVAL=168;BYDAY=SU"),
        ("one in 400 years", "FREQ=YEARLY;INTERVAL=400;BYMONTH=2;BYMONTHDAY=29"),
        ("53rd weeks", "FREQ=YEARLY;INTERVAL=7;BYWEEKNO=53;BYDAY=-1SU"),
    ];
    rules.map(|(what, rule)| (what, rule.to_owned())).into()
}

fn excepted() -> Rules {
    let day = |number: u32| format!("{:04}{:02}{:02}", 2026 + number / 336, number / 28 % 12 + 1, number % 28 + 1);
    let days: Vec<String> = (0..1_700).map(day).collect();
    let times: Vec<String> = (0..950).map(|number| format!("{}T000000", day(number))).collect();
    let nested: String = (0..380).map(|number| format!("\nEXDATE;TZID=Asia/Tokyo:{}T090000", day(number))).collect();
    let every_second = format!("FREQ=MINUTELY;BYSECOND={}", numbers(0..60));
    vec![
        ("days left out of every second", format!("{every_second}\nEXDATE;VALUE=DATE:{}", days.join(","))),
        ("days left out of every minute", format!("FREQ=MINUTELY\nEXDATE;VALUE=DATE:{}", days.join(","))),
        ("one time left out a thousand times", format!("FREQ=DAILY\nEXDATE:{}", ["20260101T000000"; 950].join(","))),
        ("a line for each that is left out", format!("RRULE:FREQ=HOURLY{nested}")),
        ("all dates left out again", format!("RDATE:{0}\nEXDATE:{0}", times[..480].join(","))),
        ("a thousand dates", format!("RDATE:{}", times.join(","))),
    ]
}

fn long_texts() -> Rules {
    vec![
        ("100 kB of text", "FREQ=DAILY;".repeat(9_100)),
        ("100 kB that is one number", format!("FREQ=DAILY;INTERVAL={}", "9".repeat(100_000))),
        ("as long as may be, folded after each letter", format!("FREQ=DAILY{}", "\n ".repeat(8_000))),
        ("as long as may be, of commas", format!("FREQ=DAILY;BYHOUR={}", ",".repeat(16_300))),
        ("as long as may be, of one hour", format!("FREQ=DAILY;BYHOUR={}9", "9,".repeat(8_100))),
        ("as long as may be, of lines", "RRULE:FREQ=DAILY\n".repeat(960)),
    ]
}

fn numbers(range: std::ops::Range<u32>) -> String {
    range.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}
