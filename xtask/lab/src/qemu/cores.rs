//! The cores: what each has beyond the row of its target ([`xtask::targets`]), and the machine that emulates it.

use xtask::targets::{self, Target};

/// What runs the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// This computer.
    Host,
    /// An emulator and its `-machine`, with what else that needs.
    Emulator { program: &'static str, arguments: &'static [&'static str] },
}

/// One column of the C world: a compiler with its libraries, and a core.
#[derive(Debug)]
pub struct Core {
    /// What `--core` takes.
    pub name: &'static str,
    /// What the table shows.
    pub title: &'static str,
    /// The Rust target of the archive; `None` on the host.
    pub target: Option<&'static str>,
    /// The C compiler's flags for the core, where those of the target's row are for another one.
    pub own_flags: Option<&'static str>,
    /// Its flags that choose the C library.
    pub c_library: &'static [&'static str],
    /// Sources in `qemu/` that stand between the program and the machine.
    pub board: &'static [&'static str],
    /// Linker script in `qemu/linker`.
    pub linker_script: Option<&'static str>,
    /// The machine.
    pub machine: Machine,
    /// RAM for large shapes, and flash for large models.
    pub is_roomy: bool,
    /// Flags with which the board makes a load or store fault whose address is no multiple of its size, and which keep the C
    /// compiler from such accesses; none where the emulator carries them out whatever is set.
    pub aligned: &'static [&'static str],
    /// Functions that compiled code takes from the C toolchain on this core.
    pub helpers: &'static [&'static str],
}

const CORTEX_M: &[&str] = &["board/board.c", "board/startup.c", "board/cortex_m.c"];
const RISC_V: &[&str] = &["board/board.c", "board/startup.c", "board/riscv.c"];

const SOFT_FLOAT: &[&str] = &["__aeabi_fadd", "__aeabi_fmul", "__aeabi_dmul", "__aeabi_ldivmod"];
const SINGLE_FLOAT: &[&str] = &["__aeabi_dmul", "__aeabi_ldivmod"];
const DOUBLE_FLOAT: &[&str] = &["__aeabi_ldivmod"];
const RISC_V_SOFT_FLOAT: &[&str] = &["__addsf3", "__mulsf3", "__muldf3", "__divdi3"];
const RISC_V_SINGLE_FLOAT: &[&str] = &["__muldf3", "__divdi3"];

const fn arm(machine: &'static [&'static str]) -> Machine {
    Machine::Emulator { program: "qemu-system-arm", arguments: machine }
}

/// An M3 on the MPS2 board: what the other Arm cores differ from.
const CORTEX_M3: Core = Core {
    name: "m3",
    title: "Cortex-M3",
    target: Some("thumbv7m-none-eabi"),
    own_flags: None,
    c_library: &[],
    board: CORTEX_M,
    linker_script: Some("mps2.ld"),
    machine: arm(&["-machine", "mps2-an385"]),
    is_roomy: true,
    aligned: &["-DTRAP_UNALIGNED", "-mno-unaligned-access"],
    helpers: SOFT_FLOAT,
};

const RV32IMAC: Core = Core {
    name: "rv32imac",
    title: "RISC-V imac",
    target: Some("riscv32imac-unknown-none-elf"),
    own_flags: None,
    c_library: &["--specs=picolibc.specs"],
    board: RISC_V,
    linker_script: Some("virt.ld"),
    machine: Machine::Emulator {
        program: "qemu-system-riscv32",
        arguments: &["-machine", "virt", "-bios", "none", "-m", "16M"],
    },
    is_roomy: true,
    aligned: &[],
    helpers: RISC_V_SOFT_FLOAT,
};

/// This computer: what the cores' results are compared with.
pub const HOST: Core = Core {
    name: "host",
    title: "host",
    target: None,
    board: &["host/host_board.c"],
    linker_script: None,
    machine: Machine::Host,
    aligned: &[],
    helpers: &[],
    ..CORTEX_M3
};

