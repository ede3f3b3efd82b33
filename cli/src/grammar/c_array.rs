//! A table as C sources.

use atome_train::export::{comment, declaration, rows};

/// The array `name`, which `title` became.
pub fn source(name: &str, title: &str, table: &[u8]) -> String {
    let len = table.len();
    format!("{}\nconst uint8_t {name}[{len}] = {{\n{}}};\n", head(name, title, len), rows(table))
}

/// Its declaration, in a header that may be included again.
pub fn header(name: &str, title: &str, table: &[u8]) -> String {
    let guard = format!("{}_GRAMMAR_H", name.to_ascii_uppercase());
    format!("#ifndef {guard}\n#define {guard}\n\n{}\n#endif\n", head(name, title, table.len()))
}

fn head(name: &str, title: &str, len: usize) -> String {
    let what = format!("/* {}: what a model may answer, compiled. For atome_grammar_open. */", comment(title));
    what + &declaration(name, len)
}
