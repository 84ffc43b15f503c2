//! Signing up by invitation.

use futures::future::join_all;
use gateway::config::SignUpPolicy;
use mesh_proto::{
    auth::v1::{
        CreateInvitationRequest, CreateInvitationResponse, Invitation, ListInvitationsRequest, RevokeInvitationRequest,
    },
    event::v1::InvitationChanged,
};
use mesh_testkit::{FakeClock, TestDatabase};
use mesh_types::Clock;
use prost::Message;
use tonic::{Code, Status};

use crate::world::{Mesh, World, refusal, seconds, violations};

mesh_testkit::on_both_databases!(
    the_first_person_founds_an_invite_only_server_and_others_need_an_invitation,
    of_many_who_are_first_at_once_one_is,
    an_invitation_works_once_however_many_use_it_at_once,
    an_invitation_for_an_address_is_for_nobody_else,
    an_invitation_ends_when_it_says_or_is_taken_back,
    strangers_do_not_learn_who_has_an_account,
    what_is_wrong_with_an_invitation_is_told,
    only_so_many_invitations_are_open_at_a_time,
    invitations_are_their_makers_and_listed_newest_first,
    invitations_are_told_without_their_codes,
);

mod replicas {
    //! Only where there are any: on PostgreSQL.

    #[tokio::test]
    async fn an_invitation_works_once_at_whichever_replica() {
        super::at_two_replicas(mesh_testkit::postgres().await).await;
    }
}

fn invite_only(config: &mut gateway::Config) {
    config.accounts.sign_up = SignUpPolicy::InviteOnly;
}

async fn invite_only_world(database: TestDatabase) -> World {
    World::replica(&Mesh::new(database).await, FakeClock::default(), invite_only).await
}

async fn invite(world: &World, credential: &str, form: Invitation) -> Result<CreateInvitationResponse, Status> {
    let request = world.with(credential, CreateInvitationRequest { invitation: Some(form) }).await;
    Ok(world.client.clone().create_invitation(request).await?.into_inner())
}

async fn revoke(world: &World, credential: &str, id: &str) -> Result<Invitation, Status> {
    let request = world.with(credential, RevokeInvitationRequest { id: id.to_owned() }).await;
    Ok(world.client.clone().revoke_invitation(request).await?.into_inner())
}

async fn list(world: &World, credential: &str, request: ListInvitationsRequest) -> Vec<Invitation> {
    let request = world.with(credential, request).await;
    world.client.clone().list_invitations(request).await.expect("a page").into_inner().invitations
}

async fn the_first_person_founds_an_invite_only_server_and_others_need_an_invitation(database: TestDatabase) {
    let world = invite_only_world(database).await;
    let ada = world.sign_up_with("ada@example.com", "").await.expect("the first");
    let (code, reason, _) = refusal(world.sign_up_with("eve@example.com", "").await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "STATE_INVALID"));
    for guess in ["x", "tm_inv_", "tm_inv_\0"] {
        refusal(world.sign_up_with("eve@example.com", guess).await);
    }
    let invited = invite(&world, &ada.access_token, Invitation::default()).await.expect("an invitation");
    let shown = invited.invitation.expect("an invitation");
    assert!(invited.code.starts_with(&shown.hint) && shown.hint.len() < 12, "{}", shown.hint);
    world.sign_up_with("bob@example.com", &invited.code).await.expect("invited");
    refusal(world.sign_up_with("eve@example.com", &invited.code).await);
}

