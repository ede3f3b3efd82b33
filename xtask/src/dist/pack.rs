//! Packing and checksums: the same contents give the same bytes, whoever packs them, where and when.

use std::io::Write;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use super::package::Package;

/// Name of the file with the checksums, as `sha256sum --check` takes it.
pub const SUMS: &str = "SHA256SUMS";

/// Modification time of every packed file, 2000-01-01: a real one would differ from build to build, and tar warns of 0.
const MODIFIED: u64 = 946_684_800;

/// The package as a `.tar.gz`.
pub fn tar_gz(package: &Package) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    // The map is sorted.
    for (path, bytes) in &package.files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(MODIFIED);
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, format!("{}/{path}", package.name), bytes.as_slice())?;
    }
    // No time and no name in the gzip header either.
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(&archive.into_inner()?)?;
    Ok(gzip.finish()?)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The lines of [`SUMS`], for file names and their checksums.
pub fn sums<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut lines: Vec<_> = files.map(|(name, sum)| (name, format!("{sum}  {name}\n"))).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;

    fn package() -> Package {
        let files = [("lib/b", "two"), ("a", "one")].map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()));
        Package { name: "atome-1.2.3-core".to_string(), files: BTreeMap::from(files) }
    }

    #[test]
    fn the_packed_files_are_sorted_and_carry_nothing_of_this_machine() {
        let mut tar_bytes = Vec::new();
        flate2::read::GzDecoder::new(&*tar_gz(&package()).unwrap()).read_to_end(&mut tar_bytes).unwrap();
        let mut seen = Vec::new();
        for entry in tar::Archive::new(&*tar_bytes).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, MODIFIED));
            assert_eq!((header.username().unwrap(), header.mode().unwrap()), (Some(""), 0o644));
            seen.push((entry.path().unwrap().display().to_string(), text));
        }
        let expected = [("atome-1.2.3-core/a", "one"), ("atome-1.2.3-core/lib/b", "two")];
        assert_eq!(seen, expected.map(|(path, text)| (path.to_string(), text.to_string())));
    }

    #[test]
    fn other_contents_have_other_checksums() {
        let mut other = package();
        other.files.insert("a".to_string(), b"One".to_vec());
        let sum = |package: &Package| sha256(&tar_gz(package).unwrap());
        assert_eq!(sum(&package()), sum(&package()));
        assert_ne!(sum(&package()), sum(&other));
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // FIPS 180-4's example.
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_sums_are_sorted_by_name() {
        assert_eq!(sums([("b", "00"), ("a", "ff")].into_iter()), "ff  a\n00  b\n");
    }
}
