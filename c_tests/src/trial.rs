//! Runs one script through all engines and compares them call by call.

use std::fmt;

use atome_engine::Plan;

use crate::archive::{Archive, Arithmetic, PlanChoice};
use crate::archive_side::ArchiveSide;
use crate::call::{Call, STATES};
use crate::engine_side::EngineSide;
use crate::integer_tables;
use crate::outcome::{Mismatch, Outcome};
use crate::reference::{self, Reference};
use crate::script::Script;
use crate::shapes::SHAPES;
use crate::tally::Tally;
use crate::wild_calls::{Class, Classes};
use crate::world::World;

/// Which engine gets a model with one weight changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    None,
    Engine,
    Archive,
}

/// Who takes part in a trial, and how.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    pub archive: Option<&'a Archive>,
    pub sabotage: Sabotage,
    /// What the user's reference is asked for all the same.
    pub asked: Classes,
}

impl Setup<'_> {
    /// Whether it is the integer arithmetic that is compared.
    pub fn has_integers(&self) -> bool {
        self.archive.is_some_and(|archive| archive.arithmetic == Arithmetic::Integer)
    }
}

/// ATOME_ERR_ARITHMETIC of atome.h.
const ERR_ARITHMETIC: i32 = -11;

/// Where engines disagree.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Index of the call in its script.
    pub call: usize,
    pub description: String,
    /// What is taken for right, and who differs from it.
    pub expected_from: &'static str,
    pub engine: &'static str,
    pub mismatch: Mismatch,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "call {}: {}", self.call, self.description)?;
        write!(f, "{} against {}: {}", self.engine, self.expected_from, self.mismatch)
    }
}

/// One engine in a trial.
enum Side<'a> {
    Reference { reference: Reference, garbage: u64, asked: Classes },
    Engine(EngineSide),
    Archive(ArchiveSide<'a>),
}

impl Side<'_> {
    fn name(&self) -> &'static str {
        match self {
            Side::Reference { .. } => "reference",
            Side::Engine(engine) => engine.name(),
            Side::Archive(archive) => archive.name(),
        }
    }

    /// Performs the call, or says what is known without; then adds the logits of a state that the call must have left as
    /// they were.
    fn perform(&mut self, call: &Call, world: &World, is_asked: bool) -> Outcome {
        let mut out = match self {
            Side::Reference { .. } if !is_asked => Reference::specified(call),
            Side::Reference { reference, garbage, .. } => reference.perform(call, world, *garbage),
            Side::Engine(engine) => engine.perform(call, world),
            Side::Archive(archive) => archive.perform(call, world),
        };
        let Some((state, shown)) = state_of(call).and_then(|state| Some((state, world.shown[state].as_deref()?)))
        else {
            return out;
        };
        if !out.is_absent && out.floats_of("logits").is_none() {
            match self {
                Side::Reference { .. } => out.floats("state->logits", shown),
                Side::Engine(engine) => out.floats("state->logits", engine.logits(state)),
                Side::Archive(archive) => out.floats("state->logits", archive.logits(state)),
            }
        }
        out
    }

    /// Why the call is not made on this side, if so.
    fn left_out(&self, call: &Call, world: &World) -> Option<Class> {
        match self {
            Side::Reference { reference, garbage, asked } => reference.is_left_out(call, world, *garbage, *asked),
            Side::Engine(_) | Side::Archive(_) => None,
        }
    }

    fn is_sabotaged(&self, sabotage: Sabotage) -> bool {
        match self {
            Side::Reference { .. } => false,
            Side::Engine(_) => sabotage == Sabotage::Engine,
            Side::Archive(_) => sabotage == Sabotage::Archive,
        }
    }
}

