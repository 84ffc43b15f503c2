//! The document as a whole.

use std::collections::BTreeMap;

use mesh_proto::comment;
use prost_reflect::ServiceDescriptor;
use serde_json::{Map, Value as Json, json};

use super::{
    operation, parameters,
    responses::{self, Shared},
    schema::Schemas,
};
use crate::http::rest::Route;

const ABOUT: &str = "\
A self-hosted task system: tasks, schedules, reminders, an inbox, webhooks, and a record of what happened. The same RPCs \
are served as gRPC and gRPC-Web, and can be reflected.

**Tokens.** `POST /v1/auth/signup` or `signin` gives an access token for some minutes; `POST /v1/tokens` makes one for \
programs. Send either as `Authorization: Bearer …`. Pages of this server, and of origins that it allows, may sign in with \
`cookies` instead, and send the session's `x-csrf-token` with every call but GET. Keys that verify access tokens are at `/.well-known/jwks.json`.

**JSON** is ProtoJSON: names in lowerCamelCase (the contract's snake_case is taken, too), 64-bit numbers as text, instants \
as RFC 3339, durations in seconds as `1.5s`. Answers hold every list and scalar, empty or not; what is unset and can be, is \
absent. In a request null is the same as absent, but in the body of a PATCH it clears the field. An unknown field or query \
parameter is an error.

**Repeating.** A mutation with an `Idempotency-Key` is done once, however often it is sent. **Concurrency.** `If-Match` \
with the `ETag` of an answer makes sure that nobody else was faster.

**Time.** A call may take 10 seconds, or what its `grpc-timeout` header allows, such as `500m` for half a second. \
`HEAD` and `OPTIONS` are answered everywhere. Headers that are too large are not looked at (431).";

/// The document of these routes.
pub(crate) fn document<'a>(routes: impl Iterator<Item = &'a Route> + Clone) -> Json {
    let (mut schemas, mut shared) = (Schemas::of(routes.clone()), Shared::default());
    let mut paths: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    let (mut services, mut counts) = (BTreeMap::new(), BTreeMap::new());
    for route in in_order(routes) {
        let service: &ServiceDescriptor = route.rpc.method.descriptor.parent_service();
        services.insert(service.full_name().to_owned(), service.clone());
        let count = counts.entry(&route.rpc.method.path).or_insert(0);
        let operation = operation::of(route, *count, &mut schemas, &mut shared);
        *count += 1;
        let path = paths.entry(parameters::path(route)).or_default();
        path.insert(route.verb.as_str().to_ascii_lowercase(), operation);
    }
    responses::add_error(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{ "url": "/", "description": "This gateway." }],
        "tags": services.values().map(tag).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "responses": shared.into_components(),
            "headers": headers(),
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer",
                "description": "An access token or an API token." } },
        },
    })
}

/// The routes in the order of the contract, whatever order they are kept in.
fn in_order<'a>(routes: impl Iterator<Item = &'a Route>) -> Vec<&'a Route> {
    let mut routes: Vec<_> = routes.collect();
    routes.sort_by_key(|route| {
        let method = &route.rpc.method.descriptor;
        (method.parent_service().full_name().to_owned(), method.path().to_vec(), parameters::path(route))
    });
    routes
}

fn info() -> Json {
    json!({
        "title": "Taskmesh",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "A task system that you can trust with your days.",
        "description": ABOUT,
        "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        "contact": { "name": "The operator of this server" },
    })
}

fn tag(service: &ServiceDescriptor) -> Json {
    json!({ "name": service.name(), "description": comment(&service.parent_file(), service.path()) })
}

fn headers() -> Json {
    let text = json!({ "type": "string" });
    json!({
        "RequestId": { "description": "Names the call, in the server's log, too. A call may bring its own.", "schema": text },
        "ETag": { "description": "Identifies this version of the resource, for `If-Match`.", "schema": text },
        "RetryAfter": { "description": "After how many seconds it makes sense to try again.",
            "schema": { "type": "integer", "minimum": 1 } },
        "WwwAuthenticate": { "description": "Which scheme the call needs: `Bearer`.", "schema": text },
    })
}
