//! Building and running `examples/` as their README tells, with packages that lie in a folder of their own.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::package;
use super::targets::Target;
use crate::archive::{Flavour, Mode, Profile};
use crate::signed_models;
use crate::{process, workspace};

/// The programs, each a folder of `examples/`.
pub const PROGRAMS: [&str; 3] = ["answer", "generate", "classify"];

/// Macros for most of the builds: an emulated core answers in a tenth of the time where it keeps what it has computed.
const QUICK: [&str; 2] = ["ATOME_PLAN=ATOME_PLAN_CACHED", "RAM_FOR_STATE=400000"];

/// What `-semihosting-config` and the rest mean is said in examples/board/rules.mk.
const EMULATOR: [&str; 12] = [
    "qemu-system-arm",
    "-machine",
    "mps2-an385",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "none",
    "-semihosting-config",
    "enable=on,target=native",
    "-kernel",
];

/// Seconds that an example may run; as it is, one takes some on an emulated core.
const LIMIT: &str = "300";

/// How CMake finds a package.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// `find_package`, by `CMAKE_PREFIX_PATH`.
    FindPackage,
    /// `add_subdirectory` of the package's folder.
    AddSubdirectory,
}

impl Way {
    /// Both.
    pub const ALL: [Way; 2] = [Way::FindPackage, Way::AddSubdirectory];

    fn option(self, package: &Path) -> String {
        let variable = match self {
            Way::FindPackage => "CMAKE_PREFIX_PATH",
            Way::AddSubdirectory => "ATOME_FOLDER",
        };
        format!("-D{variable}={}", package.display())
    }
}

/// The examples, and where they are built.
pub struct Examples {
    /// Folder with the unpacked packages.
    pub packages: PathBuf,
    /// Folder for everything that is built.
    pub build: PathBuf,
    /// Executables built so far.
    pub built: Cell<usize>,
}

impl Examples {
    fn package(&self, target: &Target) -> PathBuf {
        self.packages.join(package::name(target))
    }

    fn source(folder: &str) -> PathBuf {
        workspace::root().join("examples").join(folder)
    }

    fn count(&self, executables: usize) {
        self.built.set(self.built.get() + executables);
    }

    /// Builds with the program's Makefile, and lets that run it too. Returns what the program printed.
    pub fn make(&self, program: &str, target: &Target, flavour: Flavour) -> Result<String> {
        let defines = QUICK.map(|define| format!("-D{define}")).join(" ");
        self.make_with(program, target, flavour, &[("DEFINES", &defines)])
    }

    /// [`Examples::make`] with variables of our own choice.
    pub fn make_with(
        &self,
        program: &str,
        target: &Target,
        flavour: Flavour,
        variables: &[(&str, &str)],
    ) -> Result<String> {
        let name: String = variables.iter().map(|(_, value)| format!("-{}", value.replace(' ', "_"))).collect();
        let build = self.build.join(format!("make-{program}-{}-{flavour}{name}", target.triple));
        let make = |goal: &str| {
            let mut make = Command::new("timeout");
            make.current_dir(Self::source(program)).args([LIMIT, "make", "--silent", goal]);
            make.arg(format!("ATOME={}", self.package(target).display())).arg(format!("BUILD={}", build.display()));
            make.arg(format!("MODE={}", flavour.mode)).arg(format!("PROFILE={}", flavour.profile));
            make.arg(if target.is_host { "HOST=1" } else { "HOST=" });
            make.args(variables.iter().map(|(name, value)| format!("{name}={value}")));
            process::checked(&mut make)
        };
        let messages = make("all").with_context(|| format!("examples/{program} for {}", target.triple))?;
        // The linker warns where an archive does not suit its target.
        ensure!(
            !messages.contains("warning"),
            "examples/{program} for {}: built with warnings\n{messages}",
            target.triple
        );
        self.count(1);
        make("run")
    }

