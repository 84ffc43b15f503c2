//! Staying in: refresh tokens, each good for the next.

use mesh_testkit::TestDatabase;
use mesh_types::Reason;
use tonic::Code;

use crate::world::{World, refusal, seconds};

mesh_testkit::on_both_databases!(
    each_refresh_token_buys_the_next,
    the_token_that_was_just_exchanged_may_come_again,
    a_token_that_comes_late_a_second_time_ends_the_session,
    an_older_token_ends_its_session_and_no_other,
    a_session_that_is_not_used_ends,
    what_is_no_refresh_token_is_refused,
    two_who_refresh_at_once_both_stay_in,
);

async fn each_refresh_token_buys_the_next(database: TestDatabase) {
    let world = World::start(database).await;
    let mut session = world.sign_up("ada@example.com").await;
    let id = world.caller(&session.access_token).await.expect("a caller").actor.token_id;
    for _ in 0..3 {
        world.clock.advance(seconds(15 * 60));
        let fault = world.caller(&session.access_token).await.expect_err("it has ended");
        assert_eq!(fault.reason, Reason::TokenExpired);
        session = world.refresh(&session.refresh_token).await.expect("the newest token");
        let caller = world.caller(&session.access_token).await.expect("a caller");
        assert_eq!(caller.actor.token_id, id);
        assert_eq!(caller.time_zone.as_deref(), Some("Europe/Berlin"));
    }
}

async fn the_token_that_was_just_exchanged_may_come_again(database: TestDatabase) {
    let world = World::start(database).await;
    let first = world.sign_up("ada@example.com").await;
    let lost = world.refresh(&first.refresh_token).await.expect("the newest token");
    world.clock.advance(seconds(30));
    let again = world.refresh(&first.refresh_token).await.expect("a repeat");
    assert_ne!(lost.refresh_token, again.refresh_token);
    world.refresh(&again.refresh_token).await.expect("the token that arrived");
}

async fn a_token_that_comes_late_a_second_time_ends_the_session(database: TestDatabase) {
    let world = World::start(database).await;
    let first = world.sign_up("ada@example.com").await;
    let second = world.refresh(&first.refresh_token).await.expect("the newest token");
    world.clock.advance(seconds(31));
    for token in [&first.refresh_token, &second.refresh_token, &first.refresh_token] {
        let (code, reason, _) = refusal(world.refresh(token).await);
        assert_eq!((code, reason.as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
    }
}

async fn an_older_token_ends_its_session_and_no_other(database: TestDatabase) {
    let world = World::start(database).await;
    let stolen = world.sign_up("ada@example.com").await;
    let elsewhere = world.sign_in("ada@example.com", crate::world::PASSWORD, "192.0.2.1").await.expect("signed in");
    let second = world.refresh(&stolen.refresh_token).await.expect("the newest token");
    let third = world.refresh(&second.refresh_token).await.expect("the newest token");
    refusal(world.refresh(&stolen.refresh_token).await);
    refusal(world.refresh(&third.refresh_token).await);
    world.refresh(&elsewhere.refresh_token).await.expect("a session of its own");
}

async fn a_session_that_is_not_used_ends(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    world.clock.advance(seconds(30 * 86_400));
    let (code, reason, _) = refusal(world.refresh(&session.refresh_token).await);
    assert_eq!((code, reason.as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));
}

async fn what_is_no_refresh_token_is_refused(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let changed = format!("{}x", session.refresh_token);
    for token in ["x", "tm_rt_\0", "\u{1f980}", changed.as_str()] {
        assert_eq!(refusal(world.refresh(token).await).0, Code::Unauthenticated, "{token:?}");
    }
    for token in ["", &session.access_token] {
        assert_eq!(refusal(world.refresh(token).await).0, Code::InvalidArgument, "{token:?}");
    }
}

async fn two_who_refresh_at_once_both_stay_in(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let (one, other) = tokio::join!(world.refresh(&session.refresh_token), world.refresh(&session.refresh_token));
    let (one, other) = (one.expect("one tab"), other.expect("the other tab"));
    world.refresh(&one.refresh_token).await.expect("one tab goes on");
    world.refresh(&other.refresh_token).await.expect("and so does the other");
}
