//! Getting in with a password.

use mesh_testkit::{FakeClock, TestDatabase};
use sea_orm::{ConnectionTrait, Database, Statement};
use tonic::Code;

use crate::world::{Mesh, PASSWORD, SIGN_IN_BURST, World, refusal, seconds};

mesh_testkit::on_both_databases!(
    the_password_opens_a_new_session,
    a_wrong_password_and_an_unknown_account_look_the_same,
    after_too_many_wrong_passwords_one_waits,
    the_right_password_forgives_wrong_ones,
    attempts_from_elsewhere_do_not_lock_somebody_out,
    a_hash_made_at_another_cost_is_made_anew,
);

const HERE: &str = "203.0.113.9";

async fn the_password_opens_a_new_session(database: TestDatabase) {
    let world = World::start(database).await;
    let first = world.sign_up("ada@example.com").await;
    let second = world.sign_in("ADA@example.com", PASSWORD, HERE).await.expect("the right password");
    assert_eq!(first.user, second.user);
    let (one, other) = (world.caller(&first.access_token).await, world.caller(&second.access_token).await);
    assert_ne!(one.expect("a caller").actor.token_id, other.expect("a caller").actor.token_id);
}

async fn a_wrong_password_and_an_unknown_account_look_the_same(database: TestDatabase) {
    let world = World::start(database).await;
    world.sign_up("ada@example.com").await;
    let wrong = world.sign_in("ada@example.com", "wrong", HERE).await.expect_err("wrong");
    let unknown = world.sign_in("eve@example.com", PASSWORD, HERE).await.expect_err("unknown");
    assert_eq!((wrong.code(), wrong.message()), (unknown.code(), unknown.message()));
    let (code, reason, _) = refusal::<()>(Err(wrong));
    assert_eq!((code, reason.as_str()), (Code::Unauthenticated, "CREDENTIALS_INVALID"));
    let odd = world.sign_in("ada@example.com", "nul\0and\u{202e}more", HERE).await;
    assert_eq!(refusal(odd).0, Code::Unauthenticated);
}

async fn fail_to_sign_in(world: &World, times: u32) {
    for _ in 0..times {
        let (_, reason, _) = refusal(world.sign_in("ada@example.com", "wrong", HERE).await);
        assert_eq!(reason, "CREDENTIALS_INVALID");
    }
}

async fn after_too_many_wrong_passwords_one_waits(database: TestDatabase) {
    let world = World::start(database).await;
    world.sign_up("ada@example.com").await;
    fail_to_sign_in(&world, SIGN_IN_BURST).await;

    let (code, reason, details) = refusal(world.sign_in("Ada@example.com", PASSWORD, HERE).await);
    assert_eq!((code, reason.as_str()), (Code::ResourceExhausted, "RATE_LIMITED"));
    let wait = details.retry_info().and_then(|info| info.retry_delay).expect("when to try again");
    assert!(!wait.is_zero() && wait <= seconds(10), "{wait:?}");

    world.clock.advance(wait);
    world.sign_in("ada@example.com", PASSWORD, HERE).await.expect("after waiting as told");
}

async fn the_right_password_forgives_wrong_ones(database: TestDatabase) {
    let world = World::start(database).await;
    world.sign_up("ada@example.com").await;
    for _ in 0..3 {
        fail_to_sign_in(&world, SIGN_IN_BURST - 1).await;
        world.sign_in("ada@example.com", PASSWORD, HERE).await.expect("the right password");
    }
}

async fn attempts_from_elsewhere_do_not_lock_somebody_out(database: TestDatabase) {
    let world = World::start(database).await;
    world.sign_up("ada@example.com").await;
    fail_to_sign_in(&world, SIGN_IN_BURST).await;
    world.sign_in("ada@example.com", PASSWORD, "2001:db8::1").await.expect("from another network");
    world.sign_up("eve@example.com").await;
    world.sign_in("eve@example.com", PASSWORD, HERE).await.expect("to another account");
}

async fn a_hash_made_at_another_cost_is_made_anew(database: TestDatabase) {
    let mesh = Mesh::new(database).await;
    let before = World::replica(&mesh, FakeClock::default(), |_| {}).await;
    before.sign_up("ada@example.com").await;
    assert!(stored_hash(&mesh).await.contains("m=8,t=1,p=1"));

    let after = World::replica(&mesh, FakeClock::default(), |config| config.accounts.password_passes = 2).await;
    refusal(after.sign_in("ada@example.com", "wrong", HERE).await);
    assert!(stored_hash(&mesh).await.contains("m=8,t=1,p=1"));
    after.sign_in("ada@example.com", PASSWORD, HERE).await.expect("the right password");
    assert!(stored_hash(&mesh).await.contains("m=8,t=2,p=1"));
    after.sign_in("ada@example.com", PASSWORD, HERE).await.expect("the same password");
}

async fn stored_hash(mesh: &Mesh) -> String {
    let connection = Database::connect(mesh.database.url()).await.expect("the database");
    let statement = Statement::from_string(connection.get_database_backend(), "SELECT password_hash FROM account");
    let row = connection.query_one_raw(statement).await.expect("a query").expect("a row");
    connection.close().await.expect("it closes");
    row.try_get("", "password_hash").expect("a hash")
}
