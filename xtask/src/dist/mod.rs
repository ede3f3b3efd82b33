//! `cargo xtask dist`: one package for each target, with all that a C project needs to link the library.

mod check;
mod examples;
mod needs;
mod pack;
mod package;
mod sbom;
mod signed_sums;
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use lexopt::prelude::*;

pub use check::check;
pub use pack::sha256;

use crate::archive::{self, Flavour, Request};
use crate::toolchain::Toolchain;
use crate::{options, progress, workspace};
use pack::SUMS;
use package::{Package, LIBRARIES};
use targets::Target;

/// What `--help` prints.
pub const HELP: &str = "\
Make the packages that a C project links, one for each target, and a file of checksums.

A package is a folder and the same packed: the library in both modes and with what loads signed models (for
microcontrollers the usual ones and those for size), the header, pkg-config files and a CMake package to find them, the
licence, a README and a bill of materials (sbom.cdx.json, CycloneDX). The same source gives the same bytes.

Usage: cargo xtask dist [OPTIONS]

Options:
  --target TRIPLE  only this target (may be repeated); `host` is this machine
  -o, --out FOLDER
                   where atome-VERSION-TARGET/, atome-VERSION-TARGET.tar.gz and SHA256SUMS go (default: dist)
  --key FILE       sign SHA256SUMS with this secret key of `atome keygen`; the signature is SHA256SUMS.sig
  --check          make the packages of this machine and of a Cortex-M3 in a scratch folder, build and run examples/ with
                   them (make, CMake, pkg-config; the Cortex-M3 emulated) and compare the outputs
  -h, --help       print this

SHA256SUMS lists what this run made. Who gets the packages checks both:
  atome verify SHA256SUMS --detached --key maker.pub && sha256sum --check SHA256SUMS

Examples:
  cargo xtask dist
  cargo xtask dist --target thumbv7em-none-eabihf --target host --out build/packages
  cargo xtask dist --key maker.secret
";

/// What became of one target.
pub struct Made {
    /// Name of the packed file.
    pub file: String,
    /// Its SHA-256.
    pub sum: String,
    bytes: usize,
    /// Of each library, by its name.
    libraries: Vec<(String, u64)>,
}

/// The command.
pub fn run(mut parser: lexopt::Parser) -> Result<()> {
    let (mut names, mut out, mut only_check) = (Vec::new(), workspace::root().join("dist"), false);
    let mut key = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("target") => {
                names.push(options::text(&mut parser, "--target", "expected the Rust name of a target, or host")?)
            }
            Short('o') | Long("out") => out = options::folder(&mut parser, "--out")?,
            Long("key") => key = Some(options::text(&mut parser, "--key", "expected the file of a secret key")?),
            Long("check") => only_check = true,
            other => return Err(options::unexpected(other, "dist")),
        }
    }
    let toolchain = Toolchain::find()?;
    if only_check {
        say!("{}", check(&toolchain)?);
        return Ok(());
    }
    let targets = chosen(&names, toolchain.host())?;
    needs::for_packages(&toolchain, &targets).install()?;
    let made = make(&toolchain, &targets, &out)?;
    let sign =
        |key: String| signed_sums::sign(signed_sums::command_line()?, &out, &workspace::absolute(Path::new(&key)));
    let signature = key.map(sign).transpose()?;
    say!("\n{}", table(&made));
    let signature = signature.map(|name| format!(", signed: {name}")).unwrap_or_default();
    say!("{} packages in {}{signature}", made.len(), workspace::shown(&out));
    Ok(())
}

fn chosen(names: &[String], host: &str) -> Result<Vec<Target>> {
    if names.is_empty() {
        return Ok(Target::all(host));
    }
    let mut targets: Vec<Target> = Vec::new();
    for name in names {
        let target = Target::named(name, host)?;
        if targets.iter().all(|known| known.triple != target.triple) {
            targets.push(target);
        }
    }
    Ok(targets)
}

/// Makes the packages into `out`, with a line for each.
///
/// # Errors
/// The target, and what failed.
fn make(toolchain: &Toolchain, targets: &[Target], out: &Path) -> Result<Vec<Made>> {
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut all = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let start = Instant::now();
        let name = format!("[{}/{}] {}", index + 1, targets.len(), target.triple);
        let task = progress::task(name.as_str());
        let made = make_one(toolchain, target, out).with_context(|| target.triple.clone())?;
        drop(task);
        say!("{name}: {} bytes packed ({:.1} s)", made.bytes, start.elapsed().as_secs_f64());
        all.push(made);
    }
    let sums = pack::sums(all.iter().map(|made| (made.file.as_str(), made.sum.as_str())));
    write(&out.join(SUMS), sums.as_bytes())?;
    Ok(all)
}

fn make_one(toolchain: &Toolchain, target: &Target, out: &Path) -> Result<Made> {
    let build = |flavour: Flavour| {
        let out = scratch().join("archives").join(&target.triple).join(flavour.to_string());
        archive::build(toolchain, &Request::of(target.cargo_target(), flavour, out))
    };
    let (mut archives, mut libraries) = (Vec::new(), Vec::new());
    for flavour in package::flavours(target) {
        let archive = build(flavour)?;
        libraries.push((package::library(flavour), archive.size));
        archives.push((flavour, archive.path));
    }
    let package = Package::new(target, &archives)?;
    let packed = pack::tar_gz(&package)?;
    let file = format!("{}.tar.gz", package.name);
    package.write_folder(out)?;
    write(&out.join(&file), &packed)?;
    Ok(Made { file, sum: pack::sha256(&packed), bytes: packed.len(), libraries })
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Where this command builds.
fn scratch() -> PathBuf {
    workspace::scratch().join("dist")
}

fn table(made: &[Made]) -> String {
    let width = made.iter().map(|made| made.file.len()).max().unwrap_or(0);
    let mut table = format!("{:width$}  {:>7}", "package", "packed");
    table.extend(LIBRARIES.map(|name| format!("  {name:>7}")));
    table += "  SHA-256\n";
    for Made { file, sum, bytes, libraries } in made {
        table += &format!("{file:width$}  {bytes:7}");
        for name in LIBRARIES {
            let size =
                libraries.iter().find(|(known, _)| known == name).map_or("-".into(), |(_, size)| size.to_string());
            table += &format!("  {size:>width$}", width = name.len().max(7));
        }
        table += &format!("  {}...\n", &sum[..16]);
    }
    table + "(bytes: the packed file, and the libraries in lib/)\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_all_and_a_repeated_one_counts_once() {
        let host = "x86_64-unknown-linux-gnu";
        assert_eq!(chosen(&[], host).unwrap().len(), 10);
        let names = ["host", host, "thumbv6m-none-eabi"].map(String::from);
        let triples: Vec<_> = chosen(&names, host).unwrap().into_iter().map(|target| target.triple).collect();
        assert_eq!(triples, [host, "thumbv6m-none-eabi"]);
        assert!(chosen(&["cortex-m3".to_string()], host).is_err());
    }
}
