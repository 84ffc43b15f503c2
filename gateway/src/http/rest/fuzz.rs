//! What a fuzzer calls of this folder: paths, queries and bodies as strangers may send them. Panics where a promise is
//! broken. `fuzz/` goes on for as long as one likes; the tests below, for a moment.
#![expect(clippy::expect_used, reason = "a broken promise is to be seen")]
#![cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "only the programs of fuzz/ reach it"))]

use http::{HeaderMap, Method};
use mesh_proto::Contract;
use mesh_rpc::Upstream;
use mesh_types::{ErrorKind, Reason};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost_reflect::DynamicMessage;
use serde_json::Value as Json;

use super::{Found, Router, answer, path, request};
use crate::http::table::Table;

/// The routes of a contract that has the services of `taskmesh.testing.v1`; they lead nowhere.
#[derive(Debug)]
pub struct Routes(Router);

impl Routes {
    /// The routes of all services of `contract`.
    ///
    /// # Panics
    /// When they cannot be served.
    pub fn new(contract: &'static Contract) -> Self {
        // A channel wants a runtime, even one that leads nowhere.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let _inside = runtime.enter();
        let nowhere = Upstream::Memory(mesh_rpc::memory().0).channel("nowhere").expect("memory has an address");
        let services = contract.descriptors().services();
        let upstreams = services.map(|service| (service.full_name().to_owned(), nowhere.clone())).collect();
        Self(Router::new(Table::new(contract.methods(), &upstreams, 1).iter()).expect("good routes"))
    }

    /// Any path leads somewhere or nowhere; and whatever a value holds, its encoded form leads back to it.
    ///
    /// # Panics
    /// When it does not.
    pub fn path(&self, data: &[u8]) {
        let value = String::from_utf8_lossy(data);
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            if let Found::Route(route, segments) = self.0.find(&method, &value) {
                for capture in &route.captures {
                    let _ = path::text("field", capture.span, &segments);
                }
            }
        }
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let segments: Vec<&str> = value.split('/').collect();
        let whole = !value.is_empty() && segments.iter().all(|segment| !segment.is_empty());
        if whole && segments.len() < 30 {
            let many: Vec<_> = segments.iter().map(|segment| encoded(segment)).collect();
            self.leads_back(&Method::GET, &format!("/files/{}", many.join("/")), &value);
            self.leads_back(&Method::DELETE, &format!("/books/{}", encoded(&value)), &value);
        }
    }

    fn leads_back(&self, method: &Method, target: &str, value: &str) {
        let Found::Route(route, segments) = self.0.find(method, target) else { panic!("{target} leads nowhere") };
        match path::text("field", route.captures[0].span, &segments) {
            Ok(read) => assert_eq!(read, value),
            Err(violation) => assert!(value.contains('\0'), "{violation:?}"),
        }
    }

    /// What is read as a message, from a body or (if the first byte is odd) from a query, can be written, and what is
    /// written reads as the same; what is not read is the caller's fault.
    ///
    /// # Panics
    /// When it is not so.
    pub fn json(&self, data: &[u8]) {
        let Some((first, text)) = data.split_first() else { return };
        let (method, query, body) = match (first % 2, std::str::from_utf8(text)) {
            (0, _) => (Method::POST, "", text),
            (_, Ok(query)) => (Method::GET, query, [].as_slice()),
            (_, Err(_)) => return,
        };
        let Some(message) = self.read(&method, query, body) else { return };
        let written = answer::written(&message).expect("what is read can be written");
        let again = self.read(&Method::POST, "", &written).expect("what is written can be read");
        let again = answer::written(&again).expect("it was written before");
        let json = |bytes: &[u8]| serde_json::from_slice::<Json>(bytes).expect("JSON");
        let (written, again) = (json(&written), json(&again));
        assert!(alike(&written, &again), "{written} became {again}");
    }

    /// The shape that a request to EchoShape has.
    fn read(&self, method: &Method, query: &str, body: &[u8]) -> Option<DynamicMessage> {
        let Found::Route(route, segments) = self.0.find(method, "/shapes") else { panic!("the contract has shapes") };
        let frame = match request::build(route, &segments, Some(query), &HeaderMap::new(), body) {
            Ok(frame) => frame,
            Err(fault) => {
                assert_eq!(fault.kind, ErrorKind::InvalidArgument);
                assert!(matches!(fault.reason, Reason::FieldsInvalid | Reason::Malformed), "{fault:?}");
                return None;
            }
        };
        match DynamicMessage::decode(route.input.clone(), &frame[5..]) {
            Ok(request) => request.get_field_by_name("shape")?.as_message().cloned(),
            Err(_) => {
                // Protobuf nests less deeply than JSON.
                assert!(body.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > 20);
                None
            }
        }
    }
}

/// Whether they are the same; but serde_json, as it is built here, reads some numbers of many digits one step off.
fn alike(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| alike(one, other)))
        }
        (Json::Number(one), Json::Number(other)) => {
            one == other
                || one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| (one / other - 1.0).abs() < 1e-15)
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::new(mesh_testkit::testing::contract()));

    /// JSON that is nearly a shape.
    fn shape() -> impl Strategy<Value = String> {
        const NAMES: [&str; 20] = [
            "text",
            "data",
            "ratio",
            "single",
            "small",
            "large",
            "huge",
            "flag",
            "colour",
            "colours",
            "words",
            "labels",
            "instant",
            "duration",
            "mask",
            "value",
            "object",
            "list",
            "wrapped_text",
            "wrappedNumber",
        ];
        let text = prop_oneof![
            ".{0,8}",
            "-?[0-9]{1,20}(\\.[0-9]{1,10})?(e[0-9]{1,3})?s?",
            "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})",
            "[a-zA-Z_.,]{0,12}",
        ];
        let leaf = prop_oneof![
            text.prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<bool>().prop_map(Json::from),
            Just(Json::Null),
        ];
        let value = leaf.prop_recursive(3, 12, 3, |inner| {
            let object = proptest::collection::btree_map("[a-z0-9-]{0,3}", inner.clone(), 0..3);
            prop_oneof![
                proptest::collection::vec(inner, 0..3).prop_map(Json::from),
                object.prop_map(|object| Json::Object(object.into_iter().collect())),
            ]
        });
        let pairs = proptest::collection::vec((proptest::sample::select(&NAMES[..]), value), 0..4);
        pairs.prop_map(|pairs| {
            Json::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()).to_string()
        })
    }

    proptest! {
        #[test]
        fn a_value_comes_back_from_its_path(value in "\\PC{0,24}|(%?[0-9a-f:/.]{0,8}){0,4}") {
            ROUTES.path(value.as_bytes());
        }

        #[test]
        fn what_is_read_from_a_body_is_written_and_read_again(body in shape()) {
            ROUTES.json(format!("\0{body}").as_bytes());
        }

        #[test]
        fn what_is_read_from_a_query_is_written_and_read_again(
            name in "shape\\.(mask|duration|instant|ratio|data|labels\\[.{0,3}\\]|wrappedText|colour)", value in "\\PC{0,12}|[a-zA-Z_.]{0,9}"
        ) {
            ROUTES.json(format!("\u{1}{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC)).as_bytes());
        }
    }
}
