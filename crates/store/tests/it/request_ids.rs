//! A mutation that is sent again is done once.

use std::time::Duration;

use mesh_store::{
    Database, Writes,
    request_ids::{Answered, Claim, ClaimError, KEPT, Outcome, RequestKey, claim, prune, record},
};
use mesh_testkit::TestDatabase;
use mesh_types::{Fault, Reason, Timestamp, WorkspaceId};
use uuid::Uuid;

use crate::connect;

mesh_testkit::on_both_databases!(
    a_new_id_is_fresh_until_it_is_recorded,
    an_id_with_another_body_is_refused,
    an_id_whose_work_was_rolled_back_is_fresh_again,
    an_id_belongs_to_its_principal_workspace_and_method,
    an_id_outlives_a_day_only_until_it_is_used_again,
    old_ids_are_pruned,
);

const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
const BODY: [u8; 32] = [1; 32];
const DONE: Outcome = Outcome { event_id: Some(Uuid::from_u128(10)), aggregate_id: Uuid::from_u128(11) };

fn answered(now: Timestamp) -> Answered {
    Answered { body_digest: BODY, outcome: DONE, now }
}

fn key(id: &str) -> RequestKey<'_> {
    RequestKey { principal: "user", workspace: WorkspaceId(Uuid::from_u128(1)), method: "CreateTask", id }
}

async fn migrated(database: &TestDatabase) -> Database {
    let database = connect(database).await;
    database.migrate(mesh_store::migrations()).await.expect("the database is migrated");
    database
}

/// Claims, and records when it is fresh.
async fn perform(database: &Database, key: RequestKey<'_>, now: Timestamp) -> Result<Claim, ClaimError> {
    let transaction = database.begin().await?;
    let claimed = claim(&transaction, &key, BODY, now).await?;
    if claimed == Claim::Fresh {
        record(&transaction, Writes::default(), &key, answered(now)).await?;
    }
    mesh_store::commit(transaction).await?;
    Ok(claimed)
}

async fn a_new_id_is_fresh_until_it_is_recorded(database: TestDatabase) {
    let database = migrated(&database).await;
    assert_eq!(perform(&database, key("a"), NOW).await.expect("it is new"), Claim::Fresh);
    assert_eq!(perform(&database, key("a"), NOW).await.expect("it is known"), Claim::Replay(DONE));
    assert_eq!(perform(&database, key("b"), NOW).await.expect("it is another"), Claim::Fresh);
}

async fn an_id_with_another_body_is_refused(database: TestDatabase) {
    let database = migrated(&database).await;
    perform(&database, key("a"), NOW).await.expect("it is new");
    let transaction = database.begin().await.expect("it begins");
    let refused = claim(&transaction, &key("a"), [2; 32], NOW).await.expect_err("the body is another");
    assert!(matches!(refused, ClaimError::Reused));
    assert_eq!(Fault::from(refused).reason, Reason::RequestIdReused);
}

async fn an_id_whose_work_was_rolled_back_is_fresh_again(database: TestDatabase) {
    let database = migrated(&database).await;
    let transaction = database.begin().await.expect("it begins");
    claim(&transaction, &key("a"), BODY, NOW).await.expect("it is new");
    record(&transaction, Writes::default(), &key("a"), answered(NOW)).await.expect("it is recorded");
    transaction.rollback().await.expect("it rolls back");
    assert_eq!(perform(&database, key("a"), NOW).await.expect("it is new again"), Claim::Fresh);
}

async fn an_id_belongs_to_its_principal_workspace_and_method(database: TestDatabase) {
    let database = migrated(&database).await;
    let other_workspace = RequestKey { workspace: WorkspaceId(Uuid::from_u128(2)), ..key("a") };
    let other_method = RequestKey { method: "UpdateTask", ..key("a") };
    let other_principal = RequestKey { principal: "use", ..key("a") };
    for key in [key("a"), other_workspace, other_method, other_principal] {
        assert_eq!(perform(&database, key, NOW).await.expect("it is another"), Claim::Fresh);
    }
}

async fn an_id_outlives_a_day_only_until_it_is_used_again(database: TestDatabase) {
    let database = migrated(&database).await;
    perform(&database, key("a"), NOW).await.expect("it is new");
    let almost = NOW.plus(KEPT - Duration::from_secs(1));
    assert_eq!(perform(&database, key("a"), almost).await.expect("it is known"), Claim::Replay(DONE));
    let after = NOW.plus(KEPT);
    assert_eq!(perform(&database, key("a"), after).await.expect("it is forgotten"), Claim::Fresh);
    assert_eq!(perform(&database, key("a"), after).await.expect("it is known"), Claim::Replay(DONE));
}

async fn old_ids_are_pruned(database: TestDatabase) {
    let database = migrated(&database).await;
    for id in ["a", "b", "c"] {
        perform(&database, key(id), NOW).await.expect("it is new");
    }
    let later = NOW.plus(KEPT);
    perform(&database, key("d"), later).await.expect("it is new");
    assert_eq!(prune(&database, later, 2).await.expect("two go at most"), 2);
    assert_eq!(prune(&database, later, 2).await.expect("the last one goes"), 1);
    assert_eq!(prune(&database, later, 2).await.expect("the new one stays"), 0);
}

#[tokio::test]
async fn an_id_that_is_being_worked_on_is_in_flight() {
    let server = mesh_testkit::postgres().await;
    let database = migrated(&server).await;
    let first = database.begin().await.expect("it begins");
    assert_eq!(claim(&first, &key("a"), BODY, NOW).await.expect("it is new"), Claim::Fresh);
    let second = perform(&database, key("a"), NOW).await.expect_err("the first is not done");
    assert_eq!(Fault::from(second).reason, Reason::RequestInFlight);
    record(&first, Writes::default(), &key("a"), answered(NOW)).await.expect("it is recorded");
    mesh_store::commit(first).await.expect("it commits");
    assert_eq!(perform(&database, key("a"), NOW).await.expect("it is known"), Claim::Replay(DONE));
}

#[tokio::test]
async fn of_many_requests_with_one_id_exactly_one_is_fresh() {
    for database in mesh_testkit::databases().await {
        let connected = migrated(&database).await;
        let attempts = (0..8).map(|_| perform(&connected, key("a"), NOW));
        let results = futures::future::join_all(attempts).await;
        let fresh = results.iter().filter(|result| matches!(result, Ok(Claim::Fresh))).count();
        assert_eq!(fresh, 1, "{results:?}");
        for result in results {
            assert!(matches!(result, Ok(_) | Err(ClaimError::InFlight)), "{result:?}");
        }
    }
}
