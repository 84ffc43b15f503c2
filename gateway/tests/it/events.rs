//! What the gateway tells the mesh.

use mesh_proto::{
    auth::v1::RevokeApiTokenRequest,
    event::v1::{ApiTokenChanged, UserChanged},
};
use mesh_testkit::TestDatabase;
use prost::Message;

use crate::world::{World, api_token};

mesh_testkit::on_both_databases!(accounts_and_tokens_are_told_with_their_actor_and_without_secrets);

async fn accounts_and_tokens_are_told_with_their_actor_and_without_secrets(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let user = session.user.expect("a user");
    let made = world.create_api_token(&session.access_token, api_token("x", &[])).await.expect("a token");
    let token = made.token.expect("a token");
    let request = world.with(&session.access_token, RevokeApiTokenRequest { id: token.id.clone() }).await;
    let revoked = world.client.clone().revoke_api_token(request).await.expect("revoked").into_inner();

    let events = world.events(3).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.entity.as_str(), event.verb.as_str(), event.version, event.aggregate_id.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            ("user", "created", 1, user.id.clone()),
            ("api_token", "created", 1, token.id.clone()),
            ("api_token", "revoked", 2, token.id.clone()),
        ]
    );
    let session_id = world.caller(&session.access_token).await.expect("a caller").actor.token_id;
    for event in &events {
        assert_eq!(event.source, "gateway");
        assert_eq!(event.workspace_id.to_string(), user.personal_workspace_id);
        assert_eq!(event.actor.user_id.to_string(), user.id);
        assert_eq!(event.actor.token_id, session_id);
        let body = String::from_utf8_lossy(&event.payload);
        assert!(!body.contains("argon2") && !body.contains(&made.secret));
    }

    let created = UserChanged::decode(events[0].payload.clone()).expect("a message");
    assert_eq!((created.after, created.before), (Some(user), None));
    let ended = ApiTokenChanged::decode(events[2].payload.clone()).expect("a message");
    assert_eq!(ended.changed.expect("what changed").paths, ["revoke_time"]);
    assert_eq!(ended.after, Some(revoked));
}
