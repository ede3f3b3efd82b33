//! The symbol check: what an archive may define and may ask for.
//!
//! Firmware links the archive beside its own libgcc, libc and libm, so the archive must define nothing but `atome_*`,
//! ask for nothing but what a C compiler would ask for, and hold no trace of panicking, formatting or allocating. Its sections
//! must not ask for more alignment than C objects do.

use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSymbol, SymbolKind};

use crate::flavour::Mode;
use crate::{asked_for, sections, targets};

/// One entry of a symbol table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// As C has it, without what the platform puts before each name.
    pub name: String,
    /// Defined in the archive, or asked for by it.
    pub defined: bool,
    /// Visible to other objects.
    pub global: bool,
}

/// Checks the archive and returns the names of the functions and objects it defines for others, sorted.
///
/// # Errors
/// Every offending symbol, with the rule it breaks.
pub fn check(archive: &Path, target: &str, mode: Mode, signed: bool) -> Result<Vec<String>> {
    let Contents { mut symbols, of_sections } = read(archive, target)?;
    if signed {
        symbols.retain(|symbol| !is_index_check(symbol));
    }
    let faults = [faults(&symbols, target, mode), of_sections].concat();
    if !faults.is_empty() {
        bail!("{}: {} faults\n  {}", archive.display(), faults.len(), faults.join("\n  "));
    }
    let ours = symbols.into_iter().filter(|symbol| symbol.defined && symbol.global && !is_constant(&symbol.name));
    let mut exported: Vec<_> = ours.map(|symbol| symbol.name).collect();
    exported.sort();
    if exported.is_empty() {
        bail!("{}: defines no symbol at all", archive.display());
    }
    Ok(exported)
}

/// What a failed check of an index calls. The library for signatures, which is not ours, checks indices where no check can
/// fail, and the compiler does not see that; the panic handler of the archive would stop in an endless loop.
fn is_index_check(symbol: &Symbol) -> bool {
    const CHECKS: [&str; 3] = ["panic_bounds_check", "slice_index_fail", "9panic_fmt"];
    symbol.defined && !symbol.global && CHECKS.iter().any(|check| symbol.name.ends_with(check))
}

/// The names that the linker sees, of what the archive defines for others and asks for.
///
/// # Errors
/// The file that cannot be read.
pub fn global(archive: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    each_member(archive, |file| {
        let global = file.symbols().filter(|symbol| symbol.is_global() || symbol.is_undefined());
        names.extend(global.filter_map(|symbol| symbol.name().ok().map(String::from)));
        Ok(())
    })?;
    Ok(names)
}

/// What there is in an archive.
struct Contents {
    /// All that have a name, of all members.
    symbols: Vec<Symbol>,
    /// What is wrong with the sections.
    of_sections: Vec<String>,
}

fn read(archive: &Path, target: &str) -> Result<Contents> {
    let mut contents = Contents { symbols: Vec::new(), of_sections: Vec::new() };
    let mark = targets::before_names(target);
    each_member(archive, |file| {
        contents.of_sections.extend(sections::faults(file, target)?);
        for symbol in file.symbols() {
            let meta = matches!(symbol.kind(), SymbolKind::File | SymbolKind::Section);
            let name = symbol.name().unwrap_or("<not text>");
            // Constants have no name of C.
            let name = name.strip_prefix(mark).filter(|_| !is_constant(name)).unwrap_or(name);
            if !meta && !name.is_empty() {
                contents.symbols.push(Symbol {
                    name: name.to_string(),
                    defined: !symbol.is_undefined(),
                    global: symbol.is_global(),
                });
            }
        }
        Ok(())
    })?;
    Ok(contents)
}

