//! Bytes that are no messages, paths that are no RPCs, messages that are too large.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use e2e::{Face, Mode, Target};
use mesh_proto::{
    Method, methods,
    task::v1::{CreateTaskRequest, Task},
};
use prost::Message;
use tonic::Code;

use super::Delays;

in_both_modes! {
    bytes_that_are_no_message_are_refused;
    an_empty_message_is_answered;
    unknown_rpcs_are_unimplemented;
    a_message_that_is_too_large_is_refused;
}

/// The faces on which messages travel as protobuf.
const FACES: [Face; 3] = [Face::Grpc, Face::GrpcWeb, Face::GrpcWebText];

async fn bytes_that_are_no_message_are_refused(mode: Mode) -> Result<()> {
    /// A cut varint; a field longer than the message; group ends without a start; field 0; deep groups.
    const GARBAGE: [&[u8]; 5] = [b"\xff\xff\xff\xff", b"\x0a\xff\x01x", b"\x0c", b"\x00\x00", &[0x0b; 300]];
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "garbage").await?;
    let mut delays = Delays::default();
    for face in FACES {
        let client = target.client(face)?.with_token(&person.access_token);
        for method in methods() {
            for bytes in GARBAGE {
                let failure = delays.refused(&client, method, Bytes::from_static(bytes)).await;
                let failure = failure.with_context(|| format!("{bytes:?}"))?;
                let told = (failure.code, failure.reason.as_str());
                ensure!(told == (Code::InvalidArgument, "MALFORMED"), "{} by {face:?}: {failure:?}", method.path);
            }
        }
    }
    delays.tell(&format!("garbage, {mode:?}"));
    Ok(())
}

async fn an_empty_message_is_answered(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "empty").await?;
    let mut delays = Delays::default();
    for face in Face::ALL {
        let client = target.client(face)?.with_token(&person.access_token);
        for method in methods() {
            delays.ask(&client, method, Bytes::new()).await?.ok();
        }
    }
    Ok(())
}

async fn unknown_rpcs_are_unimplemented(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "unknown").await?;
    let mut delays = Delays::default();
    for path in ["/taskmesh.task.v1.TaskService/Nope", "/nope.Nope/Nope", "/taskmesh.notify.v1.NotifyService/Nope"] {
        let method = Method { path: path.to_owned(), ..methods()[0].clone() };
        for face in FACES {
            for client in [target.client(face)?, target.client(face)?.with_token(&person.access_token)] {
                let failure = delays.refused(&client, &method, Bytes::new()).await?;
                let told = (failure.code, failure.reason.as_str());
                ensure!(told == (Code::Unimplemented, "METHOD_UNKNOWN"), "{path} by {face:?}: {failure:?}");
            }
        }
    }
    Ok(())
}

async fn a_message_that_is_too_large_is_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "large").await?;
    let method = methods().iter().find(|method| method.path.ends_with("/CreateTask")).context("it exists")?;
    let task = Task { description: Some("x".repeat(5 << 20)), title: Some("t".to_owned()), ..Task::default() };
    let request = CreateTaskRequest { task: Some(task), ..CreateTaskRequest::default() }.encode_to_vec();
    let mut delays = Delays::default();
    for face in Face::ALL {
        let client = target.client(face)?.with_token(&person.access_token);
        let failure = delays.refused(&client, method, request.clone().into()).await?;
        let told = (failure.code, failure.reason.as_str());
        ensure!(told == (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"), "by {face:?}: {failure:?}");
    }
    Ok(())
}
