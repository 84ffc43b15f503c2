//! Schedules that make tasks as time goes by are given what has come within reach.

use std::time::Duration;

use super::{App, Error};
use crate::domain::{Schedule, SoFar};

/// How many are looked at in one go.
const AT_ONCE: u32 = 100;
/// How soon one is looked at again that had nothing to plan though its time had come: too many tasks are open.
const SOON: Duration = Duration::from_secs(60);
/// How soon one is looked at again that could not be planned.
const LATER: Duration = Duration::from_secs(3_600);

impl App {
    /// Plans what is due by now; returns whether there may be more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plan_schedules(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let due = self.background.schedules_to_plan(now, AT_ONCE).await?;
        let mut planned = false;
        for id in &due {
            let decide = |schedule: &Schedule, so_far: &SoFar| schedule.plan_ahead(so_far, now);
            match self.background.plan_schedule(*id, (now, now.plus(SOON)), decide).await {
                Ok(some) => planned |= some,
                Err(error) if error.blames_data() => {
                    tracing::error!(error = %error, schedule.id = %id, "a schedule cannot be planned");
                    self.background.put_off_plan(*id, now.plus(LATER)).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if planned {
            self.planned.notify_one();
        }
        Ok(due.len() >= AT_ONCE as usize)
    }
}
