//! Calls over several replicas: shared out by load, kept from who fails, and sent again only where that is safe.

use std::time::Duration;

use mesh_proto::task::v1::task_service_client::TaskServiceClient;
use mesh_rpc::{Listener, Safety, ServerConfig, UpstreamConfig};
use mesh_testkit::{TestTokens, TestUser, eventually};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::{
    replicas::{Manner, Replica, call, channel},
    world::{Tasks, asking, server},
};

const OK: Manner = Manner::Tells("0");
const UNAVAILABLE: Manner = Manner::Tells("14");

/// Waits until both replicas have taken calls, as connections are made one after the other.
async fn until_both_serve(channel: &mesh_rpc::Channel, replicas: [&Replica; 2]) {
    eventually(async || {
        call(channel, Safety::Unsafe).await.expect("it is served");
        replicas.iter().all(|replica| replica.calls() > 0)
    })
    .await;
}

#[tokio::test]
async fn a_replica_that_is_slow_gets_few_calls() {
    let (slow, quick) = (Replica::start(OK).await, Replica::start(OK).await);
    let channel = channel(&[slow.address, quick.address], UpstreamConfig::default());
    until_both_serve(&channel, [&slow, &quick]).await;
    slow.change(Manner::Hangs);
    let (before, mut calls) = (slow.calls() + quick.calls(), JoinSet::new());
    for number in 1..=40 {
        let channel = channel.clone();
        calls.spawn(async move { call(&channel, Safety::Unsafe).await });
        eventually(async || slow.calls() + quick.calls() == before + number).await;
        while calls.try_join_next().is_some() {}
    }
    let stuck = calls.len();
    assert!(stuck <= 3, "{stuck} of 40 calls went to the one that does not answer");
}

#[tokio::test]
async fn no_call_fails_when_a_replica_dies_or_is_not_there_yet() {
    let (dying, other) = (Replica::start(OK).await, Replica::start(OK).await);
    // Bound, so that nobody else gets it, but not listening yet.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let later = socket.local_addr().expect("an address");
    let channel = channel(&[dying.address, other.address, later], UpstreamConfig::default());
    until_both_serve(&channel, [&dying, &other]).await;
    drop(dying);
    let before = other.calls();
    for _ in 0..50 {
        assert_eq!(call(&channel, Safety::Safe).await.expect("the other is there"), "0");
    }
    assert_eq!(other.calls(), before + 50);
    let late = Replica::listen(socket.listen(16).expect("it is bound"), OK);
    eventually(async || call(&channel, Safety::Unsafe).await.is_ok() && late.calls() > 0).await;
}

#[tokio::test]
async fn no_call_is_lost_when_a_server_drains() {
    let (tokens, stop) = (TestTokens::new(), CancellationToken::new());
    let (mut addresses, mut serving) = (Vec::new(), JoinSet::new());
    for stop in [stop.clone(), CancellationToken::new()] {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        addresses.push(listener.address().expect("its address"));
        serving.spawn(server(ServerConfig::default(), &tokens, Tasks::default()).serve(listener, stop));
    }
    let channel = channel(&addresses, UpstreamConfig::default());
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let bearer = tokens.bearer(&TestUser::new());
        let mut client = TaskServiceClient::with_interceptor(channel.clone(), bearer);
        callers.spawn(async move {
            for _ in 0..100 {
                client.create_task(asking("anything")).await.expect("no call is lost");
            }
        });
    }
    // In the middle of it, by the callers' own progress.
    callers.spawn(async move {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    });
    while let Some(called) = callers.join_next().await {
        called.expect("no call is lost");
    }
    serving.join_next().await.expect("one has drained").expect("in peace");
}

#[tokio::test]
async fn whoever_fails_again_and_again_is_left_out() {
    let (failing, good) = (Replica::start(UNAVAILABLE).await, Replica::start(OK).await);
    let config = UpstreamConfig { eject_after: 3, eject_ms: 60_000, ..UpstreamConfig::default() };
    let channel = channel(&[failing.address, good.address], config);
    eventually(async || {
        let _ = call(&channel, Safety::Unsafe).await;
        failing.calls() == 3
    })
    .await;
    for _ in 0..50 {
        assert_eq!(call(&channel, Safety::Unsafe).await.expect("an answer"), "0");
    }
    assert_eq!(failing.calls(), 3);
}

