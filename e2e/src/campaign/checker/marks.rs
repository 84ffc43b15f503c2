//! What was marked as read or seen stays so.

use super::{Findings, Sight};

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    let marks = &sight.ledger.marks;
    for id in marks.all_read() {
        let read = sight.world.notifications.get(id).is_some_and(|notification| notification.read_time.is_some());
        findings.expect(read, "notification", id, || "it was marked as read and is not".to_owned());
    }
    for id in marks.all_seen() {
        let kept = sight.world.notifications.get(id);
        // What was withdrawn before the mark stays unseen.
        let seen = kept.is_some_and(|one| one.seen_time.is_some() || one.withdraw_time.is_some());
        findings.expect(seen, "notification", id, || "it was marked as seen and is not".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{Both, NOTIFICATION};

    #[test]
    fn a_mark_that_was_lost_is_a_difference() {
        let mut both = Both::agreeing();
        both.notification().read_time = None;
        both.notification().seen_time = None;
        both.ledger.marks.seen([NOTIFICATION.to_owned()]);
        assert_eq!(both.differences("marks").len(), 2);
    }
}
