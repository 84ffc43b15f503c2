//! What a request speaks, by its content type.

use http::{HeaderMap, header};

/// How a caller talks to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// Native gRPC.
    Grpc,
    /// gRPC-Web; as base64 text, or binary.
    Web {
        /// Whether the body is base64 text.
        text: bool,
    },
    /// A form of gRPC that is not served, such as one with JSON messages.
    Unsupported,
    /// Plain HTTP.
    Other,
}

impl Face {
    /// Told by the content type, its parameters aside.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim();
        let Some(kind) = strip_prefix_ignoring_case(essence, "application/grpc") else { return Self::Other };
        match kind.to_ascii_lowercase().as_str() {
            "" | "+proto" => Self::Grpc,
            "-web" | "-web+proto" => Self::Web { text: false },
            "-web-text" | "-web-text+proto" => Self::Web { text: true },
            _ => Self::Unsupported,
        }
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn face(content_type: &'static str) -> Face {
        Face::of(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]))
    }

    #[test]
    fn parameters_and_case_of_the_content_type_do_not_matter() {
        assert_eq!(face("application/grpc"), Face::Grpc);
        assert_eq!(face("Application/gRPC+proto"), Face::Grpc);
        assert_eq!(face("application/grpc-web+proto; charset=utf-8"), Face::Web { text: false });
        assert_eq!(face("application/grpc-web-text"), Face::Web { text: true });
        assert_eq!(face("application/grpc-web+json"), Face::Unsupported);
        assert_eq!(face("application/json"), Face::Other);
        assert_eq!(Face::of(&HeaderMap::new()), Face::Other);
    }
}
