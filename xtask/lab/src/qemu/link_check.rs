//! Which library each function of an image comes from: the linker's cross-reference table (`--cref`), where the first file that is named for a
//! symbol is the one that defines it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};

use super::cores::Core;
use xtask::archive::Mode;

/// Functions of the C library that every image calls.
const C_LIBRARY: [&str; 4] = ["memcpy", "expf", "tanhf", "sqrtf"];

/// The one symbol that the archive takes from the program itself: its shape.
const PROGRAMS_OWN: &str = "atome_config";

/// How the symbols begin by which the linker compares the shapes that a program's files see: the program's own, too.
const COMPARED: &str = "atome_files_disagree_on_";

/// Symbol to files: the definer, then the users.
type References = BTreeMap<String, Vec<String>>;

/// Checks that the archive's functions come from the archive, and all that it asks for from the C toolchain.
///
/// # Errors
/// Every symbol that comes from the wrong file.
pub fn check_origins(map: &Path) -> Result<()> {
    fail_with(map, &strangers(&read(map)?, false))
}

/// Checks that the C toolchain provides every function that a firmware's own code would take from it.
///
/// # Errors
/// Every symbol that comes from the wrong file, or is missing.
pub fn check(core: &Core, map: &Path, mode: Mode, with_other_rust: bool) -> Result<()> {
    fail_with(map, &faults(&read(map)?, core, mode, with_other_rust))
}

fn read(map: &Path) -> Result<References> {
    let text = fs::read_to_string(map).with_context(|| format!("cannot read {}", map.display()))?;
    parse(&text).with_context(|| format!("{}", map.display()))
}

fn fail_with(map: &Path, faults: &[String]) -> Result<()> {
    if !faults.is_empty() {
        bail!("{}: symbols from the wrong file\n  {}", map.display(), faults.join("\n  "));
    }
    Ok(())
}

fn parse(map: &str) -> Result<References> {
    let (_, table) = map.split_once("Cross Reference Table").context("no cross-reference table")?;
    let mut references = References::new();
    let mut symbol = String::new();
    for line in table.lines().skip_while(|line| !line.starts_with("Symbol")).skip(1) {
        let mut words = line.split_whitespace();
        if !line.starts_with(char::is_whitespace) {
            symbol = words.next().unwrap_or_default().to_string();
        }
        // A long symbol has its line for itself. A path may hold blanks.
        let file = words.collect::<Vec<_>>().join(" ");
        if !file.is_empty() {
            references.entry(symbol.clone()).or_default().push(file);
        }
    }
    Ok(references)
}

/// What a foreign library brings along and does not hide is its own affair.
fn may_define(file: &str, with_other_rust: bool) -> bool {
    is_toolchain(file) || (with_other_rust && file.contains("libother.a("))
}

/// Symbols that the archive defines and should not, or should and does not, or takes from elsewhere than the toolchain.
fn strangers(references: &References, with_other_rust: bool) -> Vec<String> {
    let mut faults = Vec::new();
    for (symbol, files) in references {
        let is_ours = symbol.starts_with("atome_") && symbol != PROGRAMS_OWN && !symbol.starts_with(COMPARED);
        let is_asked_for = files[1..].iter().any(|file| is_atome(file));
        if is_atome(&files[0]) != is_ours
            || (is_asked_for && symbol != PROGRAMS_OWN && !may_define(&files[0], with_other_rust))
        {
            faults.push(format!("{symbol}: defined by {}", files[0]));
        }
    }
    faults
}

fn faults(references: &References, core: &Core, mode: Mode, with_other_rust: bool) -> Vec<String> {
    let mut faults = strangers(references, with_other_rust);
    for name in core.helpers.iter().chain(&C_LIBRARY) {
        match references.get(*name) {
            None => faults.push(format!("{name}: not in the image, which calls it")),
            Some(files) if may_define(&files[0], with_other_rust) => {}
            Some(files) => faults.push(format!("{name}: defined by {}, not by the C toolchain", files[0])),
        }
    }
    // The archive's own needs are met there too: otherwise all this says nothing about the archive.
    let asks_for = |name: &str| references.get(name).is_some_and(|files| files[1..].iter().any(|file| is_atome(file)));
    let moves_memory =
        ["memcpy", "__aeabi_memcpy", "__aeabi_memcpy4", "__aeabi_memcpy8"].iter().any(|name| asks_for(name));
    if !moves_memory {
        faults.push("memcpy: libatome.a does not ask for it".to_string());
    }
    if mode == Mode::System && !asks_for("expf") {
        faults.push("expf: libatome.a does not ask for it".to_string());
    }
    faults
}

