//! What a token may be used for.

use std::str::FromStr;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A scope: what a token may be used for. Each RPC of the contract names the one it needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// Every scope there is: what a session may do.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The scope as tokens and the contract spell it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

scopes! {
    /// See tasks and lists.
    TasksRead = "tasks.read",
    /// Change tasks and lists.
    TasksWrite = "tasks.write",
    /// See schedules and reminders.
    SchedulesRead = "schedules.read",
    /// Change schedules and reminders.
    SchedulesWrite = "schedules.write",
    /// See notifications.
    NotificationsRead = "notifications.read",
    /// Change notifications, channels and preferences.
    NotificationsWrite = "notifications.write",
    /// See the audit trail.
    AuditRead = "audit.read",
    /// See the account and its tokens.
    AccountRead = "account.read",
    /// Change the account and its tokens.
    AccountWrite = "account.write",
}

impl Scope {
    /// Whether an API token may do this unless its maker says otherwise: everything but manage the account.
    pub fn by_default(self) -> bool {
        self != Self::AccountWrite
    }
}

/// There is no such scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}
