//! How it stops.

use std::{io::Write, net::TcpStream};

use mesh_testkit::eventually;
use rustix::process::Signal;

use crate::program::Program;

#[tokio::test]
async fn a_signal_ends_it_in_order_even_while_somebody_watches() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut program = Program::start(folder.path()).await;
        let token = program.sign_up("ada@example.com").await;
        let watch = reqwest::Client::new().get(program.url("/v1/tasks:watch")).bearer_auth(token);
        let watch = watch.send().await.expect("a stream");
        program.signal(signal);
        assert!(program.end().await.success(), "{}", program.log());
        let told = watch.text().await.expect("a stream that ends properly");
        assert!(told.contains("event: error") && told.contains("UNAVAILABLE"), "{told}");
        assert!(!program.log().contains("did not stop in time"), "{}", program.log());
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Program::start(folder.path()).await;
    let mut unfinished = TcpStream::connect(&program.address).expect("connected");
    let head =
        "POST /v1/auth/signup HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    unfinished.write_all(head.as_bytes()).expect("sent");
    // Whoever is answered later came later, so the unfinished call is under way.
    program.sign_up("ada@example.com").await;
    program.signal(Signal::TERM);
    eventually(async || program.log().contains("stopping")).await;
    program.signal(Signal::INT);
    assert_eq!(program.end().await.code(), Some(130), "{}", program.log());
}
