//! Takes the files of the API reference page out of the package that carries Swagger UI, and compresses them as they will
//! be sent.

use std::{
    error::Error,
    io::{Cursor, Read, Write},
    path::PathBuf,
};

use flate2::{Compression, GzBuilder};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

/// Where they are in the archive, below its one folder.
const FILES: [&str; 4] = ["dist/swagger-ui-bundle.js", "dist/swagger-ui.css", "LICENSE", "NOTICE"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("docs");
    std::fs::create_dir_all(&folder)?;
    let mut archive = zip::ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let root = archive.root_dir(|_| true)?.ok_or("the archive has no folder that holds all")?;
    for file in FILES {
        let mut body = Vec::new();
        archive.by_path(root.join(file))?.read_to_end(&mut body)?;
        let short = file.rsplit('/').next().unwrap_or(file);
        // Without a time of its own, so that the same package always gives the same bytes.
        let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        encoder.write_all(&body)?;
        std::fs::write(folder.join(format!("{short}.gz")), encoder.finish()?)?;
    }
    Ok(())
}
