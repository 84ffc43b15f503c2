//! Compiles the contract without protoc: messages and services for Rust, the validation rules, and the whole
//! descriptor set for reflection, REST and audit.

use std::path::{Path, PathBuf};

use protox::file::{ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let files = proto_files(Path::new("."))?;
    for file in &files {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    println!("cargo:rerun-if-changed=taskmesh");

    let mut compiler = protox::Compiler::with_file_resolver(resolver());
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // Written as protox encodes it: a round trip through prost would drop every option it does not know.
    let descriptor_set = compiler.encode_file_descriptor_set();
    std::fs::write(out.join("descriptor_set.bin"), &descriptor_set)?;

    tonic_prost_build::configure()
        .bytes(".")
        .include_file("contract.rs")
        .extern_path(".buf.validate", "::prost_protovalidate::types")
        .compile_fds(compiler.file_descriptor_set())?;
    prost_protovalidate_build::Builder::new()
        .file_descriptor_set_bytes(descriptor_set)
        // Answers are not validated; the generator would warn of the oneofs in these.
        .extern_path(".taskmesh.task.v1.WatchTasksResponse", "taskmesh::task::v1")
        .extern_path(".taskmesh.notify.v1.StreamNotificationsResponse", "taskmesh::notify::v1")
        // A rule that only a runtime interpreter could check would silently not be checked.
        .fail_on_runtime_only(true)
        .out_dir(&out)
        .compile()?;
    Ok(())
}

/// Our files, the well-known types, and `buf/validate/validate.proto` as its package ships it.
fn resolver() -> ChainFileResolver {
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(".".into()));
    resolver.add(GoogleFileResolver::new());
    let mut validate = prost_types::FileDescriptorSet::default();
    validate.file.extend(prost_protovalidate_types::DESCRIPTOR_POOL.file_descriptor_protos().cloned());
    resolver.add(DescriptorSetFileResolver::new(validate));
    resolver
}

/// Every `.proto` file under `taskmesh/` and `google/`, in order of their paths.
fn proto_files(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.join("google"), root.join("taskmesh")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                files.push(path.strip_prefix(root).map_err(std::io::Error::other)?.to_path_buf());
            }
        }
    }
    files.sort();
    Ok(files)
}
