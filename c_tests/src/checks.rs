//! What has to hold for a comparison to mean anything: each table leads to the engine that it is said to lead to, sizes
//! are as promised, and a single changed weight is seen.

use std::collections::BTreeSet;

use anyhow::{ensure, Context, Result};
use atome_engine::math::MODE;
use atome_engine::{integer, Layout, Plan};

use crate::archive::{Archive, Arithmetic, Image, PlanChoice};
use crate::compiled_references::IS_OURS;
use crate::engine_api::{engine_api, engine_shape};
use crate::engine_side::layout;
use crate::integer_tables;
use crate::random_values::Character;
use crate::reference;
use crate::script::Script;
use crate::shapes::{TestShape, SHAPES};
use crate::tally::Tally;
use crate::trial::{self, Sabotage, Setup};
use crate::wild_calls::Classes;

/// What the default plan may cost above the C99 engine's state, in bytes.
const MAX_ABOVE_C99: usize = 64;

/// Every table leads to an engine of its own, compiled for its shape, with structs of the promised sizes.
pub fn tables(archive: Option<&Archive>) -> Result<()> {
    references_are_distinct_and_sized()?;
    if let Some(archive) = archive {
        images_are_the_archive(archive)?;
        match archive.arithmetic {
            Arithmetic::Exact => archive_sizes(archive)?,
            Arithmetic::Integer => integer_sizes(archive)?,
        }
    }
    Ok(())
}

fn numbers(shape: &engine_shape) -> [i32; 9] {
    let sizes = [shape.d_model, shape.max_seq, shape.n_layers, shape.n_pathways, shape.vocab_size];
    let [d, s, l, p, v] = sizes;
    [d, s, l, p, v, shape.d_head, shape.kernel_size, shape.top_k, shape.max_classes]
}

fn has_shape(api: &engine_api, shape: &TestShape) -> bool {
    let wanted = [
        shape.d_model,
        shape.max_seq,
        shape.n_layers,
        shape.n_pathways,
        shape.vocab_size,
        shape.d_head,
        shape.kernel_size,
        shape.top_k,
        shape.max_classes,
    ];
    numbers(&api.shape).map(|number| number as usize) == wanted
}

/// `sizeof(atome_state_t)` of the C99 engine, by the API's description.
fn c99_state_size(shape: &TestShape) -> usize {
    let (d, s, h) = (shape.d_model, shape.max_seq, shape.d_head);
    4 * (s * (6 * d + h + shape.n_pathways + 1) + shape.n_layers * d + shape.vocab_size + h)
}

fn references_are_distinct_and_sized() -> Result<()> {
    let mut addresses = Vec::new();
    for (index, shape) in SHAPES.iter().enumerate() {
        let api = reference::of_shape(index).api();
        ensure!(has_shape(api, shape), "the reference of shape {} was compiled for another", shape.name);
        ensure!(api.extras.is_null(), "the reference of shape {} has the archive's own functions", shape.name);
        addresses.push(api.address_of_predict_next.map(|function| function as usize));
        if IS_OURS {
            let (size, wanted) = (api.state_size, c99_state_size(shape));
            ensure!(size == wanted, "shape {}: the reference's state has {size} bytes, expected {wanted}", shape.name);
        }
    }
    let count = addresses.len();
    addresses.sort_unstable();
    addresses.dedup();
    ensure!(addresses.len() == count, "two shapes share a reference: the renaming does not work");
    Ok(())
}

/// The table's functions are the symbols of that one library, which are not the reference's, and the modes agree.
fn images_are_the_archive(archive: &Archive) -> Result<()> {
    for (shape, plan, image) in archive.images() {
        let name = format!("{}, {}", SHAPES[shape].name, plan.name());
        let api = image.engine.api;
        ensure!(has_shape(api, &SHAPES[shape]), "{name}: compiled for another shape");
        let address = |function: Option<unsafe extern "C" fn()>| function.map_or(0, |function| function as usize);
        let (load, predict) = (address(api.address_of_load), address(api.address_of_predict_next));
        ensure!(image.has(load), "{name}: atome_load comes from another library");
        ensure!(image.has(predict), "{name}: atome_predict_next comes from another library");
        let theirs = address(reference::of_shape(shape).api().address_of_predict_next);
        ensure!(predict != theirs, "{name}: the reference poses as the archive");
        let (version, mode) = image.version();
        let own = env!("CARGO_PKG_VERSION");
        ensure!(version == own, "{name}: the archive is of version {version}, this harness of {own}");
        let texts: BTreeSet<_> = [0, -1, -2, -3, -4, -5].map(|code| image.error_text(code)).into_iter().collect();
        ensure!(texts.len() == 6 && !texts.contains(""), "{name}: error texts {texts:?}, expected six different ones");
        ensure!(
            mode == MODE,
            "the archive is in {mode} mode and this harness in {MODE} mode: build both with --features system-libm, or neither"
        );
    }
    let predict = |image: &Image| image.engine.api.address_of_predict_next.map(|function| function as usize);
    let distinct: BTreeSet<_> = archive.images().map(|(_, _, image)| predict(image)).collect();
    ensure!(distinct.len() == archive.images().count(), "two images share one library");
    Ok(())
}

