//! Files: what each says of itself, and how long it is.

use super::{File, Problem};

/// A file that is longer wants a reason.
const LONGEST: usize = 400;
/// How a file gives its reason, in its module documentation.
const REASON: &str = "//! Long because ";

pub(super) fn check(files: &[File]) -> Vec<Problem> {
    files.iter().filter(|file| file.is_rust()).flat_map(|file| [documentation(file), length(file)]).flatten().collect()
}

fn documentation(file: &File) -> Option<Problem> {
    let missing = !file.text.starts_with("//!");
    missing.then(|| file.problem(0, "begin with `//!`: what lives here, and why"))
}

fn length(file: &File) -> Option<Problem> {
    let lines = file.text.lines().count();
    let reasoned = file.text.lines().take_while(|line| line.starts_with("//!")).any(|line| line.starts_with(REASON));
    let message = format!("{lines} lines are more than {LONGEST}: split it, or say `{REASON}…` at its top");
    (lines > LONGEST && !reasoned).then(|| file.problem(LONGEST, message))
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[test]
    fn a_long_file_wants_a_reason() {
        let long = "x\n".repeat(LONGEST);
        assert_eq!(check(&[file("a.rs", &format!("//! A.\n{long}"))]).len(), 1);
        assert_eq!(check(&[file("a.rs", &format!("//! A.\n{REASON}it is.\n{long}"))]), []);
    }

    #[test]
    fn a_file_without_documentation_is_found() {
        assert_eq!(check(&[file("a.rs", "fn main() {}\n")]).len(), 1);
        assert_eq!(check(&[file("a.md", "# A\n")]), []);
    }
}
