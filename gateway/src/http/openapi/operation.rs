//! One route as an operation.

use mesh_proto::comment;
use serde_json::{Value as Json, json};

use super::{
    body, field, parameters,
    responses::{self, Shared},
    schema::Schemas,
};
use crate::http::rest::Route;

/// The operation of a route. `count` tells routes of the same RPC apart, from 0.
pub(super) fn of(route: &Route, count: usize, schemas: &mut Schemas, shared: &mut Shared) -> Json {
    let method = &route.rpc.method;
    let text = comment(&method.descriptor.parent_file(), method.descriptor.path());
    let needs = match method.scope.as_str() {
        "" => "Open to everybody: it needs no token.".to_owned(),
        scope => format!("Needs the scope `{scope}`."),
    };
    let mut operation = json!({
        "operationId": id(route, count),
        "tags": [method.descriptor.parent_service().name()],
        "summary": field::first_sentence(&text),
        "description": format!("{text}\n\n{needs} In gRPC: `{}`.", method.path),
        "security": security(&method.scope),
        "parameters": parameters::all(route, schemas),
        "responses": responses::of(route, schemas, shared),
    });
    if let Some(body) = body::of(route, schemas) {
        operation["requestBody"] = body;
    }
    if !method.scope.is_empty() {
        operation["x-required-scope"] = json!(method.scope);
    }
    operation
}

/// The RPC's name in lowerCamelCase.
fn id(route: &Route, count: usize) -> String {
    let name = route.rpc.method.descriptor.name();
    let first = name.chars().take(1).flat_map(char::to_lowercase);
    let further = if count == 0 { String::new() } else { format!("{}", count + 1) };
    first.chain(name.chars().skip(1)).chain(further.chars()).collect()
}

fn security(scope: &str) -> Json {
    // Scopes could stand here, too (OpenAPI 3.1), but linters know them of OAuth only.
    if scope.is_empty() { json!([]) } else { json!([{ "bearer": [] }]) }
}
