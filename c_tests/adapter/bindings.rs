//! For build scripts: the Rust side of `engine_api.h`.

use std::path::Path;

/// Writes the bindings of the header in the folder `adapter` to `file`.
pub fn write(adapter: &str, file: &Path) {
    bindgen::Builder::default()
        .header(format!("{adapter}/engine_api.h"))
        .allowlist_type("engine_.*")
        .allowlist_var("ENGINE_.*")
        .derive_debug(false)
        .generate()
        .expect("adapter/engine_api.h is C that clang understands")
        .write_to_file(file)
        .expect("OUT_DIR is writable");
}
