//! tonic as a client of the gateway: by native gRPC, and by gRPC-Web over HTTP/1.1 and HTTP/2.

use http::{HeaderValue, Request, Response, Uri, header};
use hyper_util::{client::legacy, rt::TokioExecutor};
use mesh_testkit::testing::v1::interop_service_client::InteropServiceClient;
use tonic::body::Body;
use tonic_web::GrpcWebClientLayer;
use tower::{BoxError, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

use crate::http::world::World;

/// The way to the gateway, with a good token on every call.
pub(crate) type Transport = BoxCloneSyncService<Request<Body>, Response<Body>, BoxError>;

/// A client of the interoperability cases.
pub(crate) type Client = InteropServiceClient<Transport>;

/// A client by each of the ways.
pub(crate) async fn all(world: &World) -> Vec<(&'static str, Client)> {
    let mut clients = Vec::new();
    for (way, transport) in transports(world).await {
        clients.push((way, InteropServiceClient::with_origin(transport, origin(world))));
    }
    clients
}

/// The gateway's address.
pub(crate) fn origin(world: &World) -> Uri {
    world.url("").parse().expect("a uri")
}

/// Each of the ways.
pub(crate) async fn transports(world: &World) -> [(&'static str, Transport); 3] {
    let grpc = ServiceBuilder::new().map_err(BoxError::from).service(world.channel().await);
    [
        ("gRPC", BoxCloneSyncService::new(grpc.map_request(authorized))),
        ("gRPC-Web over HTTP/1.1", web(false)),
        ("gRPC-Web over HTTP/2", web(true)),
    ]
}

fn web(http2: bool) -> Transport {
    let http = legacy::Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
    let web = ServiceBuilder::new().layer(GrpcWebClientLayer::new()).service(http);
    let web = web.map_response(|answer| answer.map(Body::new)).map_err(BoxError::from).map_request(authorized);
    BoxCloneSyncService::new(web)
}

fn authorized(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer good"));
    request
}
