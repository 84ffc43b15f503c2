//! Tokens that people make for programs.

use mesh_proto::auth::v1::{ApiToken, ListApiTokensRequest, ListApiTokensResponse, RevokeApiTokenRequest};
use mesh_testkit::{FakeClock, TestDatabase, eventually};
use mesh_types::{Clock, Reason, Timestamp};
use tonic::{Code, Status};

use crate::world::{Mesh, World, api_token, refusal, seconds, violations};

mesh_testkit::on_both_databases!(
    a_token_acts_for_its_maker_without_the_account,
    a_token_does_what_it_was_made_for_only,
    a_token_makes_no_other_that_would_outlive_it,
    everything_that_is_wrong_with_a_token_is_told,
    a_token_ends_when_it_says,
    tokens_are_listed_newest_first_in_pages,
    page_tokens_are_good_for_their_own_list_only,
    a_revoked_token_ends_at_once,
    a_stranger_cannot_revoke_a_token,
    the_last_use_is_noted_to_the_minute,
);

mod replicas {
    //! Only where there are any: on PostgreSQL.

    #[tokio::test]
    async fn a_token_revoked_at_one_replica_soon_ends_at_the_others() {
        super::revoked_elsewhere(mesh_testkit::postgres().await).await;
    }

    #[tokio::test]
    async fn a_revocation_that_nobody_tells_is_found_out_within_seconds() {
        super::revoked_in_silence(mesh_testkit::postgres().await).await;
    }
}

async fn list(world: &World, credential: &str, request: ListApiTokensRequest) -> Result<ListApiTokensResponse, Status> {
    let request = world.with(credential, request).await;
    Ok(world.client.clone().list_api_tokens(request).await?.into_inner())
}

async fn revoke(world: &World, credential: &str, id: &str) -> Result<ApiToken, Status> {
    let request = world.with(credential, RevokeApiTokenRequest { id: id.to_owned() }).await;
    Ok(world.client.clone().revoke_api_token(request).await?.into_inner())
}

async fn a_token_acts_for_its_maker_without_the_account(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let made = world.create_api_token(&session.access_token, api_token(" laptop ", &[])).await.expect("a token");
    let token = made.token.expect("a token");
    assert!(made.secret.starts_with("tm_pat_") && made.secret.starts_with(&token.hint));
    assert!(token.hint.len() < 12);
    assert_eq!((token.name(), token.version), ("laptop", 1));

    let caller = world.caller(&made.secret).await.expect("a caller");
    assert_eq!(caller.actor.user_id.to_string(), session.user.as_ref().expect("a user").id);
    assert_eq!(caller.actor.token_id, Some(token.id.clone()));
    assert_eq!(caller.scopes, token.scopes);
    assert!(caller.scopes.iter().any(|scope| scope == "tasks.write"));
    assert!(caller.scopes.iter().all(|scope| scope != "account.write"));

    assert_eq!(world.get_me(&made.secret).await.user, session.user);
    let refused = world.create_api_token(&made.secret, api_token("another", &[])).await;
    let (code, reason, _) = refusal(refused);
    assert_eq!((code, reason.as_str()), (Code::PermissionDenied, "SCOPE_MISSING"));
}

async fn a_token_does_what_it_was_made_for_only(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let form = api_token("reader", &["tasks.read"]);
    let made = world.create_api_token(&session.access_token, form).await.expect("a token");
    assert_eq!(world.caller(&made.secret).await.expect("a caller").scopes, ["tasks.read"]);
}

async fn a_token_makes_no_other_that_would_outlive_it(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let manager = api_token("manager", &["account.write", "tasks.read"]);
    let made = world.create_api_token(&session.access_token, manager).await.expect("a token");
    let refused = world.create_api_token(&made.secret, api_token("child", &["tasks.read"])).await;
    let (code, reason, _) = refusal(refused);
    assert_eq!((code, reason.as_str()), (Code::PermissionDenied, "SESSION_REQUIRED"));
}

