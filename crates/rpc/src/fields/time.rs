//! Instants and durations, as protobuf holds them. Ours are in microseconds; what is finer is cut off.

use mesh_types::Timestamp;

/// The instant, if it is one between the years 1 and 9999.
pub fn instant(time: &prost_types::Timestamp) -> Option<Timestamp> {
    const FIRST_SECOND: i64 = -62_135_596_800;
    const LAST_SECOND: i64 = 253_402_300_799;
    let valid = (FIRST_SECOND..=LAST_SECOND).contains(&time.seconds) && (0..1_000_000_000).contains(&time.nanos);
    Timestamp::from_parts(time.seconds, time.nanos).filter(|_| valid)
}

/// The instant, as messages tell it.
pub fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = instant.to_parts();
    prost_types::Timestamp { seconds, nanos }
}

/// The duration in microseconds, if it is one of at most 10,000 years whose parts have the same sign.
pub fn duration_micros(duration: &prost_types::Duration) -> Option<i64> {
    const MOST_SECONDS: u64 = 315_576_000_000;
    let prost_types::Duration { seconds, nanos } = *duration;
    let in_range = seconds.unsigned_abs() <= MOST_SECONDS && nanos.unsigned_abs() < 1_000_000_000;
    let one_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    // No number below is out of range for an i64.
    (in_range && one_sign).then(|| seconds * 1_000_000 + i64::from(nanos / 1_000))
}

/// The duration of this many microseconds, as messages tell it.
pub fn duration(micros: i64) -> prost_types::Duration {
    prost_types::Duration { seconds: micros / 1_000_000, nanos: (micros % 1_000_000) as i32 * 1_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_outside_of_the_calendar_are_none() {
        let time = |seconds, nanos| instant(&prost_types::Timestamp { seconds, nanos });
        assert_eq!(time(1, 2_500), Some(Timestamp::from_micros(1_000_002)));
        for (seconds, nanos) in [(253_402_300_800, 0), (-62_135_596_801, 0), (0, -1), (0, 1_000_000_000)] {
            assert_eq!(time(seconds, nanos), None, "{seconds}.{nanos}");
        }
    }

    #[test]
    fn durations_come_back_from_their_message() {
        for micros in [0, 1, -1, 1_500_000, -1_500_000, 315_576_000_000_000_000] {
            assert_eq!(duration_micros(&duration(micros)), Some(micros));
        }
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for (seconds, nanos) in [(1, -1), (-1, 1), (0, 1_000_000_000), (i64::MIN, 0), (i64::MAX, 0), (0, i32::MIN)] {
            assert_eq!(duration_micros(&prost_types::Duration { seconds, nanos }), None, "{seconds}.{nanos}");
        }
    }
}
