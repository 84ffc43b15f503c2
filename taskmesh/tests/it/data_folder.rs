//! The data folder: whose it is, and who may look into it.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use crate::program::{Program, refusal};

#[tokio::test]
async fn everything_in_the_folder_is_its_owner_s_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let _program = Program::start(folder.path()).await;
    let data = folder.path().join("data");
    assert_eq!(fs::metadata(&data).expect("there").mode() & 0o777, 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&data).expect("a folder") {
        let entry = entry.expect("an entry");
        assert_eq!(entry.metadata().expect("its mode").mode() & 0o777, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().expect("text"));
    }
    for name in ["task.db", "audit.db", "gateway.db", "events.db", "signing-key.pem"] {
        assert!(names.contains(&name.to_owned()), "{name} is not in {names:?}");
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_free_again_after_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Program::start(folder.path()).await;
    let said = refusal(&folder.path().join("data"));
    assert!(said.contains("is in use by another taskmesh, process "), "{said}");
    program.signal(rustix::process::Signal::KILL);
    program.end().await;
    Program::start(folder.path()).await.stop().await;
}

#[test]
fn a_folder_that_holds_other_things_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("thesis.txt"), "years of work").expect("written");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("set");
    let said = refusal(folder.path());
    assert!(said.contains("holds other things"), "{said}");
    assert_eq!(fs::metadata(folder.path()).expect("there").mode() & 0o777, 0o755);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[tokio::test]
async fn a_key_that_is_none_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    Program::start(folder.path()).await.stop().await;
    let key = folder.path().join("data/signing-key.pem");
    fs::write(&key, "gone").expect("written");
    let said = refusal(&folder.path().join("data"));
    assert!(said.contains("signing-key.pem") && !said.contains("panicked"), "{said}");
}