async fn everything_that_is_wrong_with_a_token_is_told(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let past = world.clock.now().to_parts().0;
    let broken = ApiToken {
        name: Some("a\0b".to_owned()),
        scopes: vec!["tasks.read".to_owned(), "tasks.fly".to_owned()],
        expire_time: Some(prost_types::Timestamp { seconds: past, nanos: 0 }),
        ..ApiToken::default()
    };
    let (code, _, details) = refusal(world.create_api_token(&session.access_token, broken).await);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(violations(&details), ["token.name", "token.expire_time", "token.scopes[1]"]);

    let forever = prost_types::Timestamp { seconds: i64::MAX, nanos: -5 };
    for token in [
        ApiToken::default(),
        api_token("", &[]),
        api_token("  ", &[]),
        api_token(&"x".repeat(101), &[]),
        api_token("x", &["Tasks Read"]),
        api_token("x", &["tasks.read", "tasks.read"]),
        ApiToken { expire_time: Some(forever), ..api_token("x", &[]) },
    ] {
        let (code, _, details) = refusal(world.create_api_token(&session.access_token, token.clone()).await);
        assert_eq!(code, Code::InvalidArgument, "{token:?}");
        assert!(!violations(&details).is_empty(), "{token:?}");
    }
    for id in ["", "x", "\0"] {
        assert_eq!(refusal(revoke(&world, &session.access_token, id).await).0, Code::InvalidArgument, "{id:?}");
    }
}

async fn a_token_ends_when_it_says(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let (end, nanos) = world.clock.now().plus(seconds(60)).to_parts();
    let form = ApiToken { expire_time: Some(prost_types::Timestamp { seconds: end, nanos }), ..api_token("x", &[]) };
    let made = world.create_api_token(&session.access_token, form).await.expect("a token");
    for _ in 0..6 {
        world.caller(&made.secret).await.expect("a caller");
        world.clock.advance(seconds(9));
    }
    world.clock.advance(seconds(6));
    for _ in 0..2 {
        assert_eq!(world.caller(&made.secret).await.expect_err("it has ended").reason, Reason::TokenExpired);
    }
}

