//! What a caller presents, and whom services see.

use std::sync::Arc;

use gateway::{Keys, app::ClientHint};
use mesh_rpc::{AUDIENCE, Claims, ServiceTokens, TokenSigner};
use mesh_testkit::{FakeClock, TestDatabase, TestTokens, TestUser};
use mesh_types::{Clock, Reason, Role, UserId, WorkspaceId};
use uuid::Uuid;

use crate::world::{World, seconds};

mesh_testkit::on_both_databases!(
    services_see_who_calls_and_from_where,
    an_access_token_ends_when_it_says,
    what_the_gateway_did_not_sign_is_refused,
    garbage_is_refused,
);

async fn services_see_who_calls_and_from_where(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let user = session.user.expect("a user");
    let client = ClientHint { address: Some("192.0.2.1".to_owned()), user_agent: Some("curl/8\n".repeat(100)) };

    let caller = world.caller_from(&session.access_token, &client).await.expect("a caller");
    assert_eq!(caller.actor.user_id.to_string(), user.id);
    assert_eq!(caller.personal_workspace.to_string(), user.personal_workspace_id);
    assert_eq!(caller.memberships.len(), 1);
    assert_eq!(caller.memberships[0].role, Role::Owner);
    assert_eq!(caller.actor.client_address.as_deref(), Some("192.0.2.1"));
    let agent = caller.actor.user_agent.expect("a user agent");
    assert!(agent.starts_with("curl/8curl/8") && agent.len() == 200, "{agent}");

    let elsewhere = ClientHint { address: Some("2001:db8::7".to_owned()), user_agent: None };
    let caller = world.caller_from(&session.access_token, &elsewhere).await.expect("a caller");
    assert_eq!(caller.actor.client_address.as_deref(), Some("2001:db8::7"));
    assert_eq!(caller.actor.user_agent, None);
}

async fn an_access_token_ends_when_it_says(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let end = session.expire_time.expect("an end");
    assert_eq!(end.seconds, world.clock.now().plus(seconds(15 * 60)).to_parts().0);

    world.clock.advance(seconds(15 * 60 - 1));
    world.caller(&session.access_token).await.expect("one second is left");
    world.clock.advance(seconds(1));
    for _ in 0..2 {
        let fault = world.caller(&session.access_token).await.expect_err("it has ended");
        assert_eq!(fault.reason, Reason::TokenExpired);
    }
}

async fn what_the_gateway_did_not_sign_is_refused(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let stranger = TestTokens::new().sign(&TestUser::new());
    let (head, signature) = session.access_token.rsplit_once('.').expect("three parts");
    let tampered = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let unsigned = format!("{head}.");
    for token in [stranger, tampered, unsigned] {
        assert_eq!(world.caller(&token).await.expect_err("not ours").reason, Reason::TokenInvalid);
    }
}

async fn garbage_is_refused(database: TestDatabase) {
    let world = World::start(database).await;
    let long = "x".repeat(100_000);
    let long_api_token = format!("tm_pat_{long}");
    for credential in ["", "x", "a.b.c", "tm_pat_", "tm_pat_\0", "tm_rt_x", "\u{1f980}", &long, &long_api_token] {
        let fault = world.caller(credential).await.expect_err("garbage");
        assert_eq!(fault.reason, Reason::TokenInvalid, "{}", credential.len());
    }
}

#[test]
fn a_token_for_another_audience_is_refused() {
    let clock = FakeClock::default();
    let pem = TokenSigner::generate_pem().expect("randomness");
    let keys = Keys::new(&pem, Vec::new(), Arc::new(clock.clone())).expect("a key");
    let signer = TokenSigner::from_pem("gateway", &pem).expect("a key");
    let claims = |audience: &str| Claims { aud: audience.to_owned(), ..TestUser::new().claims };
    let good = signer.sign(&claims(AUDIENCE)).expect("a token");
    assert!(keys.verifier().verify(&good).is_ok());
    let other = signer.sign(&claims("elsewhere")).expect("a token");
    assert_eq!(keys.verifier().verify(&other).expect_err("another audience").reason, Reason::TokenInvalid);
}

#[test]
fn what_a_service_signed_is_no_credential() {
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::default());
    let pem = TokenSigner::generate_pem().expect("randomness");
    let scheduler = TokenSigner::generate("scheduler-svc").expect("randomness");
    let keys = Keys::new(&pem, vec![scheduler.public_key().clone()], Arc::clone(&clock)).expect("a key");
    let token = ServiceTokens::new(scheduler, "scheduler-svc", clock);
    let workspace = WorkspaceId(Uuid::from_u128(2));
    let token = token.for_member(UserId(Uuid::from_u128(1)), workspace, Role::Editor).expect("a token");
    keys.verifier().verify(&token).expect("believed inside");
    let refusal = keys.session_of(&token).expect_err("a refusal at the edge");
    assert_eq!(refusal.reason, Reason::TokenInvalid);
}

#[test]
fn a_key_that_follows_another_is_believed_together_with_it() {
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::default());
    let before = TokenSigner::generate("gateway").expect("randomness");
    let after = TokenSigner::generate_pem().expect("randomness");
    let keys = Keys::new(&after, vec![before.public_key().clone()], clock).expect("a key");
    let old = before.sign(&TestUser::new().claims).expect("a token");
    keys.verifier().verify(&old).expect("signed by the key before");
    let jwks: serde_json::Value = serde_json::from_slice(&keys.jwks()).expect("json");
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(2));
    assert!(jwks["keys"][0].get("d").is_none(), "no private part");
}
