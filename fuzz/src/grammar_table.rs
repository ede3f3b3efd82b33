//! Tables of grammars, by whomever.

use atome_engine::argmax;
use atome_engine::grammar::{Allowed, Bytes, Grammar, NoText};

use crate::input::Input;

/// A table is refused, or texts by it are whole, however the model's logits are.
pub fn grammar_table(data: &[u8]) {
    let mut input = Input::new(data);
    let (room, stop, prompt) = (input.below(64), input.byte(), input.slice(24));
    let wishes = input.slice(32);
    let Ok(grammar) = Grammar::open(input.rest()) else { return };
    let stop = (stop < 128).then_some(usize::from(stop));
    let mut guide = match Allowed::new(grammar, Bytes).begin(prompt.iter().copied(), 256, stop, room) {
        Ok(guide) => guide,
        Err(NoText::NoRoom | NoText::Unsayable(_)) => return,
    };
    for used in 0..=room {
        let wish = wishes.get(used % wishes.len().max(1)).copied().unwrap_or_default();
        let mut logits: Vec<f32> = (0..=255_u8).map(|token| f32::from(token ^ wish)).collect();
        let token = guide.pick(&mut logits, room - used, |logits| argmax(logits.iter().copied()));
        let Some(token) = token.filter(|&token| Some(token) != stop) else { break };
        assert!(used < room && token < 256);
    }
    assert!(guide.may_end(), "a text that is not whole");
}
