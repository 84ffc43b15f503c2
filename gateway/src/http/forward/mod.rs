//! gRPC and gRPC-Web, passed on without decoding a message.
//!
//! tonic-web translates gRPC-Web; around it stand the repairs it needs: [`normalise`] and [`incoming`] before it (content
//! types, text frames, sizes), [`send`] and [`guard`] behind it (faults of the service or the network become a gRPC
//! status, deadlines hold for whole streams, messages are whole).

mod deadline;
mod face;
mod frames;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod guard;
mod headers;
mod incoming;
mod normalise;
mod send;
mod text;
mod whole;

use std::convert::Infallible;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use mesh_types::{ErrorKind, Fault, Reason};
use tonic::{Code, body::Body};
use tonic_web::GrpcWebLayer;
use tower::{Layer, Service, service_fn};

use super::{edge::Visit, limits, rest, sending::Sending, table::Rpc};
use crate::app::OpenStream;
pub(crate) use deadline::{deadline, within};
pub(crate) use face::Face;
pub(crate) use guard::{Guard, Leash};
pub(crate) use headers::for_upstream;
pub(crate) use incoming::{BodyFault, LINGERING_BYTES, RequestBody};
pub(crate) use send::send;
use whole::Whole;

/// Answers a call by gRPC or gRPC-Web.
pub(crate) async fn serve(visit: Visit, face: Face, request: Request<Sending>) -> Response<Body> {
    if let Some(refusal) = misdirected(face, &request) {
        return refusal;
    }
    let fault = BodyFault::default();
    let rpc = visit.edge.table.get(request.uri().path());
    let one = rpc.is_some_and(|rpc| !rpc.method.descriptor.is_client_streaming());
    let signed_in = rpc.is_some_and(|rpc| !rpc.method.public);
    let limit = visit.edge.settings.max_message_bytes_of(signed_in);
    // A unary call has a deadline, which holds for its request, too.
    let unary = rpc.is_some_and(|rpc| !rpc.is_stream());
    let patience = (!unary).then(|| visit.edge.settings.limits.message_timeout());
    let text = face == Face::Web { text: true };
    let alone = request.version() < Version::HTTP_2;
    let mut request = request.map(|body| {
        let body = RequestBody::new(body, text, one, limit, fault.clone()).timed(patience);
        Body::new(if alone { body.lingering() } else { body })
    });
    if face == Face::Grpc {
        return pass(visit, "grpc", fault, request).await;
    }
    normalise::web(request.headers_mut(), text);
    let inner = service_fn(move |request: Request<Body>| {
        let (visit, fault) = (visit.clone(), fault.clone());
        async move {
            let limit = visit.edge.settings.max_message_bytes;
            let answer = pass(visit, "grpc_web", fault, request).await;
            Ok::<_, Infallible>(answer.map(|body| Body::new(Whole::new(body, limit))))
        }
    });
    let Ok(answer) = GrpcWebLayer::new().layer(inner).call(request).await;
    answer
}

/// A gRPC answer that is nothing but this failure (trailers-only).
pub(crate) fn refusal(fault: Fault) -> Response<Body> {
    mesh_rpc::status(fault).into_http()
}

/// The same, in the form of the face that asks.
pub(crate) fn refusal_of(face: Face, fault: Fault) -> Response<Body> {
    let mut answer = refusal(fault);
    if let Face::Web { text } = face {
        answer.headers_mut().insert(header::CONTENT_TYPE, if text { normalise::TEXT } else { normalise::BINARY });
    }
    answer
}

/// Refuses what is no gRPC call, whatever its content type says.
fn misdirected(face: Face, request: &Request<Sending>) -> Option<Response<Body>> {
    let malformed = |message| Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message);
    if face == Face::Unsupported {
        let fault = malformed("of gRPC's content types, application/grpc, grpc-web and grpc-web-text are served");
        return Some(rest::refusal_with(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault));
    }
    if request.method() != Method::POST {
        let mut answer = rest::refusal_with(StatusCode::METHOD_NOT_ALLOWED, malformed("gRPC calls are POST requests"));
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Some(answer);
    }
    if face == Face::Grpc && request.version() != Version::HTTP_2 {
        return Some(rest::refusal(malformed("gRPC needs HTTP/2; over HTTP/1.1, use gRPC-Web or REST")));
    }
    None
}

/// Passes a gRPC request on to its service.
async fn pass(visit: Visit, face: &'static str, fault: BodyFault, request: Request<Body>) -> Response<Body> {
    let Some(rpc) = visit.edge.table.get(request.uri().path()).cloned() else {
        return beside_the_contract(visit, face, fault, request).await;
    };
    let mut record = visit.record(face, &rpc.method.path);
    let (headers, deadline, opened) = match prepare(&visit, &rpc, request.headers()).await {
        Ok(prepared) => prepared,
        Err(fault) => {
            let status = mesh_rpc::status(fault);
            record.finish(status.code());
            return status.into_http();
        }
    };
    let stopping = rpc.is_stream().then(|| visit.edge.stopping.clone());
    let limit = visit.edge.settings.max_message_bytes;
    let leash = Leash { deadline, stopping, limit, opened, fault, record: Some(record) };
    let mut outgoing = Request::new(request.into_body());
    *outgoing.method_mut() = Method::POST;
    *outgoing.uri_mut() = rpc.path.clone().into();
    *outgoing.headers_mut() = headers;
    outgoing.extensions_mut().insert(rpc.repeat(deadline));
    let mut answer = send(rpc.channel.clone(), outgoing, leash).await;
    visit.edge.cookies().settle(&rpc, answer.headers_mut());
    answer.map(Body::new)
}

/// Who calls and until when; the headers that say so to the service.
async fn prepare(
    visit: &Visit,
    rpc: &Rpc,
    headers: &HeaderMap,
) -> Result<(HeaderMap, Option<tokio::time::Instant>, Option<OpenStream>), Fault> {
    let deadline = deadline(headers, rpc.is_stream(), &visit.edge.settings, visit.arrived)?;
    let mut forwarded = headers::passed_on(headers);
    let opened = within(deadline, limits::admit(visit, rpc, headers, &mut forwarded)).await?;
    for_upstream(&mut forwarded, &visit.context, deadline);
    Ok((forwarded, deadline, opened))
}

/// Health and reflection, which the gateway answers itself; everything else is unknown.
async fn beside_the_contract(
    visit: Visit,
    face: &'static str,
    fault: BodyFault,
    request: Request<Body>,
) -> Response<Body> {
    let Some(path) = super::local::path(request.uri().path()) else {
        visit.record(face, "unknown").finish(Code::Unimplemented);
        let message = "no such RPC";
        return refusal(Fault::new(ErrorKind::Unimplemented, Reason::MethodUnknown, message));
    };
    let mut record = visit.record(face, path);
    let is_stream = !super::local::is_unary(path);
    let admitted = if is_stream { limits::admit_local(&visit) } else { Ok(()) };
    let deadline =
        match admitted.and_then(|()| deadline(request.headers(), is_stream, &visit.edge.settings, visit.arrived)) {
            Ok(deadline) => deadline,
            Err(fault) => {
                let status = mesh_rpc::status(fault);
                record.finish(status.code());
                return status.into_http();
            }
        };
    let (stopping, limit) = (Some(visit.edge.stopping.clone()), visit.edge.settings.max_message_bytes);
    let leash = Leash { deadline, stopping, limit, opened: None, fault, record: Some(record) };
    let Ok(answer) = visit.edge.local.clone().call(request).await;
    send::guarded(answer, leash).map(Body::new)
}
