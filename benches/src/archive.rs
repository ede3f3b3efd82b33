//! The finished archive in a program of one shape and plan: built into a shared object and opened.

use std::path::Path;
use std::process::Command;

use anyhow::{ensure, Context, Result};
use libloading::os::unix::{Library, Symbol, RTLD_LOCAL, RTLD_NOW};

use crate::ffi::engine_api;
use crate::shapes::BenchShape;

/// Builds the program with the header beside the archive, with these `choices` of plan and arithmetic. It stays open until the
/// process ends.
pub fn open(archive: &Path, shape: &BenchShape, choices: &[&str]) -> Result<&'static engine_api> {
    let archive = archive.canonicalize().with_context(|| format!("cannot find {}", archive.display()))?;
    let headers = archive.parent().context("a file has a folder")?;
    let adapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../c_tests/adapter");
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    let object = folder.path().join("archive.so");
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    // -Bsymbolic: the object's own functions and its own shape, whatever else the process holds.
    cc.args(["-std=c99", "-O2", "-shared", "-fPIC", "-Wl,-Bsymbolic", "-Wl,--no-undefined"]);
    cc.args(shape.flags()).args(choices).arg("-I").arg(headers).arg("-I").arg(&adapter);
    cc.arg(adapter.join("archive_unit.c")).arg(&archive).arg("-lm").arg("-o").arg(&object);
    let output = cc.output().with_context(|| format!("cannot run {cc:?}"))?;
    ensure!(output.status.success(), "{cc:?}\n{}", String::from_utf8_lossy(&output.stderr));
    // SAFETY: our own adapter and the archive; neither has initialisers. The symbol has the type that its source gives it,
    // and lives as long as the library, which is never closed.
    unsafe {
        let library = Library::open(Some(&object), RTLD_NOW | RTLD_LOCAL)?;
        let api: Symbol<*const engine_api> = library.get(b"archive_api\0")?;
        let api = &*api.into_raw().cast::<engine_api>();
        std::mem::forget(library);
        Ok(api)
    }
}
