//! What a receiver gets: a signed message, the same in every attempt.

use std::{path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use mesh_proto::notify::v1::{AttemptOutcome, Channel, DeliveryState, UpdateChannelRequest};
use mesh_testkit::TestDatabase;
use serde_json::Value;
use sha2::Sha256;

use crate::{
    hooks::{create, fire, secret_of, the_delivery, the_delivery_in, webhook, world, world_with},
    receiver::{Received, Receiver, Reply},
    support::World,
};

mesh_testkit::on_both_databases!(
    a_receiver_can_verify_the_signature,
    the_message_tells_the_notification,
    after_a_rotation_both_keys_sign_for_a_day,
    what_is_in_an_answer_does_not_matter,
    what_goes_wrong_is_told_in_plain_english,
    a_receiver_with_a_trusted_certificate_is_spoken_to_through_tls,
);

/// As a receiver checks it, by the book.
fn signature(secret: &str, received: &Received) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key will do");
    mac.update(format!("{}.{}.", received.header("webhook-id"), received.header("webhook-timestamp")).as_bytes());
    mac.update(&received.body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn a_receiver_can_verify_the_signature(database: TestDatabase) {
    let (world, receiver) = (world(database).await, Receiver::answering(Reply::Status(204)).await);
    let channel = create(&mut world.client(), webhook(&receiver.url())).await;
    fire(&world, "water the plants").await;
    let [received] = <[_; 1]>::try_from(receiver.requests(1).await).expect("one");
    assert_eq!(received.header("webhook-signature"), signature(&secret_of(&channel), &received));
    let delivery = the_delivery_in(&world, DeliveryState::Delivered).await;
    assert_eq!(received.id(), delivery.id);
    // 2026-01-01T00:00:00Z, as the world's clock shows.
    assert_eq!(received.header("webhook-timestamp"), "1767225600");
}

async fn the_message_tells_the_notification(database: TestDatabase) {
    let (world, receiver) = (world(database).await, Receiver::answering(Reply::Status(200)).await);
    create(&mut world.client(), webhook(&receiver.url())).await;
    let reminder = fire(&world, "water \"the\" plants 🌱").await;
    let [received] = <[_; 1]>::try_from(receiver.requests(1).await).expect("one");
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/hooks?from=taskmesh"));
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.header("host"), receiver.address.to_string());
    assert!(received.header("user-agent").starts_with("Taskmesh/"));
    let notification = world.the_one(|_| true).await;
    let body: Value = serde_json::from_slice(&received.body).expect("JSON");
    assert_eq!((&body["type"], &body["timestamp"]), (&"reminder.fired".into(), &"2026-01-01T00:00:00Z".into()));
    let data = &body["data"];
    assert_eq!((&data["id"], &data["title"]), (&notification.id.into(), &"water \"the\" plants 🌱".into()));
    assert_eq!(data["taskId"], reminder.task_id.to_string());
    assert_eq!(data["reminderId"], reminder.id.to_string());
    assert_eq!(data["userId"], world.user.id().to_string());
    assert_eq!(data["workspaceId"], world.user.workspace().to_string());
    assert_eq!((&data["category"], &data["late"]), (&"NOTIFICATION_CATEGORY_REMINDER".into(), &false.into()));
    assert_eq!(data["eventTime"], "2026-01-01T00:00:02Z");
}

async fn after_a_rotation_both_keys_sign_for_a_day(database: TestDatabase) {
    let (world, receiver) = (world(database).await, Receiver::answering(Reply::Status(200)).await);
    let mut client = world.client();
    let channel = create(&mut client, webhook(&receiver.url())).await;
    let request = UpdateChannelRequest {
        channel: Some(Channel { id: channel.id.clone(), ..Channel::default() }),
        rotate_secret: true,
        ..UpdateChannelRequest::default()
    };
    let rotated = client.update_channel(request.clone()).await.expect("a new key").into_inner();
    let (old, new) = (secret_of(&channel), secret_of(&rotated));
    assert!(new.starts_with("whsec_") && new != old);
    world.clock.advance(Duration::from_secs(86_399));
    fire(&world, "within the day").await;
    let seen = receiver.requests(1).await;
    let expected = format!("{} {}", signature(&new, &seen[0]), signature(&old, &seen[0]));
    assert_eq!(seen[0].header("webhook-signature"), expected);
    world.clock.advance(Duration::from_secs(1));
    fire(&world, "after the day").await;
    let seen = receiver.requests(2).await;
    assert_eq!(seen[1].header("webhook-signature"), signature(&new, &seen[1]));
    // However often keys are made, few sign.
    for _ in 0..6 {
        client.update_channel(request.clone()).await.expect("a new key");
    }
    fire(&world, "with the newest keys").await;
    let seen = receiver.requests(3).await;
    assert_eq!(seen[2].header("webhook-signature").split(' ').count(), 4);
    let kept = keys_kept(&world).await;
    assert_eq!(kept, 4);
}

async fn keys_kept(world: &World) -> usize {
    const KEYS: mesh_store::Sql = mesh_store::Sql::both("SELECT version FROM channel_key");
    let database = world.database.connect().await;
    let keys = KEYS.all(database.reader(), []).await.expect("rows").len();
    database.close().await;
    keys
}

async fn what_is_in_an_answer_does_not_matter(database: TestDatabase) {
    let (world, receiver) = (world(database).await, Receiver::answering(Reply::Large(200)).await);
    create(&mut world.client(), webhook(&receiver.url())).await;
    fire(&world, "told").await;
    let delivery = the_delivery_in(&world, DeliveryState::Delivered).await;
    assert_eq!((delivery.attempt_count, delivery.attempts[0].status_code), (1, 200));
}

/// The first attempt of a delivery to this URL, which fails.
async fn failure(world: &World, url: &str) -> (AttemptOutcome, String) {
    create(&mut world.client(), webhook(url)).await;
    fire(world, "not told").await;
    let delivery = the_delivery(world, |delivery| delivery.attempt_count == 1).await;
    assert_eq!(delivery.state(), DeliveryState::Retrying);
    (delivery.attempts[0].outcome(), delivery.attempts[0].error.clone())
}

async fn what_goes_wrong_is_told_in_plain_english(database: TestDatabase) {
    let mut world = world_with(database, |config| config.webhooks.timeout_ms = 300).await;
    let receiver = Receiver::answering(Reply::HangUp).await;
    let (plain, secure) = (receiver.url(), receiver.url().replace("http:", "https:"));
    let closed = Receiver::answering(Reply::HangUp).await.url();
    let cases = [
        (&plain, Reply::HangUp, "the receiver broke off, or did not answer in HTTP"),
        (&plain, Reply::Nothing, "the receiver did not answer in time"),
        (&secure, Reply::Status(200), "the receiver has no valid TLS certificate for its name"),
        (&closed, Reply::Status(200), "the receiver does not take connections"),
    ];
    for (url, reply, expected) in cases {
        world.user = mesh_testkit::TestUser::new();
        receiver.answer(reply);
        assert_eq!(failure(&world, url).await, (AttemptOutcome::Unreachable, expected.to_owned()));
    }
}

async fn a_receiver_with_a_trusted_certificate_is_spoken_to_through_tls(database: TestDatabase) {
    let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls/authority.pem");
    let mut world = world_with(database, |config| config.webhooks.authorities_file = authority).await;
    let receiver = Receiver::with_tls("127.0.0.1:0").await;
    for host in ["localhost", "127.0.0.1"] {
        world.user = mesh_testkit::TestUser::new();
        create(&mut world.client(), webhook(&format!("https://{host}:{}/", receiver.address.port()))).await;
        fire(&world, "told in secret").await;
        the_delivery_in(&world, DeliveryState::Delivered).await;
    }
    let other = Receiver::with_tls("127.0.0.2:0").await;
    world.user = mesh_testkit::TestUser::new();
    let refused = (AttemptOutcome::Unreachable, "the receiver has no valid TLS certificate for its name".to_owned());
    assert_eq!(failure(&world, &format!("https://{}/", other.address)).await, refused);
    assert_eq!((receiver.seen().len(), other.seen().len()), (2, 0));
}
