//! Path templates of `google.api.http`, and the text that a path gives to their variables.

use http_path_template::{Grammar, PathTemplate, Segment};
use mesh_types::Violation;
use percent_encoding::percent_decode_str;

/// One step along a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Exactly this text.
    Literal(String),
    /// Any one segment.
    Single,
    /// All further segments.
    Rest,
}

/// A template taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) steps: Vec<Step>,
    pub(crate) verb: Option<String>,
    /// Each variable's field path and the segments whose text it takes.
    pub(super) captures: Vec<(String, Span)>,
}

/// The segments that a variable takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: usize,
    /// How many; `None` is all further ones.
    count: Option<usize>,
}

impl Span {
    fn new(start: usize, steps: &[Step]) -> Self {
        Self { start, count: (!steps.contains(&Step::Rest)).then_some(steps.len()) }
    }

    /// The segments of `path`, as far as there are any.
    pub(super) fn of<'a, 'b>(self, path: &'a [&'b str]) -> &'a [&'b str] {
        let rest = path.get(self.start..).unwrap_or_default();
        self.count.map_or(rest, |count| &rest[..count.min(rest.len())])
    }

    /// Whether it takes what the template's step of this number matches.
    pub(crate) fn takes(self, step: usize) -> bool {
        step >= self.start && self.count.is_none_or(|count| step < self.start + count)
    }

    /// Whether the variable is made for more than one segment, however many there are.
    fn is_many(self) -> bool {
        self.count != Some(1)
    }
}

impl Template {
    /// # Errors
    /// When the template is not one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let template = PathTemplate::parse(text, Grammar::default()).map_err(|error| error.to_string())?;
        let mut parsed = Self { steps: Vec::new(), verb: template.verb().map(str::to_owned), captures: Vec::new() };
        for segment in template.segments() {
            let Segment::Variable(variable) = segment else {
                parsed.steps.push(step(*segment)?);
                continue;
            };
            let start = parsed.steps.len();
            for segment in variable.segments() {
                parsed.steps.push(step(segment)?);
            }
            let span = Span::new(start, &parsed.steps[start..]);
            parsed.captures.push((variable.field_path().to_owned(), span));
        }
        Ok(parsed)
    }
}

fn step(segment: Segment<'_>) -> Result<Step, String> {
    match segment {
        Segment::Literal(text) => Ok(Step::Literal(text.to_owned())),
        Segment::Single => Ok(Step::Single),
        Segment::Rest => Ok(Step::Rest),
        _ => Err("a variable stands in a variable".to_owned()),
    }
}

/// The text that a variable takes from the path's segments, decoded. In a text made for several segments an encoded slash
/// stays encoded, so that it is not mistaken for a separator.
///
/// # Errors
/// When it is no UTF-8 or holds NUL.
pub(super) fn text(field: &str, span: Span, segments: &[&str]) -> Result<String, Violation> {
    let many = span.is_many();
    let mut text = String::new();
    for (index, segment) in span.of(segments).iter().enumerate() {
        if index > 0 {
            text.push('/');
        }
        let kept = if many { segment.replace("%2F", "%252F").replace("%2f", "%252f") } else { (*segment).to_owned() };
        text.push_str(&decoded(field, &kept)?);
    }
    Ok(text)
}

/// `text` without percent-encoding.
///
/// # Errors
/// When it is no UTF-8 or holds NUL.
pub(super) fn decoded(field: &str, text: &str) -> Result<String, Violation> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if text.contains('\0') => Err(Violation::new(field, "string.nul", "must not contain NUL")),
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Violation::new(field, "string.utf8", "must be UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_taken_apart() {
        let template = Template::parse("/v1/{name=shelves/*/books/**}:archive").expect("a template");
        let literal = |text: &str| Step::Literal(text.to_owned());
        assert_eq!(template.steps, [literal("v1"), literal("shelves"), Step::Single, literal("books"), Step::Rest]);
        assert_eq!(template.captures, [("name".to_owned(), Span { start: 1, count: None })]);
        assert_eq!(template.verb.as_deref(), Some("archive"));
        assert!(Template::parse("v1").is_err());
    }

    const ONE: Span = Span { start: 0, count: Some(1) };
    const MANY: Span = Span { start: 0, count: None };

    #[test]
    fn a_slash_is_decoded_in_a_single_segment_only() {
        assert_eq!(text("id", ONE, &["a%2Fb%20c"]).as_deref(), Ok("a/b c"));
        assert_eq!(text("name", MANY, &["a%2Fb", "c%20d"]).as_deref(), Ok("a%2Fb/c d"));
        assert_eq!(text("name", MANY, &["a%2fb"]).as_deref(), Ok("a%2fb"), "also where there is only one");
        assert_eq!(text("name", Span { start: 1, count: Some(2) }, &["x", "a", "b", "c"]).as_deref(), Ok("a/b"));
    }

    #[test]
    fn nul_and_broken_text_are_refused() {
        assert_eq!(text("id", ONE, &["a%00"]).expect_err("nul").rule, "string.nul");
        assert_eq!(text("id", ONE, &["%ff"]).expect_err("no text").rule, "string.utf8");
    }
}