/// The emulated cores.
pub static CORES: [Core; 8] = [
    Core {
        name: "m0",
        title: "Cortex-M0",
        target: Some("thumbv6m-none-eabi"),
        own_flags: Some("-mthumb -mcpu=cortex-m0"),
        linker_script: Some("microbit.ld"),
        machine: arm(&["-machine", "microbit"]),
        is_roomy: false,
        ..CORTEX_M3
    },
    CORTEX_M3,
    Core {
        name: "m4",
        title: "Cortex-M4, no FPU",
        target: Some("thumbv7em-none-eabi"),
        machine: arm(&["-machine", "mps2-an386"]),
        ..CORTEX_M3
    },
    Core {
        name: "m4f",
        title: "Cortex-M4F",
        target: Some("thumbv7em-none-eabihf"),
        machine: arm(&["-machine", "mps2-an386"]),
        helpers: SINGLE_FLOAT,
        ..CORTEX_M3
    },
    // With the double-precision FPU: the archive, built for single precision, meets a C library built for both.
    Core {
        name: "m7",
        title: "Cortex-M7",
        target: Some("thumbv7em-none-eabihf"),
        own_flags: Some("-mthumb -mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard"),
        machine: arm(&["-machine", "mps2-an500"]),
        helpers: DOUBLE_FLOAT,
        ..CORTEX_M3
    },
    Core {
        name: "m33",
        title: "Cortex-M33",
        target: Some("thumbv8m.main-none-eabihf"),
        linker_script: Some("mps2-an505.ld"),
        machine: arm(&["-machine", "mps2-an505"]),
        helpers: SINGLE_FLOAT,
        ..CORTEX_M3
    },
    RV32IMAC,
    Core { name: "rv32imc", title: "RISC-V imc", target: Some("riscv32imc-unknown-none-elf"), ..RV32IMAC },
];

/// Cores whose archives are built of what those of [`CORES`] are built of, in another mixture: looked at less often, and not
/// measured.
pub static RELATED: [Core; 2] = [
    Core {
        name: "m33-soft",
        title: "Cortex-M33, no FPU",
        target: Some("thumbv8m.main-none-eabi"),
        linker_script: Some("mps2-an505.ld"),
        machine: arm(&["-machine", "mps2-an505"]),
        ..CORTEX_M3
    },
    Core {
        name: "rv32imafc",
        title: "RISC-V imafc",
        target: Some("riscv32imafc-unknown-none-elf"),
        helpers: RISC_V_SINGLE_FLOAT,
        ..RV32IMAC
    },
];

/// One with each way of computing: Armv6-M, Armv7-M, an FPU, RISC-V.
const KINDS: [&str; 4] = ["m0", "m3", "m4f", "rv32imac"];

impl Core {
    fn row(&self) -> Option<&'static Target> {
        self.target.and_then(targets::known)
    }

    /// The C compiler.
    pub fn compiler(&self) -> &'static str {
        self.row().map_or("cc", |row| row.compiler)
    }

    /// Its flags that choose the core and the C library.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let of_core = self.own_flags.or(self.row().map(|row| row.flags)).unwrap_or_default();
        of_core.split_whitespace().chain(self.c_library.iter().copied())
    }

    /// Whether what differs between ways of computing, and not between cores, is tried on this one.
    pub fn stands_for_its_kind(&self) -> bool {
        KINDS.contains(&self.name)
    }
}

/// One core of each kind.
pub fn one_of_each_kind() -> impl Iterator<Item = &'static Core> {
    CORES.iter().filter(|core| core.stands_for_its_kind())
}

/// All Rust targets of these cores, each once.
pub fn targets(cores: &[&Core]) -> Vec<&'static str> {
    let mut targets: Vec<_> = cores.iter().filter_map(|core| core.target).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_has_the_row_of_its_target_and_flags_for_the_core() {
        for core in CORES.iter().chain(&RELATED) {
            assert!(core.row().is_some(), "{}: {:?}", core.name, core.target);
            assert!(
                core.flags().any(|flag| flag.starts_with("-mcpu=") || flag.starts_with("-march=")),
                "{}",
                core.name
            );
        }
        let m0: Vec<_> = CORES[0].flags().collect();
        assert_eq!((CORES[0].compiler(), &m0[..]), ("arm-none-eabi-gcc", &["-mthumb", "-mcpu=cortex-m0"][..]));
        assert_eq!((HOST.compiler(), HOST.flags().count()), ("cc", 0));
    }
}
