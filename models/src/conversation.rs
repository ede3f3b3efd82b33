//! How questions and answers are written for the model.

use atome_engine::dialogue::{Dialogue, Limits, Normalise};

/// What the model reads before its answer, and what ends that. It knows lower case without marks at the end, which need no
/// weights that way, and 128 tokens, those of ASCII. Its limits are measured when it is there.
pub const DIALOGUE: Dialogue<'static> = Dialogue {
    before: b"Q: ",
    after: b"\nA: ",
    normalise: Normalise::ALL,
    stop: Some(END as usize),
    longest_answer: 64,
    limits: Limits::NONE,
    encoder: None,
};

/// What it tells to people who ask for help.
pub const ABOUT: &str = "The help of a thermostat. Ask how something works: \"how do i unlock it\", \"what does e2 mean\", \
                         \"why is it offline\", \"where should i mount it\". Or give a command: \"make it 21 degrees\", \
                         \"2 degrees warmer\", \"turn on eco mode\", \"set the fan to low\", \"off in 30 minutes\", \"boost for 15 \
                         minutes\", \"show me the humidity\".";

/// What ends an answer.
pub const END: u8 = b'\n';

/// What the model reads before its answer.
pub fn prompt(question: &str) -> Vec<u8> {
    let normalised = DIALOGUE.normalise.apply(question.as_bytes());
    DIALOGUE.before.iter().copied().chain(normalised).chain(DIALOGUE.after.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_lower_case_and_ascii() {
        assert_eq!(prompt(" \u{fc}\tA  b!? "), b"Q: ? a b\nA: ");
        assert_eq!(prompt(""), b"Q: \nA: ");
    }
}
