//! Clients that are still sending when their call is over (HTTP/1): they see why, and keep their connection.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::world::World;

#[tokio::test]
async fn who_is_still_sending_sees_the_refusal_and_keeps_the_connection() {
    let world = World::new().await;
    let body = vec![b' '; 1 << 20];
    for (path, content_type, expected) in [
        ("/v1/tasks", "application/json", "HTTP/1.1 401"),
        ("/v1/nothing", "application/json", "HTTP/1.1 404"),
        ("/taskmesh.task.v1.TaskService/GetTask", "application/grpc-web+proto", "HTTP/1.1 200"),
        ("/taskmesh.task.v1.TaskService/GetTask", "application/grpc-web+json", "HTTP/1.1 415"),
    ] {
        let mut stream = TcpStream::connect(world.address).await.expect("it connects");
        // Twice: the second time shows that the connection is still good.
        for _ in 0..2 {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.expect("it is taken");
            stream.write_all(&body).await.expect("all of it is taken");
            let answer = answer(&mut stream).await;
            assert!(answer.starts_with(expected), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn who_waits_for_our_word_is_answered_without_sending() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address).await.expect("it connects");
    let head = "POST /v1/tasks HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

/// The head of the next answer; its body is read, too.
async fn answer(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a head"));
    }
    let head = String::from_utf8(head).expect("text");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    stream.read_exact(&mut vec![0; length.parse().expect("a number")]).await.expect("a body");
    head
}
