//! A table as C sources.

use std::fmt::Write;

/// Bytes on a line.
const PER_LINE: usize = 16;

/// The array `name`, which `title` became.
pub fn source(name: &str, title: &str, table: &[u8]) -> String {
    let mut text = format!("{}\nconst uint8_t {name}[{}] = {{\n", head(name, title, table.len()), table.len());
    for line in table.chunks(PER_LINE) {
        text.push_str("   ");
        for byte in line {
            let _ = write!(text, " {byte:#04x},");
        }
        text.push('\n');
    }
    text.push_str("};\n");
    text
}

/// Its declaration, in a header that may be included again.
pub fn header(name: &str, title: &str, table: &[u8]) -> String {
    let guard = format!("{}_GRAMMAR_H", name.to_ascii_uppercase());
    format!("#ifndef {guard}\n#define {guard}\n\n{}\n#endif\n", head(name, title, table.len()))
}

/// For both, so that either works without the other.
fn head(name: &str, title: &str, len: usize) -> String {
    // Text that cannot end a comment.
    let title: String = title
        .chars()
        .map(|found| if found.is_alphanumeric() || " -_.".contains(found) { found } else { '?' })
        .collect();
    format!(
        "/* {title}: what a model may answer, compiled. For atome_grammar_open. */\n\
         #include <stdint.h>\n\
         \n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\
         extern const uint8_t {name}[{len}];\n\
         #ifdef __cplusplus\n}}\n#endif\n"
    )
}
