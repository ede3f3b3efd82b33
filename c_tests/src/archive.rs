//! The finished archive, as programs of every shape and plan see it: each built into a shared object and opened.

use std::ffi::{c_void, CStr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{ensure, Context, Result};
use atome_engine::kernel::Kernel;
use libloading::os::unix::{Library, Symbol, RTLD_LOCAL, RTLD_NOW};

use crate::c_engine::CEngine;
use crate::engine_api::{engine_api, engine_extras};
use crate::integer_tables;
use crate::shapes::{TestShape, SHAPES};

/// The plan that a program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanChoice {
    Lean,
    Partial,
    Cached,
    /// The header's own choice.
    Auto,
}

impl PlanChoice {
    pub const ALL: [PlanChoice; 4] = [Self::Lean, Self::Partial, Self::Cached, Self::Auto];

    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lean => "archive, lean plan",
            Self::Partial => "archive, partial plan",
            Self::Cached => "archive, cached plan",
            Self::Auto => "archive, default plan",
        }
    }

    fn flag(self) -> Option<&'static str> {
        match self {
            Self::Lean => Some("-DATOME_PLAN=ATOME_PLAN_LEAN"),
            Self::Partial => Some("-DATOME_PLAN=ATOME_PLAN_PARTIAL"),
            Self::Cached => Some("-DATOME_PLAN=ATOME_PLAN_CACHED"),
            Self::Auto => None,
        }
    }
}

/// The arithmetic that a program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// The C99 engine's.
    Exact,
    /// That of docs/integer.md.
    Integer,
}

impl Arithmetic {
    /// Whether there is a program of this shape and plan.
    fn has(self, shape: usize, plan: PlanChoice) -> bool {
        match self {
            Self::Exact => true,
            Self::Integer => plan != PlanChoice::Partial && integer_tables::has_shape(shape),
        }
    }

    fn flag(self) -> Option<&'static str> {
        match self {
            Self::Exact => None,
            Self::Integer => Some("-DATOME_ARITHMETIC=ATOME_INTEGER"),
        }
    }
}

/// One program around the archive.
pub struct Image {
    pub engine: CEngine,
    pub extras: &'static engine_extras,
    /// Where its library lies.
    base: usize,
    _library: Library,
}

// SAFETY: the library's code has no state of its own; what it works on is passed to it.
unsafe impl Sync for Image {}
// SAFETY: as above.
unsafe impl Send for Image {}

/// The archive in all shapes, all plans that one of its arithmetics has.
pub struct Archive {
    pub arithmetic: Arithmetic,
    images: Vec<(usize, PlanChoice, Image)>,
}

impl Archive {
    /// Builds the images of all shapes. The header is the one beside the archive, or the workspace's own.
    pub fn open(archive: &Path, arithmetic: Arithmetic) -> Result<Self> {
        let archive = archive.canonicalize().with_context(|| format!("cannot find {}", archive.display()))?;
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let all = (0..SHAPES.len()).flat_map(|index| PlanChoice::ALL.map(|plan| (index, plan)));
        let wanted: Vec<_> = all.filter(|&(index, plan)| arithmetic.has(index, plan)).collect();
        let left = Mutex::new(wanted.iter().enumerate());
        let built = Mutex::new(Vec::new());
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| loop {
                    let next = left.lock().ok().and_then(|mut left| left.next());
                    let Some((place, &(index, plan))) = next else { return };
                    let image = Image::build(&archive, folder.path(), index, (arithmetic, plan))
                        .with_context(|| format!("shape {}, {}", SHAPES[index].name, plan.name()));
                    if let Ok(mut built) = built.lock() {
                        built.push((place, image.map(|image| (index, plan, image))));
                    }
                });
            }
        });
        let mut built = built.into_inner().unwrap_or_default();
        built.sort_by_key(|(place, _)| *place);
        let images = built.into_iter().map(|(_, image)| image).collect::<Result<Vec<_>>>()?;
        ensure!(images.len() == wanted.len(), "built {} images of {}", images.len(), wanted.len());
        Ok(Self { arithmetic, images })
    }

    /// The image of one shape and plan; `None` where the arithmetic has none.
    pub fn image(&self, shape: usize, plan: PlanChoice) -> Option<&Image> {
        self.images().find(|&(of, with, _)| (of, with) == (shape, plan)).map(|(_, _, image)| image)
    }

    /// Makes every image compute with `kernel`.
    pub fn select(&self, kernel: Kernel) -> Result<()> {
        for (_, _, image) in self.images() {
            image.select(kernel)?;
        }
        Ok(())
    }

    /// All images.
    pub fn images(&self) -> impl Iterator<Item = (usize, PlanChoice, &Image)> {
        self.images.iter().map(|(shape, plan, image)| (*shape, *plan, image))
    }
}

