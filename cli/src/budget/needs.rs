//! What a model takes, and how chips fare with it.

use anyhow::{Context, Result};
use atome_engine::container::{Contents, PartKind, WeightFormat};
use atome_engine::format::Sublayers;
use atome_engine::{c99_state_bytes, integer, Layout, Packing, Plan, Shape};
use serde_json::{json, Map, Value};

use super::args::BudgetArgs;
use super::work::PlanWork;
use crate::chips::Chip;
use crate::container;
use crate::model_file::ModelFile;
use crate::shape_source::Found;
use crate::sizes::Sizes;

const KIB: u64 = 1024;

/// From the least memory to the most.
const PLANS: [Plan; 3] = [Plan::Lean, Plan::Partial, Plan::Cached];

/// What a model takes.
#[derive(Debug)]
pub struct Needs {
    pub sizes: Sizes,
    /// Feed-forward sublayers of each layer.
    pub feed_forward: usize,
    /// Bytes of the model file, with the container around it.
    pub flash: u64,
    /// `sizeof(atome_state_t)` in the lean plan.
    pub lean: u64,
    /// `sizeof(atome_state_t)` in the partial plan; none where that is 4 GiB or more.
    pub partial: Option<u64>,
    /// `sizeof(atome_state_t)` in the cached plan.
    pub cached: u64,
    /// The C99 engine's state.
    pub c99: u64,
    /// The plan that the header takes without being told.
    pub auto: Plan,
    /// The state in integers, or why there is none for this shape.
    pub integer: Result<IntegerState, String>,
    /// What a token costs in each plan.
    pub work: Vec<PlanWork>,
    /// `sizeof(atome_model_t)`, or of a classifier, where pointers have 32 bits.
    pub model_struct: u64,
    pub reserve_flash: u64,
    pub reserve_ram: u64,
}

/// What the integer arithmetic's state takes, in bytes. It has two plans.
#[derive(Clone, Copy, Debug)]
pub struct IntegerState {
    pub lean: u64,
    pub cached: u64,
}

/// How a chip fares.
#[derive(Debug)]
pub struct Verdict {
    pub chip: &'static Chip,
    pub flash: Room,
    pub exact: States,
    /// None where the integer arithmetic does not take the shape.
    pub integer: Option<States>,
    pub c99: Room,
}

/// How the states of one arithmetic fit.
#[derive(Debug)]
pub struct States {
    pub lean: Room,
    pub cached: Room,
    /// The longest window that fits the RAM in each plan; 0 where none does.
    pub longest_lean: usize,
    pub longest_cached: usize,
}

/// Whether something fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Fits,
    /// Bytes that are missing.
    Short(u64),
}

/// What `args` ask for, with the shape that was found.
pub fn needs(args: &BudgetArgs, found: &Found, file: Option<&ModelFile>) -> Result<Needs> {
    let Found { shape, max_seq, sizes, .. } = *found;
    let bytes = |plan| Layout::new(shape, max_seq, plan).map(|layout| layout.bytes() as u64);
    let partial = bytes(Plan::Partial).ok();
    let plans = PLANS.into_iter().filter(|&plan| plan != Plan::Partial || partial.is_some());
    let feed_forward = match file {
        Some(file) => file.sublayers(&shape)?.map_or(0, |sublayers| sublayers.per_layer()),
        None => args.feed_forward.unwrap_or(0),
    };
    let is_classifier = file.is_some_and(|file| file.format.n_classes().is_some());
    let work = plans.map(|plan| PlanWork::new(shape, max_seq, plan)).collect::<Result<_>>()?;
    Ok(Needs {
        sizes,
        feed_forward,
        flash: match file {
            Some(file) => in_flash(file) as u64,
            None => found.needed as u64 + sublayers_in_flash(shape, &sizes, feed_forward)?,
        },
        lean: bytes(Plan::Lean)?,
        partial,
        cached: bytes(Plan::Cached)?,
        c99: c99_state_bytes(&shape, max_seq),
        auto: Layout::auto(shape, max_seq)?.plan(),
        integer: integer_state(shape, max_seq).map_err(|error| error.to_string()),
        work,
        model_struct: model_struct_bytes(&shape, is_classifier),
        reserve_flash: u64::from(args.reserve_flash) * KIB,
        reserve_ram: u64::from(args.reserve_ram) * KIB,
    })
}

/// Bytes of a model's file, with the container around it.
fn in_flash(file: &ModelFile) -> usize {
    file.label.as_ref().map_or(file.bytes.len(), |label| label.len)
}

/// Bytes that `count` sublayers of each layer make of a model file of 2-bit weights: their part, and the container around both,
/// padded at most.
fn sublayers_in_flash(shape: Shape, sizes: &Sizes, count: usize) -> Result<u64> {
    if count == 0 {
        return Ok(0);
    }
    let about = container::description(shape, sizes, WeightFormat::TwoBits);
    let parts: [(PartKind, &[u8]); 1] = [(PartKind::FEED_FORWARD, &[])];
    let around = Contents { about: &about, notes: &[], parts: &parts, payload: &[] }.file_len();
    let part = Sublayers::part_len(&shape, Packing::TwoBits, count) as u64;
    Ok(part.next_multiple_of(about.alignment.into()) + around.context("a container of nothing has a length")? as u64)
}

