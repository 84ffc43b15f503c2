//! The yardstick: pgbench making the same writes as one CreateTask, on the same server, with tables of the same shape
//! and no Taskmesh in between.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use mesh_store::{Database, DatabaseConfig};
use tokio::process::Command;

use crate::target::Mesh;

/// One whole write transaction: claim the request id, insert the task, append the event and its pending row, note the
/// request, each as a statement of its own, as a plain program would. Values are as large as those of the S1 scenario.
const SCRIPT: &str = "\
BEGIN;
SELECT pg_try_advisory_xact_lock(:client_id * 1000000 + 1), (SELECT count(*) FROM request_id WHERE key = uuid_nil());
INSERT INTO task (id, workspace_id, title, status, priority, tags, due_us, position, create_us, update_us, version,
    created_by)
  VALUES (gen_random_uuid(), '0190b6a0-0000-7000-8000-000000000001', 'Water the plants on balcony 1234', 10, 30, '[]',
    9223372036854775807, '0190b6a0000070008000', 1700000000000000, 1700000000000000, 1,
    '0190b6a0-0000-7000-8000-000000000002');
WITH logged AS (
  INSERT INTO event_log (event_id, time_us, workspace_id, entity, aggregate_id, epoch, version, verb, event_type, actor,
      payload)
    VALUES (gen_random_uuid(), 1700000000000000, '0190b6a0-0000-7000-8000-000000000001', 'task', gen_random_uuid(), 1, 1,
      'created', 'taskmesh.event.v1.TaskChanged', repeat('a', 200), convert_to(repeat('p', 300), 'UTF8'))
    RETURNING seq)
  INSERT INTO outbox_pending (seq) SELECT seq FROM logged;
INSERT INTO request_id (key, body_digest, event_id, aggregate_id, created_us)
  VALUES (gen_random_uuid(), convert_to(repeat('d', 32), 'UTF8'), gen_random_uuid(), gen_random_uuid(), 1700000000000000);
COMMIT;
";

/// pgbench, ready to run.
pub struct Yardstick {
    url: String,
    program: PathBuf,
    script: tempfile::NamedTempFile,
    clients: usize,
}

impl Yardstick {
    /// Makes the tables, with so many clients to come.
    pub async fn prepare(mesh: &Mesh, clients: usize) -> anyhow::Result<Self> {
        let (url, program) = mesh.pgbench()?;
        let config = DatabaseConfig { url: url.as_str().into(), ..DatabaseConfig::default() };
        let database = Database::connect(&config).await?;
        database.migrate(task_svc::store::migrations()).await?;
        database.close().await;
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(&script, SCRIPT.replace("uuid_nil()", "'00000000-0000-0000-0000-000000000000'"))?;
        Ok(Self { url, program, script, clients })
    }

    /// Transactions a second that it reaches, over so long.
    pub async fn run(&self, duration: Duration) -> anyhow::Result<f64> {
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={}", self.clients))
            .arg(format!("--time={}", duration.as_secs().max(1)))
            .arg("--file")
            .arg(self.script.path())
            .arg(&self.url)
            .stdin(Stdio::null())
            .output()
            .await
            .context("run pgbench")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find(|line| line.starts_with("tps = ")).context("pgbench prints no tps")?;
        Ok(line.split_whitespace().nth(2).unwrap_or_default().parse()?)
    }
}