#[tokio::test]
async fn whoever_is_left_out_comes_back_when_a_trial_is_served() {
    let (failing, good) = (Replica::start(UNAVAILABLE).await, Replica::start(OK).await);
    let config = UpstreamConfig { eject_after: 2, eject_ms: 50, ..UpstreamConfig::default() };
    let channel = channel(&[failing.address, good.address], config);
    eventually(async || {
        let _ = call(&channel, Safety::Unsafe).await;
        failing.calls() >= 2
    })
    .await;
    failing.change(OK);
    let (before, enough) = (failing.calls(), 20);
    eventually(async || {
        let _ = call(&channel, Safety::Unsafe).await;
        failing.calls() >= before + enough
    })
    .await;
}

#[tokio::test]
async fn never_is_everybody_left_out() {
    let replica = Replica::start(UNAVAILABLE).await;
    let config = UpstreamConfig { eject_after: 1, retries: 0, ..UpstreamConfig::default() };
    let channel = channel(&[replica.address], config);
    for number in 1..=10 {
        assert_eq!(call(&channel, Safety::Safe).await.expect("an answer"), "14");
        assert_eq!(replica.calls(), number);
    }
}

#[tokio::test]
async fn a_safe_call_is_sent_to_another_replica_and_any_other_is_not() {
    let (failing, good) = (Replica::start(OK).await, Replica::start(OK).await);
    let config = UpstreamConfig { eject_after: 1_000, ..UpstreamConfig::default() };
    let channel = channel(&[failing.address, good.address], config);
    for manner in [UNAVAILABLE, Manner::Breaks] {
        failing.change(OK);
        // What the failures before have cost is earned again.
        for _ in 0..100 {
            call(&channel, Safety::Safe).await.expect("it is served");
        }
        failing.change(manner);
        let (mut failed, before) = (0, failing.calls());
        for _ in 0..3 {
            assert_eq!(call(&channel, Safety::Safe).await.expect("another replica answers"), "0");
        }
        while failed == 0 {
            let outcome = call(&channel, Safety::Unsafe).await;
            failed +=
                usize::from(outcome.map_or_else(|status| status.code() == Code::Unavailable, |told| told == "14"));
        }
        assert!(failing.calls() - before <= 4, "an unsafe call is sent once");
    }
}

#[tokio::test]
async fn a_call_that_was_not_looked_at_is_sent_again_whatever_it_does() {
    let (refusing, good) = (Replica::start(Manner::Refuses).await, Replica::start(OK).await);
    let channel = channel(&[refusing.address, good.address], UpstreamConfig::default());
    eventually(async || {
        assert_eq!(call(&channel, Safety::Unsafe).await.expect("the other takes it"), "0");
        refusing.calls() > 5
    })
    .await;
}

#[tokio::test]
async fn a_call_that_reached_a_service_and_is_not_safe_is_sent_once() {
    let replica = Replica::start(Manner::Breaks).await;
    let channel = channel(&[replica.address], UpstreamConfig::default());
    for (number, manner) in [Manner::Breaks, UNAVAILABLE, Manner::Breaks].into_iter().enumerate() {
        replica.change(manner);
        let _ = call(&channel, Safety::Unsafe).await;
        assert_eq!(replica.calls(), number + 1);
    }
}

#[tokio::test]
async fn a_service_that_is_down_is_not_asked_many_times_more() {
    let replica = Replica::start(UNAVAILABLE).await;
    let channel = channel(&[replica.address], UpstreamConfig::default());
    for _ in 0..200 {
        assert_eq!(call(&channel, Safety::Safe).await.expect("an answer"), "14");
    }
    assert!((201..=210).contains(&replica.calls()), "{} for 200 calls", replica.calls());
}

#[tokio::test]
async fn a_frozen_replica_holds_a_call_up_no_longer_than_keepalive_does() {
    let frozen = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut held = JoinSet::new();
    let address = frozen.local_addr().expect("an address");
    held.spawn(async move {
        let mut connections = Vec::new();
        while let Ok((stream, _)) = frozen.accept().await {
            connections.push(stream);
        }
    });
    let config = UpstreamConfig { keepalive_ms: 100, timeout_ms: 0, ..UpstreamConfig::default() };
    let alone = channel(&[address], config.clone());
    let failed = timeout(Duration::from_secs(20), call(&alone, Safety::Unsafe)).await.expect("it does not hang");
    assert_eq!(failed.expect_err("nobody answers").code(), Code::Unavailable);

    let good = Replica::start(OK).await;
    let both = channel(&[address, good.address], config);
    for _ in 0..10 {
        let answered = timeout(Duration::from_secs(20), call(&both, Safety::Safe)).await.expect("it does not hang");
        assert_eq!(answered.expect("the other answers"), "0");
    }
}