    /// Configures the CMake project without building it.
    pub fn configure(
        &self,
        way: Way,
        package: &Target,
        target: &Target,
        flavour: Flavour,
        build: &Path,
    ) -> Result<String> {
        let mut cmake = Command::new("cmake");
        cmake.arg("-S").arg(Self::source("cmake")).arg("-B").arg(build).arg(way.option(&self.package(package)));
        let library = match (flavour.profile, flavour.mode, flavour.signed) {
            (Profile::Size, Mode::Portable, false) => "atome::size",
            (Profile::Size, Mode::System, _) => "atome::size_system",
            (Profile::Size, Mode::Portable, true) => "atome::size_signed",
            (_, Mode::Portable, false) => "atome::atome",
            (_, Mode::System, _) => "atome::system",
            (_, Mode::Portable, true) => "atome::signed",
        };
        cmake.arg(format!("-DATOME_LIBRARY={library}")).arg(format!("-DDEFINES={}", QUICK.join(";")));
        if !target.is_host {
            cmake.arg(format!("-DCMAKE_TOOLCHAIN_FILE={}", Self::source("cmake/cortex-m3.cmake").display()));
        }
        process::checked(&mut cmake)
    }

    /// Builds the CMake project. Returns what each of [`PROGRAMS`] printed.
    pub fn cmake(&self, way: Way, target: &Target, flavour: Flavour) -> Result<Vec<String>> {
        let build = self.build.join(format!("cmake-{way:?}-{}-{flavour}", target.triple));
        self.configure(way, target, target, flavour, &build)?;
        process::checked(Command::new("cmake").arg("--build").arg(&build))?;
        self.count(PROGRAMS.len());
        PROGRAMS.iter().map(|program| run(target, &build.join(program))).collect()
    }

    /// Compiles the first of [`PROGRAMS`] for this machine with one compiler call that asks pkg-config for its flags. Returns
    /// what the program printed.
    pub fn pkg_config(&self, host: &Target, mode: Mode) -> Result<String> {
        let package = match mode {
            Mode::Portable => "atome",
            Mode::System => "atome-system",
        };
        let executable = self.build.join(format!("pkg-config-{mode}"));
        let script = format!(
            "set -e; flags=$(pkg-config --cflags --libs {package}); \
             cc -DMODEL_FILE='\"../../models/default.bin\"' -c ../board/model.S -o '{0}.o'; \
             cc -std=c99 -Wall -Wextra -Werror {1} -include ../../models/default.h -DDIALOGUE=DEFAULT_DIALOGUE -I../board \
             main.c ../board/print.c ../board/host.c '{0}.o' $flags -o '{0}'",
            executable.display(),
            QUICK.map(|define| format!("-D{define}")).join(" ")
        );
        let mut shell = Command::new("sh");
        shell.current_dir(Self::source(PROGRAMS[0])).args(["-c", &script]);
        shell.env("PKG_CONFIG_PATH", self.package(host).join("lib/pkgconfig"));
        process::checked(&mut shell)?;
        self.count(1);
        run(host, &executable)
    }

    /// Compiles the program of the emulated cores that loads signed and tampered models, for this machine, with the flags
    /// that pkg-config gives. Returns what it printed.
    pub fn signed_models(&self, host: &Target) -> Result<String> {
        let models = signed_models::write_check(&self.build)?;
        let executable = self.build.join("signed-models");
        let script = format!(
            "set -e; flags=$(pkg-config --cflags --libs atome-signed); \
             cc -std=c99 -Wall -Wextra -Werror -I../board -I../../c_tests/programs -DBLOB_FILE='\"{}\"' {} signed.c text.c \
             blob.S ../host/host_board.c $flags -o '{}'",
            models.display(),
            signed_models::CHECK_SHAPE.flags().join(" "),
            executable.display()
        );
        let mut shell = Command::new("sh");
        shell.current_dir(workspace::root().join("qemu/firmware")).args(["-c", &script]);
        shell.env("PKG_CONFIG_PATH", self.package(host).join("lib/pkgconfig"));
        process::checked(&mut shell)?;
        self.count(1);
        run(host, &executable)
    }

    /// What pkg-config says is to be linked.
    pub fn libraries(&self, target: &Target, package: &str) -> Result<String> {
        let mut command = Command::new("pkg-config");
        command.args(["--libs", package]).env("PKG_CONFIG_PATH", self.package(target).join("lib/pkgconfig"));
        process::checked(&mut command)
    }
}

fn run(target: &Target, executable: &Path) -> Result<String> {
    let mut command = Command::new("timeout");
    command.arg(LIMIT);
    if !target.is_host {
        command.args(EMULATOR);
    }
    process::checked(command.arg(executable))
}
