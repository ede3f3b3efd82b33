//! Sidecars: the sizes in them, and how a model is asked.

use atome_train::dialogue::OwnedDialogue;
use serde_json::Value;

// The command line is a program and no library.
#[path = "../../cli/src/sidecar/sizes_in.rs"]
mod sizes_in;

use sizes_in::parse;

/// A sidecar is refused, or its sizes are in range; a dialogue that was read can be written, and read again
/// as the same, also from the notes of a container.
pub fn sidecar(data: &[u8]) {
    if let Ok(found) = parse(data) {
        assert!(found.iter().all(|&(_, size)| (1..=65_535).contains(&size)), "{found:?}");
    }
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(dialogue) = OwnedDialogue::from_json(value.get("dialogue").unwrap_or(&value)) else { return };
    let written = dialogue.json();
    assert_eq!(OwnedDialogue::from_json(&written).expect("what was written").json(), written);
    let from_notes = OwnedDialogue::from_notes(&dialogue.notes()).expect("what was written");
    assert!(from_notes.is_none_or(|from_notes| from_notes.json() == written));
}
