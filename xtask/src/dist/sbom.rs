//! What a package's libraries are made of: a software bill of materials in CycloneDX's JSON, the same for the same source.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{ensure, Context, Result};
use serde_json::{json, Value};

use super::package::VERSION;
use super::targets::Target;
use crate::{process, workspace};

/// Its name in a package.
pub const NAME: &str = "sbom.cdx.json";

/// A crate of the libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Crate {
    version: String,
    licence: String,
    /// Whether it comes from this workspace.
    is_ours: bool,
    /// Only in the libraries that load signed models.
    is_optional: bool,
    /// Names of the crates that it asks for.
    needs: Vec<String>,
}

/// The bill for the libraries of `target`.
///
/// # Errors
/// cargo cannot tell, or a crate has no checksum.
pub fn text(target: &Target) -> Result<String> {
    let tree = |features: &[&str]| -> Result<BTreeMap<String, Crate>> {
        let mut cargo = process::cargo();
        cargo.args(["tree", "--locked", "--package", "atome-capi", "--edges", "normal", "--target", &target.triple]);
        cargo.args(["--prefix", "depth", "--format", " {p}|{l}", "--no-dedupe"]).args(features);
        crates(&process::checked(&mut cargo)?)
    };
    let mut all = tree(&["--features", "signed"])?;
    let usual = tree(&[])?;
    for (name, about) in &mut all {
        about.is_optional = !usual.contains_key(name);
    }
    let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let rust = process::checked(Command::new("rustc").current_dir(workspace::root()).arg("--version"))?;
    let rust = rust.split_whitespace().nth(1).context("rustc tells no version")?.to_string();
    Ok(format!("{:#}\n", bill(&all, &lock, &rust)?))
}

/// The crates that `cargo tree` lists, by name: a line has the depth, the crate, its version, perhaps its place, and its
/// licence.
fn crates(tree: &str) -> Result<BTreeMap<String, Crate>> {
    let (mut all, mut way) = (BTreeMap::<String, Crate>::new(), Vec::<String>::new());
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let parts = || {
            let (depth, rest) = line.split_once(' ')?;
            let (what, licence) = rest.rsplit_once('|')?;
            let mut words = what.split(' ');
            let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
            Some((depth.parse::<usize>().ok()?, name, version, words.next().is_some(), licence))
        };
        let (depth, name, version, is_ours, licence) = parts().with_context(|| format!("cargo tree: {line}"))?;
        ensure!(depth <= way.len(), "cargo tree: {line}: deeper than what is above it");
        way.truncate(depth);
        if let Some(needs) = way.last().and_then(|above| all.get_mut(above)).map(|above| &mut above.needs) {
            if !needs.iter().any(|known| known == name) {
                needs.push(name.to_string());
            }
        }
        let about = Crate {
            version: version.to_string(),
            licence: licence.trim().to_string(),
            is_ours,
            is_optional: false,
            needs: Vec::new(),
        };
        ensure!(all.get(name).is_none_or(|known| known.version == version), "{name} is there in two versions");
        all.entry(name.to_string()).or_insert(about);
        way.push(name.to_string());
    }
    Ok(all)
}

/// The SHA-256 of a crate as its registry has it.
fn checksum(lock: &str, name: &str, version: &str) -> Option<String> {
    let start = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
    let rest = lock.split_once(&start)?.1;
    let package = rest.split("[[package]]").next()?;
    package.lines().find_map(|line| Some(line.strip_prefix("checksum = \"")?.strip_suffix('"')?.to_string()))
}

fn bill(all: &BTreeMap<String, Crate>, lock: &str, rust: &str) -> Result<Value> {
    let (mut components, mut edges) = (Vec::new(), Vec::new());
    for (name, about) in all {
        let place = format!("pkg:cargo/{name}@{}", about.version);
        let mut component = json!({
            "type": "library",
            "bom-ref": place,
            "name": name,
            "version": about.version,
            "purl": place,
            "scope": if about.is_optional { "optional" } else { "required" },
            "licenses": [{ "expression": about.licence }],
        });
        if !about.is_ours {
            let sum =
                checksum(lock, name, &about.version).with_context(|| format!("{name}: no checksum in Cargo.lock"))?;
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        components.push(component);
        let needs: Vec<String> = about.needs.iter().filter_map(|name| self::place(all, name)).collect();
        edges.push(json!({ "ref": place, "dependsOn": needs }));
    }
    // Parts of Rust's own library are in each library: what arithmetic, slices and memory need.
    let core = format!("pkg:generic/rust-core@{rust}");
    components.push(json!({
        "type": "library",
        "bom-ref": core,
        "name": "core and compiler_builtins, of Rust",
        "version": rust,
        "purl": core,
        "scope": "required",
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    }));
    let of_product = place(all, "atome-capi").context("atome-capi is missing")?;
    edges.push(json!({ "ref": "atome", "dependsOn": [of_product, core] }));
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "library",
            "bom-ref": "atome",
            "name": "atome",
            "version": VERSION,
            "licenses": [{ "license": { "id": "Apache-2.0" } }],
        } },
        "components": components,
        "dependencies": edges,
    }))
}

fn place(all: &BTreeMap<String, Crate>, name: &str) -> Option<String> {
    all.get(name).map(|about| format!("pkg:cargo/{name}@{}", about.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0 ours v0.1.0 (/somewhere/ours)|Apache-2.0\n1 part v0.1.0 (/somewhere/part)|Apache-2.0\n\
                        2 other v1.5.0|Unlicense OR MIT\n1 other v1.5.0|Unlicense OR MIT\n";

    #[test]
    fn a_tree_becomes_crates_and_what_they_need() {
        let all = crates(TREE).unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["other", "ours", "part"]);
        assert_eq!(
            (all["ours"].needs.as_slice(), all["part"].needs.as_slice()),
            (&["part".into(), "other".into()][..], &["other".into()][..])
        );
        assert!(all["part"].is_ours && !all["other"].is_ours && all["other"].licence == "Unlicense OR MIT");
        assert!(crates("0 ours v0.1.0|MIT\n2 too-deep v1.0.0|MIT\n").is_err());
        assert!(crates("0 ours v0.1.0|MIT\n1 a v1.0.0|MIT\n1 a v2.0.0|MIT\n").is_err());
    }

    #[test]
    fn the_libraries_are_made_of_what_the_security_policy_says() {
        let host = Target::host("x86_64-unknown-linux-gnu");
        let bill: Value = serde_json::from_str(&text(&host).unwrap()).unwrap();
        let names = |scope: &str| -> Vec<&str> {
            let of_scope = bill["components"].as_array().unwrap().iter().filter(|part| part["scope"] == scope);
            of_scope.map(|part| part["name"].as_str().unwrap()).filter(|name| !name.starts_with("atome-")).collect()
        };
        assert_eq!(names("required"), ["byteorder", "core and compiler_builtins, of Rust"]);
        assert_eq!(names("optional"), ["ed25519-compact"]);
        let byteorder =
            &bill["components"].as_array().unwrap().iter().find(|part| part["name"] == "byteorder").unwrap();
        assert_eq!(byteorder["hashes"][0]["content"].as_str().unwrap().len(), 64);
        // Every edge leads somewhere.
        let places: Vec<&Value> = bill["components"].as_array().unwrap().iter().map(|part| &part["bom-ref"]).collect();
        for edge in bill["dependencies"].as_array().unwrap() {
            assert!(edge["dependsOn"].as_array().unwrap().iter().all(|place| places.contains(&place)), "{edge}");
        }
    }
}
