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
    /// Tasks.
    TaskSvc,
    /// The record.
    AuditSvc,
}

impl Service {
    /// All of them, in the order in which they stop.
    pub const ALL: [Self; 3] = [Self::Gateway, Self::TaskSvc, Self::AuditSvc];

    /// Its name, and its program's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::TaskSvc => "task-svc",
            Self::AuditSvc => "audit-svc",
        }
    }

    /// The settings of one of its processes, as variables.
    pub(super) fn variables(self, plan: &Plan, listen: SocketAddr, ready_file: &Path) -> Vec<(String, String)> {
        let (database, listen_key) = match self {
            Self::Gateway => (&plan.databases.gateway, "LISTEN"),
            Self::TaskSvc => (&plan.databases.task, "SERVER__LISTEN"),
            Self::AuditSvc => (&plan.databases.audit, "SERVER__LISTEN"),
        };
        let keys = match self {
            Self::Gateway => ("TOKENS__SIGNING_KEY_FILE", keys::signing_key(plan.folder)),
            Self::TaskSvc | Self::AuditSvc => ("KEY_SET_FILE", keys::key_set(plan.folder)),
        };
        let settings = [
            (listen_key, listen.to_string()),
            ("DATABASE__URL", database.clone()),
            ("NATS__URL", plan.nats_url.clone()),
            ("PROCESS__ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
            ("PROCESS__READY_FILE", ready_file.display().to_string()),
            (keys.0, keys.1.display().to_string()),
        ];
        settings.into_iter().map(|(key, value)| (self.variable(key), value)).collect()
    }

    /// What tells a gateway where this service is.
    pub(super) fn upstream_variable(self, address: SocketAddr) -> Option<(String, String)> {
        let key = match self {
            Self::Gateway => return None,
            Self::TaskSvc => "UPSTREAMS__TASK__URI",
            Self::AuditSvc => "UPSTREAMS__AUDIT__URI",
        };
        Some((Self::Gateway.variable(key), format!("http://{address}")))
    }

    fn variable(self, key: &str) -> String {
        format!("TASKMESH_{}__{key}", self.name().to_uppercase().replace('-', "_"))
    }
}
