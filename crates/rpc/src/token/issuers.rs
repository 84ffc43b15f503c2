//! Which service's tokens are good for what.

/// A service that signs tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Issuer {
    name: &'static str,
    methods: Methods,
}

/// The RPCs that an issuer's tokens may be used for.
#[derive(Clone, Copy, Debug)]
enum Methods {
    /// All of them.
    Every,
    /// Those at these paths.
    Only(&'static [&'static str]),
}

/// Everybody who signs tokens. A service that calls others for a person has a line with the RPCs it needs.
static ISSUERS: &[Issuer] = &[
    Issuer { name: GATEWAY, methods: Methods::Every },
    Issuer {
        name: "scheduler-svc",
        methods: Methods::Only(&[
            "/taskmesh.task.v1.TaskService/GetTask",
            "/taskmesh.task.v1.TaskService/CreateTask",
            "/taskmesh.task.v1.TaskService/UpdateTask",
            "/taskmesh.task.v1.TaskService/CancelTask",
            "/taskmesh.task.v1.TaskService/DeleteTask",
        ]),
    },
];

/// The only issuer whose word on a client's address counts, and the only one that lets people in.
const GATEWAY: &str = "gateway";

impl Issuer {
    /// The issuer of this name, if it is one.
    pub(super) fn named(name: &str) -> Option<Self> {
        ISSUERS.iter().find(|issuer| issuer.name == name).copied()
    }

    /// Whether `key_id` is the id of a key of this issuer.
    pub(super) fn owns_key(self, key_id: &str) -> bool {
        key_id.split_once('.').is_some_and(|(owner, _)| owner == self.name)
    }

    /// Whether this is the gateway.
    pub(super) fn is_gateway(self) -> bool {
        self.name == GATEWAY
    }

    /// Whether it may say that `service` acts for the person: a service says so of itself and always, the gateway never.
    pub(super) fn may_name(self, service: Option<&str>) -> bool {
        match service {
            Some(service) => !self.is_gateway() && service == self.name,
            None => self.is_gateway(),
        }
    }

    /// Whether its tokens may be used for the RPC at `path`.
    pub(super) fn may_call(self, path: &str) -> bool {
        match self.methods {
            Methods::Every => true,
            Methods::Only(paths) => paths.contains(&path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rpc_in_the_table_is_in_the_contract() {
        for issuer in ISSUERS {
            let Methods::Only(paths) = issuer.methods else { continue };
            for path in paths {
                assert!(mesh_proto::methods().iter().any(|method| method.path == *path), "{path}");
            }
        }
    }
}
