//! The update mask: which fields an Update changes (AIP-134).

use mesh_types::{ErrorKind, Fault, Reason, Violation};

/// Why a path of a mask names nothing that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// Only the service writes it, or nobody any more.
    OutputOnly,
    /// There is no such field.
    Unknown,
}

/// The fields that `paths` name, each once, in the order they are named first. `named` tells the field at a path; nothing for
/// one that may be named but is not written, as the etag. `kind` is what the fields are of, such as `task`.
///
/// # Errors
/// INVALID_ARGUMENT (`UPDATE_MASK_INVALID`) with every path that names nothing that can be written.
pub fn masked<F: PartialEq>(
    kind: &str,
    paths: &[String],
    named: impl Fn(&str) -> Result<Option<F>, Unwritable>,
) -> Result<Vec<F>, Fault> {
    let (mut fields, mut refused) = (Vec::new(), Vec::new());
    for (index, path) in paths.iter().enumerate() {
        match named(path) {
            Ok(Some(field)) if !fields.contains(&field) => fields.push(field),
            Ok(_) => {}
            Err(why) => refused.push(violation(kind, index, path, why)),
        }
    }
    if refused.is_empty() {
        return Ok(fields);
    }
    let message = "the update mask names fields that cannot be written";
    let fault = Fault::new(ErrorKind::InvalidArgument, Reason::UpdateMaskInvalid, message);
    Err(Fault { violations: refused, ..fault })
}

fn violation(kind: &str, index: usize, path: &str, why: Unwritable) -> Violation {
    let (rule, what) = match why {
        Unwritable::OutputOnly => ("field_mask.output_only", "cannot be written".to_owned()),
        Unwritable::Unknown => ("field_mask.unknown", format!("is no field of a {kind}")),
    };
    Violation::new(format!("update_mask.paths[{index}]"), rule, format!("{path:?} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(paths: &[&str]) -> Result<Vec<char>, Fault> {
        let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
        masked("task", &paths, |path| match path {
            "title" => Ok(Some('t')),
            "tags" => Ok(Some('g')),
            "etag" => Ok(None),
            "id" => Err(Unwritable::OutputOnly),
            _ => Err(Unwritable::Unknown),
        })
    }

    #[test]
    fn each_field_is_named_once() {
        assert_eq!(read(&["tags", "title", "etag", "tags"]), Ok(vec!['g', 't']));
        assert_eq!(read(&[]), Ok(Vec::new()));
    }

    #[test]
    fn every_path_that_cannot_be_written_is_told() {
        let fault = read(&["title", "id", "nonsense"]).expect_err("two are refused");
        assert_eq!(fault.reason, Reason::UpdateMaskInvalid);
        let told: Vec<_> = fault.violations.iter().map(|it| (it.field.as_str(), it.rule.as_str())).collect();
        let expected =
            [("update_mask.paths[1]", "field_mask.output_only"), ("update_mask.paths[2]", "field_mask.unknown")];
        assert_eq!(told, expected);
    }
}
