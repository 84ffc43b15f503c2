//! Bytes that are no messages, paths that are no RPCs, messages that are too large.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use e2e::{Face, Mode, Target, rest_request};
use mesh_proto::{Method, methods};
use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint},
};
use tonic::Code;

use super::{Delays, clear, sample::sample};

in_both_modes! {
    bytes_that_are_no_message_are_refused;
    an_empty_message_is_answered;
    unknown_rpcs_are_unimplemented;
    what_is_too_large_is_refused_by_every_rpc;
}

/// How large a message, the body of a REST call, and a URL may be; and the first two of whom nobody knows who they are.
const MOST: usize = 4 << 20;
const MOST_OVER_REST: usize = 1 << 20;
const MOST_IN_URL: usize = 16 << 10;
const MOST_WITHOUT_TOKEN: usize = 64 << 10;

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

async fn what_is_too_large_is_refused_by_every_rpc(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "large").await?;
    let mut delays = Delays::default();
    for face in FACES {
        let client = target.client(face)?.with_token(&person.access_token);
        for method in methods() {
            let failure = delays.refused(&client, method, too_large(method)).await?;
            let told = (failure.code, failure.reason.as_str());
            ensure!(told == (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"), "{} by {face:?}: {failure:?}", method.path);
        }
    }
    let client = target.client(Face::Rest)?.with_token(&person.access_token);
    for method in methods().iter().filter(|method| method.http.is_some()) {
        let mut request = rest_request(method, &sample(method))?;
        let status = match request.body {
            // Blanks are as good as any JSON before its end is there.
            Some(_) => {
                let most = if method.public { MOST_WITHOUT_TOKEN } else { MOST_OVER_REST };
                request.body = Some([vec![b' '; most], b"{}".to_vec()].concat().into());
                413
            }
            None => {
                request.path = format!("{}?x={}", request.path, "x".repeat(MOST_IN_URL));
                414
            }
        };
        let reply = client.http(request).await?;
        let failure = reply.failure();
        clear(&failure).with_context(|| method.path.clone())?;
        let told = (reply.status, failure.reason.as_str());
        ensure!(told == (status, "MESSAGE_TOO_LARGE"), "{}: {failure:?}", method.path);
    }
    delays.tell(&format!("too large, {mode:?}"));
    Ok(())
}

/// A request of one byte more than there may be, most of it a field that nobody knows.
fn too_large(method: &Method) -> Bytes {
    let most = if method.public { MOST_WITHOUT_TOKEN } else { MOST };
    let mut request = sample(method).encode_to_vec();
    encode_key(15_999, WireType::LengthDelimited, &mut request);
    encode_varint(most as u64, &mut request);
    request.resize(request.len() + most, 0);
    request.into()
}
