//! From thousands of inputs to the few that are committed.

use std::fs;

use anyhow::{Context, Result};

use super::campaign::Campaign;
use crate::process;

/// Replaces the committed inputs of a target by the fewest that reach as many edges as all of the campaign's. Returns their
/// number.
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
    if committed.exists() {
        fs::remove_dir_all(&committed).with_context(|| format!("cannot empty {}", committed.display()))?;
    }
    fs::create_dir_all(&committed).with_context(|| format!("cannot create {}", committed.display()))?;
    let mut count = 0;
    for entry in fs::read_dir(&kept)? {
        let from = entry?.path();
        fs::copy(&from, committed.join(from.file_name().unwrap_or_default()))
            .with_context(|| format!("cannot copy {}", from.display()))?;
        count += 1;
    }
    Ok(count)
}
