//! What the service has told: its event log, read as it is; and reminders by the thousand, put there as they would be.

use mesh_proto::event::v1::{ReminderChanged, ReminderFired};
use mesh_store::{Database, Sql};
use mesh_types::{Timestamp, new_id};
use prost::Message;
use sea_orm::Value;
use uuid::Uuid;

use crate::support::World;

/// An event of a reminder.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) verb: String,
    pub(crate) version: i64,
    /// Who did it, as it is written down.
    pub(crate) actor: String,
    payload: Vec<u8>,
}

impl Told {
    pub(crate) fn fired(&self) -> ReminderFired {
        ReminderFired::decode(self.payload.as_slice()).expect("a body")
    }

    /// The paths of what changed.
    pub(crate) fn changed(&self) -> Vec<String> {
        let body = ReminderChanged::decode(self.payload.as_slice()).expect("a body");
        body.changed.unwrap_or_default().paths
    }
}

/// The log of a world's scheduler service.
pub(crate) struct Log(Database);

impl Log {
    pub(crate) async fn of(world: &World) -> Self {
        Self(world.database.connect().await)
    }

    /// What was told of a reminder, in order.
    pub(crate) async fn told(&self, id: &str) -> Vec<Told> {
        const TOLD: Sql = Sql::both(
            "SELECT verb, version, actor, payload FROM event_log WHERE entity = 'reminder' AND aggregate_id = $1 ORDER BY seq",
        );
        let id: Uuid = id.parse().expect("an id");
        let rows = TOLD.all(self.0.reader(), [id.into()]).await.expect("the log can be read");
        let read = |row: &sea_orm::QueryResult| {
            let told = |name| row.try_get::<String>("", name).expect("a text");
            let payload = row.try_get("", "payload").expect("a payload");
            let version = row.try_get("", "version").expect("a version");
            Told { verb: told("verb"), version, actor: told("actor"), payload }
        };
        rows.iter().map(read).collect()
    }

    /// The verbs of what was told of a reminder.
    pub(crate) async fn verbs(&self, id: &str) -> Vec<String> {
        self.told(id).await.into_iter().map(|told| told.verb).collect()
    }

    /// How many reminders fired, and how many times in all.
    pub(crate) async fn fired(&self) -> (i64, i64) {
        const FIRED: Sql = Sql::both(
            "SELECT count(DISTINCT aggregate_id) AS reminders, count(*) AS times FROM event_log WHERE verb = 'fired'",
        );
        let none: [Value; 0] = [];
        let row = FIRED.one(self.0.reader(), none).await.expect("the log can be read").expect("a row");
        (row.try_get("", "reminders").expect("a count"), row.try_get("", "times").expect("a count"))
    }

    /// How many of the reminders are marked late.
    pub(crate) async fn late(&self) -> i64 {
        const LATE: Sql = Sql {
            postgres: "SELECT count(*) AS late FROM reminder WHERE late",
            sqlite: "SELECT count(*) AS late FROM reminder WHERE late = 1",
        };
        let none: [Value; 0] = [];
        let row = LATE.one(self.0.reader(), none).await.expect("it can be read").expect("a row");
        row.try_get("", "late").expect("a count")
    }

    /// How many tasks are known, or about to be.
    pub(crate) async fn known_tasks(&self) -> i64 {
        let none: [Value; 0] = [];
        let row = Sql::both("SELECT count(*) AS known FROM task_ref").one(self.0.reader(), none).await;
        row.expect("it can be read").expect("a row").try_get("", "known").expect("a count")
    }

    /// How many timers nobody holds.
    pub(crate) async fn unheld(&self) -> i64 {
        let none: [Value; 0] = [];
        let row = Sql::both("SELECT count(*) AS free FROM timer WHERE holder IS NULL").one(self.0.reader(), none).await;
        row.expect("it can be read").expect("a row").try_get("", "free").expect("a count")
    }

    /// Puts `count` reminders of the world's user there that are due at this instant and that nobody holds.
    pub(crate) async fn fill(&self, world: &World, count: i64, due: Timestamp) {
        const REMINDERS: Sql = Sql {
            postgres: "
                INSERT INTO reminder (id, workspace_id, task_id, user_id, anchor, at_us, channel_ids, state, fire_us,
                    fire_count, late, base_us, round, create_us, update_us, version)
                SELECT gen_random_uuid(), $1, $2, $3, 10, $4, '[]', 10, $4, 0, false, $4, 0, 0, 0, 1
                FROM generate_series(1, $5)",
            sqlite: "
                INSERT INTO reminder (id, workspace_id, task_id, user_id, anchor, at_us, channel_ids, state, fire_us,
                    fire_count, late, base_us, round, create_us, update_us, version)
                WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < $5)
                SELECT randomblob(16), $1, $2, $3, 10, $4, '[]', 10, $4, 0, 0, $4, 0, 0, 0, 1 FROM number",
        };
        const TIMERS: Sql = Sql::both(
            "INSERT INTO timer (reminder_id, due_us, generation)
             SELECT id, fire_us, version FROM reminder WHERE fire_us = $1 ON CONFLICT DO NOTHING",
        );
        let task = new_id(due);
        let due: Value = due.as_micros().into();
        let (workspace, user) = (world.user.workspace().0, world.user.id().0);
        let values = [workspace.into(), task.into(), user.into(), due.clone(), count.into()];
        REMINDERS.run(self.0.writer(), values).await.expect("reminders are there");
        TIMERS.run(self.0.writer(), [due]).await.expect("their timers are there");
    }
}
