//! The few options of `protoc` that `prost-build` passes, answered by `protox`.
//!
//! Taskmesh builds without an installed protoc. Its own contract is compiled by protox directly; this
//! program exists for one dependency whose build script insists on calling a `protoc`.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut include_paths = Vec::new();
    let mut files = Vec::new();
    let mut output = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--version" => return version(),
            "-o" => output = Some(PathBuf::from(value()?)),
            "-I" => include_paths.push(PathBuf::from(value()?)),
            option if option.starts_with("--") => {}
            file => files.push(PathBuf::from(file)),
        }
    }
    let mut compiler = protox::Compiler::new(include_paths)?;
    compiler.include_imports(true).include_source_info(true).open_files(files)?;
    std::fs::write(output.ok_or("-o is missing")?, compiler.encode_file_descriptor_set())?;
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "the tail of main, which returns a Result")]
fn version() -> Result<(), Box<dyn std::error::Error>> {
    println!("libprotoc 31.1");
    Ok(())
}
