//! Compiles the contract of the services that exist for tests only (`proto/`), as `proto/build.rs` does Taskmesh's.

use std::path::PathBuf;

use protox::file::{ChainFileResolver, GoogleFileResolver, IncludeFileResolver};

/// Where options such as `google.api.http` are described.
const CONTRACT: &str = "../../proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    println!("cargo:rerun-if-changed=proto");
    for options in ["google/api", "taskmesh/api"] {
        println!("cargo:rerun-if-changed={CONTRACT}/{options}");
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new("proto".into()));
    resolver.add(IncludeFileResolver::new(CONTRACT.into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    let services = ["interop_service", "shape_service"];
    let files = services.map(|service| format!("taskmesh/testing/v1/{service}.proto"));
    compiler.include_imports(true).include_source_info(true).open_files(files)?;
    std::fs::write(out.join("testing_descriptor_set.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .bytes(".")
        .include_file("testing.rs")
        .extern_path(".google.api.Http", "::mesh_proto::google::api::Http")
        .extern_path(".google.api.HttpRule", "::mesh_proto::google::api::HttpRule")
        .extern_path(".taskmesh.api", "::mesh_proto::api")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
