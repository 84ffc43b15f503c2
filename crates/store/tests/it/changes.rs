//! A change is committed whole, or nothing is left of it by the time it is answered.

use mesh_store::{
    Change, Database, StoreError, Worked, conclude,
    request_ids::{Claim, ClaimError, Outcome},
};
use mesh_testkit::TestDatabase;
use mesh_types::{Actor, Caller, RequestId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::connect;

mesh_testkit::on_both_databases!(
    a_change_that_is_sent_again_is_answered_from_the_first,
    a_change_without_a_request_id_is_made_each_time,
    what_was_refused_can_be_sent_again_at_once,
    a_request_id_is_its_callers_own,
);

const WORKSPACE: WorkspaceId = WorkspaceId(Uuid::from_u128(1));
const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
const DONE: Outcome = Outcome { event_id: Some(Uuid::from_u128(10)), aggregate_id: Uuid::from_u128(11) };

/// Why the work was not done.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("a rule says no")]
    Refused,
    #[error(transparent)]
    Request(#[from] ClaimError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn migrated(database: &TestDatabase) -> Database {
    let database = connect(database).await;
    database.migrate(mesh_store::migrations()).await.expect("the database is migrated");
    database
}

fn caller(user: u128) -> Caller {
    let user_id = UserId(Uuid::from_u128(user));
    Caller {
        actor: Actor { user_id, service: None, token_id: None, client_address: None, user_agent: None },
        memberships: Vec::new(),
        personal_workspace: WORKSPACE,
        scopes: Vec::new(),
        time_zone: None,
        day_start: None,
        trace_parent: None,
    }
}

fn request() -> RequestId {
    RequestId { id: "r1".to_owned(), body_digest: [1; 32] }
}

/// Claims, works, records; the work is refused if `allowed` is not set.
async fn perform(database: &Database, change: &Change<'_>, allowed: bool) -> Result<Worked<()>, Error> {
    let transaction = database.begin().await?;
    let worked = async {
        if let Claim::Replay(outcome) = change.claim(&transaction, WORKSPACE).await? {
            return Ok(Worked::Before(outcome));
        }
        change.record(&transaction, WORKSPACE, DONE).await?;
        if allowed { Ok(Worked::Fresh(())) } else { Err(Error::Refused) }
    };
    let worked = worked.await;
    conclude(transaction, worked).await
}

async fn a_change_that_is_sent_again_is_answered_from_the_first(database: TestDatabase) {
    let database = migrated(&database).await;
    let (caller, request) = (caller(2), request());
    let change = Change { caller: &caller, now: NOW, method: "CreateTask", request: Some(&request) };
    assert!(matches!(perform(&database, &change, true).await, Ok(Worked::Fresh(()))));
    assert!(matches!(perform(&database, &change, true).await, Ok(Worked::Before(DONE))));
    let other = Change { method: "UpdateTask", ..change };
    assert!(matches!(perform(&database, &other, true).await, Ok(Worked::Fresh(()))));
}

async fn a_change_without_a_request_id_is_made_each_time(database: TestDatabase) {
    let database = migrated(&database).await;
    let caller = caller(2);
    let change = Change { caller: &caller, now: NOW, method: "CreateTask", request: None };
    for _ in 0..2 {
        assert!(matches!(perform(&database, &change, true).await, Ok(Worked::Fresh(()))));
    }
}

async fn what_was_refused_can_be_sent_again_at_once(database: TestDatabase) {
    let database = migrated(&database).await;
    let (caller, request) = (caller(2), request());
    let change = Change { caller: &caller, now: NOW, method: "CreateTask", request: Some(&request) };
    for _ in 0..20 {
        assert!(matches!(perform(&database, &change, false).await, Err(Error::Refused)));
    }
    assert!(matches!(perform(&database, &change, true).await, Ok(Worked::Fresh(()))));
}

async fn a_request_id_is_its_callers_own(database: TestDatabase) {
    let database = migrated(&database).await;
    let request = request();
    for user in [2, 3] {
        let caller = caller(user);
        let change = Change { caller: &caller, now: NOW, method: "CreateTask", request: Some(&request) };
        assert!(matches!(perform(&database, &change, true).await, Ok(Worked::Fresh(()))));
    }
}
