//! A task's place among its siblings: a rank string, ordered byte by byte.

use mesh_types::{TaskId, Timestamp};

/// A rank. Between any two different ranks there is room for another, because none ends with the lowest digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(String);

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

impl Position {
    /// The last place for a task created at `now`: after all that were created before, without looking at them.
    pub fn last(id: TaskId, now: Timestamp) -> Self {
        // 36^11 microseconds last until the year 6140; three digits of the id tell the same microsecond apart.
        let time = digits(now.as_micros().max(0).unsigned_abs().into(), 11);
        let tie = digits(id.0.as_u128() & 0xffff, 3);
        Self(format!("{time}{tie}i"))
    }

    /// A position that was given before and kept since.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// The rank string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The last `length` digits of `number` in base 36.
fn digits(mut number: u128, length: usize) -> String {
    let mut text = vec![b'0'; length];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 36) as usize];
        number /= 36;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_created_later_comes_later() {
        let position = |micros| {
            let now = Timestamp::from_micros(micros);
            Position::last(TaskId(mesh_types::new_id(now)), now)
        };
        assert!(position(1_800_000_000_000_000) < position(1_800_000_000_000_001));
        assert!(position(9_999) < position(1_800_000_000_000_000));
    }
}