async fn of_many_who_are_first_at_once_one_is(database: TestDatabase) {
    let world = invite_only_world(database).await;
    let emails: Vec<_> = (0..6).map(|number| format!("{number}@example.com")).collect();
    let outcomes = join_all(emails.iter().map(|email| world.sign_up_with(email, ""))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

async fn an_invitation_works_once_however_many_use_it_at_once(database: TestDatabase) {
    let world = invite_only_world(database).await;
    used_at(&world, &[&world]).await;
}

async fn at_two_replicas(database: TestDatabase) {
    let mesh = Mesh::new(database).await;
    let one = World::replica(&mesh, FakeClock::default(), invite_only).await;
    let other = World::replica(&mesh, FakeClock::default(), invite_only).await;
    used_at(&one, &[&one, &other]).await;
}

async fn used_at(maker: &World, replicas: &[&World]) {
    let ada = maker.sign_up_with("ada@example.com", "").await.expect("the first");
    let invited = invite(maker, &ada.access_token, Invitation::default()).await.expect("an invitation");
    let emails: Vec<_> = (0..6).map(|number| format!("{number}@example.com")).collect();
    let uses = emails.iter().zip(replicas.iter().cycle());
    let outcomes = join_all(uses.map(|(email, world)| world.sign_up_with(email, &invited.code))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(refusal(outcome).0, Code::FailedPrecondition);
    }
}

async fn an_invitation_for_an_address_is_for_nobody_else(database: TestDatabase) {
    let world = invite_only_world(database).await;
    let ada = world.sign_up_with("ada@example.com", "").await.expect("the first");
    let form = Invitation { email: Some("Bob@Example.com".to_owned()), ..Invitation::default() };
    let invited = invite(&world, &ada.access_token, form).await.expect("an invitation");
    assert_eq!(invited.invitation.expect("an invitation").email(), "bob@example.com");
    assert_eq!(refusal(world.sign_up_with("eve@example.com", &invited.code).await).0, Code::FailedPrecondition);
    world.sign_up_with("BOB@example.com", &invited.code).await.expect("whom it is for");
}

async fn an_invitation_ends_when_it_says_or_is_taken_back(database: TestDatabase) {
    let world = invite_only_world(database).await;
    let ada = world.sign_up_with("ada@example.com", "").await.expect("the first");
    let (end, nanos) = world.clock.now().plus(seconds(60)).to_parts();
    let expire_time = Some(prost_types::Timestamp { seconds: end, nanos });
    let short = Invitation { expire_time, ..Invitation::default() };
    let short = invite(&world, &ada.access_token, short).await.expect("an invitation");
    let usual = invite(&world, &ada.access_token, Invitation::default()).await.expect("an invitation");
    let id = usual.invitation.expect("an invitation").id;
    world.clock.advance(seconds(60));
    refusal(world.sign_up_with("bob@example.com", &short.code).await);

    let revoked = revoke(&world, &ada.access_token, &id).await.expect("taken back");
    assert_eq!((revoked.version, revoked.revoke_time.is_some()), (2, true));
    assert_eq!(revoke(&world, &ada.access_token, &id).await.expect("nothing changes"), revoked);
    refusal(world.sign_up_with("bob@example.com", &usual.code).await);

    let used = invite(&world, &ada.access_token, Invitation::default()).await.expect("an invitation");
    world.sign_up_with("bob@example.com", &used.code).await.expect("invited");
    let id = used.invitation.expect("an invitation").id;
    assert_eq!(refusal(revoke(&world, &ada.access_token, &id).await).0, Code::FailedPrecondition);
}

async fn strangers_do_not_learn_who_has_an_account(database: TestDatabase) {
    let world = invite_only_world(database).await;
    world.sign_up_with("ada@example.com", "").await.expect("the first");
    let known = world.sign_up_with("ada@example.com", "tm_inv_guess").await.expect_err("a guess");
    let unknown = world.sign_up_with("eve@example.com", "tm_inv_guess").await.expect_err("a guess");
    assert_eq!((known.code(), known.message()), (unknown.code(), unknown.message()));
}

async fn what_is_wrong_with_an_invitation_is_told(database: TestDatabase) {
    let world = World::start(database).await;
    let ada = world.sign_up("ada@example.com").await;
    let at = |offset: i64| {
        let (now, _) = world.clock.now().to_parts();
        Invitation {
            expire_time: Some(prost_types::Timestamp { seconds: now + offset, nanos: 0 }),
            ..Invitation::default()
        }
    };
    let nobody = Invitation { email: Some("nobody".to_owned()), ..Invitation::default() };
    for (form, field) in
        [(at(-1), "invitation.expire_time"), (at(31 * 86_400), "invitation.expire_time"), (nobody, "invitation.email")]
    {
        let (code, _, details) = refusal(invite(&world, &ada.access_token, form).await);
        assert_eq!((code, violations(&details)), (Code::InvalidArgument, vec![field]));
    }
}

async fn only_so_many_invitations_are_open_at_a_time(database: TestDatabase) {
    let world = World::start(database).await;
    let ada = world.sign_up("ada@example.com").await;
    let made = join_all((0..25).map(|_| invite(&world, &ada.access_token, Invitation::default()))).await;
    assert_eq!(made.iter().filter(|outcome| outcome.is_ok()).count(), 20);
    let (code, reason, _) = refusal(invite(&world, &ada.access_token, Invitation::default()).await);
    assert_eq!((code, reason.as_str()), (Code::ResourceExhausted, "QUOTA_EXCEEDED"));
    let one = made.into_iter().find_map(Result::ok).and_then(|made| made.invitation).expect("an invitation");
    revoke(&world, &ada.access_token, &one.id).await.expect("taken back");
    invite(&world, &ada.access_token, Invitation::default()).await.expect("there is room");
}

async fn invitations_are_their_makers_and_listed_newest_first(database: TestDatabase) {
    let world = World::start(database).await;
    let ada = world.sign_up("ada@example.com").await;
    let eve = world.sign_up("eve@example.com").await;
    let mut made = Vec::new();
    for _ in 0..3 {
        world.clock.advance(seconds(1));
        let invited = invite(&world, &ada.access_token, Invitation::default()).await.expect("an invitation");
        made.insert(0, invited.invitation.expect("an invitation"));
    }
    assert_eq!(list(&world, &ada.access_token, ListInvitationsRequest::default()).await, made);
    assert!(list(&world, &eve.access_token, ListInvitationsRequest::default()).await.is_empty());
    assert_eq!(refusal(revoke(&world, &eve.access_token, &made[0].id).await).0, Code::NotFound);

    let revoked = revoke(&world, &ada.access_token, &made[0].id).await.expect("taken back");
    assert_eq!(list(&world, &ada.access_token, ListInvitationsRequest::default()).await, made[1..]);
    let all = ListInvitationsRequest { show_closed: true, page_size: 1, ..ListInvitationsRequest::default() };
    assert_eq!(list(&world, &ada.access_token, all).await, [revoked]);
}

async fn invitations_are_told_without_their_codes(database: TestDatabase) {
    let world = World::start(database).await;
    let ada = world.sign_up("ada@example.com").await.user.expect("a user");
    let session = world.sign_in("ada@example.com", crate::world::PASSWORD, "192.0.2.1").await.expect("signed in");
    let invited = invite(&world, &session.access_token, Invitation::default()).await.expect("an invitation");
    let bob = world.sign_up_with("bob@example.com", &invited.code).await.expect("invited").user.expect("a user");
    let events = world.events(4).await;
    let told: Vec<_> = events.iter().map(|event| (event.entity.as_str(), event.verb.as_str(), event.version)).collect();
    assert!(told.contains(&("invitation", "created", 1)) && told.contains(&("invitation", "accepted", 2)), "{told:?}");
    for event in events.iter().filter(|event| event.entity == "invitation") {
        assert_eq!(event.workspace_id.to_string(), ada.personal_workspace_id);
        assert!(!String::from_utf8_lossy(&event.payload).contains(&invited.code));
    }
    let accepted = events.iter().find(|event| event.verb == "accepted").expect("it was told");
    assert_eq!(accepted.actor.user_id.to_string(), bob.id);
    let told = InvitationChanged::decode(accepted.payload.clone()).expect("a message");
    assert_eq!(told.changed.expect("what changed").paths, ["accept_time"]);
}
