//! The rules of a zone have changed: what was worked out from the old ones is worked out anew.

use mesh_types::tzdata_version;
use uuid::Uuid;

use super::{App, Error};
use crate::domain::{Schedule, SoFar};

/// How many schedules, or tasks with reminders, are looked at in one go.
const AT_ONCE: u32 = 100;

impl App {
    /// Moves what is to come to where it belongs by the database of zones in use, if another one was in use the last time.
    /// To do it twice changes nothing more, so replicas need not agree on who does it.
    ///
    /// # Errors
    /// When the database fails; what was moved by then stays so.
    pub async fn follow_zones(&self) -> Result<(), Error> {
        let known = self.background.zone_data().await?;
        if known.as_deref() == Some(tzdata_version()) {
            return Ok(());
        }
        if let Some(known) = known {
            let (schedules, reminders) = (self.replace_schedules().await?, self.replace_reminders().await?);
            tracing::info!(
                tzdata.before = known,
                tzdata.now = tzdata_version(),
                schedules.moved = schedules,
                reminders.moved = reminders,
                "the rules of time zones have changed"
            );
        }
        Ok(self.background.note_zone_data(tzdata_version()).await?)
    }

    async fn replace_schedules(&self) -> Result<usize, Error> {
        let (mut last, mut moved) = (Uuid::nil(), 0);
        loop {
            let ids = self.background.schedules_after(last, AT_ONCE).await?;
            for &id in &ids {
                let now = self.clock.now();
                let decide = |schedule: &Schedule, so_far: &SoFar| schedule.replace(so_far, now);
                match self.background.plan_schedule(id, (now, now), decide).await {
                    Ok(changed) => moved += usize::from(changed),
                    Err(error) if error.blames_data() => {
                        tracing::error!(error = %error, schedule.id = %id, "a schedule cannot be placed anew");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            match ids.last() {
                Some(&id) => last = id,
                None => return Ok(moved),
            }
        }
    }

    async fn replace_reminders(&self) -> Result<usize, Error> {
        let (mut last, mut moved) = (Uuid::nil(), 0);
        loop {
            let tasks = self.background.tasks_after(last, AT_ONCE).await?;
            let Some(&newest) = tasks.last() else { break };
            moved += self.background.follow_anew(&tasks, self.clock.now()).await?;
            last = newest;
        }
        self.timers.look();
        Ok(moved)
    }
}
