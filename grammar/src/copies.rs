//! Whether each byte tells what it is: of a copy, or of something else.

use crate::dfa::State;
use crate::refusal::Refusal;
use crate::syntax::Kind;

/// # Errors
/// A copy beside or in front of something that begins with one of its bytes.
pub fn check(states: &[State], kinds: &[Kind]) -> Result<(), Refusal> {
    for state in states {
        let Some(&(kind, place, target)) = state.copies.first() else { continue };
        if let [first, second, ..] = state.copies.as_slice() {
            let later = first.1.max(second.1);
            return Err(Refusal::new(
                later,
                "a copy beside another kind of copy, expected something else to tell them apart first",
            ));
        }
        let (Some(kind), Some(behind)) = (kinds.get(kind), states.get(target)) else { continue };
        let has = |&(first, last, _): &(u8, u8, usize)| (first..=last).find(|&byte| kind.class.has(byte));
        if let Some(byte) = state.edges.iter().find_map(has) {
            return Err(Refusal::new(place, both("what may stand in place of this copy", byte)));
        }
        if let Some(byte) = behind.edges.iter().find_map(has) {
            return Err(Refusal::new(place, both("what follows this copy", byte)));
        }
        if !behind.copies.is_empty() {
            return Err(Refusal::new(
                place,
                "a copy right behind a copy, expected something between them that neither has",
            ));
        }
    }
    Ok(())
}

fn both(what: &str, byte: u8) -> String {
    let shown = char::from(byte).escape_debug();
    let shown = if byte.is_ascii() { format!("'{shown}'") } else { format!("the byte {byte}") };
    format!(
        "{what} may begin with {shown}, which the copy itself may have; expected another beginning, or a class of characters \
         without it: copy([a-z0-9 ])"
    )
}