fn each_member(archive: &Path, mut visit: impl FnMut(&File) -> Result<()>) -> Result<()> {
    let bytes = fs::read(archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let members = ArchiveFile::parse(&*bytes).with_context(|| format!("{}: not an archive", archive.display()))?;
    for member in members.members() {
        let member = member?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let file = File::parse(member.data(&*bytes)?)
            .with_context(|| format!("{}: member {name}: not an object file", archive.display()))?;
        visit(&file)?;
    }
    Ok(())
}

/// Constants that objects for Windows share: a linker keeps one of each name.
fn is_constant(name: &str) -> bool {
    ["__real@", "__xmm@", "__ymm@", "__zmm@", ".refptr."].iter().any(|start| name.starts_with(start))
}

fn faults(symbols: &[Symbol], target: &str, mode: Mode) -> Vec<String> {
    let mut faults = Vec::new();
    let may_share = target.contains("-windows-");
    for symbol in symbols {
        if !symbol.defined && asked_for::is_provided(&symbol.name, target, mode) {
            continue;
        }
        let is_ours = symbol.name.starts_with("atome_") || (may_share && is_constant(&symbol.name));
        if let Some(what) = forbidden(&symbol.name) {
            faults.push(format!("{}: {what}", symbol.name));
        } else if symbol.defined && symbol.global && !is_ours {
            faults.push(format!("{}: defined for others, but not named atome_*", symbol.name));
        } else if !symbol.defined {
            faults.push(format!("{}: asked for, but {target} in {mode} mode need not provide it", symbol.name));
        }
    }
    faults
}

/// Why no symbol of this name may exist at all, whether defined or undefined, local or global.
fn forbidden(name: &str) -> Option<&'static str> {
    // Parts of Rust's mangled paths carry their length (`4core3fmt`), which keeps `alloc` from matching other words.
    const PANICS: [&str; 9] = [
        "panic",
        "unwind",
        "_Unwind_",
        "eh_personality",
        "abort",
        "index_fail",
        "len_fail",
        "mismatch_fail",
        "wrap_failed",
    ];
    const FORMATS: [&str; 3] = ["3fmt", "9Formatter", "9Arguments"];
    const ALLOCATES: [&str; 8] =
        ["__rust_alloc", "__rust_dealloc", "__rust_realloc", "__rdl_", "__rg_", "5alloc", "7RawVec", "_alloc_error"];
    const C_HEAP: [&str; 7] = ["malloc", "calloc", "realloc", "free", "aligned_alloc", "memalign", "posix_memalign"];
    if PANICS.iter().any(|part| name.contains(part)) {
        Some("a way to panic")
    } else if FORMATS.iter().any(|part| name.contains(part)) {
        Some("text formatting")
    } else if ALLOCATES.iter().any(|part| name.contains(part)) || C_HEAP.contains(&name) {
        Some("memory allocation")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "x86_64-unknown-linux-gnu";
    const CORTEX_M3: &str = "thumbv7m-none-eabi";

    fn symbol(name: &str, defined: bool, global: bool) -> Symbol {
        Symbol { name: name.to_string(), defined, global }
    }

    #[test]
    fn a_clean_archive_has_no_faults() {
        let symbols = [
            symbol("atome_load", true, true),
            symbol("_ZN12atome_engine7forward3run17h0123456789abcdefE", true, false),
            symbol("memcpy", false, true),
            symbol("atome_config", false, true),
        ];
        assert_eq!(faults(&symbols, HOST, Mode::Portable), Vec::<String>::new());
    }

    #[test]
    fn only_atome_names_may_be_defined_for_others() {
        assert_eq!(faults(&[symbol("memcpy", true, true)], HOST, Mode::Portable).len(), 1);
        assert_eq!(faults(&[symbol("memcpy", true, false)], HOST, Mode::Portable).len(), 0);
    }

    #[test]
    fn what_no_core_provides_is_found() {
        let asked = |name| faults(&[symbol(name, false, true)], CORTEX_M3, Mode::Portable);
        assert_eq!(asked("__aeabi_fadd"), Vec::<String>::new());
        for name in ["__aeabi_memclr4", "__aeabi_unwind_cpp_pr0", "puts"] {
            assert_eq!(asked(name).len(), 1, "{name}");
        }
    }

    #[test]
    fn objects_for_windows_share_constants() {
        let constant = [symbol("__real@3f800000", true, true)];
        assert_eq!(faults(&constant, "x86_64-pc-windows-msvc", Mode::Portable), Vec::<String>::new());
        assert_eq!(faults(&constant, HOST, Mode::Portable).len(), 1);
    }

    #[test]
    fn panics_formatting_and_allocation_are_found_under_both_manglings_and_when_local() {
        for name in [
            "_ZN4core9panicking5panic17h0123456789abcdefE",
            "_RNvNtCsabc_4core9panicking18panic_bounds_check",
            "_RNvCsabc_7___rustc17rust_begin_unwind",
            "_ZN4core5slice5index16slice_index_fail17h0123456789abcdefE",
            "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE",
            "_ZN5alloc7raw_vec19RawVec4grow17h0123456789abcdefE",
            "__rust_alloc",
            "malloc",
            "free",
            "rust_eh_personality",
        ] {
            assert_eq!(faults(&[symbol(name, true, false)], HOST, Mode::Portable).len(), 1, "{name}");
            assert_eq!(faults(&[symbol(name, false, true)], HOST, Mode::Portable).len(), 1, "{name}");
        }
    }

    #[test]
    fn of_panics_only_hidden_checks_of_indices_may_come_with_signatures() {
        let check = "_RNvNtCs2fZl91Oq0qp_4core9panicking18panic_bounds_check";
        assert!(is_index_check(&symbol(check, true, false)));
        assert!(!is_index_check(&symbol(check, true, true)) && !is_index_check(&symbol(check, false, true)));
        assert!(!is_index_check(&symbol("_RNvNtCsabc_4core6result13unwrap_failed", true, false)));
    }

    #[test]
    fn names_that_only_look_alike_pass() {
        for name in ["_ZN12atome_engine10allocation17h0123456789abcdefE", "_ZN12atome_engine6format4view17h0E"] {
            assert_eq!(faults(&[symbol(name, true, false)], HOST, Mode::Portable), Vec::<String>::new());
        }
        assert!(forbidden("atome_free_running").is_none());
    }
}
