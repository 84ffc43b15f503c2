//! Rewrites the headers of a gRPC-Web request into the few forms that tonic-web knows.

use http::{HeaderMap, HeaderValue, header};

/// The type of binary gRPC-Web.
pub(super) const BINARY: HeaderValue = HeaderValue::from_static("application/grpc-web+proto");
/// The type of gRPC-Web in base64.
pub(super) const TEXT: HeaderValue = HeaderValue::from_static("application/grpc-web-text+proto");

/// Text requests have been decoded by now, so every request is binary; the answer is text if the caller asks for text,
/// or sent text and asks for nothing in particular.
pub(super) fn web(headers: &mut HeaderMap, text: bool) {
    let asked = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = asked.to_ascii_lowercase();
    let answer_in_text = if asked.contains("application/grpc-web-text") {
        true
    } else if asked.contains("application/grpc-web") {
        false
    } else {
        text
    };
    headers.insert(header::CONTENT_TYPE, BINARY);
    headers.insert(header::ACCEPT, if answer_in_text { TEXT } else { BINARY });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(asked: Option<&'static str>, text: bool) -> HeaderValue {
        let mut headers = HeaderMap::new();
        if let Some(asked) = asked {
            headers.insert(header::ACCEPT, HeaderValue::from_static(asked));
        }
        web(&mut headers, text);
        assert_eq!(headers[header::CONTENT_TYPE], BINARY);
        headers[header::ACCEPT].clone()
    }

    #[test]
    fn the_answer_takes_the_form_of_the_request_unless_asked_otherwise() {
        assert_eq!(accept(None, true), TEXT);
        assert_eq!(accept(Some("*/*"), true), TEXT);
        assert_eq!(accept(None, false), BINARY);
        assert_eq!(accept(Some("application/grpc-web-text, */*"), false), TEXT);
        assert_eq!(accept(Some("application/grpc-web+proto"), true), BINARY);
    }
}
