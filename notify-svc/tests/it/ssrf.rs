//! Webhooks cannot be used to reach what only this machine can reach.

use mesh_proto::notify::v1::{AttemptOutcome, Channel, Delivery, DeliveryState};
use mesh_testkit::{TestDatabase, eventually};
use tonic::Code;

use crate::{
    hooks::{create, creation, deliveries, fire, sql, update, webhook},
    receiver::{Receiver, Reply},
    support::{World, refused, violations},
};

mesh_testkit::on_both_databases!(
    a_url_that_leads_inside_is_refused_at_once,
    every_attempt_checks_where_the_url_leads,
    plain_http_is_for_named_networks,
);

/// Every spelling that some parser, resolver or network takes for an address of the inside.
const INSIDE: [&str; 40] = [
    "127.0.0.1",
    "127.1",
    "127.0.0.1.",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "172.16.0.1",
    "192.168.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "①②⑦.⓪.⓪.①",
    "%31%32%37.0.0.1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[ff02::1]",
    "localhost",
    "LocalHost.",
    "metadata.localhost",
];

async fn a_url_that_leads_inside_is_refused_at_once(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let id = create(&mut client, webhook("https://hooks.example.com/")).await.id;
    for host in INSIDE {
        let channel = webhook(&format!("https://{host}:8443/latest/meta-data"));
        let status =
            refused(client.create_channel(creation(channel.clone())).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), ["channel.webhook.url"], "{host}");
        let moved = update(Channel { id: id.clone(), ..channel }, &["webhook.url"]);
        refused(client.update_channel(moved).await, Code::InvalidArgument, "FIELDS_INVALID");
    }
}

/// What was allowed once may not be any more, and a name may lead elsewhere than it did.
async fn every_attempt_checks_where_the_url_leads(database: TestDatabase) {
    let receiver = Receiver::answering(Reply::Status(200)).await;
    let port = receiver.address.port();
    let world = World::on(database).await;
    let mut client = world.client();
    let hosts = ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "2130706433", "0.0.0.0", "[::]"];
    for host in hosts {
        let id = create(&mut client, webhook("https://hooks.example.com/")).await.id;
        let id = match world.database.url().starts_with("postgres:") {
            true => format!("'{id}'"),
            false => format!("x'{}'", id.replace('-', "")),
        };
        sql(&world, &format!("UPDATE channel SET url = 'http://{host}:{port}/' WHERE id = {id}")).await;
    }
    fire(&world, "not told").await;
    let tried = eventually(async || {
        let all = deliveries(&mut client).await;
        let tried = all.len() == hosts.len() && all.iter().all(|delivery| delivery.attempt_count == 1);
        if tried { Ok(all) } else { Err(all) }
    })
    .await;
    for Delivery { state, attempts, .. } in tried {
        assert_eq!((state, attempts[0].outcome()), (DeliveryState::Retrying.into(), AttemptOutcome::Blocked));
        assert!(attempts[0].error.starts_with("the receiver's address is not allowed"), "{}", attempts[0].error);
        assert!(!attempts[0].error.contains("127.0.0.1"), "{}", attempts[0].error);
    }
    assert!(receiver.seen().is_empty());
}

async fn plain_http_is_for_named_networks(database: TestDatabase) {
    let world = crate::hooks::world(database).await;
    let mut client = world.client();
    create(&mut client, webhook("http://127.0.0.1:9/")).await;
    create(&mut client, webhook("http://localhost:9/")).await;
    create(&mut client, webhook("https://[::ffff:127.0.0.1]:9/")).await;
    for url in ["http://8.8.8.8/", "https://10.0.0.1/", "https://[::1]/", "http://[::1]/"] {
        let status =
            refused(client.create_channel(creation(webhook(url))).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), ["channel.webhook.url"], "{url}");
    }
}
