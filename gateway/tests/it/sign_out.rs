//! Getting out: of one session, of all of them, and what then ends.

use mesh_proto::auth::v1::{SignOutEverywhereRequest, SignOutRequest};
use mesh_testkit::{FakeClock, TestDatabase, eventually};
use mesh_types::Reason;
use tonic::Code;
use uuid::Uuid;

use crate::world::{Mesh, PASSWORD, World, api_token, refusal, seconds};

mesh_testkit::on_both_databases!(
    signing_out_ends_the_session_and_no_other,
    any_token_of_a_session_ends_it_and_what_is_no_token_changes_nothing,
    signing_out_everywhere_ends_every_session_but_no_program,
    a_stolen_refresh_token_ends_the_access_token_too,
    streams_end_with_the_session_they_were_opened_with,
);

mod replicas {
    //! Only where there are any: on PostgreSQL.

    #[tokio::test]
    async fn a_session_that_ends_at_one_replica_soon_ends_at_the_others_with_its_streams() {
        super::ended_elsewhere(mesh_testkit::postgres().await).await;
    }

    #[tokio::test]
    async fn an_end_that_nobody_tells_is_found_out_within_seconds() {
        super::ended_in_silence(mesh_testkit::postgres().await).await;
    }
}

const HERE: &str = "203.0.113.9";

async fn sign_out(world: &World, refresh_token: &str) {
    let request = SignOutRequest { refresh_token: refresh_token.to_owned() };
    world.client.clone().sign_out(request).await.expect("signed out");
}

async fn sign_out_everywhere(world: &World, credential: &str) {
    let request = world.with(credential, SignOutEverywhereRequest {}).await;
    world.client.clone().sign_out_everywhere(request).await.expect("signed out");
}

async fn assert_ended(world: &World, access_token: &str) {
    for _ in 0..2 {
        assert_eq!(world.caller(access_token).await.expect_err("it has ended").reason, Reason::TokenInvalid);
    }
}

async fn session_id(world: &World, access_token: &str) -> Uuid {
    let id = world.caller(access_token).await.expect("a caller").actor.token_id.expect("a session");
    Uuid::parse_str(&id).expect("an id")
}

async fn signing_out_ends_the_session_and_no_other(database: TestDatabase) {
    let world = World::start(database).await;
    let one = world.sign_up("ada@example.com").await;
    let other = world.sign_in("ada@example.com", PASSWORD, HERE).await.expect("signed in");
    world.caller(&one.access_token).await.expect("signed in");
    sign_out(&world, &one.refresh_token).await;
    assert_ended(&world, &one.access_token).await;
    assert_eq!(refusal(world.refresh(&one.refresh_token).await).0, Code::Unauthenticated);
    world.caller(&other.access_token).await.expect("the other session");
    world.refresh(&other.refresh_token).await.expect("the other session");
}

async fn any_token_of_a_session_ends_it_and_what_is_no_token_changes_nothing(database: TestDatabase) {
    let world = World::start(database).await;
    let first = world.sign_up("ada@example.com").await;
    let second = world.refresh(&first.refresh_token).await.expect("the newest token");
    sign_out(&world, "tm_rt_nobodys").await;
    world.caller(&second.access_token).await.expect("signed in");
    sign_out(&world, &first.refresh_token).await;
    sign_out(&world, &first.refresh_token).await;
    assert_ended(&world, &second.access_token).await;
}

async fn signing_out_everywhere_ends_every_session_but_no_program(database: TestDatabase) {
    let world = World::start(database).await;
    let here = world.sign_up("ada@example.com").await;
    let elsewhere = world.sign_in("ada@example.com", PASSWORD, HERE).await.expect("signed in");
    let eve = world.sign_up("eve@example.com").await;
    let program = world.create_api_token(&here.access_token, api_token("x", &[])).await.expect("a token");
    for credential in [&here.access_token, &elsewhere.access_token, &eve.access_token, &program.secret] {
        world.caller(credential).await.expect("a caller");
    }
    sign_out_everywhere(&world, &here.access_token).await;
    for session in [&here, &elsewhere] {
        assert_ended(&world, &session.access_token).await;
        assert_eq!(refusal(world.refresh(&session.refresh_token).await).0, Code::Unauthenticated);
    }
    world.caller(&program.secret).await.expect("programs stay");
    world.caller(&eve.access_token).await.expect("others stay");
    let verbs: Vec<_> = world.events(4).await.iter().map(|event| event.verb.clone()).collect();
    assert!(verbs.contains(&"signed_out".to_owned()), "{verbs:?}");
}

async fn a_stolen_refresh_token_ends_the_access_token_too(database: TestDatabase) {
    let world = World::start(database).await;
    let first = world.sign_up("ada@example.com").await;
    let second = world.refresh(&first.refresh_token).await.expect("the newest token");
    let third = world.refresh(&second.refresh_token).await.expect("the newest token");
    world.caller(&third.access_token).await.expect("signed in");
    refusal(world.refresh(&first.refresh_token).await);
    assert_ended(&world, &third.access_token).await;
}

async fn streams_end_with_the_session_they_were_opened_with(database: TestDatabase) {
    let world = World::start(database).await;
    let one = world.sign_up("ada@example.com").await;
    let other = world.sign_in("ada@example.com", PASSWORD, HERE).await.expect("signed in");
    let third = world.sign_in("ada@example.com", PASSWORD, HERE).await.expect("signed in");
    let mut streams = Vec::new();
    for session in [&one, &other, &third] {
        streams.push(world.exchange.streams().open(session_id(&world, &session.access_token).await));
    }
    sign_out(&world, &one.refresh_token).await;
    assert!(streams[0].ended().is_cancelled() && !streams[1].ended().is_cancelled());
    sign_out_everywhere(&world, &other.access_token).await;
    eventually(async || streams.iter().all(|stream| stream.ended().is_cancelled())).await;
}

async fn ended_elsewhere(database: TestDatabase) {
    let mesh = Mesh::new(database).await;
    let clock = FakeClock::default();
    let here = World::replica(&mesh, clock.clone(), |_| {}).await;
    let there = World::replica(&mesh, clock, |_| {}).await;
    let session = here.sign_up("ada@example.com").await;
    let stream = there.exchange.streams().open(session_id(&there, &session.access_token).await);
    sign_out(&here, &session.refresh_token).await;
    // Its clock stands still: only the signal can tell.
    eventually(async || there.caller(&session.access_token).await.is_err()).await;
    eventually(async || stream.ended().is_cancelled()).await;
}

async fn ended_in_silence(database: TestDatabase) {
    let mesh = Mesh::new(database).await;
    let clock = FakeClock::default();
    let here = World::replica(&mesh, clock.clone(), |_| {}).await;
    let deaf = World::replica_on(&mesh, mesh.lonely_bus().await, clock.clone(), |_| {}).await;
    let session = here.sign_up("ada@example.com").await;
    let stream = deaf.exchange.streams().open(session_id(&deaf, &session.access_token).await);
    sign_out(&here, &session.refresh_token).await;
    deaf.caller(&session.access_token).await.expect("still believed");
    clock.advance(seconds(3));
    assert_eq!(deaf.caller(&session.access_token).await.expect_err("found out").reason, Reason::TokenInvalid);
    deaf.exchange.recheck_streams().await.expect("a look");
    assert!(stream.ended().is_cancelled());
}
