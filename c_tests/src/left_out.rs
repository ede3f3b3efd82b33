//! Which calls a user's own reference is not asked for, and the table that counts them.

use crate::call::{Call, ModelRef};
use crate::engine_api::{ENGINE_EMPTY_SLOT, ENGINE_TOP_K_OUT_OF_RANGE, ENGINE_UNEMBED};
use crate::packed::Packing;
use crate::tally::Tally;
use crate::wild_calls::{Class, Classes};
use crate::world::World;

/// Why the reference is not asked for a call, if so; classes in `asked` are no reason. `scout` makes the call on our own
/// reference and tells what it heard.
pub fn class_of(call: &Call, world: &World, asked: Classes, scout: impl FnOnce() -> u32) -> Option<Class> {
    let plain = [Class::Null, Class::Formats, Class::Unembed];
    if let Some(class) = plain.into_iter().find(|&class| !asked.has(class) && is_of(class, call, world)) {
        return Some(class);
    }
    let scouted = [(Class::EmptySlot, ENGINE_EMPTY_SLOT), (Class::TopK, ENGINE_TOP_K_OUT_OF_RANGE)];
    if !reaches_attention(call) || scouted.iter().all(|(class, _)| asked.has(*class)) {
        return None;
    }
    let heard = scout();
    scouted.into_iter().find(|&(class, bit)| heard & bit != 0 && !asked.has(class)).map(|(class, _)| class)
}

/// For the classes that need no scout.
fn is_of(class: Class, call: &Call, world: &World) -> bool {
    match (class, call) {
        (Class::Null, Call::BadArguments { .. }) => true,
        (Class::Null, Call::Classify { slot, .. }) => world.classifier(*slot).is_none(),
        (Class::Null, _) => model_of(call).is_some_and(|model| world.model(model).is_none()),
        (Class::Formats, Call::Load { buffer, .. }) => is_other_format(world.buffer(*buffer).bytes(0)),
        (Class::Formats, Call::LoadBad { data, .. }) => is_other_format(data),
        (Class::Formats, _) => model_of(call)
            .and_then(|model| world.model(model))
            .is_some_and(|loaded| is_other_format(world.buffer(loaded.buffer).bytes(0))),
        (Class::Unembed, Call::Predict { model, .. } | Call::Generate { model, .. }) => is_base(*model),
        (Class::Unembed, Call::Matvec { model, matrix, .. }) => is_base(*model) && *matrix == ENGINE_UNEMBED as usize,
        _ => false,
    }
}

/// The model that a call of the C99 engine computes with; classifiers apart.
fn model_of(call: &Call) -> Option<ModelRef> {
    match call {
        Call::Predict { model, .. }
        | Call::Generate { model, .. }
        | Call::Matvec { model, .. }
        | Call::LayerNorm { model, .. }
        | Call::CausalConv { model, .. }
        | Call::Ssm { model, .. }
        | Call::SparseAttn { model, .. } => Some(*model),
        _ => None,
    }
}

fn reaches_attention(call: &Call) -> bool {
    matches!(call, Call::Predict { .. } | Call::Generate { .. } | Call::Classify { .. } | Call::SparseAttn { .. })
}

fn is_base(model: ModelRef) -> bool {
    matches!(model, ModelRef::Base(_))
}

fn is_other_format(file: &[u8]) -> bool {
    Packing::of_file(file) != Packing::TwoBits
}

/// The closing table: what the reference was not asked for.
pub fn table(tally: &Tally, asked: Classes) -> String {
    let mut text = String::from("Not asked of your reference (--wild asks it all the same):\n");
    let [calls, why, count, class] = ["calls", "the published C99 engine", "left out", "class"];
    text += &format!("  {class:<10}  {count:>8}  {calls:<44}  {why}\n");
    for class in Class::ALL.into_iter().filter(|&class| !asked.has(class)) {
        let ([calls, why], count) = (class.reason(), tally.left_out[class as usize]);
        text += &format!("  {:<10}  {count:>8}  {calls:<44}  {why}\n", class.name());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Contents, Edit};
    use crate::shapes::SHAPES;

    const TOKENS: [i32; 2] = [1, 2];

    fn world() -> World {
        let file = |magic: &str| [magic.as_bytes(), &[0; 64]].concat();
        let contents = Contents {
            models: ["ATOME01", "ATOME02", "ATOMEP3"].map(file).into(),
            classifiers: vec![file("ATOMECL01"); 2],
            starts: vec![0; 5],
        };
        let mut world = World::new(&SHAPES[0], &contents);
        world.apply(&Call::Load { slot: 0, buffer: 0, trailing: 0 });
        world.apply(&Call::LoadClassifier { slot: 0, buffer: 3, trailing: 0 });
        world
    }

    fn predict(model: ModelRef) -> Call {
        Call::Predict { model, state: 0, tokens: TOKENS.to_vec() }
    }

    #[test]
    fn what_the_published_engine_does_well_is_asked() {
        let world = world();
        let matvec = |model, matrix| Call::Matvec { model, matrix, x: Vec::new() };
        for call in [
            predict(ModelRef::Slot(0)),
            Call::Load { slot: 1, buffer: 0, trailing: 3 },
            Call::LoadBad { slot: 1, data: b"ATOME0".to_vec() },
            Call::Classify { slot: 0, state: 0, tokens: TOKENS.to_vec(), wants_logits: true },
            matvec(ModelRef::Slot(0), 1),
            matvec(ModelRef::Base(0), 0),
        ] {
            assert_eq!(class_of(&call, &world, Classes::default(), || 0), None, "{call:?}");
        }
    }

    #[test]
    fn every_class_is_kept_away_from_unless_asked_for() {
        let mut world = world();
        world.apply(&Call::Change { model: ModelRef::Slot(0), edit: Edit::TopK { layer: 0, top_k: 0 } });
        let bad = Call::BadArguments { probe: 0, model: ModelRef::Slot(0), classifier: 0, state: 0 };
        for (call, heard, class) in [
            (bad, 0, Class::Null),
            (predict(ModelRef::Slot(1)), 0, Class::Null),
            (Call::Load { slot: 1, buffer: 1, trailing: 0 }, 0, Class::Formats),
            (Call::LoadBad { slot: 1, data: b"ATOMEP3".to_vec() }, 0, Class::Formats),
            (predict(ModelRef::Base(0)), 0, Class::Unembed),
            (Call::Matvec { model: ModelRef::Base(0), matrix: 1, x: Vec::new() }, 0, Class::Unembed),
            (predict(ModelRef::Slot(0)), ENGINE_EMPTY_SLOT, Class::EmptySlot),
            (predict(ModelRef::Slot(0)), ENGINE_TOP_K_OUT_OF_RANGE, Class::TopK),
        ] {
            assert_eq!(class_of(&call, &world, Classes::default(), || heard), Some(class), "{call:?}");
            let asked = Classes::parse(class.name()).unwrap();
            assert_eq!(class_of(&call, &world, asked, || heard), None, "{call:?}");
        }
    }

    #[test]
    fn the_table_counts_what_was_not_asked() {
        let mut tally = Tally::default();
        tally.left_out[Class::Unembed as usize] = 4711;
        let text = table(&tally, Classes::parse("formats").unwrap());
        assert_eq!(text.lines().count(), 2 + Class::ALL.len() - 1, "{text}");
        assert!(text.contains("4711") && text.contains("base.unembed") && !text.contains("ATOME02"), "{text}");
    }
}
