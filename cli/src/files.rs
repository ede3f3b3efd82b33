//! Writing several files, all of them or none; one of them may be standard output.

use std::fmt;
use std::fs;
use std::io::{self, Error, ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, Context, Result};
use atome_train::checkpoint::atomic::{commit_all, Existing, Pending};
use atome_train::disk::{place, Lock};

use crate::output::{note, print, print_text, write_out};
use crate::usage_error::UsageError;
use crate::values::is_standard_output;

/// A file to be written; `-` is standard output.
#[derive(Debug)]
pub struct Output {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    /// The flag that names it, where one does.
    flag: Option<&'static str>,
}

impl Output {
    pub fn new(path: &Path, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), bytes: bytes.into(), flag: None }
    }

    /// With the flag that its refusal will name.
    pub fn of(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }

    fn place(&self) -> Place<'_> {
        Place { flag: self.flag, path: &self.path }
    }

    /// Where it went, for a report.
    pub fn shown(&self) -> String {
        shown(&self.path)
    }
}

/// An output's name, for a report.
pub fn shown(path: &Path) -> String {
    match is_standard_output(path) {
        true => "standard output".to_owned(),
        false => path.display().to_string(),
    }
}

/// Where something is to be written, and the flag that says so.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    pub flag: Option<&'static str>,
    pub path: &'p Path,
}

impl<'p> Place<'p> {
    pub fn of(flag: &'static str, path: &'p Path) -> Self {
        Self { flag: Some(flag), path }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(flag) = self.flag {
            write!(f, "{flag} ")?;
        }
        write!(f, "{}", self.path.display())
    }
}

/// Writes all of `outputs` under other names before any of them gets its own. `inputs` are files that must not be
/// replaced.
pub fn write_all(outputs: &[Output], inputs: &[&Path], force: bool) -> Result<()> {
    check_names(outputs.iter().map(Output::place), inputs)?;
    let existing = if force { Existing::Replace } else { Existing::Keep };
    let (streams, files): (Vec<_>, Vec<_>) = outputs.iter().partition(|output| is_standard_output(&output.path));
    for stream in &streams {
        check_stream(stream, io::stdout().is_terminal())?;
    }
    let mut pending = Vec::new();
    for output in &files {
        let written = Pending::write(&output.path, &output.bytes, existing);
        pending.push(written.map_err(|error| named(output.place(), error))?);
    }
    // What was sent cannot be taken back, so the files only get their names when that is done.
    for stream in streams {
        match std::str::from_utf8(&stream.bytes) {
            Ok(text) => print_text(text)?,
            Err(_) => write_out(&stream.bytes)?,
        }
    }
    commit_all(pending).map_err(|(index, error)| match files.get(index) {
        Some(output) => named(output.place(), error),
        None => anyhow!(error),
    })
}

/// Tells what was written: on standard error, where standard output has one of the files.
pub fn report(outputs: &[Output], text: &str) -> Result<()> {
    if outputs.iter().any(|output| is_standard_output(&output.path)) {
        note(text.trim_end_matches('\n'));
        return Ok(());
    }
    print(text)
}

/// A terminal shows text, and takes some bytes that are none as orders.
fn check_stream(stream: &Output, is_terminal: bool) -> Result<()> {
    let is_text = std::str::from_utf8(&stream.bytes).is_ok_and(|text| !text.contains('\0'));
    if is_terminal && !is_text {
        bail!(UsageError(format!(
            "{}: standard output is a terminal, and this is no text: expected a pipe or the name of a file",
            stream.place()
        )));
    }
    Ok(())
}

/// Refuses, before any work is done, what could not be written at its end.
///
/// # Errors
/// Names that are taken, folders that are not there and, unless `force` is set, files that are.
pub fn check_places<'p>(outputs: &[Place<'p>], inputs: &[&Path], force: bool) -> Result<()> {
    check_names(outputs.iter().copied(), inputs)?;
    for &output in outputs.iter().filter(|output| !is_standard_output(output.path)) {
        check_folder(output)?;
        if !force && is_taken(output.path) {
            return Err(named(output, ErrorKind::AlreadyExists.into()));
        }
    }
    Ok(())
}

/// Whether there is a folder for an output, and none in its place.
///
/// # Errors
/// Names the part of the way that is missing.
pub fn check_folder(output: Place<'_>) -> Result<()> {
    if output.path.is_dir() {
        bail!(UsageError(format!("{output}: is a folder: expected the name of a file")));
    }
    match no_folder(output.path) {
        Some(why) => bail!("{output}: write: {why}"),
        None if is_taken(output.path) && !output.path.exists() => {
            bail!("{output}: is a link that leads nowhere: expected a link to a file, or none")
        }
        None => Ok(()),
    }
}

