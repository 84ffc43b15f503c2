//! Getting an account.

use futures::future::join_all;
use gateway::config::SignUpPolicy;
use mesh_proto::auth::v1::{SignUpRequest, WorkspaceRole};
use mesh_testkit::{FakeClock, TestDatabase};
use tonic::Code;

use crate::world::{Mesh, PASSWORD, World, refusal, violations};

mesh_testkit::on_both_databases!(
    signing_up_makes_an_account_with_a_personal_workspace,
    an_address_has_one_account_whatever_its_case,
    of_many_who_sign_up_with_one_address_at_once_one_gets_it,
    a_closed_server_takes_no_new_accounts,
    everything_that_is_wrong_with_a_form_is_told,
    the_address_is_no_password,
);

fn form(email: &str) -> SignUpRequest {
    SignUpRequest { email: email.to_owned(), password: PASSWORD.to_owned(), ..SignUpRequest::default() }
}

async fn signing_up_makes_an_account_with_a_personal_workspace(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("Ada@Example.com").await;
    let user = session.user.expect("a user");
    assert_eq!((user.email.as_str(), user.display_name()), ("ada@example.com", "ada"));
    assert_eq!((user.version, user.time_zone()), (1, "Europe/Berlin"));

    let me = world.get_me(&session.access_token).await;
    assert_eq!(me.user.as_ref(), Some(&user));
    let [workspace] = me.workspaces.as_slice() else { panic!("{:?}", me.workspaces) };
    assert_eq!(workspace.workspace_id, user.personal_workspace_id);
    assert!(workspace.personal && workspace.role() == WorkspaceRole::Owner);
}

async fn an_address_has_one_account_whatever_its_case(database: TestDatabase) {
    let world = World::start(database).await;
    world.sign_up("ada@example.com").await;
    let (code, reason, _) = refusal(world.client.clone().sign_up(form("ADA@example.com")).await);
    assert_eq!((code, reason.as_str()), (Code::AlreadyExists, "RESOURCE_EXISTS"));
}

async fn of_many_who_sign_up_with_one_address_at_once_one_gets_it(database: TestDatabase) {
    let world = World::start(database).await;
    let outcomes = join_all((0..8).map(|_| {
        let mut client = world.client.clone();
        async move { client.sign_up(form("ada@example.com")).await }
    }))
    .await;
    let (got, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(got.len(), 1);
    for outcome in refused {
        assert_eq!(refusal(outcome).0, Code::AlreadyExists);
    }
}

async fn a_closed_server_takes_no_new_accounts(database: TestDatabase) {
    let mesh = Mesh::new(database).await;
    let closed = |config: &mut gateway::Config| config.accounts.sign_up = SignUpPolicy::Closed;
    let world = World::replica(&mesh, FakeClock::default(), closed).await;
    let (code, reason, _) = refusal(world.client.clone().sign_up(form("ada@example.com")).await);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "STATE_INVALID"));
}

async fn everything_that_is_wrong_with_a_form_is_told(database: TestDatabase) {
    let world = World::start(database).await;
    let broken = SignUpRequest {
        email: "nobody".to_owned(),
        password: "short".to_owned(),
        display_name: "x".repeat(101),
        time_zone: "z".repeat(65),
        ..SignUpRequest::default()
    };
    let (code, _, details) = refusal(world.client.clone().sign_up(broken).await);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(violations(&details), ["email", "password", "display_name", "time_zone"]);

    let impossible = SignUpRequest {
        display_name: "Ada\0Lovelace".to_owned(),
        time_zone: "Mars/Olympus\0".to_owned(),
        ..form("ada@example.com")
    };
    let (code, _, details) = refusal(world.client.clone().sign_up(impossible).await);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(violations(&details), ["display_name", "time_zone"]);

    for email in ["a\0@example.com", "", "a@b@c", "a b@example.com", "\u{202e}@\u{202e}"] {
        assert_eq!(refusal(world.client.clone().sign_up(form(email)).await).0, Code::InvalidArgument, "{email:?}");
    }
}

async fn the_address_is_no_password(database: TestDatabase) {
    let world = World::start(database).await;
    let guessed = SignUpRequest { password: "ADA@example.com".to_owned(), ..form("ada@example.com") };
    let (code, _, details) = refusal(world.client.clone().sign_up(guessed).await);
    assert_eq!((code, violations(&details)), (Code::InvalidArgument, vec!["password"]));
}