async fn tokens_are_listed_newest_first_in_pages(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let mut made = Vec::new();
    for number in 0..7 {
        // Some are made in the same microsecond: the id decides.
        world.clock.advance(seconds(number % 2));
        let token = world.create_api_token(&session.access_token, api_token("x", &[])).await.expect("a token");
        made.push(token.token.expect("a token"));
    }
    let other = world.sign_up("eve@example.com").await;
    world.create_api_token(&other.access_token, api_token("not hers", &[])).await.expect("a token");

    let mut seen = Vec::new();
    let mut request = ListApiTokensRequest { page_size: 3, ..ListApiTokensRequest::default() };
    loop {
        let page = list(&world, &session.access_token, request.clone()).await.expect("a page");
        assert!(page.tokens.len() <= 3);
        seen.extend(page.tokens);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    made.sort_by_key(|token| (std::cmp::Reverse(token.create_time.map(|time| time.seconds)), token.id.clone()));
    assert_eq!(seen.len(), made.len());
    let times: Vec<_> = seen.iter().map(|token| token.create_time.map(|time| time.seconds)).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    seen.sort_by_key(|token| (std::cmp::Reverse(token.create_time.map(|time| time.seconds)), token.id.clone()));
    assert_eq!(seen, made);
}

async fn page_tokens_are_good_for_their_own_list_only(database: TestDatabase) {
    let world = World::start(database).await;
    let ada = world.sign_up("ada@example.com").await;
    let eve = world.sign_up("eve@example.com").await;
    for _ in 0..2 {
        world.create_api_token(&ada.access_token, api_token("x", &[])).await.expect("a token");
    }
    let first = ListApiTokensRequest { page_size: 1, ..ListApiTokensRequest::default() };
    let page_token = list(&world, &ada.access_token, first).await.expect("a page").next_page_token;
    let stolen = ListApiTokensRequest { page_token: page_token.clone(), ..ListApiTokensRequest::default() };
    let other = ListApiTokensRequest { page_token, show_revoked: true, ..ListApiTokensRequest::default() };
    let forged = ListApiTokensRequest { page_token: "AAAA\0".to_owned(), ..ListApiTokensRequest::default() };
    for (credential, request) in [(&eve, stolen), (&ada, other), (&ada, forged)] {
        let (code, reason, _) = refusal(list(&world, &credential.access_token, request).await);
        assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
    }
    let negative = ListApiTokensRequest { page_size: -1, ..ListApiTokensRequest::default() };
    assert_eq!(refusal(list(&world, &ada.access_token, negative).await).0, Code::InvalidArgument);
    let huge = ListApiTokensRequest { page_size: i32::MAX, ..ListApiTokensRequest::default() };
    assert_eq!(list(&world, &ada.access_token, huge).await.expect("a page").tokens.len(), 2);
}

async fn a_revoked_token_ends_at_once(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let made = world.create_api_token(&session.access_token, api_token("x", &[])).await.expect("a token");
    let id = made.token.expect("a token").id;
    world.caller(&made.secret).await.expect("a caller");

    let revoked = revoke(&world, &session.access_token, &id).await.expect("revoked");
    assert_eq!(world.caller(&made.secret).await.expect_err("it has ended").reason, Reason::TokenInvalid);
    assert_eq!(revoked.version, 2);
    assert!(revoked.revoke_time.is_some());

    world.clock.advance(seconds(5));
    let again = revoke(&world, &session.access_token, &id).await.expect("nothing changes");
    assert_eq!(again, revoked);
    let listed = list(&world, &session.access_token, ListApiTokensRequest::default()).await.expect("a page");
    assert!(listed.tokens.is_empty());
    let all = ListApiTokensRequest { show_revoked: true, ..ListApiTokensRequest::default() };
    assert_eq!(list(&world, &session.access_token, all).await.expect("a page").tokens, [revoked]);
}

async fn a_stranger_cannot_revoke_a_token(database: TestDatabase) {
    let world = World::start(database).await;
    let ada = world.sign_up("ada@example.com").await;
    let eve = world.sign_up("eve@example.com").await;
    let made = world.create_api_token(&ada.access_token, api_token("x", &[])).await.expect("a token");
    let id = made.token.expect("a token").id;
    let (code, reason, details) = refusal(revoke(&world, &eve.access_token, &id).await);
    assert_eq!((code, reason.as_str()), (Code::NotFound, "RESOURCE_NOT_FOUND"));
    assert_eq!(details.resource_info().map(|info| info.resource_type.as_str()), Some("api_token"));
    world.caller(&made.secret).await.expect("it still works");
}

async fn the_last_use_is_noted_to_the_minute(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let made = world.create_api_token(&session.access_token, api_token("x", &[])).await.expect("a token");
    world.clock.advance(seconds(90));
    world.caller(&made.secret).await.expect("a caller");
    // Whatever was not noted yet is noted when the process stops; the next one shows it.
    let noon = Timestamp::from_micros(world.clock.now().as_micros() / 60_000_000 * 60_000_000);
    world.lifecycle.shutdown().await.expect("it stops");
    let next = World::replica(&world.mesh, world.clock.clone(), |_| {}).await;
    let listed = list(&next, &session.access_token, ListApiTokensRequest::default()).await.expect("a page");
    let used = listed.tokens[0].last_used_time.expect("a time");
    assert_eq!((used.seconds, used.nanos), noon.to_parts());
}

async fn revoked_elsewhere(database: TestDatabase) {
    let mesh = Mesh::new(database).await;
    let clock = FakeClock::default();
    let here = World::replica(&mesh, clock.clone(), |_| {}).await;
    let there = World::replica(&mesh, clock, |_| {}).await;
    let session = here.sign_up("ada@example.com").await;
    let made = here.create_api_token(&session.access_token, api_token("x", &[])).await.expect("a token");
    there.caller(&made.secret).await.expect("known there");
    revoke(&here, &session.access_token, &made.token.expect("a token").id).await.expect("revoked");
    // Its clock stands still: only the signal can tell.
    eventually(async || there.caller(&made.secret).await.is_err()).await;
}

async fn revoked_in_silence(database: TestDatabase) {
    let mesh = Mesh::new(database).await;
    let clock = FakeClock::default();
    let here = World::replica(&mesh, clock.clone(), |_| {}).await;
    let deaf = World::replica_on(&mesh, mesh.lonely_bus().await, clock.clone(), |_| {}).await;
    let session = here.sign_up("ada@example.com").await;
    let made = here.create_api_token(&session.access_token, api_token("x", &[])).await.expect("a token");
    deaf.caller(&made.secret).await.expect("known there");
    revoke(&here, &session.access_token, &made.token.expect("a token").id).await.expect("revoked");
    deaf.caller(&made.secret).await.expect("still believed");
    clock.advance(seconds(3));
    assert_eq!(deaf.caller(&made.secret).await.expect_err("found out").reason, Reason::TokenInvalid);
}
