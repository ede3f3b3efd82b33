//! How a model is asked, as a macro of its header.

use std::fmt::Write;

use atome_engine::dialogue::Dialogue;

/// `ATOME_IN_TOKENS` of `atome.h`.
const IN_TOKENS: u32 = 256;

/// The macro `NAME_DIALOGUE`, which initialises an `atome_dialogue_t`. A macro, because the header is included before
/// `atome.h`, which defines that type.
pub fn dialogue_macro(name: &str, dialogue: &Dialogue<'_>) -> String {
    let name = name.to_uppercase();
    let call = if dialogue.encoder.is_some() { "atome_answer_tokens" } else { "atome_answer" };
    let stop = dialogue.stop.map_or("-1".to_owned(), |stop| stop.to_string());
    format!(
        "\n/* How it is asked: `const atome_dialogue_t how = {name}_DIALOGUE;`, for {call}. */\n\
         #define {name}_DIALOGUE \\\n    {{{}, {}, {}, {}, {}u, {stop}, {}, {:?}f, {:?}f}}\n",
        literal(dialogue.before),
        dialogue.before.len(),
        literal(dialogue.after),
        dialogue.after.len(),
        dialogue.normalise.bits() | if dialogue.encoder.is_some() { IN_TOKENS } else { 0 },
        dialogue.longest_answer.min(i32::MAX as usize),
        dialogue.limits.most_question_nats,
        dialogue.limits.least_probability,
    )
}

/// A C string of any bytes. Three octal digits end an escape, whatever follows.
pub(super) fn literal(text: &[u8]) -> String {
    let mut literal = String::from("\"");
    for &byte in text {
        match byte {
            b'\n' => literal.push_str("\\n"),
            // Two question marks would begin a trigraph.
            b' '..=b'~' if !b"\"\\?".contains(&byte) => literal.push(char::from(byte)),
            _ => {
                let _ = write!(literal, "\\{byte:03o}");
            }
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_engine::dialogue::{Limits, Normalise};

    #[test]
    fn a_dialogue_is_one_initialiser() {
        let limits = Limits { most_question_nats: 1.682, least_probability: 1.0 };
        let (before, after) = (b"Q: ".as_slice(), b"\n\"A\"?\\0".as_slice());
        let dialogue = Dialogue {
            before,
            after,
            normalise: Normalise::ALL,
            stop: Some(10),
            longest_answer: 64,
            limits,
            encoder: None,
        };
        let text = dialogue_macro("kitchen", &dialogue);
        let macro_line = "    {\"Q: \", 3, \"\\n\\042A\\042\\077\\1340\", 7, 15u, 10, 64, 1.682f, 1.0f}\n";
        assert!(text.ends_with(&format!("#define KITCHEN_DIALOGUE \\\n{macro_line}")), "{text}");
        assert!(dialogue_macro("x", &Dialogue::NONE)
            .contains("{\"\", 0, \"\", 0, 0u, -1, 2147483647, 3.4028235e38f, 0.0f}"));
    }
}
