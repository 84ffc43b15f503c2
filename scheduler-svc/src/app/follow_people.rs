//! People count their days in another way: their reminders follow.

use mesh_store::Transaction;

use super::{App, Error};
use crate::domain::Person;

/// How many people are looked after in one round.
const AT_ONCE: u32 = 100;

impl App {
    /// Notes what events tell of people, in the consumer's transaction. Returns whether any reminders are to follow once
    /// that is committed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_people(&self, transaction: &Transaction, people: &[Person]) -> Result<bool, Error> {
        Ok(self.store.note_people(transaction, people).await?)
    }

    /// Wakes whoever lets reminders follow, after that was committed.
    pub fn people_noted(&self) {
        self.people.notify_one();
    }

    /// One round: a batch for each of those whose reminders are to follow. Returns whether there may be more to do. One
    /// person whose reminders cannot be read must not keep the others waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn follow_people(&self) -> Result<bool, Error> {
        let mut more = false;
        for user in self.background.people_to_follow(AT_ONCE).await? {
            match self.background.follow_person(user, self.clock.now()).await {
                Ok(followed) => {
                    more |= followed.more;
                    if followed.moved > 0 {
                        self.timers.look();
                    }
                }
                Err(error) if error.blames_data() => {
                    tracing::error!(error = %error, user.id = %user, "the reminders of a person cannot follow");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(more)
    }
}
