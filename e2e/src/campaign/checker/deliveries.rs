//! Webhooks: what is told in the inbox came to the program at least once, signed, under one id for each notification,
//! and its attempts are recorded.

use std::collections::BTreeMap;

use mesh_proto::notify::v1::{Delivery, DeliveryState, Notification};

use super::{Findings, Sight};
use crate::campaign::receiver::Receipt;

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    for receipt in &sight.world.receipts {
        one_receipt(sight, findings, receipt);
    }
    let mut of: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    for delivery in sight.world.deliveries.values() {
        for notification in &delivery.notification_ids {
            of.entry(notification).or_default().push(delivery);
        }
        one_delivery(sight, findings, delivery);
    }
    for (id, notification) in &sight.world.notifications {
        one_notification(sight, findings, notification, of.get(id.as_str()).map(Vec::as_slice).unwrap_or_default());
    }
}

fn one_receipt(sight: &Sight, findings: &mut Findings, receipt: &Receipt) {
    let id = receipt.delivery_id.as_str();
    if let Some(fault) = &receipt.fault {
        findings.add("webhook", id, format!("what came is wrong: {fault}"));
    }
    let delivery = sight.world.deliveries.get(id);
    let own = delivery.is_some_and(|delivery| delivery.notification_ids == [receipt.notification_id.as_str()]);
    findings.expect(own, "webhook", id, || {
        let known = delivery.map(|delivery| &delivery.notification_ids);
        format!("it came with notification {}, and its delivery holds {known:?}", receipt.notification_id)
    });
}

/// What was delivered came, and says so of its attempts.
fn one_delivery(sight: &Sight, findings: &mut Findings, delivery: &Delivery) {
    let id = delivery.id.as_str();
    if delivery.state() != DeliveryState::Delivered {
        return;
    }
    let came = sight.world.receipts.iter().any(|receipt| receipt.delivery_id == id && receipt.taken);
    findings.expect(came, "delivery", id, || "it is recorded as delivered, and never came".to_owned());
    let recorded = delivery.attempt_count >= 1 && !delivery.attempts.is_empty();
    findings.expect(recorded, "delivery", id, || format!("it was delivered by {} attempts", delivery.attempt_count));
}

/// Each has one delivery for each channel. It is delivered unless it was withdrawn or seen before it was sent.
fn one_notification(sight: &Sight, findings: &mut Findings, notification: &Notification, deliveries: &[&Delivery]) {
    let id = notification.id.as_str();
    let withdrawn = notification.withdraw_time.is_some();
    for channel in sight.world.channels.keys() {
        let own: Vec<_> = deliveries.iter().filter(|delivery| &delivery.channel_id == channel).collect();
        let [delivery] = own.as_slice() else {
            // What was withdrawn before it was told has none.
            if own.len() > 1 || !withdrawn {
                findings.add("notification", id, format!("it has {} deliveries to channel {channel}", own.len()));
            }
            continue;
        };
        let excused = withdrawn || notification.seen_time.is_some();
        let right = match delivery.state() {
            DeliveryState::Delivered => true,
            DeliveryState::Cancelled => excused,
            _ => false,
        };
        findings.expect(right, "notification", id, || {
            format!("its delivery {} is {:?}: {:?}", delivery.id, delivery.state(), delivery.attempts)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{Both, DELIVERY};
    use super::*;

    fn told(both: &Both, what: &str) -> bool {
        both.differences("deliveries").iter().any(|difference| difference.what.contains(what))
    }

    #[test]
    fn a_notification_without_a_receipt_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.receipts.clear();
        assert!(told(&both, "never came"));
    }

    #[test]
    fn a_receipt_that_was_refused_does_not_count() {
        let mut both = Both::agreeing();
        both.world.receipts[0].taken = false;
        assert!(told(&both, "never came"));
    }

    #[test]
    fn a_delivery_that_was_given_up_is_a_difference() {
        let mut both = Both::agreeing();
        both.delivery().set_state(DeliveryState::Dead);
        assert!(told(&both, "Dead"));
    }

    #[test]
    fn one_webhook_id_for_two_notifications_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.receipts.push(Receipt { notification_id: "other".to_owned(), ..both.world.receipts[0].clone() });
        assert!(told(&both, "it came with notification other"));
    }

    #[test]
    fn two_deliveries_of_one_notification_are_a_difference() {
        let mut both = Both::agreeing();
        let again = both.delivery().clone();
        both.world.deliveries.insert("again".to_owned(), again);
        assert!(told(&both, "2 deliveries"));
    }

    #[test]
    fn a_wrong_signature_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.receipts[0].fault = Some("forged".to_owned());
        assert!(told(&both, "forged"));
    }

    #[test]
    fn attempts_that_are_not_recorded_are_a_difference() {
        let mut both = Both::agreeing();
        both.delivery().attempts.clear();
        assert!(told(&both, "attempts"));
        assert!(both.world.deliveries.contains_key(DELIVERY));
    }
}
