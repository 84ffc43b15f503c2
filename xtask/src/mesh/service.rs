//! The services of a mesh, and what each must be told.

use std::{net::SocketAddr, path::Path};

use serde::Serialize;

use super::{Plan, keys};

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// The edge.
    Gateway,
    /// Schedules, reminders and timers.
    SchedulerSvc,
    /// Tasks.
    TaskSvc,
    /// The inbox, channels and deliveries.
    NotifySvc,
    /// The record.
    AuditSvc,
}

impl Service {
    /// All of them, in the order in which they stop: who calls stops before who is called.
    pub const ALL: [Self; 5] = [Self::Gateway, Self::SchedulerSvc, Self::TaskSvc, Self::NotifySvc, Self::AuditSvc];

    /// Those that sign access tokens.
    pub(super) const SIGNING: [Self; 2] = [Self::Gateway, Self::SchedulerSvc];

    /// Its name, and its program's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::SchedulerSvc => "scheduler-svc",
            Self::TaskSvc => "task-svc",
            Self::NotifySvc => "notify-svc",
            Self::AuditSvc => "audit-svc",
        }
    }

    /// What it is about, in one word: `task` of `task-svc`.
    pub fn noun(self) -> &'static str {
        self.name().trim_end_matches("-svc")
    }

    /// What it answers `grpc.health.v1` by. "" and what is behind the gateway say how the others are, too.
    pub(crate) fn health(self) -> &'static str {
        match self {
            Self::Gateway => "taskmesh.auth.v1.AuthService",
            Self::SchedulerSvc => "taskmesh.scheduler.v1.SchedulerService",
            Self::TaskSvc => "taskmesh.task.v1.TaskService",
            Self::NotifySvc => "taskmesh.notify.v1.NotifyService",
            Self::AuditSvc => "taskmesh.audit.v1.AuditService",
        }
    }

    /// The settings of one of its processes that says where it is in `ready_file`, as variables.
    pub(super) fn variables(self, plan: &Plan, listen: SocketAddr, ready_file: &Path) -> Vec<(String, String)> {
        let mut variables = self.settings(plan, listen);
        variables.push((self.variable("PROCESS__ADMIN_LISTEN"), "127.0.0.1:0".to_owned()));
        variables.push((self.variable("PROCESS__READY_FILE"), ready_file.display().to_string()));
        variables
    }

    /// The settings that have no useful default, as variables.
    pub(crate) fn settings(self, plan: &Plan, listen: SocketAddr) -> Vec<(String, String)> {
        let listen_key = if self == Self::Gateway { "LISTEN" } else { "SERVER__LISTEN" };
        let mut settings = vec![
            (listen_key, listen.to_string()),
            ("DATABASE__URL", plan.databases.of(self).to_owned()),
            ("NATS__URL", plan.nats_url.clone()),
        ];
        if self != Self::Gateway {
            settings.push(("KEY_SET_FILE", keys::key_set(plan.folder).display().to_string()));
        }
        if Self::SIGNING.contains(&self) {
            let key = if self == Self::Gateway { "TOKENS__SIGNING_KEY_FILE" } else { "SIGNING_KEY_FILE" };
            settings.push((key, keys::signing_key(plan.folder, self).display().to_string()));
        }
        settings.into_iter().map(|(key, value)| (self.variable(key), value)).collect()
    }

    /// What tells one of its processes where the replicas of `other` are, if it calls that.
    pub(crate) fn upstream_variable(self, other: Self, uris: &str) -> Option<(String, String)> {
        let key = match (self, other) {
            (Self::SchedulerSvc, Self::TaskSvc) => "TASKS__URI",
            (Self::Gateway, Self::TaskSvc) => "UPSTREAMS__TASK__URI",
            (Self::Gateway, Self::SchedulerSvc) => "UPSTREAMS__SCHEDULER__URI",
            (Self::Gateway, Self::NotifySvc) => "UPSTREAMS__NOTIFY__URI",
            (Self::Gateway, Self::AuditSvc) => "UPSTREAMS__AUDIT__URI",
            _ => return None,
        };
        Some((self.variable(key), uris.to_owned()))
    }

    /// The variable that holds one of its settings, such as `PROCESS__LOG__FILTER`.
    pub fn variable(self, key: &str) -> String {
        format!("TASKMESH_{}__{key}", self.name().to_uppercase().replace('-', "_"))
    }
}
