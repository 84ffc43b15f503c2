//! What people change of their own account: name, zone, password.

use mesh_proto::{
    auth::v1::{ChangePasswordRequest, UpdateMeRequest, User},
    event::v1::UserChanged,
};
use mesh_testkit::TestDatabase;
use mesh_types::Reason;
use prost::Message;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::world::{PASSWORD, SIGN_IN_BURST, World, api_token, refusal, violations};

mesh_testkit::on_both_databases!(
    a_name_and_a_zone_are_changed_and_seen_at_once,
    the_beginning_of_the_day_is_changed_and_seen_at_once,
    what_changes_nothing_is_no_new_version,
    a_stale_etag_changes_nothing,
    what_cannot_be_written_is_refused_with_its_name,
    a_changed_password_ends_every_other_session,
    changing_the_password_needs_the_current_one_and_too_many_guesses_wait,
    a_weak_new_password_is_refused,
    a_password_is_the_same_however_its_letters_were_typed,
    changes_are_told_without_secrets,
);

const NEW: &str = "a new and better password";
const HERE: &str = "203.0.113.9";

async fn update(world: &World, credential: &str, user: User, paths: &[&str]) -> Result<User, Status> {
    let update_mask = Some(FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() });
    let request = world.with(credential, UpdateMeRequest { user: Some(user), update_mask }).await;
    Ok(world.client.clone().update_me(request).await?.into_inner())
}

async fn change_password(world: &World, credential: &str, current: &str, new: &str) -> Result<(), Status> {
    let request = ChangePasswordRequest { current_password: current.to_owned(), new_password: new.to_owned() };
    let request = world.with(credential, request).await;
    world.client.clone().change_password(request).await.map(|_| ())
}

fn named(name: &str) -> User {
    User { display_name: Some(name.to_owned()), ..User::default() }
}

async fn a_name_and_a_zone_are_changed_and_seen_at_once(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    world.caller(&session.access_token).await.expect("a caller");
    let user = User { time_zone: Some("america/new_york".to_owned()), ..named(" Countess ") };
    let updated = update(&world, &session.access_token, user, &[]).await.expect("updated");
    assert_eq!((updated.display_name(), updated.time_zone(), updated.version), ("Countess", "America/New_York", 2));
    assert_eq!(world.get_me(&session.access_token).await.user, Some(updated));
    let caller = world.caller(&session.access_token).await.expect("a caller");
    assert_eq!(caller.time_zone.as_deref(), Some("America/New_York"));

    let cleared = update(&world, &session.access_token, User::default(), &["time_zone"]).await.expect("updated");
    assert_eq!((cleared.display_name(), &cleared.time_zone), ("Countess", &None));
}

async fn the_beginning_of_the_day_is_changed_and_seen_at_once(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    assert_eq!(world.caller(&session.access_token).await.expect("a caller").day_start, None);
    let user = |text: &str| User { day_start: Some(text.to_owned()), ..User::default() };
    let updated = update(&world, &session.access_token, user("07:30"), &[]).await.expect("updated");
    assert_eq!((updated.day_start(), updated.time_zone(), updated.version), ("07:30", "Europe/Berlin", 2));
    assert_eq!(world.get_me(&session.access_token).await.user, Some(updated));
    let caller = world.caller(&session.access_token).await.expect("a caller");
    assert_eq!(caller.day_start.as_deref(), Some("07:30"));
    let program = world.create_api_token(&session.access_token, api_token("x", &[])).await.expect("a token");
    let caller = world.caller(&program.secret).await.expect("a caller");
    assert_eq!(caller.day_start.as_deref(), Some("07:30"));

    for cleared in [user(""), User::default()] {
        update(&world, &session.access_token, user("06:00"), &["day_start"]).await.expect("updated");
        let cleared = update(&world, &session.access_token, cleared, &["day_start"]).await.expect("updated");
        assert_eq!(cleared.day_start, None);
        assert_eq!(world.caller(&session.access_token).await.expect("a caller").day_start, None);
    }
    for broken in ["24:00", "9:00", "morning"] {
        let (code, _, details) = refusal(update(&world, &session.access_token, user(broken), &[]).await);
        assert_eq!((code, violations(&details)), (Code::InvalidArgument, vec!["user.day_start"]), "{broken}");
    }
}

async fn what_changes_nothing_is_no_new_version(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let user = update(&world, &session.access_token, named("ada"), &[]).await.expect("nothing changes");
    assert_eq!(Some(user), session.user);
}

async fn a_stale_etag_changes_nothing(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let etag = session.user.expect("a user").etag;
    let edit = |name: &str| User { etag: etag.clone(), ..named(name) };
    let updated = update(&world, &session.access_token, edit("Ada L."), &[]).await.expect("updated");
    let (code, reason, details) = refusal(update(&world, &session.access_token, edit("Eve"), &[]).await);
    assert_eq!((code, reason.as_str()), (Code::Aborted, "ETAG_MISMATCH"));
    assert_eq!(details.error_info().and_then(|info| info.metadata.get("etag")), Some(&updated.etag));
    assert_eq!(world.get_me(&session.access_token).await.user, Some(updated));
}

