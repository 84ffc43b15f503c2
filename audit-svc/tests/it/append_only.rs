//! What is recorded stays as it is, whoever tries.

use mesh_store::Sql;
use mesh_testkit::{TestDatabase, TestUser};

use crate::world::{World, event};

mesh_testkit::on_both_databases!(what_is_recorded_can_be_neither_changed_nor_deleted);

async fn what_is_recorded_can_be_neither_changed_nor_deleted(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    world.publish(&[event(user.workspace())]).await;
    let before = world.record_of(&user, 1).await;
    let database = world.database.connect().await;
    for change in ["UPDATE audit_event SET verb = 'forged'", "DELETE FROM audit_event"] {
        let outcome = Sql::both(change).run(database.writer(), []).await;
        assert!(outcome.is_err(), "{change}");
    }
    assert_eq!(world.record_of(&user, 1).await, before);
}
