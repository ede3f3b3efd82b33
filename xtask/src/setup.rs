//! What the commands need from the machine: looked for first, installed where it is missing, silent where it is not.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context, Result};

use crate::packages;
use crate::process::{self, Finished};
use crate::toolchain::Toolchain;

/// Things a command needs that are not there yet.
#[derive(Default)]
pub struct Missing {
    packages: Vec<&'static str>,
    rustup: Vec<Vec<String>>,
    /// Rust targets whose standard library is missing.
    targets: Vec<String>,
    /// Programs that cargo installs from its registry.
    cargo: Vec<&'static str>,
}

impl Missing {
    /// For `cargo xtask lib`.
    pub fn for_archive(toolchain: &Toolchain, target: Option<&str>) -> Missing {
        let mut missing = Missing::default();
        if !["llc", "llvm-ar", "llvm-objcopy"].iter().all(|tool| toolchain.llvm_tool(tool).is_file()) {
            missing.component("llvm-tools");
        }
        missing.target(toolchain, target);
        missing
    }

    /// For `cargo xtask demo`: the archive and a C compiler.
    pub fn for_demo(toolchain: &Toolchain) -> Missing {
        let mut missing = Missing::for_archive(toolchain, None);
        missing.programs(&["cc"]);
        missing
    }

    /// For `cargo xtask test`, without Miri: that one may be absent.
    pub fn for_tests(toolchain: &Toolchain, targets: &[&str]) -> Missing {
        let mut missing = Missing::for_archive(toolchain, None);
        for target in targets {
            missing.target(toolchain, Some(target));
        }
        for (program, component) in [("rustfmt", "rustfmt"), ("cargo-clippy", "clippy")] {
            if !toolchain.program(program).is_file() && process::find(program).is_none() {
                missing.component(component);
            }
        }
        missing.programs(&["gcc", "g++", "clang", "valgrind"]);
        if !has_libclang() {
            missing.packages.push("libclang-dev");
        }
        missing
    }

    /// For `cargo xtask bench`: the archive, a C compiler, what binds its header, and what counts instructions.
    pub fn for_bench(toolchain: &Toolchain) -> Missing {
        let mut missing = Missing::for_demo(toolchain);
        missing.programs(&["valgrind"]);
        if !has_libclang() {
            missing.packages.push("libclang-dev");
        }
        missing
    }

    /// Miri runs on nightly only.
    pub fn for_miri() -> Missing {
        let installed =
            process::capture(process::rustup().args(["component", "list", "--installed", "--toolchain", "nightly"]));
        let installed = installed.ok().filter(|list| list.status.success()).map(|list| list.text);
        let mut missing = Missing::default();
        match installed {
            None => missing.rustup(&[
                "toolchain",
                "install",
                "nightly",
                "--profile",
                "minimal",
                "--component",
                "miri,rust-src",
            ]),
            Some(list) if !list.contains("miri") || !list.contains("rust-src") => {
                missing.rustup(&["component", "add", "miri", "rust-src", "--toolchain", "nightly"]);
            }
            Some(_) => {}
        }
        missing
    }

    /// For `cargo xtask fuzz`: a nightly compiler, cargo-fuzz, and a C++ compiler for libFuzzer.
    pub fn for_fuzzing() -> Missing {
        let mut missing = Missing::default();
        missing.programs(&["g++"]);
        let nightly = process::capture(process::rustup().args(["run", "nightly", "rustc", "--version"]));
        if !nightly.is_ok_and(|nightly| nightly.status.success()) {
            missing.rustup(&["toolchain", "install", "nightly", "--profile", "minimal"]);
        }
        if process::find("cargo-fuzz").is_none() {
            missing.cargo.push("cargo-fuzz");
        }
        missing
    }

    /// For `cargo xtask mutants`: what makes the mutants.
    pub fn for_mutants() -> Missing {
        let mut missing = Missing::default();
        if process::find("cargo-mutants").is_none() {
            missing.cargo.push("cargo-mutants");
        }
        missing
    }

