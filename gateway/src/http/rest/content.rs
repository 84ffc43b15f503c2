//! What a body says it is.

use http::{HeaderMap, StatusCode, header};
use mesh_types::{ErrorKind, Fault, Reason};

use super::{
    error::Refusal,
    route::{BodyRule, Route},
};

/// That the body is of a type that the route takes. A body without one is taken for JSON, and so is one that says it is a
/// form: that is what curl says of any body unless it is told otherwise.
///
/// # Errors
/// 415 for what is not.
pub(super) fn check(route: &Route, headers: &HeaderMap) -> Result<(), Refusal> {
    if matches!(route.body, BodyRule::Nothing | BodyRule::Raw(_)) {
        return Ok(());
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let lines = route.rpc.method.descriptor.is_client_streaming();
    if value.to_str().is_ok_and(|value| is_taken(&value.to_ascii_lowercase(), lines)) {
        return Ok(());
    }
    let taken = if lines { "application/x-ndjson: a JSON object on each line" } else { "application/json" };
    let message = format!("the body must be {taken}, in UTF-8");
    let fault = Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message);
    Err(Refusal::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault))
}

fn is_taken(content_type: &str, lines: bool) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json = matches!(essence, "" | "application/json" | "text/json" | "application/x-www-form-urlencoded")
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let lined = matches!(essence, "application/x-ndjson" | "application/ndjson" | "application/jsonl");
    let charset = parts.find_map(|part| part.strip_prefix("charset=")).map(|charset| charset.trim_matches('"'));
    (json || (lines && lined)) && matches!(charset, None | Some("utf-8" | "utf8" | "us-ascii"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_taken_whatever_else_its_type_says() {
        for content_type in ["application/json", "application/json; charset=\"utf-8\"", "application/problem+json", ""]
        {
            assert!(is_taken(content_type, false), "{content_type}");
        }
        let others = ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-ndjson"];
        for content_type in others.into_iter().chain(["application/json; charset=latin1", "text/event+json"]) {
            assert!(!is_taken(content_type, false), "{content_type}");
        }
        assert!(is_taken("application/x-ndjson; charset=utf-8", true) && is_taken("application/json", true));
    }
}
