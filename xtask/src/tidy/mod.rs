//! `cargo xtask tidy`: the rules of the house that no other tool knows. Each says why it is there.
//!
//! What clippy can check (length of functions, `allow`, bare `tokio::spawn`, the machine's clock) is in `clippy.toml` and
//! the workspace's lints.

mod files;
mod layers;
mod text;

use std::{fmt, path::Path};

use anyhow::{Context, bail};

use crate::workspace::Workspace;

/// Folders that hold nothing of ours.
const FOREIGN_FOLDERS: [&str; 6] = ["target", ".git", ".tilt", "node_modules", "data", ".venv"];

/// A file of the project.
struct File {
    /// Its path from the top, with `/`.
    path: String,
    text: String,
}

/// A rule that is broken somewhere.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    path: String,
    line: usize,
    message: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// A problem in a line, counted from 0.
    fn problem(&self, line: usize, message: impl Into<String>) -> Problem {
        Problem { path: self.path.clone(), line: line + 1, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Checks the whole project.
///
/// # Errors
/// With every broken rule.
pub fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let files = read_files(&workspace.root)?;
    let mut problems = layers::check(&files);
    problems.extend(files::check(&files));
    problems.extend(text::check(&files));
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    bail!("{}", lines.join("\n"))
}

/// Every text file of the project, in order of paths.
fn read_files(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let path = entry.path();
            match entry.file_type()? {
                kind if kind.is_dir() && is_ours(&path) => folders.push(path),
                kind if kind.is_file() => files.extend(read(root, &path)?),
                _ => {}
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn is_ours(folder: &Path) -> bool {
    !FOREIGN_FOLDERS.iter().any(|foreign| folder.ends_with(foreign))
}

/// The file, unless it is no text.
fn read(root: &Path, path: &Path) -> anyhow::Result<Option<File>> {
    let Ok(text) = String::from_utf8(std::fs::read(path)?) else { return Ok(None) };
    Ok(Some(File { path: path.strip_prefix(root)?.to_string_lossy().into_owned(), text }))
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