fn archive_sizes(archive: &Archive) -> Result<()> {
    for (index, shape) in SHAPES.iter().enumerate() {
        let image = |plan| archive.image(index, plan).context("an image of every shape and plan");
        let api = |plan| image(plan).map(|image| image.engine.api);
        let c99 = c99_state_size(shape);
        let wanted = [Plan::Lean, Plan::Partial, Plan::Cached].map(|plan| layout(shape, plan).bytes());
        let found = [PlanChoice::Lean, PlanChoice::Partial, PlanChoice::Cached];
        let found = found.into_iter().map(|plan| Ok(api(plan)?.state_size)).collect::<Result<Vec<_>>>()?;
        ensure!(
            found == wanted,
            "{}: states of {found:?} bytes (lean, partial, cached), the engine says {wanted:?}",
            shape.name
        );
        for plan in PlanChoice::ALL {
            let sums = image(plan)?.extras;
            let sums = [sums.lean_state_size, sums.partial_state_size, sums.cached_state_size, sums.c99_state_size];
            let wanted = [wanted[0], wanted[1], wanted[2], c99];
            ensure!(sums == wanted, "{}: the header's sums are {sums:?}, expected {wanted:?}", shape.name);
        }
        let auto = api(PlanChoice::Auto)?;
        let max = c99 + MAX_ABOVE_C99;
        ensure!(auto.state_size <= max, "{}: {} bytes by default, at most {max}", shape.name, auto.state_size);
        let by_size = match Layout::auto(*layout(shape, Plan::Lean).shape(), shape.max_seq)?.plan() {
            Plan::Lean => PlanChoice::Lean,
            Plan::Partial => PlanChoice::Partial,
            Plan::Cached => PlanChoice::Cached,
        };
        ensure!(
            auto.shape.plan == api(by_size)?.shape.plan && auto.state_size == api(by_size)?.state_size,
            "{}: the default is plan {}, the engine says {by_size:?}",
            shape.name,
            auto.shape.plan
        );
    }
    Ok(())
}

/// States are as large as the engine's layout, by the header's sums too; the default plan is the cached one where that takes no more
/// than the C99 engine did.
fn integer_sizes(archive: &Archive) -> Result<()> {
    for (index, plan, image) in archive.images() {
        let shape = &SHAPES[index];
        let of = |plan| -> Result<usize> {
            Ok(integer::Layout::new(*layout(shape, Plan::Lean).shape(), shape.max_seq, plan)?.bytes())
        };
        let (lean, cached, c99) = (of(Plan::Lean)?, of(Plan::Cached)?, c99_state_size(shape));
        let sums = [image.extras.lean_state_size, image.extras.cached_state_size, image.extras.c99_state_size];
        ensure!(sums == [lean, cached, c99], "{}: the header's sums are {sums:?}", shape.name);
        let is_cached = plan == PlanChoice::Cached || plan == PlanChoice::Auto && cached <= c99;
        let (found, wanted) = (image.engine.api.state_size, if is_cached { cached } else { lean });
        ensure!(found == wanted, "{}, {}: a state of {found} bytes, expected {wanted}", shape.name, plan.name());
    }
    Ok(())
}

/// A weight changed on one side has to come out as a difference of that side, on every shape.
pub fn changed_weights_are_seen(archive: Option<&Archive>) -> Result<()> {
    const TRIES: u64 = 40;
    let has_integers = archive.is_some_and(|archive| archive.arithmetic == Arithmetic::Integer);
    let shapes = SHAPES.iter().enumerate().filter(|(_, shape)| shape.weight > 0);
    for (index, shape) in shapes.filter(|&(index, _)| !has_integers || integer_tables::has_shape(index)) {
        for (sabotage, name) in [(Sabotage::Engine, "engine"), (Sabotage::Archive, "archive")] {
            if sabotage == Sabotage::Archive && archive.is_none() || sabotage == Sabotage::Engine && has_integers {
                continue;
            }
            let is_seen = (0..TRIES).any(|seed| {
                let mut rng = fastrand::Rng::with_seed(seed);
                let script = Script::with_character(shape, Character::Tame, &mut rng);
                let calls: Vec<_> = (0..script.calls.len()).collect();
                let setup = Setup { archive, sabotage, asked: Classes::default() };
                let failure = trial::run(index, &script, &calls, setup, &mut Tally::default());
                failure.is_some_and(|failure| failure.engine.starts_with(name))
            });
            ensure!(
                is_seen,
                "shape {}: a weight changed for the {name} alone was not seen as a difference of the {name}",
                shape.name
            );
        }
    }
    Ok(())
}
