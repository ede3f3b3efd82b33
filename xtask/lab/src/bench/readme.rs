//! The sections of `README.md` and of `docs/speed.md` that a full run writes.

use std::fs;

use anyhow::{Context, Result};

use super::arithmetics;
use super::conditions::Conditions;
use super::quality;
use super::summary;
use super::timings::{Timings, C};
use super::unasked;
use crate::record::{COSTS, QUALITY};
use xtask::workspace;

const START: &str = "<!-- What follows is written by `cargo xtask bench`. -->\n";
const CORES: &str = "
A relink on microcontrollers, as it comes: instructions on emulated cores, bytes of flash, stack and RAM, all by `cargo xtask costs` in
one run.
";
const BOTH: &str = "
The exact arithmetic beside [integers](#exact-or-integers), both in the cached plan: instructions (times fewer than the C engine's), bytes.
";
const ARITHMETICS: &str = "
The exact arithmetic, which is the default and gives the C engine's results, beside the integer one (`-DATOME_ARITHMETIC=ATOME_INTEGER`,
[integer.md](integer.md)), in the same run and archive, cached plan: instructions, in brackets how many times fewer than those of
the exact C engine at `-O2`, then bytes.
";
const QUALITY_OF: &str = "
(TinyStories from byte 235,930 on, windows of 128 bytes, `cargo xtask bench --quality`). *Dense* is what as many weights cost where they
are not ternary: the matrix products of one position and nothing else, in C at `-O2`, in llama2.c's two ways (binary32; int8 in groups of 64).
Such weights take 16 and 4.25 times the flash.
";
const CHIPS: &str = "
One of 20 tokens after 4 on three chips, default shape (d=64, 4 layers, 32 positions). These times are **computed**: instructions
on the emulated core, by `cargo xtask costs`, divided by the clock. A real chip takes longer: not every instruction is one cycle,
and flash has wait states.
";
const END: &str = "<!-- End of what `cargo xtask bench` writes. -->\n";

/// Both pages.
const PAGES: [&str; 2] = ["README.md", "docs/speed.md"];

/// Puts the tables of this run into the sections.
///
/// # Errors
/// A page has lost its section's two marks.
pub fn update(timings: &Timings, conditions: &Conditions) -> Result<()> {
    for (page, section) in PAGES.into_iter().zip([section(timings, conditions)?, more()?]) {
        let path = workspace::root().join(page);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        super::write(&path, &replaced(&text, &section).with_context(|| page.to_string())?)?;
    }
    Ok(())
}

/// What a newcomer can do without.
fn more() -> Result<String> {
    let arithmetics = arithmetics::table(&COSTS.read()?.figures);
    let quality = quality::line(&QUALITY.read()?.figures)?;
    Ok(format!("{ARITHMETICS}\n{arithmetics}\n{quality}{QUALITY_OF}\n{CHIPS}\n{}", summary::chip_table()?))
}

fn section(timings: &Timings, conditions: &Conditions) -> Result<String> {
    let Conditions { date, machine, cc, rustc, model, command } = conditions;
    let rustc = rustc.split(" (").next().unwrap_or(rustc);
    let gcc = cc.rsplit(' ').next().unwrap_or(cc);
    Ok(format!(
        "{}\n{date}, {machine}, one core; {model}; gcc {gcc}, {rustc}; medians, by `{command}`.\n{CORES}\n{}{BOTH}\n{}\n{}.",
        summary::host_table(timings, C, "C engine")?,
        unasked::table(&COSTS.read()?.figures),
        arithmetics::short_table(&COSTS.read()?.figures),
        quality::line(&QUALITY.read()?.figures)?,
    ))
}

fn replaced(text: &str, section: &str) -> Result<String> {
    let (before, rest) = text.split_once(START).with_context(|| format!("expected the line {START:?}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("expected the line {END:?}"))?;
    Ok(format!("{before}{START}\n{section}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_changes() {
        let text = format!("# Title\n{START}old\n{END}more\n");
        let new = replaced(&text, "new\n").unwrap();
        assert_eq!(new, format!("# Title\n{START}\nnew\n\n{END}more\n"));
        assert_eq!(replaced(&new, "new\n").unwrap(), new);
        assert!(replaced("# Title\n", "new").is_err());
    }

    #[test]
    fn the_pages_have_the_marks() {
        let [readme, more] = PAGES.map(|page| fs::read_to_string(workspace::root().join(page)).unwrap());
        assert!([&readme, &more].iter().all(|text| text.contains(START) && text.contains(END)));
        assert!(readme.contains("benches/results.svg"));
    }
}
