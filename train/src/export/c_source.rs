//! C sources for a model: the header with its shape, and its bytes as an array.

use std::fmt::Write;

use atome_engine::dialogue::Dialogue;
use atome_engine::Dims;

use super::c_dialogue::dialogue_macro;

/// What the C sources say about a model.
#[derive(Clone, Copy, Debug)]
pub struct CModel<'a> {
    /// The model's name in the comment, such as its file's.
    pub title: &'a str,
    /// The sizes.
    pub dims: Dims,
    /// The longest sequence.
    pub max_seq: usize,
    /// The array's name, a C identifier; `None` where there is no array.
    pub array: Option<&'a str>,
    /// How it is asked; `None` for a model that continues text.
    pub dialogue: Option<Dialogue<'a>>,
}

/// Bytes of the array in a line.
const PER_LINE: usize = 20;

/// Where the array lies: on a border of this many bytes.
const ALIGNMENT: usize = 4;

/// The header: the macros that `atome.h` reads, to be included before it, the array's declaration, and how the model is asked.
pub fn header(model: &CModel<'_>, blob_len: usize) -> String {
    let mut text = format!("/* Shape of {}. Include it before atome.h, in every file. */\n", comment(model.title));
    text.push_str("#ifndef ATOME_MODEL_SHAPE_H\n#define ATOME_MODEL_SHAPE_H\n");
    for (name, value) in macros(model) {
        let _ = write!(
            text,
            "\n#if defined({name}) && {name} != {value}\n\
             #error \"{name} was set before this model's shape, to another value than {value}\"\n\
             #endif\n\
             #ifndef {name}\n\
             #define {name} {value}\n\
             #endif\n"
        );
    }
    if let Some(array) = model.array {
        text.push_str(&declaration(array, blob_len));
    }
    if let Some(dialogue) = &model.dialogue {
        let stem = model.title.split('.').next().unwrap_or_default();
        text.push_str(&dialogue_macro(model.array.unwrap_or(&identifier(stem)), dialogue));
    }
    text.push_str("\n#endif\n");
    text
}

fn macros(model: &CModel<'_>) -> [(&'static str, usize); 8] {
    let dims = &model.dims;
    [
        ("ATOME_VOCAB_SIZE", dims.vocab_size),
        ("ATOME_D_MODEL", dims.d_model),
        ("ATOME_N_LAYERS", dims.n_layers),
        ("ATOME_D_HEAD", dims.d_head),
        ("ATOME_KERNEL_SIZE", dims.kernel_size),
        ("ATOME_N_PATHWAYS", dims.n_pathways),
        ("ATOME_TOP_K", dims.top_k),
        ("ATOME_MAX_SEQ", model.max_seq),
    ]
}

/// The same in header and source, so that either works without the other. In C++ a constant is only seen by other files
/// where it is declared `extern`.
fn declaration(array: &str, len: usize) -> String {
    format!(
        "\n#include <stdint.h>\n\
         \n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n\
         extern const uint8_t {array}[{len}];\n\
         #ifdef __cplusplus\n}}\n#endif\n"
    )
}

/// The source file with the bytes of `blob`, on a border of 4 bytes.
pub fn array(model: &CModel<'_>, name: &str, blob: &[u8]) -> String {
    let upper = name.to_uppercase();
    let mut text = format!("/* {}: {} bytes. */\n", comment(model.title), blob.len());
    text.push_str(&declaration(name, blob.len()));
    let _ = write!(
        text,
        "\n#if defined(__GNUC__)\n\
         #define {upper}_ALIGNED __attribute__((aligned({ALIGNMENT})))\n\
         #elif defined(_MSC_VER)\n\
         #define {upper}_ALIGNED __declspec(align({ALIGNMENT}))\n\
         #elif defined(__cplusplus) && __cplusplus >= 201103L\n\
         #define {upper}_ALIGNED alignas({ALIGNMENT})\n\
         #elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L\n\
         #define {upper}_ALIGNED _Alignas({ALIGNMENT})\n\
         #else\n\
         #define {upper}_ALIGNED\n\
         #endif\n\
         \n{upper}_ALIGNED const uint8_t {name}[{}] = {{\n",
        blob.len()
    );
    for line in blob.chunks(PER_LINE) {
        text.push_str("   ");
        for byte in line {
            let _ = write!(text, " {byte:#04x},");
        }
        text.push('\n');
    }
    text.push_str("};\n");
    text
}

/// A C identifier that resembles `name`, such as a file's without its extension.
pub fn identifier(name: &str) -> String {
    let mut identifier: String =
        name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '_' }).collect();
    // Names that begin with a digit are none, those that begin with an underscore are the compiler's.
    if !identifier.starts_with(|first: char| first.is_ascii_alphabetic()) {
        identifier.insert_str(0, "model_");
    }
    identifier
}

/// Text that cannot end a comment.
fn comment(text: &str) -> String {
    text.chars()
        .map(|character| if " -_.".contains(character) || character.is_alphanumeric() { character } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_valid() {
        assert_eq!(identifier("model_data"), "model_data");
        assert_eq!(identifier("my model-1.2"), "my_model_1_2");
        assert_eq!(identifier("1m"), "model_1m");
        assert_eq!(identifier("_x"), "model__x");
        assert_eq!(identifier(""), "model_");
        assert_eq!(identifier("Modell-\u{e4}"), "Modell__");
    }

    #[test]
    fn a_name_cannot_leave_its_comment() {
        assert_eq!(comment("a */ int x; /* b.bin"), "a ?? int x? ?? b.bin");
        assert_eq!(comment("a\nb\\"), "a?b?");
    }
}