/// Runs the calls of `script` whose indices are in `calls`, in order, up to the first difference.
pub fn run(shape: usize, script: &Script, calls: &[usize], setup: Setup, tally: &mut Tally) -> Option<Failure> {
    if setup.has_integers() && !integer_tables::has_shape(shape) {
        return None;
    }
    let sabotage = setup.sabotage;
    let mut sides = sides(shape, script, setup);
    let mut world = World::new(&SHAPES[shape], &script.contents);
    let mut changed = (sabotage != Sabotage::None).then(|| world.with_one_weight_changed());
    tally.cases += 1;
    for (index, call) in calls.iter().filter_map(|&index| Some((index, script.calls.get(index)?))) {
        if !is_possible(call, &world) || setup.has_integers() && matches!(call, Call::SparseAttn { .. }) {
            continue;
        }
        let is_refused = setup.has_integers() && is_refused(shape, call, &world);
        if is_refused && matches!(call, Call::Rewrite { .. }) {
            continue;
        }
        // A model that is refused leaves the struct as it was.
        for world in [Some(&mut world), changed.as_mut()].into_iter().flatten().filter(|_| !is_refused) {
            world.apply(call);
        }
        if let Some(changed) = &mut changed {
            changed.shown = world.shown.clone();
        }
        tally.calls += 1;
        let mut expected: Option<(&'static str, Outcome)> = None;
        for side in &mut sides {
            let world = if side.is_sabotaged(sabotage) { changed.as_ref().unwrap_or(&world) } else { &world };
            let left_out = side.left_out(call, world);
            if let Some(class) = left_out {
                tally.left_out[class as usize] += 1;
            }
            let found = side.perform(call, world, left_out.is_none());
            if found.is_absent {
                continue;
            }
            let Some((expected_from, expected)) = &expected else {
                expected = Some((side.name(), found));
                continue;
            };
            if let Some(mismatch) = expected.compare(&found, tally) {
                let (description, engine) = (describe(call), side.name());
                return Some(Failure { call: index, description, expected_from, engine, mismatch });
            }
        }
        if let Some((_, outcome)) = &expected {
            note(call, outcome, &mut world);
        }
    }
    None
}

fn sides<'a>(shape: usize, script: &Script, setup: Setup<'a>) -> Vec<Side<'a>> {
    let garbage = script.garbage;
    let reference = if setup.has_integers() { reference::of_integers(shape) } else { reference::of_shape(shape) };
    let mut sides = vec![Side::Reference { reference, garbage, asked: setup.asked }];
    // The engine's integers are compared with the reference's by themselves (src/integer/).
    for plan in [Plan::Lean, Plan::Partial, Plan::Cached].into_iter().filter(|_| !setup.has_integers()) {
        sides.push(Side::Engine(EngineSide::new(&SHAPES[shape], plan, garbage)));
    }
    let Some(archive) = setup.archive else { return sides };
    for plan in PlanChoice::ALL {
        if let Some(image) = archive.image(shape, plan).filter(|_| plan != PlanChoice::Auto || script.with_auto_plan) {
            sides.push(Side::Archive(ArchiveSide::new(image, plan, garbage)));
        }
    }
    sides
}

/// Whether a load of the integer arithmetic takes the model that the call is about. A struct that points to bytes which are
/// refused then, and which others lie at, is what no program may use.
fn is_refused(shape: usize, call: &Call, world: &World) -> bool {
    let reference = || reference::of_integers(shape);
    match call {
        Call::Load { buffer, .. } => reference().load_code(world.buffer(*buffer).bytes(0)) == ERR_ARITHMETIC,
        Call::LoadClassifier { buffer, .. } => {
            reference().classifier_load_code(world.buffer(*buffer).bytes(0)) == ERR_ARITHMETIC
        }
        Call::Rewrite { content, .. } => reference().load_code(world.content(*content)) == ERR_ARITHMETIC,
        _ => false,
    }
}

/// Whether a call makes sense after those before it: shrinking leaves out loads, and some results need earlier ones.
/// Predictions need none: a struct that was never loaded is refused.
fn is_possible(call: &Call, world: &World) -> bool {
    match call {
        Call::Matvec { model, .. }
        | Call::LayerNorm { model, .. }
        | Call::CausalConv { model, .. }
        | Call::Ssm { model, .. }
        | Call::SparseAttn { model, .. }
        | Call::Change { model, .. }
        | Call::GenerateSampled { model, .. }
        | Call::GenerateSliding { model, .. }
        | Call::Stream { model, .. } => world.model(*model).is_some(),
        Call::Sample { state, .. } => world.shown[*state].is_some(),
        Call::Entropy { state } => world.entropy_known[*state],
        _ => true,
    }
}

fn state_of(call: &Call) -> Option<usize> {
    match call {
        Call::Init { state }
        | Call::Scribble { state, .. }
        | Call::Predict { state, .. }
        | Call::Generate { state, .. }
        | Call::GenerateSampled { state, .. }
        | Call::GenerateSliding { state, .. }
        | Call::Sample { state, .. }
        | Call::Entropy { state }
        | Call::Classify { state, .. }
        | Call::SparseAttn { state, .. }
        | Call::BadArguments { state, .. } => Some(*state).filter(|&state| state < STATES),
        _ => None,
    }
}

/// What a call has left in the state.
fn note(call: &Call, outcome: &Outcome, world: &mut World) {
    let Some(state) = state_of(call) else { return };
    if let Some(logits) = outcome.floats_of("logits") {
        world.shown[state] = Some(logits.to_vec());
    }
    if outcome.floats_of("router_w").is_some() {
        world.entropy_known[state] = true;
    }
}

/// The call in a line that can be read.
fn describe(call: &Call) -> String {
    const MAX_CHARS: usize = 400;
    let mut text = format!("{call:?}");
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text += "...";
    }
    text
}
