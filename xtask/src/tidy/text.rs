//! Text that does not belong: what is true of one machine only, and tests that hide something.

use super::{File, Problem};

/// Split, so that this file passes its own check.
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];
const HOME: &str = "a path of somebody's machine: it is true there only";

const IGNORED: &str = concat!("#[ign", "ore");
const SLEEPS: [&str; 4] = ["thread::sleep(", "time::sleep(", " sleep(", "(sleep("];

/// How a test gives its reason, such as playing somebody who is slow.
const REASON: &str = "// Sleeps because ";
const SLEEPING: &str = "a test that sleeps is slow or flaky: wait with `mesh_testkit::eventually`, or say in the line above \
                        `// Sleeps because …`";

/// How Cargo.lock names the public registry.
const PUBLIC_INDEX: &str = "/crates.io-index\"";

pub(super) fn check(files: &[File]) -> Vec<Problem> {
    files.iter().flat_map(|file| if is_lock(file) { check_lock(file) } else { check_text(file) }).collect()
}

fn is_lock(file: &File) -> bool {
    file.path.ends_with("Cargo.lock") || file.path.ends_with("package-lock.json")
}

/// Packages come from the public registries, whose addresses a lock file need not name; anything else is somebody's mirror.
fn check_lock(file: &File) -> Vec<Problem> {
    let foreign = |line: &str| {
        let mirrored = line.contains("source = ") && !line.contains(PUBLIC_INDEX);
        mirrored || line.contains("\"resolved\": \"http")
    };
    let found = file.text.lines().enumerate().filter(|(_, line)| foreign(line));
    found.map(|(number, _)| file.problem(number, "the address of a registry that is not the public one")).collect()
}

fn check_text(file: &File) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut testing = is_test(&file.path);
    let mut before = "";
    for (number, line) in file.text.lines().enumerate() {
        let above = std::mem::replace(&mut before, line);
        testing |= line.trim() == "#[cfg(test)]";
        if HOMES.iter().any(|home| line.contains(home)) {
            problems.push(file.problem(number, HOME));
        }
        if !file.is_rust() || line.trim_start().starts_with("//") {
            continue;
        }
        if line.contains(IGNORED) {
            problems.push(file.problem(number, "an ignored test tests nothing: make it run, or delete it"));
        }
        let unreasoned = testing && !above.contains(REASON);
        if unreasoned && SLEEPS.iter().any(|sleep| line.contains(sleep)) {
            problems.push(file.problem(number, SLEEPING));
        }
    }
    problems
}

fn is_test(path: &str) -> bool {
    path.starts_with("e2e/") || path.contains("/tests/")
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[test]
    fn what_hides_something_in_a_test_is_found() {
        let sleep = format!("//! A.\n{}SECOND);\n", SLEEPS[0]);
        let sleeping = file("a/tests/it/main.rs", &sleep);
        let ignored = file("a/src/lib.rs", &format!("//! A.\n{IGNORED}]\nfn a() {{}}\n"));
        let working = file("a/src/work.rs", &sleep);
        let reasoned = file("a/tests/it/slow.rs", &sleep.replace("A.", "A.\n// Sleeps because it plays a slow one."));
        let problems = check(&[sleeping, ignored, working, reasoned]);
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn a_package_from_a_mirror_is_found() {
        let npm = file("web/package-lock.json", "\"resolved\": \"https://mirror.example/a.tgz\"\n");
        assert_eq!(check(&[npm]).len(), 1);
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        assert_eq!(check(&[file("README.md", &format!("run {}me/taskmesh\n", HOMES[0]))]).len(), 1);
    }
}
