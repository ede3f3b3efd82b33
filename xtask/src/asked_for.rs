//! What an archive may leave to the program that it is linked into: its shape, and what a C compiler's own code asks for.

use crate::flavour::Mode;
use crate::targets::{is_arm, is_bare_metal};

/// Compilers for freestanding targets may assume these four.
const MEMORY: [&str; 4] = ["memcpy", "memmove", "memset", "memcmp"];

/// The header defines it in the program: the shape.
const OURS: &str = "atome_config";

/// What the system mode is about.
const LIBM: [&str; 3] = ["expf", "tanhf", "sqrtf"];

/// Whether an archive for `target` may leave `name`, as C has it, to the program.
pub fn is_provided(name: &str, target: &str, mode: Mode) -> bool {
    MEMORY.contains(&name) || name == OURS || (mode == Mode::System && LIBM.contains(&name)) || of_target(name, target)
}

fn of_target(name: &str, target: &str) -> bool {
    if is_bare_metal(target) {
        return if is_arm(target) { is_arm_helper(name, target) } else { is_libgcc_helper(name) };
    }
    if target.contains("-windows-") {
        return is_of_windows(name) || (target.starts_with('i') && is_division(name));
    }
    if target.contains("-apple-") {
        return is_of_apple(name);
    }
    // LLVM asks for bcmp only where the C library has it. Tables of addresses need their own on x86; unwinding on 32-bit Arm.
    let of_processor = match target.split(['-', 'v']).next().unwrap_or_default() {
        "x86_64" => name == "_GLOBAL_OFFSET_TABLE_",
        "i686" | "i586" => name == "_GLOBAL_OFFSET_TABLE_" || is_division(name),
        "arm" | "thumb" => is_arm_helper(name, target) || name.starts_with("__aeabi_unwind_cpp_pr"),
        _ => is_libgcc_helper(name),
    };
    of_processor || name == "bcmp"
}

/// Whole numbers of 64 bits are divided by functions on 32-bit x86, which every compiler for it brings: libgcc's, Microsoft's.
fn is_division(name: &str) -> bool {
    const LIBGCC: [&str; 4] = ["divdi3", "udivdi3", "moddi3", "umoddi3"];
    const MICROSOFT: [&str; 4] = ["alldiv", "aulldiv", "allrem", "aullrem"];
    let bare = name.trim_start_matches('_');
    name.starts_with("__") && (LIBGCC.contains(&bare) || MICROSOFT.contains(&bare))
}

/// Large frames are walked page by page, and C objects with floating point say so to Microsoft's linker.
fn is_of_windows(name: &str) -> bool {
    ["__chkstk", "___chkstk_ms", "_alloca", "_fltused"].contains(&name)
}

/// More of the C library that compilers for Apple's systems count on.
fn is_of_apple(name: &str) -> bool {
    ["bzero", "__bzero", "memset_pattern4", "memset_pattern8", "memset_pattern16"].contains(&name)
}

/// What libgcc has of the run-time ABI for the Arm architecture: arithmetic and conversions. The memory functions of that ABI
/// belong to a C library.
fn is_arm_helper(name: &str, target: &str) -> bool {
    const INTEGERS: [&str; 11] =
        ["idiv", "uidiv", "idivmod", "uidivmod", "ldivmod", "uldivmod", "lmul", "llsl", "llsr", "lasr", "lcmp"];
    const OF_FLOATS: [&str; 14] = [
        "add", "sub", "rsub", "mul", "div", "neg", "cmpeq", "cmplt", "cmple", "cmpge", "cmpgt", "cmpun", "2iz", "2uiz",
    ];
    const CONVERSIONS: [&str; 14] =
        ["f2d", "d2f", "i2f", "ui2f", "l2f", "ul2f", "i2d", "ui2d", "l2d", "ul2d", "f2lz", "f2ulz", "d2lz", "d2ulz"];
    // Armv6-M has no instruction that counts zeros, and the run-time ABI no name for it.
    if target.starts_with("thumbv6m") && matches!(name, "__clzsi2" | "__ctzsi2") {
        return true;
    }
    let Some(helper) = name.strip_prefix("__aeabi_") else { return false };
    let of_floats = helper.strip_prefix(['f', 'd']).is_some_and(|operation| OF_FLOATS.contains(&operation));
    of_floats || INTEGERS.contains(&helper) || helper == "ulcmp" || CONVERSIONS.contains(&helper)
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

    fn asks(name: &str, target: &str) -> bool {
        is_provided(name, target, Mode::Portable)
    }

    #[test]
    fn four_functions_and_libgcc_are_all_that_an_arm_core_has() {
        for name in ["memcpy", "memmove", "memset", "memcmp", "__aeabi_fadd", "__aeabi_f2ulz", "__aeabi_uidivmod"] {
            assert!(asks(name, CORTEX_M3), "{name}");
        }
        for name in [
            "bcmp",
            "__aeabi_memcpy",
            "__aeabi_memcpy4",
            "__aeabi_memclr",
            "__aeabi_memclr8",
            "__aeabi_memset4",
            "__aeabi_memmove",
            "__aeabi_unwind_cpp_pr0",
            "__aeabi_read_tp",
            "__clzsi2",
        ] {
            assert!(!asks(name, CORTEX_M3), "{name}");
        }
        assert!(asks("__clzsi2", "thumbv6m-none-eabi"));
    }

    #[test]
    fn compiler_helpers_belong_to_the_targets_that_have_them() {
        assert!(!asks("__aeabi_fadd", HOST));
        for name in ["__addsf3", "__muldi3", "__udivdi3", "__fixunssfsi", "__floatundidf", "__extendsfdf2", "__clzsi2"]
        {
            assert!(asks(name, RISCV), "{name}");
            assert!(!asks(name, HOST), "{name}");
        }
        assert!(!asks("__atomic_load_4", RISCV));
        assert!(!asks("bcmp", RISCV));
    }

    #[test]
    fn the_c_librarys_functions_belong_to_system_mode() {
        for name in LIBM {
            assert!(is_provided(name, HOST, Mode::System));
            assert!(!asks(name, HOST));
        }
        assert!(!is_provided("fmaf", HOST, Mode::System));
    }

    #[test]
    fn computers_have_what_their_systems_bring() {
        for (target, name) in [
            ("i686-unknown-linux-musl", "_GLOBAL_OFFSET_TABLE_"),
            ("i686-unknown-linux-gnu", "bcmp"),
            ("i686-pc-windows-msvc", "__aulldiv"),
            ("armv7-unknown-linux-gnueabihf", "__aeabi_unwind_cpp_pr0"),
            ("armv7-unknown-linux-gnueabihf", "__aeabi_uidiv"),
            ("x86_64-pc-windows-gnu", "___chkstk_ms"),
            ("x86_64-pc-windows-msvc", "_fltused"),
            ("aarch64-apple-darwin", "memset_pattern16"),
        ] {
            assert!(asks(name, target), "{target} {name}");
            assert!(!asks(name, RISCV), "{name}");
        }
        assert!(!asks("bcmp", "x86_64-pc-windows-gnu"));
        assert!(asks("__udivdi3", "i686-unknown-linux-gnu") && !asks("_udivdi3", "i686-unknown-linux-gnu"));
    }
}
