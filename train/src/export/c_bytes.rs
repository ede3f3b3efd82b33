//! Bytes as a C array: what the sources of models and of grammars have in common.

use std::fmt::Write;

/// Bytes of an array in a line.
const PER_LINE: usize = 20;

/// The declaration of an array, which stands in header and source, so that either works without the other. In C++ a constant is only
/// seen by other files where it is declared `extern`.
pub fn declaration(name: &str, len: usize) -> String {
    format!(
        "\n#include <stdint.h>\n\
         \n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\
         extern const uint8_t {name}[{len}];\n\
         #ifdef __cplusplus\n}}\n#endif\n"
    )
}

/// What stands between the braces of its definition.
pub fn rows(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(PER_LINE) {
        text.push_str("   ");
        for byte in line {
            let _ = write!(text, " {byte:#04x},");
        }
        text.push('\n');
    }
    text
}

/// Text that cannot end a comment.
pub fn comment(text: &str) -> String {
    text.chars()
        .map(|character| if " -_.".contains(character) || character.is_alphanumeric() { character } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_comment() {
        assert_eq!(comment("a */ int x; /* b.bin"), "a ?? int x? ?? b.bin");
        assert_eq!(comment("a\nb\\"), "a?b?");
    }

    #[test]
    fn rows_are_as_long_as_told() {
        assert_eq!(rows(&[7; 21]).lines().map(|line| line.matches("0x07,").count()).collect::<Vec<_>>(), [20, 1]);
    }
}
