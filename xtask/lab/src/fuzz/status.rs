//! What libFuzzer says of itself as it runs.

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Inputs tried.
    pub runs: u64,
    /// Edges of the program's flow that some input took.
    pub edges: u64,
    /// Inputs that are kept because each reaches something that no other does.
    pub corpus: u64,
}

impl Status {
    /// Reads a line such as `#8192 pulse cov: 88 ft: 99 corp: 10/1b lim: 4 exec/s: 4096 rss: 30Mb`; `None` for any other.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix('#')?.split_whitespace();
        let mut status = Self { runs: words.next()?.parse().ok()?, ..Self::default() };
        while let Some(word) = words.next() {
            match word {
                "cov:" => status.edges = words.next()?.parse().ok()?,
                "corp:" => status.corpus = words.next()?.split('/').next()?.parse().ok()?,
                _ => {}
            }
        }
        Some(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_read_and_any_other_is_not() {
        let line = "#8192\tpulse  cov: 1088 ft: 4099 corp: 10/1234b lim: 4 exec/s: 4096 rss: 30Mb";
        assert_eq!(Status::parse(line), Some(Status { runs: 8192, edges: 1088, corpus: 10 }));
        let last = "#9000\tDONE   cov: 1 ft: 4 corp: 2/3b lim: 4 exec/s: 4096 rss: 30Mb";
        assert_eq!(Status::parse(last), Some(Status { runs: 9000, edges: 1, corpus: 2 }));
        for line in ["INFO: seed corpus", "# x", "==1==ERROR: AddressSanitizer", ""] {
            assert_eq!(Status::parse(line), None, "{line}");
        }
    }
}