/// Whether something has this name, be it a link that leads nowhere.
pub fn is_taken(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Keeps other runs from writing `output`, a file or a folder, until the lock is dropped. Devices take what many write.
///
/// # Errors
/// Another run writes it, or its folder takes no new file.
pub fn lock(output: Place<'_>) -> Result<Option<Lock>> {
    if output.path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Ok(None);
    }
    held(output, Lock::of_output(output.path))
}

fn held(output: Place<'_>, lock: std::io::Result<Lock>) -> Result<Option<Lock>> {
    match lock {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == ErrorKind::ResourceBusy => {
            bail!("{output}: another run of this program writes it: expected another name, or the end of that run")
        }
        Err(error) => Err(anyhow!(error).context(format!("{output}: lock"))),
    }
}

/// Refuses, before any work is done, a folder that could not be made for its results, or could not take them.
///
/// # Errors
/// One of the results would replace an input, or something else is in the folder's place.
pub fn check_results(folder: &Path, results: &[String], inputs: &[&Path]) -> Result<()> {
    let results: Vec<PathBuf> = results.iter().map(|name| folder.join(name)).collect();
    check_names(results.iter().map(|path| Place::of("--out", path)), inputs)?;
    match folder.ancestors().find(|part| part.exists()).filter(|part| !part.is_dir()) {
        Some(file) => bail!("{}: {} is no folder", Place::of("--out", folder), file.display()),
        None => Ok(()),
    }
}

/// Makes the folder where it is missing, and keeps other runs from writing their results into it.
///
/// # Errors
/// As [`lock`], and where the folder cannot be made.
pub fn claim_folder(folder: &Path) -> Result<Option<Lock>> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    held(Place::of("--out", folder), Lock::of_folder(folder))
}

fn named(output: Place<'_>, error: Error) -> anyhow::Error {
    if error.kind() == ErrorKind::AlreadyExists {
        return anyhow!("{output}: is there already; --force replaces it");
    }
    match no_folder(output.path) {
        Some(why) => anyhow!("{output}: write: {why}"),
        None => anyhow!(error).context(format!("{output}: write")),
    }
}

/// What the system calls an entity that it did not find: which part of the way to a file is missing.
fn no_folder(path: &Path) -> Option<String> {
    let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    let (mut there, mut missing) = (None, None);
    for folder in folders {
        match fs::metadata(folder) {
            Ok(found) => {
                there = (!found.is_dir()).then_some(folder);
                break;
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                missing = Some(folder);
            }
            Err(_) => return None,
        }
    }
    match (there, missing) {
        (Some(file), _) => Some(format!("{} is no folder", file.display())),
        (None, Some(folder)) => Some(format!("there is no folder {}", folder.display())),
        (None, None) => None,
    }
}

/// Whether every output has a name of its own, and no input has it.
pub fn check_names<'p>(outputs: impl IntoIterator<Item = Place<'p>>, inputs: &[&Path]) -> Result<()> {
    let inputs: Vec<PathBuf> = inputs.iter().map(|input| place(input)).collect();
    let mut taken: Vec<PathBuf> = Vec::new();
    for output in outputs {
        // Nothing is read from standard output, whatever a file is called.
        let is_stream = is_standard_output(output.path);
        let place = if is_stream { output.path.to_owned() } else { place(output.path) };
        if !is_stream && inputs.contains(&place) {
            let message = format!("{output}: is what this command reads, expected the name of another file");
            return Err(UsageError(message).into());
        }
        if taken.contains(&place) {
            return Err(UsageError(format!("{output}: named for two files, expected a name of its own")).into());
        }
        taken.push(place);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_text_only() {
        let stream = |bytes: &[u8]| Output::new(Path::new("-"), bytes).of("--out");
        for bytes in [&b"ATOME01\0"[..], b"\xff"] {
            let error = check_stream(&stream(bytes), true).unwrap_err();
            assert!(error.is::<UsageError>() && error.to_string().starts_with("--out -: "), "{error}");
            assert!(check_stream(&stream(bytes), false).is_ok());
        }
        assert!(check_stream(&stream("Grüße\n".as_bytes()), true).is_ok());
    }

    #[test]
    fn the_missing_part_of_a_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let why = |path: &str| no_folder(&folder.path().join(path));
        let shown = |name: &str| folder.path().join(name).display().to_string();
        assert_eq!(why("x"), None);
        assert_eq!(why("a/b/x"), Some(format!("there is no folder {}", shown("a"))));
        assert_eq!(why("file/x"), Some(format!("{} is no folder", shown("file"))));
        assert_eq!(why("file/b/x"), Some(format!("{} is no folder", shown("file"))));
        assert_eq!(no_folder(Path::new("x")), None);
    }
}
