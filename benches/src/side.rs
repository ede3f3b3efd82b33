//! One engine that is compared, behind a trait.

use std::fmt;

use atome_engine::Plan;

/// libatome.a, called from a C program that chose the integer arithmetic: it answers otherwise than the others.
pub const INTEGERS: &str = "archive integers";

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// One of [`C_BUILDS`], "engine" (the Rust crate), "archive" (libatome.a, called from C) or [`INTEGERS`].
    pub engine: &'static str,
    /// "cached", "partial" or "lean"; none for C, nor for a kernel alone.
    pub plan: Option<&'static str>,
    /// The kernel; none for C.
    pub kernel: Option<&'static str>,
}

impl Name {
    /// One of [`C_BUILDS`].
    pub fn c(engine: &'static str) -> Self {
        Self { engine, plan: None, kernel: None }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.engine)?;
        for part in [self.plan, self.kernel].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        Ok(())
    }
}

/// An engine with a model and a state.
pub trait Side {
    /// Its name.
    fn name(&self) -> &Name;
    /// Makes its kernel the one in use. Costly on virtual machines: not for the measured part.
    fn select(&mut self);
    /// The next token.
    fn predict(&mut self, tokens: &[i32]) -> i32;
    /// Fills `output`.
    fn generate(&mut self, prompt: &[i32], output: &mut [i32]) -> usize;
    /// The class.
    fn classify(&mut self, tokens: &[i32]) -> i32;
    /// Loads the model once more, fingerprint included where there is one.
    fn load(&mut self);

    /// Whether a call may use positions that the last call has computed: in the cached plan all of them, in the partial plan
    /// those that had room.
    fn keeps_positions(&self) -> bool {
        matches!(self.name().plan, Some("cached" | "partial"))
    }

    /// Whether it computes in integers.
    fn is_integer(&self) -> bool {
        self.name().engine == INTEGERS
    }

    /// Whether it is C: the reference, or what differs from it by one function.
    fn is_reference(&self) -> bool {
        self.name().kernel.is_none()
    }
}

pub(crate) fn plan_name(plan: Plan) -> &'static str {
    match plan {
        Plan::Cached => "cached",
        Plan::Partial => "partial",
        Plan::Lean => "lean",
    }
}