/// Where the library of an address lies, if it is in any.
fn base_of(address: *const c_void) -> Option<usize> {
    // SAFETY: four words, which the function fills; any address may be asked for.
    unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        (libc::dladdr(address, &mut info) != 0).then_some(info.dli_fbase as usize)
    }
}

impl Image {
    fn build(archive: &Path, folder: &Path, shape: usize, choice: (Arithmetic, PlanChoice)) -> Result<Self> {
        let object = folder.join(format!("{}-{:?}.so", SHAPES[shape].name, choice.1));
        compile(archive, &object, &SHAPES[shape], choice)?;
        // SAFETY: our own adapter and the archive under test; neither has initialisers. The symbol has the type that its
        // source gives it, and lives as long as the library, which the image keeps open.
        unsafe {
            let library = Library::open(Some(&object), RTLD_NOW | RTLD_LOCAL)?;
            let api: Symbol<*const engine_api> = library.get(b"archive_api\0")?;
            let api: &'static engine_api = &*api.into_raw().cast::<engine_api>();
            let extras = api.extras.as_ref().context("the archive's table names no extras")?;
            let base = base_of(std::ptr::from_ref(api).cast()).context("the table lies in no library")?;
            Ok(Self { engine: CEngine { api }, extras, base, _library: library })
        }
    }

    /// Whether a function lies in this program's own library. Its name says nothing: the header hides it.
    pub fn has(&self, function: usize) -> bool {
        base_of(function as *const c_void) == Some(self.base)
    }

    /// The archive's version and mode.
    pub fn version(&self) -> (String, String) {
        // SAFETY: constant strings.
        let text = |string| unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned();
        // SAFETY: functions without arguments.
        unsafe { (text((self.extras.version.unwrap())()), text((self.extras.mode.unwrap())())) }
    }

    fn select(&self, kernel: Kernel) -> Result<()> {
        let name = kernel.c_name();
        // SAFETY: a C string, and a function without arguments that returns one.
        let (code, now) = unsafe {
            let code = (self.extras.select_kernel.unwrap())(name.as_ptr());
            (code, CStr::from_ptr((self.extras.kernel.unwrap())()))
        };
        ensure!(code == 0 && now == name, "the archive was told to use {name:?}, answered {code} and uses {now:?}");
        Ok(())
    }

    /// What the archive says of a return code.
    pub fn error_text(&self, code: i32) -> String {
        // SAFETY: a constant string for every code.
        unsafe { CStr::from_ptr((self.extras.error_text.unwrap())(code)) }.to_string_lossy().into_owned()
    }
}

fn compile(
    archive: &Path,
    object: &Path,
    shape: &TestShape,
    (arithmetic, plan): (Arithmetic, PlanChoice),
) -> Result<()> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside: PathBuf = archive.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let headers = if beside.join("atome.h").is_file() { beside } else { sources.join("../include") };
    let mut cc = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    // -Bsymbolic: the image's own functions and its own shape, whatever else the process holds.
    cc.args([
        "-std=c99",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-shared",
        "-fPIC",
        "-Wl,-Bsymbolic",
        "-Wl,--no-undefined",
    ]);
    cc.args(shape.flags()).args(plan.flag()).args(arithmetic.flag());
    cc.arg("-I").arg(headers).arg("-I").arg(sources.join("adapter"));
    cc.arg(sources.join("adapter/archive_unit.c")).arg(archive).arg("-lm").arg("-o").arg(object);
    let output = cc.output().with_context(|| format!("cannot run {cc:?}"))?;
    ensure!(output.status.success(), "{cc:?}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
