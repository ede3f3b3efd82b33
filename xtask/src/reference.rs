//! The C99 engine that everything is compared with: ours, or one that the user names.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace;

/// A folder with `atome.c` and `atome.h`.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The folder, absolute.
    pub folder: PathBuf,
    /// Whether it is `c_tests/reference`, which stays inside its arrays whatever it is asked for.
    pub is_ours: bool,
}

impl Reference {
    /// The one that `ATOME_REFERENCE` names, from the workspace root like everywhere; else ours.
    pub fn chosen() -> Reference {
        match env::var_os("ATOME_REFERENCE") {
            Some(folder) => Reference::of_others(Path::new(&folder)),
            None => Reference { folder: workspace::root().join("c_tests/reference"), is_ours: true },
        }
    }

    /// An engine with the published one's documented manners, to test with.
    pub fn stand_in() -> Reference {
        Reference::of_others(Path::new("c_tests/stand_in"))
    }

    fn of_others(folder: &Path) -> Reference {
        Reference { folder: workspace::root().join(folder), is_ours: false }
    }

    /// Whether its header can be included from C++.
    pub fn is_for_cpp(&self) -> bool {
        fs::read_to_string(self.folder.join("atome.h")).is_ok_and(|header| says_extern_c(&header))
    }
}

/// In code: a comment may say so, too.
fn says_extern_c(header: &str) -> bool {
    header.lines().any(|line| line.trim_start().starts_with("extern \"C\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_of_the_tree_are_there_and_one_is_for_cpp() {
        let stand_in = Reference::stand_in();
        assert!(!stand_in.is_ours && !stand_in.is_for_cpp() && stand_in.folder.join("atome.c").is_file());
        let ours = Reference { folder: workspace::root().join("c_tests/reference"), is_ours: true };
        assert!(ours.is_for_cpp());
    }
}
