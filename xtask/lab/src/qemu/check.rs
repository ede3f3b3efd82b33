//! What is checked on a core.

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Digest,
    Differential,
    Alignment,
    Errors,
    Link,
    SelfTest,
    Signed,
    Math,
}

impl Check {
    /// In the order of the table.
    pub const ALL: [Check; 8] = [
        Check::Digest,
        Check::Differential,
        Check::Alignment,
        Check::Errors,
        Check::Link,
        Check::SelfTest,
        Check::Signed,
        Check::Math,
    ];

    /// What `--only` takes.
    pub fn name(self) -> &'static str {
        match self {
            Check::Digest => "digest",
            Check::Differential => "differential",
            Check::Alignment => "alignment",
            Check::Errors => "errors",
            Check::Link => "link",
            Check::SelfTest => "self-test",
            Check::Signed => "signed",
            Check::Math => "math",
        }
    }

    /// What a passed check counts.
    pub fn unit(self) -> &'static str {
        match self {
            Check::Digest => "equal",
            Check::Differential => "cases",
            Check::Alignment => "offsets",
            Check::Errors => "calls",
            Check::Link => "images",
            Check::SelfTest | Check::Signed => "calls",
            Check::Math => "arguments",
        }
    }
}
