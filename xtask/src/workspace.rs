//! Where things are in the repository, wherever the command was started.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The workspace root, absolute.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        // cargo sets the variable when it runs us; the compiled-in value serves a binary that is started by hand.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let manifest = PathBuf::from(manifest);
        let root = manifest.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
        root.unwrap_or(&manifest).to_path_buf()
    })
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => absolute(Path::new(&folder)),
        None => root().join("target"),
    }
}

/// Everything this tool builds apart from `dist/` and `include/`: a corner of cargo's target folder.
pub fn scratch() -> PathBuf {
    target().join("xtask")
}

/// The 944K model relative to the workspace root, where programs are run, on machines that have it.
pub fn real_model() -> Option<&'static str> {
    const PATH: &str = "../shared/data/atome_944k.bin";
    root().join(PATH).is_file().then_some(PATH)
}

/// The header, committed and generated.
pub fn header() -> PathBuf {
    root().join("include/atome.h")
}

/// `path` as seen from the working folder; cargo reads a relative `CARGO_TARGET_DIR` the same way.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// `path` relative to the workspace root where it lies inside, for messages.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