async fn what_cannot_be_written_is_refused_with_its_name(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    let mask = update(&world, &session.access_token, named("Eve"), &["display_name", "email", "x"]).await;
    let (code, reason, details) = refusal(mask);
    assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "UPDATE_MASK_INVALID"));
    assert_eq!(violations(&details), ["update_mask.paths[1]", "update_mask.paths[2]"]);

    let broken = User { time_zone: Some("Mars/Olympus".to_owned()), ..named("a\0b") };
    let (code, _, details) = refusal(update(&world, &session.access_token, broken, &[]).await);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(violations(&details), ["user.display_name", "user.time_zone"]);
    for (user, path) in [(named(" "), "display_name"), (User::default(), "display_name")] {
        let (code, _, details) = refusal(update(&world, &session.access_token, user, &[path]).await);
        assert_eq!((code, violations(&details)), (Code::InvalidArgument, vec!["user.display_name"]));
    }
}

async fn a_changed_password_ends_every_other_session(database: TestDatabase) {
    let world = World::start(database).await;
    let here = world.sign_up("ada@example.com").await;
    let elsewhere = world.sign_in("ada@example.com", PASSWORD, HERE).await.expect("signed in");
    let program = world.create_api_token(&here.access_token, api_token("x", &[])).await.expect("a token");
    world.caller(&elsewhere.access_token).await.expect("signed in");

    change_password(&world, &here.access_token, PASSWORD, NEW).await.expect("changed");
    world.caller(&here.access_token).await.expect("this session stays");
    world.refresh(&here.refresh_token).await.expect("this session stays");
    world.caller(&program.secret).await.expect("programs stay");
    assert_eq!(world.caller(&elsewhere.access_token).await.expect_err("it has ended").reason, Reason::TokenInvalid);
    assert_eq!(refusal(world.refresh(&elsewhere.refresh_token).await).0, Code::Unauthenticated);
    assert_eq!(refusal(world.sign_in("ada@example.com", PASSWORD, HERE).await).1, "CREDENTIALS_INVALID");
    world.sign_in("ada@example.com", NEW, HERE).await.expect("the new password");
}

async fn changing_the_password_needs_the_current_one_and_too_many_guesses_wait(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    for _ in 0..SIGN_IN_BURST {
        let (code, reason, _) = refusal(change_password(&world, &session.access_token, "a guess", NEW).await);
        assert_eq!((code, reason.as_str()), (Code::Unauthenticated, "CREDENTIALS_INVALID"));
    }
    let (code, reason, _) = refusal(change_password(&world, &session.access_token, PASSWORD, NEW).await);
    assert_eq!((code, reason.as_str()), (Code::ResourceExhausted, "RATE_LIMITED"));
}

async fn a_weak_new_password_is_refused(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    for weak in ["short", "ada@example.com"] {
        let (code, _, details) = refusal(change_password(&world, &session.access_token, PASSWORD, weak).await);
        assert_eq!((code, violations(&details)), (Code::InvalidArgument, vec!["new_password"]), "{weak}");
    }
}

async fn a_password_is_the_same_however_its_letters_were_typed(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    change_password(&world, &session.access_token, PASSWORD, "Gru\u{308}n ist die Hoffnung").await.expect("changed");
    world.sign_in("ada@example.com", "Gr\u{fc}n ist die Hoffnung", HERE).await.expect("the same password");
}

async fn changes_are_told_without_secrets(database: TestDatabase) {
    let world = World::start(database).await;
    let session = world.sign_up("ada@example.com").await;
    update(&world, &session.access_token, named("Countess"), &[]).await.expect("updated");
    change_password(&world, &session.access_token, PASSWORD, NEW).await.expect("changed");
    let early = User { day_start: Some("06:00".to_owned()), ..User::default() };
    update(&world, &session.access_token, early, &[]).await.expect("updated");
    let events = world.events(4).await;
    let told: Vec<_> = events.iter().map(|event| (event.entity.as_str(), event.verb.as_str(), event.version)).collect();
    assert_eq!(
        told,
        [("user", "created", 1), ("user", "updated", 2), ("user", "password_changed", 3), ("user", "updated", 4)]
    );
    let early = UserChanged::decode(events[3].payload.clone()).expect("a message");
    assert_eq!(early.changed.expect("what changed").paths, ["day_start"]);
    assert_eq!(
        (early.before.expect("as it was"), early.after.expect("as it is").day_start()),
        (User::default(), "06:00")
    );
    let updated = UserChanged::decode(events[1].payload.clone()).expect("a message");
    assert_eq!(updated.changed.expect("what changed").paths, ["display_name"]);
    assert_eq!(updated.before.expect("as it was"), named("ada"));
    assert_eq!(updated.after.expect("as it is").display_name(), "Countess");
    for event in &events {
        let body = String::from_utf8_lossy(&event.payload);
        assert!(!body.contains("argon2") && !body.contains(NEW) && !body.contains(PASSWORD));
    }
}
