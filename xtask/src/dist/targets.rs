//! What a package is made for: the Rust target, and what its README tells the C programmer.

use anyhow::Result;

use crate::options;
use crate::targets::{self, KNOWN};

/// One target.
#[derive(Debug, Clone)]
pub struct Target {
    /// The Rust name.
    pub triple: String,
    /// This machine, for which cargo gets no `--target`.
    pub is_host: bool,
    /// The rest.
    pub about: &'static targets::Target,
}

static HOST: targets::Target = targets::Target {
    triple: "",
    what: "For computers: to try a program before it is flashed, and for tests.",
    compiler: "cc",
    flags: "",
    is_packed: true,
    notes: &[],
};

impl Target {
    /// This machine.
    pub fn host(triple: &str) -> Target {
        Target { triple: triple.to_string(), is_host: true, about: &HOST }
    }

    /// This machine and every microcontroller.
    pub fn all(host: &str) -> Vec<Target> {
        let mut targets = vec![Target::host(host)];
        let packed = KNOWN.iter().filter(|about| about.is_packed);
        targets.extend(packed.map(|about| Target { triple: about.triple.to_string(), is_host: false, about }));
        targets
    }

    /// The target of that name; `host` is this machine.
    ///
    /// # Errors
    /// Names all that are known.
    pub fn named(name: &str, host: &str) -> Result<Target> {
        let all = Target::all(host);
        if let Some(target) = all.iter().find(|target| target.triple == name || (target.is_host && name == "host")) {
            return Ok(target.clone());
        }
        let names: Vec<_> = all.iter().map(|target| target.triple.as_str()).collect();
        Err(options::mistake(format!("--target {name}: expected host or one of {}", names.join(", "))))
    }

    /// What cargo's `--target` takes; none for this machine.
    pub fn cargo_target(&self) -> Option<&str> {
        (!self.is_host).then_some(self.triple.as_str())
    }

    /// What a linked program is called.
    pub fn program(&self) -> &'static str {
        if self.is_host {
            "program"
        } else {
            "firmware.elf"
        }
    }

    /// Bytes of a pointer.
    pub fn pointer_bytes(&self) -> usize {
        if self.is_host {
            size_of::<usize>()
        } else {
            4
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPUTER: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn a_target_is_found_by_its_name() {
        assert_eq!(Target::named("host", COMPUTER).unwrap().triple, COMPUTER);
        assert!(Target::named(COMPUTER, COMPUTER).unwrap().is_host);
        let m3 = Target::named("thumbv7m-none-eabi", COMPUTER).unwrap();
        assert_eq!(m3.cargo_target(), Some("thumbv7m-none-eabi"));
        assert_eq!(m3.pointer_bytes(), 4);
    }

    #[test]
    fn an_unknown_target_gets_the_list() {
        let error = Target::named("avr-none", COMPUTER).unwrap_err().to_string();
        assert!(error.starts_with("--target avr-none: expected host or one of x86_64-"), "{error}");
        assert!(error.ends_with("riscv32imafc-unknown-none-elf"), "{error}");
    }
}
