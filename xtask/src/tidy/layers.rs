//! The layers of a service, and what each must not mention: transport translates, domain decides, store commits.

use super::{File, Problem};

/// The programs that are built of layers.
const SERVICES: [&str; 5] = ["gateway", "task-svc", "scheduler-svc", "notify-svc", "audit-svc"];

struct Layer {
    name: &'static str,
    forbidden: &'static [&'static str],
    why: &'static str,
}

const LAYERS: [Layer; 6] = [
    Layer {
        name: "domain",
        forbidden: &[
            "async",
            "tokio",
            "tonic",
            "prost",
            "sea_orm",
            "async_nats",
            "mesh_proto",
            "mesh_store",
            "mesh_events",
            "mesh_rpc",
            "crate::app",
            "crate::rpc",
            "crate::events",
            "crate::store",
            "crate::http",
            "crate::clients",
            "crate::workers",
        ],
        why: "the domain is pure and synchronous, so that it can be read and tested by itself",
    },
    Layer {
        name: "app",
        forbidden: &["tonic", "prost", "sea_orm", "async_nats", "crate::rpc", "crate::http"],
        why: "a use case knows neither transport nor database; rpc/ translates for it and store/ commits for it",
    },
    Layer {
        name: "rpc",
        forbidden: &["sea_orm", "crate::store"],
        why: "transport reaches the database through a use case only",
    },
    Layer {
        name: "http",
        forbidden: &["sea_orm", "crate::store"],
        why: "transport reaches the database through a use case only",
    },
    Layer {
        name: "events",
        forbidden: &["sea_orm", "crate::store"],
        why: "events reach the database through a use case only",
    },
    Layer {
        name: "store",
        forbidden: &["tonic", "prost", "async_nats", "crate::app", "crate::rpc", "crate::http"],
        why: "the store returns domain types and knows nothing of who asks",
    },
];

pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let mut problems: Vec<_> = files.iter().flat_map(check_layer).collect();
    problems.extend(files.iter().flat_map(check_manifest));
    problems
}

fn check_layer(file: &File) -> Vec<Problem> {
    let Some(layer) = layer_of(&file.path) else { return Vec::new() };
    let mut problems = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let code = without_comment(line);
        for word in layer.forbidden.iter().filter(|word| mentions(code, word)) {
            let message = format!("{}/ must not mention `{word}`: {}", layer.name, layer.why);
            problems.push(file.problem(number, message));
        }
    }
    problems
}

/// The layer of `task-svc/src/domain/task.rs` is `domain`; so is that of `task-svc/src/domain.rs`.
fn layer_of(path: &str) -> Option<&'static Layer> {
    let mut parts = path.split('/');
    let (service, source, name) = (parts.next()?, parts.next()?, parts.next()?);
    if !SERVICES.contains(&service) || source != "src" {
        return None;
    }
    let name = name.strip_suffix(".rs").unwrap_or(name);
    LAYERS.iter().find(|layer| layer.name == name)
}

/// Services meet in the contract, never in code. Tests may run another one, to meet it as it is.
fn check_manifest(file: &File) -> Vec<Problem> {
    let Some(service) = SERVICES.iter().find(|service| file.path == format!("{service}/Cargo.toml")) else {
        return Vec::new();
    };
    let mut section = "";
    let lines = file.text.lines().enumerate().filter(|(_, line)| {
        section = if line.starts_with('[') { line } else { section };
        section != "[dev-dependencies]"
    });
    let other = |line: &str| {
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        SERVICES.iter().any(|other| other != service && *other == name)
    };
    let found = lines.filter(|(_, line)| other(line));
    found.map(|(number, _)| file.problem(number, "a service must not depend on another: they meet in proto/")).collect()
}

/// Whether `code` holds `word` as a whole path segment.
fn mentions(code: &str, word: &str) -> bool {
    let inside = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    code.match_indices(word).any(|(at, _)| {
        let bytes = code.as_bytes();
        !inside(at.checked_sub(1).and_then(|before| bytes.get(before))) && !inside(bytes.get(at + word.len()))
    })
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[test]
    fn a_layer_that_reaches_past_its_neighbour_is_found() {
        let files = [
            file("task-svc/src/rpc/mod.rs", "//! Talks of sea_orm.\nuse crate::store::Tasks;\n"),
            file("task-svc/src/domain/task.rs", "async fn load() {}\n"),
            file("task-svc/src/store/tasks.rs", "use sea_orm::Statement; // not tonic\nuse prostate::Gland;\n"),
            file("crates/rpc/src/lib.rs", "use sea_orm::Statement;\n"),
        ];
        let problems = check(&files);
        let places: Vec<_> = problems.iter().map(|problem| (problem.path.as_str(), problem.line)).collect();
        assert_eq!(places, [("task-svc/src/rpc/mod.rs", 2), ("task-svc/src/domain/task.rs", 1)]);
    }

    #[test]
    fn a_service_that_depends_on_another_is_found() {
        let problems =
            check(&[file("gateway/Cargo.toml", "name = \"gateway\"\n\n[dependencies]\ntask-svc.workspace = true\n")]);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, 4);
    }

    #[test]
    fn a_service_may_be_tested_against_another() {
        let manifest =
            "[dev-dependencies]\ntask-svc.workspace = true\n\n[build-dependencies]\naudit-svc.workspace = true\n";
        let problems = check(&[file("scheduler-svc/Cargo.toml", manifest)]);
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [5]);
    }
}
