//! The gateway's tables.

use mesh_store::{PerBackend, SqlMigration};
use sea_orm_migration::MigrationTrait;

/// Everything the gateway's database needs, in order.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all = mesh_store::migrations();
    all.extend(mesh_events::migrations());
    all.push(Box::new(ACCOUNTS));
    all.push(Box::new(INVITATIONS));
    all.push(Box::new(EXTERNAL_IDENTITIES));
    all.push(Box::new(DAY_START));
    all
}

const ACCOUNTS: SqlMigration = SqlMigration {
    name: "gateway_001_accounts",
    up: PerBackend {
        postgres: "
            CREATE TABLE account (
                id uuid PRIMARY KEY,
                email text NOT NULL,
                display_name text NOT NULL,
                time_zone text,
                password_hash text NOT NULL,
                personal_workspace_id uuid NOT NULL,
                version bigint NOT NULL,
                created_us bigint NOT NULL,
                updated_us bigint NOT NULL
            );
            CREATE UNIQUE INDEX account_email ON account (email);
            CREATE TABLE workspace (
                id uuid PRIMARY KEY,
                created_us bigint NOT NULL
            );
            CREATE TABLE membership (
                user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                workspace_id uuid NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
                role smallint NOT NULL,
                PRIMARY KEY (user_id, workspace_id)
            );
            CREATE INDEX membership_workspace ON membership (workspace_id);
            CREATE TABLE session (
                id uuid PRIMARY KEY,
                user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                generation bigint NOT NULL,
                rotated_us bigint NOT NULL,
                created_us bigint NOT NULL,
                expires_us bigint NOT NULL,
                revoked_us bigint
            );
            CREATE INDEX session_owner ON session (user_id);
            CREATE INDEX session_expires ON session (expires_us);
            CREATE TABLE refresh_token (
                digest bytea PRIMARY KEY,
                session_id uuid NOT NULL REFERENCES session (id) ON DELETE CASCADE,
                generation bigint NOT NULL
            );
            CREATE INDEX refresh_token_session ON refresh_token (session_id);
            CREATE TABLE api_token (
                id uuid PRIMARY KEY,
                user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                workspace_id uuid NOT NULL,
                name text NOT NULL,
                scopes text NOT NULL,
                hint text NOT NULL,
                digest bytea NOT NULL,
                version bigint NOT NULL,
                created_us bigint NOT NULL,
                expires_us bigint,
                last_used_us bigint,
                revoked_us bigint
            );
            CREATE UNIQUE INDEX api_token_digest ON api_token (digest);
            CREATE INDEX api_token_list ON api_token (user_id, created_us DESC, id DESC);
        ",
        sqlite: "
            CREATE TABLE account (
                id BLOB PRIMARY KEY NOT NULL,
                email TEXT NOT NULL,
                display_name TEXT NOT NULL,
                time_zone TEXT,
                password_hash TEXT NOT NULL,
                personal_workspace_id BLOB NOT NULL,
                version INTEGER NOT NULL,
                created_us INTEGER NOT NULL,
                updated_us INTEGER NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX account_email ON account (email);
            CREATE TABLE workspace (
                id BLOB PRIMARY KEY NOT NULL,
                created_us INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE membership (
                user_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                workspace_id BLOB NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
                role INTEGER NOT NULL,
                PRIMARY KEY (user_id, workspace_id)
            ) STRICT;
            CREATE INDEX membership_workspace ON membership (workspace_id);
            CREATE TABLE session (
                id BLOB PRIMARY KEY NOT NULL,
                user_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                generation INTEGER NOT NULL,
                rotated_us INTEGER NOT NULL,
                created_us INTEGER NOT NULL,
                expires_us INTEGER NOT NULL,
                revoked_us INTEGER
            ) STRICT;
            CREATE INDEX session_owner ON session (user_id);
            CREATE INDEX session_expires ON session (expires_us);
            CREATE TABLE refresh_token (
                digest BLOB PRIMARY KEY NOT NULL,
                session_id BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
                generation INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX refresh_token_session ON refresh_token (session_id);
            CREATE TABLE api_token (
                id BLOB PRIMARY KEY NOT NULL,
                user_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                workspace_id BLOB NOT NULL,
                name TEXT NOT NULL,
                scopes TEXT NOT NULL,
                hint TEXT NOT NULL,
                digest BLOB NOT NULL,
                version INTEGER NOT NULL,
                created_us INTEGER NOT NULL,
                expires_us INTEGER,
                last_used_us INTEGER,
                revoked_us INTEGER
            ) STRICT;
            CREATE UNIQUE INDEX api_token_digest ON api_token (digest);
            CREATE INDEX api_token_list ON api_token (user_id, created_us DESC, id DESC);
        ",
    },
    down: PerBackend { postgres: DROP, sqlite: DROP },
};

const DROP: &str = "
    DROP TABLE api_token;
    DROP TABLE refresh_token;
    DROP TABLE session;
    DROP TABLE membership;
    DROP TABLE workspace;
    DROP TABLE account;
";

/// `first_account` has at most one row: whoever founds an invite-only server. The release before does not know either table.
const INVITATIONS: SqlMigration = SqlMigration {
    name: "gateway_002_invitations",
    up: PerBackend {
        postgres: "
            CREATE TABLE invitation (
                id uuid PRIMARY KEY,
                user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                workspace_id uuid NOT NULL,
                email text,
                hint text NOT NULL,
                digest bytea NOT NULL,
                version bigint NOT NULL,
                created_us bigint NOT NULL,
                expires_us bigint NOT NULL,
                accepted_us bigint,
                accepted_by uuid,
                revoked_us bigint
            );
            CREATE UNIQUE INDEX invitation_digest ON invitation (digest);
            CREATE INDEX invitation_list ON invitation (user_id, created_us DESC, id DESC);
            CREATE TABLE first_account (
                one smallint PRIMARY KEY CHECK (one = 1),
                user_id uuid NOT NULL
            );
        ",
        sqlite: "
            CREATE TABLE invitation (
                id BLOB PRIMARY KEY NOT NULL,
                user_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                workspace_id BLOB NOT NULL,
                email TEXT,
                hint TEXT NOT NULL,
                digest BLOB NOT NULL,
                version INTEGER NOT NULL,
                created_us INTEGER NOT NULL,
                expires_us INTEGER NOT NULL,
                accepted_us INTEGER,
                accepted_by BLOB,
                revoked_us INTEGER
            ) STRICT;
            CREATE UNIQUE INDEX invitation_digest ON invitation (digest);
            CREATE INDEX invitation_list ON invitation (user_id, created_us DESC, id DESC);
            CREATE TABLE first_account (
                one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
                user_id BLOB NOT NULL
            ) STRICT;
        ",
    },
    down: PerBackend { postgres: DROP_INVITATIONS, sqlite: DROP_INVITATIONS },
};

const DROP_INVITATIONS: &str = "
    DROP TABLE first_account;
    DROP TABLE invitation;
";

/// Accounts of people who come by another issuer have no password: their hash is empty.
const EXTERNAL_IDENTITIES: SqlMigration = SqlMigration {
    name: "gateway_003_external_identities",
    up: PerBackend {
        postgres: "
            CREATE TABLE external_identity (
                id uuid PRIMARY KEY,
                issuer text NOT NULL,
                subject text NOT NULL,
                user_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                created_us bigint NOT NULL
            );
            CREATE UNIQUE INDEX external_identity_subject ON external_identity (issuer, subject);
            CREATE INDEX external_identity_owner ON external_identity (user_id);
        ",
        sqlite: "
            CREATE TABLE external_identity (
                id BLOB PRIMARY KEY NOT NULL,
                issuer TEXT NOT NULL,
                subject TEXT NOT NULL,
                user_id BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
                created_us INTEGER NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX external_identity_subject ON external_identity (issuer, subject);
            CREATE INDEX external_identity_owner ON external_identity (user_id);
        ",
    },
    down: PerBackend { postgres: DROP_EXTERNAL_IDENTITIES, sqlite: DROP_EXTERNAL_IDENTITIES },
};

const DROP_EXTERNAL_IDENTITIES: &str = "DROP TABLE external_identity;";

const DAY_START: SqlMigration = SqlMigration {
    name: "gateway_004_day_start",
    up: PerBackend {
        postgres: "ALTER TABLE account ADD COLUMN day_start text",
        sqlite: "ALTER TABLE account ADD COLUMN day_start TEXT",
    },
    down: PerBackend { postgres: DROP_DAY_START, sqlite: DROP_DAY_START },
};

const DROP_DAY_START: &str = "ALTER TABLE account DROP COLUMN day_start";
