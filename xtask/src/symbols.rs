//! The symbol check: what an archive may define and may ask for.
//!
//! Firmware links the archive beside its own libgcc, libc and libm, so the archive must define nothing but `atome_*`,
//! ask for nothing but what a C compiler would ask for, and hold no trace of panicking, formatting or allocating.

use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol, SymbolKind};

use crate::archive::Mode;

/// One entry of a symbol table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// As the linker sees it.
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
    let mut symbols = read(archive)?;
    if signed {
        symbols.retain(|symbol| !is_index_check(symbol));
    }
    let faults = faults(&symbols, target, mode);
    if !faults.is_empty() {
        bail!("{}: {} symbols break the rules\n  {}", archive.display(), faults.len(), faults.join("\n  "));
    }
    let mut exported: Vec<_> = symbols.into_iter().filter(|s| s.defined && s.global).map(|s| s.name).collect();
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

/// All named symbols of all members of an archive.
pub fn read(archive: &Path) -> Result<Vec<Symbol>> {
    let bytes = fs::read(archive).with_context(|| format!("cannot read {}", archive.display()))?;
    let members = ArchiveFile::parse(&*bytes).with_context(|| format!("{}: not an archive", archive.display()))?;
    let mut symbols = Vec::new();
    for member in members.members() {
        let member = member?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let file = object::File::parse(member.data(&*bytes)?)
            .with_context(|| format!("{}: member {name}: not an object file", archive.display()))?;
        for symbol in file.symbols() {
            let meta = matches!(symbol.kind(), SymbolKind::File | SymbolKind::Section);
            let name = symbol.name().unwrap_or("<not text>");
            if !meta && !name.is_empty() {
                symbols.push(Symbol {
                    name: name.to_string(),
                    defined: !symbol.is_undefined(),
                    global: symbol.is_global(),
                });
            }
        }
    }
    Ok(symbols)
}

fn faults(symbols: &[Symbol], target: &str, mode: Mode) -> Vec<String> {
    let mut faults = Vec::new();
    for symbol in symbols {
        if let Some(what) = forbidden(&symbol.name) {
            faults.push(format!("{}: {what}", symbol.name));
        } else if symbol.defined && symbol.global && !symbol.name.starts_with("atome_") {
            faults.push(format!("{}: defined for others, but not named atome_*", symbol.name));
        } else if !symbol.defined && !may_ask_for(&symbol.name, target, mode) {
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

/// Whether the archive may leave `name` to the program it is linked into.
fn may_ask_for(name: &str, target: &str, mode: Mode) -> bool {
    // Compilers for freestanding targets may assume these four; LLVM adds bcmp only where the C library has it.
    const MEMORY: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];
    // The header defines it in the program: the shape.
    const OURS: &str = "atome_config";
    const LIBM: [&str; 3] = ["expf", "tanhf", "sqrtf"];
    if MEMORY.contains(&name) || name == OURS || (mode == Mode::System && LIBM.contains(&name)) {
        return true;
    }
    if target.starts_with("x86_64") {
        name == "_GLOBAL_OFFSET_TABLE_"
    } else if target.starts_with("thumb") || target.starts_with("arm") {
        // Armv6-M has no instruction that counts zeros, and the run-time ABI no name for it.
        let counts_zeros = target.starts_with("thumbv6m") && matches!(name, "__clzsi2" | "__ctzsi2");
        counts_zeros || name.strip_prefix("__aeabi_").is_some_and(|rest| !rest.starts_with("unwind"))
    } else {
        is_libgcc_helper(name)
    }
}

/// libgcc's integer and soft-float routines: `__` operation, operand modes, a digit or nothing.
fn is_libgcc_helper(name: &str) -> bool {
    const OPERATIONS: [&str; 33] = [
        "add", "sub", "mul", "div", "udiv", "mod", "umod", "divmod", "udivmod", "neg", "ashl", "ashr", "lshr", "cmp",
        "ucmp", "clz", "ctz", "ffs", "popcount", "bswap", "eq", "ne", "lt", "le", "gt", "ge", "unord", "fix", "fixuns",
        "float", "floatun", "extend", "trunc",
    ];
    let Some(rest) = name.strip_prefix("__") else {
        return false;
    };
    let rest = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let modes = ["si", "di", "sf", "df"];
    modes.iter().any(|last| {
        rest.strip_suffix(last).is_some_and(|head| {
            let converts = modes.iter().any(|m| head.strip_suffix(m).is_some_and(|op| OPERATIONS.contains(&op)));
            OPERATIONS.contains(&head) || converts
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "x86_64-unknown-linux-gnu";
    const CORTEX_M3: &str = "thumbv7m-none-eabi";
    const RISCV: &str = "riscv32imc-unknown-none-elf";

    fn symbol(name: &str, defined: bool, global: bool) -> Symbol {
        Symbol { name: name.to_string(), defined, global }
    }

    fn asks(name: &str, target: &str, mode: Mode) -> bool {
        faults(&[symbol(name, false, true)], target, mode).is_empty()
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

    #[test]
    fn the_c_librarys_functions_belong_to_system_mode() {
        for name in ["expf", "tanhf", "sqrtf"] {
            assert!(asks(name, HOST, Mode::System));
            assert!(!asks(name, HOST, Mode::Portable));
        }
        assert!(!asks("fmaf", HOST, Mode::System));
    }

    #[test]
    fn compiler_helpers_belong_to_the_targets_that_have_them() {
        assert!(asks("__aeabi_fadd", CORTEX_M3, Mode::Portable));
        assert!(!asks("__aeabi_unwind_cpp_pr0", CORTEX_M3, Mode::Portable));
        assert!(!asks("__aeabi_fadd", HOST, Mode::Portable));
        for name in ["__addsf3", "__muldi3", "__udivdi3", "__fixunssfsi", "__floatundidf", "__extendsfdf2", "__clzsi2"]
        {
            assert!(asks(name, RISCV, Mode::Portable), "{name}");
            assert!(!asks(name, HOST, Mode::Portable), "{name}");
        }
        assert!(!asks("__atomic_load_4", RISCV, Mode::Portable));
    }
}