    /// For `cargo xtask prove`: Python with virtual environments, and the library of the targets whose code is looked at.
    pub fn for_proofs(toolchain: &Toolchain, core: &str) -> Missing {
        let mut missing = Missing::default();
        missing.programs(&["python3"]);
        if process::checked(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_err() {
            missing.packages.push("python3-venv");
        }
        missing.target(toolchain, Some(core));
        missing.target(toolchain, Some("x86_64-unknown-linux-gnu"));
        missing
    }

    /// For tests that run on an emulated 64-bit ARM processor.
    pub fn for_aarch64(toolchain: &Toolchain) -> Missing {
        let mut missing = Missing::for_archive(toolchain, Some("aarch64-unknown-linux-gnu"));
        missing.c_compiler("aarch64-linux-gnu-gcc");
        missing.programs(&["qemu-aarch64"]);
        missing
    }

    /// Programs on the PATH.
    pub fn programs(&mut self, names: &[&'static str]) {
        self.packages.extend(names.iter().filter_map(|name| packages::of_missing(name)));
    }

    /// A C compiler with its library.
    pub fn c_compiler(&mut self, name: &str) {
        self.packages.extend(packages::of_missing_compiler(name));
    }

    fn component(&mut self, name: &str) {
        self.rustup(&["component", "add", name]);
    }

    /// The standard library of a Rust target.
    pub fn target(&mut self, toolchain: &Toolchain, target: Option<&str>) {
        if let Some(target) = target.filter(|target| !toolchain.has_target(target)) {
            self.targets.push(target.to_string());
        }
    }

    fn rustup(&mut self, arguments: &[&str]) {
        self.rustup.push(arguments.iter().map(ToString::to_string).collect());
    }

    /// Installs what is missing; where that is not possible, the error names every command to run by hand.
    ///
    /// Returns what was installed, in words.
    pub fn install(self) -> Result<String> {
        let mut done = Vec::new();
        if !self.packages.is_empty() {
            packages::install(&self.packages)?;
            done.push(self.packages.join(" "));
        }
        for arguments in &self.rustup {
            let (finished, command) = run_rustup(arguments)?;
            finished.successful(&command).with_context(|| format!("run by hand: {}", process::line(&command)))?;
            done.push(arguments.join(" "));
        }
        for target in &self.targets {
            let arguments = ["target", "add", target].map(String::from);
            let (finished, _) = run_rustup(&arguments)?;
            if !finished.status.success() {
                bail!("{}", no_target(target, &finished.text));
            }
            done.push(arguments.join(" "));
        }
        for package in &self.cargo {
            let command = format!("cargo install --locked {package}");
            note!("set-up: {command}");
            process::checked(process::cargo().args(["install", "--locked", package]))
                .with_context(|| format!("run by hand: {command}"))?;
            done.push(package.to_string());
        }
        Ok(if done.is_empty() { "nothing was missing".to_string() } else { format!("installed: {}", done.join("; ")) })
    }
}

fn run_rustup(arguments: &[String]) -> Result<(Finished, Command)> {
    let mut command = process::rustup();
    command.args(arguments);
    if process::find("rustup").is_none() {
        bail!("needed: `{}`, and rustup is not installed: get it from https://rustup.rs", process::line(&command));
    }
    note!("set-up: {}", process::line(&command));
    Ok((process::capture(&mut command)?, command))
}

/// A sentence for a target whose standard library rustup did not bring, with the reason that it gave.
fn no_target(target: &str, said: &str) -> String {
    let error = said.lines().filter_map(|line| line.strip_prefix("error: ")).next_back();
    let causes =
        said.lines().skip_while(|line| *line != "Caused by:").skip(1).take_while(|line| line.starts_with("  "));
    let cause = causes.last().map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() || ": ".contains(c)));
    let reasons: Vec<_> = [error, cause].into_iter().flatten().collect();
    let reasons = if reasons.is_empty() { said.trim().to_string() } else { reasons.join(": ") };
    format!("{target}: `rustup target add {target}` cannot get Rust's standard library for this target ({reasons})")
}

/// bindgen loads libclang when it runs: the shared library has to be there, under whatever version.
fn has_libclang() -> bool {
    if env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let mut folders =
        vec!["/usr/lib".into(), "/usr/lib64".into(), "/usr/local/lib".into(), "/usr/lib/x86_64-linux-gnu".into()];
    for entry in fs::read_dir("/usr/lib").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("llvm") {
            folders.push(entry.path().join("lib"));
        }
    }
    folders.iter().any(|folder| holds_libclang(folder))
}

fn holds_libclang(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.map(|name| name.to_string_lossy().into_owned()).any(|name| is_libclang(&name))
}

/// `libclang-cpp` is another library: its C++ interface, which LLVM's own tools bring along and bindgen cannot use.
fn is_libclang(name: &str) -> bool {
    let stem = name.starts_with("libclang.so") || name.starts_with("libclang-");
    stem && name.contains(".so") && !name.starts_with("libclang-cpp")
}

#[cfg(test)]
mod tests {
    use super::{is_libclang, no_target};

    #[test]
    fn a_target_without_a_standard_library_gets_a_sentence() {
        let said = "info: downloading\nerror: component download failed\n\nCaused by:\n    0: no file\n    1: status code: 404\n\nmore\n";
        let text = no_target("armv7-unknown-linux-musleabihf", said);
        assert!(text.starts_with("armv7-unknown-linux-musleabihf: `rustup target add armv7-unknown-linux-musleabihf` "));
        assert!(text.ends_with(" (component download failed: status code: 404)") && !text.contains('\n'), "{text}");
    }

    #[test]
    fn libclang_is_known_by_the_names_that_bindgen_looks_for() {
        for name in ["libclang.so", "libclang.so.1", "libclang-14.so", "libclang-14.so.14.0.6"] {
            assert!(is_libclang(name), "{name}");
        }
        for name in ["libclang-cpp.so.14", "libclang-cpp.so", "libclangBasic.a", "libclang-14.a", "libclang_rt.asan.so"]
        {
            assert!(!is_libclang(name), "{name}");
        }
    }
}
