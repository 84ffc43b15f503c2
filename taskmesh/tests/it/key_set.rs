//! The public keys of a mesh, as the services read them.

use std::{path::Path, process::Command};

use mesh_rpc::{KeySet, TokenSigner};

#[test]
fn a_key_set_holds_the_public_key_of_everybody_who_signs() {
    let folder = tempfile::tempdir().expect("a folder");
    let issuers = ["gateway", "scheduler-svc"];
    let keys = issuers.map(|issuer| {
        let pem = TokenSigner::generate_pem().expect("randomness");
        let file = folder.path().join(issuer);
        std::fs::write(&file, &pem).expect("it can be written");
        let signer = TokenSigner::from_pem(issuer, &pem).expect("a key");
        (format!("{issuer}={}", file.display()), signer.public_key().clone())
    });
    let output = key_set(folder.path(), &keys.each_ref().map(|(argument, _)| argument.as_str()));
    let expected = KeySet::from(keys.map(|(_, key)| key).to_vec()).to_jwks();
    assert_eq!(String::from_utf8(output.stdout).expect("text").trim(), expected);
}

#[test]
fn what_is_no_private_key_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("notes.txt"), "nothing").expect("it can be written");
    let output = key_set(folder.path(), &["gateway=notes.txt"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("notes.txt"), "{output:?}");
}

fn key_set(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskmesh"));
    command.arg("key-set").args(arguments).current_dir(folder).output().expect("it runs")
}
