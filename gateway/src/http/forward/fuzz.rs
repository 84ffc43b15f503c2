//! What a fuzzer calls of this folder: bodies of gRPC-Web as strangers may send them, and the ends that we write.
//! Panics where a promise is broken.
#![expect(clippy::expect_used, reason = "a broken promise is to be seen")]
#![cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "only the programs of fuzz/ reach it"))]

use std::convert::Infallible;

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use mesh_types::Reason;
use tonic::{Code, Status, body::Body};
use tonic_web::GrpcWebLayer;
use tower::{Layer, Service, service_fn};

use super::{frames::Frames, guard, normalise, text::TextDecoder};
use crate::http::rest::Failure;

/// However a body is cut, it means the same; text is what it was before it was text; and the status that ends a call
/// arrives as it was.
///
/// # Panics
/// When it is not so.
pub fn frames(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let (head, tail) = body.split_at(usize::from(*first).min(body.len()));
    assert_eq!(decoded(&[body]), decoded(&[head, tail]));
    assert_eq!(decoded(&[STANDARD.encode(body).as_bytes()]), Some((body.to_vec(), true)));
    let in_parts = STANDARD.encode(head) + &STANDARD.encode(tail);
    assert_eq!(decoded(&[in_parts.as_bytes()]), Some((body.to_vec(), true)), "padding may stand anywhere");
    assert_eq!(followed(&[body]), followed(&[head, tail]));
    arrives(Code::from_i32(i32::from(first % 17)), &String::from_utf8_lossy(body));
}

/// What the text decodes to, and whether it may end there.
fn decoded(chunks: &[&[u8]]) -> Option<(Vec<u8>, bool)> {
    let (mut decoder, mut bytes) = (TextDecoder::default(), Vec::new());
    for chunk in chunks {
        bytes.extend_from_slice(&decoder.decode(chunk).ok()?);
    }
    Some((bytes, decoder.is_complete()))
}

/// Whether the frames are whole, or why they are refused.
fn followed(chunks: &[&[u8]]) -> Result<bool, Reason> {
    let mut frames = Frames::new(1 << 16);
    for chunk in chunks {
        frames.check(chunk).map_err(|fault| fault.reason)?;
    }
    Ok(frames.is_whole())
}

/// That a gRPC-Web client is told this status.
fn arrives(code: Code, message: &str) {
    let trailers = Frame::trailers(guard::trailers(&Status::new(code, message)));
    let mut answer = Response::new(Body::new(StreamBody::new(stream::iter([Ok::<_, Status>(trailers)]))));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let mut answer = Some(answer);
    let service = service_fn(move |_: Request<Body>| {
        let answer = answer.take().expect("it is called once");
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut request = Request::post("/").body(Body::empty()).expect("a request");
    normalise::web(request.headers_mut(), false);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let body = runtime.block_on(async {
        let Ok(answer) = GrpcWebLayer::new().layer(service).call(request).await;
        answer.into_body().collect().await.expect("a whole body").to_bytes()
    });
    let ([flags, length @ ..], text) = body.split_first_chunk::<5>().expect("a frame");
    assert_eq!((*flags, u32::from_be_bytes(*length) as usize), (0x80, text.len()));
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let told: HeaderMap = lines.map(header_of).collect();
    let failure = Failure::told(&told);
    assert_eq!(failure.as_ref().map_or(Code::Ok, |failure| failure.code), code);
    assert_eq!(failure.map_or(message.to_owned(), |failure| failure.message), message);
}

fn header_of(line: &[u8]) -> (HeaderName, HeaderValue) {
    let colon = line.iter().position(|byte| *byte == b':').expect("name:value");
    let name = HeaderName::from_bytes(&line[..colon]).expect("a name");
    (name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).expect("a value"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bodies_mean_the_same_however_they_are_cut(body in proptest::collection::vec(any::<u8>(), 0..64)) {
            frames(&body);
        }

        #[test]
        fn frames_that_are_nearly_right_do_too(
            cut in any::<u8>(), lengths in proptest::collection::vec(0_u8..9, 0..6), flags in 0_u8..3
        ) {
            let frame = |length: &u8| [vec![flags, 0, 0, 0, *length], vec![7; usize::from(*length)]].concat();
            frames(&[vec![cut], lengths.iter().flat_map(frame).collect()].concat());
        }

        #[test]
        fn messages_of_any_text_arrive(code in 1_u8..17, message in "(\\PC|[\\r\\n\\t%]){0,40}") {
            frames(format!("{}{message}", char::from(code)).as_bytes());
        }
    }
}
