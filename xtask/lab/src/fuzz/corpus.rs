//! From thousands of inputs to the few that are committed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::campaign::Campaign;
use xtask::process;

/// Replaces the committed inputs of a target by the fewest that reach as many edges as all of the campaign's. Those with a
/// name, which were found and mended once, stay. Returns how many there are then.
pub fn keep(campaign: &Campaign) -> Result<usize> {
    let kept = campaign.folder.join("kept");
    if kept.exists() {
        fs::remove_dir_all(&kept).with_context(|| format!("cannot empty {}", kept.display()))?;
    }
    fs::create_dir_all(&kept).with_context(|| format!("cannot create {}", kept.display()))?;
    // Edges alone, not how often they were taken: that would keep hundreds more.
    let options = ["-set_cover_merge=1", "-use_counters=0"];
    process::checked(&mut campaign.fuzzer(&[&kept, &campaign.inputs()], &options))?;
    let committed = campaign.committed();
    fs::create_dir_all(&committed).with_context(|| format!("cannot create {}", committed.display()))?;
    for path in files(&committed)?.iter().filter(|path| is_of_the_fuzzer(path)) {
        fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    for from in files(&kept)? {
        fs::copy(&from, committed.join(from.file_name().unwrap_or_default()))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    Ok(files(&committed)?.len())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// Whether the fuzzer named it: by the SHA-1 of its bytes.
fn is_of_the_fuzzer(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_inputs_are_not_the_fuzzers() {
        assert!(is_of_the_fuzzer(Path::new("corpus/calls/0123456789abcdef0123456789abcdef01234567")));
        for name in ["corpus/calls/shape-far-from-its-payload", "0123456789abcdef"] {
            assert!(!is_of_the_fuzzer(Path::new(name)), "{name}");
        }
    }
}
