//! Where a page of notifications ends, so that the next can begin right after it, whatever came meanwhile.

use serde::{Deserialize, Serialize};

use super::{Notification, NotificationId, OrderBy};

/// The sort values of the last notification of a page, and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageKey {
    /// One value for each field of the order, in microseconds.
    pub values: Vec<i64>,
    /// Breaks ties.
    pub id: NotificationId,
}

impl PageKey {
    /// The place right after `notification` in `order`.
    pub fn after(notification: &Notification, order: &OrderBy) -> Self {
        let values = order.fields().iter().map(|(field, _)| field.value(notification)).collect();
        Self { values, id: notification.id }
    }

    /// Whether it is of the form that `order` needs. (A page token is not a secret; anybody can make one.)
    pub fn fits(&self, order: &OrderBy) -> bool {
        self.values.len() == order.fields().len()
    }
}