fn integer_state(shape: Shape, max_seq: usize) -> Result<IntegerState, integer::LayoutError> {
    let bytes = |plan| integer::Layout::new(shape, max_seq, plan).map(|layout| layout.bytes() as u64);
    Ok(IntegerState { lean: bytes(Plan::Lean)?, cached: bytes(Plan::Cached)? })
}

/// `sizeof(atome_model_t)`, or `sizeof(atome_classifier_t)`, with 32-bit pointers: a matrix view is a pointer, a scale
/// and two 16-bit numbers (12 bytes), a norm two pointers (8), the recurrence three and a number (16), attention three
/// matrices and two numbers (40); a classifier adds a matrix and a count.
fn model_struct_bytes(shape: &Shape, is_classifier: bool) -> u64 {
    const MATRIX: u64 = 12;
    const NORM: u64 = 8;
    const BLOCK: u64 = NORM + MATRIX + 16 + 40 + MATRIX;
    const FINGERPRINT: u64 = 8;
    let head = if is_classifier { MATRIX + 4 } else { 0 };
    MATRIX + NORM + MATRIX + FINGERPRINT + shape.n_layers() as u64 * BLOCK + head
}

/// Compares what is needed with what a chip has.
pub fn judge(chip: &'static Chip, needs: &Needs, shape: Shape) -> Verdict {
    let flash = (u64::from(chip.flash_kib) * KIB).saturating_sub(needs.reserve_flash);
    let ram = (u64::from(chip.ram_kib) * KIB).saturating_sub(needs.reserve_ram + needs.model_struct);
    let exact = |max_seq, plan| Layout::new(shape, max_seq, plan).ok().map(|layout| layout.bytes());
    let integer = |max_seq, plan| integer::Layout::new(shape, max_seq, plan).ok().map(|layout| layout.bytes());
    Verdict {
        chip,
        flash: room(needs.flash, flash),
        exact: States::new([needs.lean, needs.cached], ram, exact),
        integer: needs.integer.as_ref().ok().map(|state| States::new([state.lean, state.cached], ram, integer)),
        c99: room(needs.c99, ram),
    }
}

fn room(need: u64, there: u64) -> Room {
    match need.checked_sub(there) {
        None | Some(0) => Room::Fits,
        Some(missing) => Room::Short(missing),
    }
}

impl States {
    /// `bytes` says what a state takes for a window and a plan, where there is one.
    fn new([lean, cached]: [u64; 2], ram: u64, bytes: impl Fn(usize, Plan) -> Option<usize>) -> Self {
        let longest = |plan| longest_window(ram, |max_seq| bytes(max_seq, plan));
        Self {
            lean: room(lean, ram),
            cached: room(cached, ram),
            longest_lean: longest(Plan::Lean),
            longest_cached: longest(Plan::Cached),
        }
    }

    fn json(&self) -> Map<String, Value> {
        let entries = [
            ("lean", self.lean.json()),
            ("lean_longest_max_seq", self.longest_lean.into()),
            ("cached", self.cached.json()),
            ("cached_longest_max_seq", self.longest_cached.into()),
        ];
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// A state grows with its window, so bisection finds the longest.
fn longest_window(ram: u64, bytes: impl Fn(usize) -> Option<usize>) -> usize {
    let fits = |max_seq| bytes(max_seq).is_some_and(|bytes| bytes as u64 <= ram);
    let (mut fitting, mut beyond) = (0, 65_536);
    while beyond - fitting > 1 {
        let middle = (fitting + beyond) / 2;
        if fits(middle) {
            fitting = middle;
        } else {
            beyond = middle;
        }
    }
    fitting
}

impl Verdict {
    pub fn json(&self) -> Value {
        let mut all = json!({
            "name": self.chip.name,
            "core": self.chip.core,
            "flash_kib": self.chip.flash_kib,
            "flash_external": self.chip.external,
            "ram_kib": self.chip.ram_kib,
            "model": self.flash.json(),
            "integer": self.integer.as_ref().map(States::json),
            "c99": self.c99.json(),
        });
        if let Value::Object(all) = &mut all {
            all.extend(self.exact.json());
        }
        all
    }
}

impl Room {
    fn json(self) -> Value {
        match self {
            Room::Fits => json!({ "fits": true }),
            Room::Short(missing) => json!({ "fits": false, "missing_bytes": missing }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_engine::Dims;

    #[test]
    fn the_longest_window_is_the_last_that_fits() {
        let shape = Shape::new(Dims::DEFAULT).unwrap();
        for plan in [Plan::Lean, Plan::Cached] {
            for kib in [0, 1, 20, 64, 512] {
                let ram = kib * KIB;
                let exact = |max_seq| Layout::new(shape, max_seq, plan).ok().map(|layout| layout.bytes());
                let longest = longest_window(ram, exact);
                assert!(longest == 0 || exact(longest).unwrap() as u64 <= ram);
                assert!(exact(longest + 1).unwrap() as u64 > ram);
            }
        }
    }

    #[test]
    fn no_window_is_longer_than_the_arithmetic_takes() {
        let shape = Shape::new(Dims::DEFAULT).unwrap();
        let bytes = |max_seq| integer::Layout::new(shape, max_seq, Plan::Cached).ok().map(|layout| layout.bytes());
        assert_eq!(longest_window(u64::MAX, bytes), 4096);
    }

    #[test]
    fn room_says_what_is_missing() {
        assert_eq!(room(10, 10), Room::Fits);
        assert_eq!(room(11, 10), Room::Short(1));
        assert_eq!(room(11, 0), Room::Short(11));
    }
}