fn is_atome(file: &str) -> bool {
    file.contains("libatome.a(")
}

fn is_toolchain(file: &str) -> bool {
    ["libc.a(", "libm.a(", "libgcc.a(", "libg.a("].iter().any(|library| file.contains(library))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::cores::CORES;

    const M3: &Core = &CORES[1];

    const GOOD: &str = "\
.text 0x0

Cross Reference Table

Symbol                                            File
__aeabi_dmul                                      /usr/lib/libgcc.a(_arm_muldf3.o)
                                                  link.o
__aeabi_fadd                                      /usr/lib/libgcc.a(_arm_addsubsf3.o)
                                                  /dist/libatome.a(atome.o)
__aeabi_fmul                                      /usr/lib/libgcc.a(_arm_muldivsf3.o)
__aeabi_ldivmod                                   /usr/lib/libgcc.a(_aeabi_ldivmod.o)
a_symbol_with_a_name_that_is_longer_than_its_column_of_the_table
                                                  /a path/link.o
atome_config                                      link.o
                                                  /dist/libatome.a(atome.o)
atome_load                                        /dist/libatome.a(atome.o)
                                                  link.o
expf                                              /usr/lib/libm.a(ef_exp.o)
memcpy                                            /usr/lib/libc.a(memcpy.o)
                                                  /dist/libatome.a(atome.o)
sqrtf                                             /usr/lib/libm.a(sqrtf.o)
tanhf                                             /usr/lib/libm.a(tanhf.o)
";

    fn faults_of(map: &str) -> Vec<String> {
        faults(&parse(map).unwrap(), M3, Mode::Portable, false)
    }

    #[test]
    fn a_good_map_passes() {
        assert_eq!(faults_of(GOOD), Vec::<String>::new());
        let references = parse(GOOD).unwrap();
        assert_eq!(references["a_symbol_with_a_name_that_is_longer_than_its_column_of_the_table"], ["/a path/link.o"]);
    }

    #[test]
    fn a_function_from_our_archive_is_found() {
        let map = GOOD.replace("/usr/lib/libm.a(ef_exp.o)", "/dist/libatome.a(compiler_builtins.o)");
        assert_eq!(faults_of(&map).len(), 2, "{:?}", faults_of(&map));
    }

    #[test]
    fn a_float_helper_that_the_archive_does_not_hide_is_found() {
        let own = "/dist/libatome.a(atome.o)\n                                                  link.o";
        let map = GOOD.replace("/usr/lib/libgcc.a(_arm_muldivsf3.o)", own);
        assert_eq!(faults_of(&map).len(), 2, "{:?}", faults_of(&map));
    }

    #[test]
    fn a_function_from_elsewhere_is_found() {
        let map = GOOD.replace("/usr/lib/libc.a(memcpy.o)", "libother.a(builtins.o)");
        assert_eq!(faults_of(&map).len(), 2, "{:?}", faults_of(&map));
        assert!(faults(&parse(&map).unwrap(), M3, Mode::Portable, true).is_empty());
    }

    #[test]
    fn missing_functions_are_found() {
        assert_eq!(faults_of(&GOOD.replace("expf  ", "expg  ")).len(), 1);
        assert_eq!(faults_of(&GOOD.replace("atome_load  ", "htome_load  ")).len(), 1);
        assert!(parse("no table").is_err());
    }

    #[test]
    fn an_archive_that_asks_for_nothing_is_found() {
        let map = GOOD.replace("atome_config                                      link.o\n", "");
        let map = map.replace("                                                  /dist/libatome.a(atome.o)\n", "");
        assert_eq!(faults_of(&map).len(), 1, "{:?}", faults_of(&map));
        assert_eq!(faults(&parse(GOOD).unwrap(), M3, Mode::System, false).len(), 1);
    }
}
