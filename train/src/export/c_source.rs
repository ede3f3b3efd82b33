//! C sources for a model: the header with its shape, and its bytes as an array.

use std::fmt::Write;

use atome_engine::dialogue::Dialogue;
use atome_engine::Dims;

use super::c_bytes::{comment, declaration, rows};
use super::c_classes::classes_in_c;
use super::c_dialogue::dialogue_macro;
use crate::classes::Description;

/// What the C sources say about a model.
#[derive(Clone, Copy, Debug)]
pub struct CModel<'a> {
    /// Its name for people, such as its file's.
    pub title: &'a str,
    /// A C identifier, see [`super::check_name`]: the array's name, and in capitals the start of macros.
    pub name: &'a str,
    /// The sizes.
    pub dims: Dims,
    /// The longest sequence.
    pub max_seq: usize,
    /// The model's file.
    pub file: CFile,
    /// Whether there is an array to be declared.
    pub has_array: bool,
    /// How it is asked; `None` for a model that continues text.
    pub dialogue: Option<Dialogue<'a>>,
    /// What a classifier's classes are; `None` where nothing is known of them, and for a model that is none.
    pub classes: Option<&'a Description>,
}

/// The form of a model's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CFile {
    /// ATOME01, ATOME02, ATOMEP3 or ATOMECL01; in a container, of the file in it.
    pub format: &'static str,
    /// Classes of its head, of ATOMECL01.
    pub n_classes: Option<usize>,
    /// Bytes of all of it.
    pub len: usize,
    /// Bytes of the model in it: of its shape, format and number of classes.
    pub model_len: usize,
    /// Whether it is a container.
    pub is_container: bool,
    /// Feed-forward sublayers of each layer, which only a container has.
    pub feed_forward: usize,
}

/// Where the array lies: on a border of this many bytes.
const ALIGNMENT: usize = 4;

/// Classes that `atome.h` has room for unasked.
const USUAL_CLASSES: usize = 16;

/// The header: the macros that `atome.h` reads, to be included before it, the file's size with a check, the array's
/// declaration, and how the model is asked.
pub fn header(model: &CModel<'_>) -> String {
    let mut body = String::new();
    for (name, value) in shape(model).chain([("ATOME_TOP_K", model.dims.top_k), ("ATOME_MAX_SEQ", model.max_seq)]) {
        let _ = write!(
            body,
            "\n#if defined({name}) && {name} != {value}\n\
             #error \"{name} was set before this model's shape, to another value than {value}\"\n\
             #endif\n\
             #ifndef {name}\n\
             #define {name} {value}\n\
             #endif\n"
        );
    }
    body.push_str(&formats(model));
    body.push_str(&size(model));
    if model.has_array {
        body.push_str(&declaration(model.name, model.file.len));
    }
    if let Some(dialogue) = &model.dialogue {
        body.push_str(&dialogue_macro(model.name, dialogue));
    }
    if let Some(classes) = model.classes {
        body.push_str(&classes_in_c(model.name, classes));
    }
    // Two headers of one name are not taken for one another.
    let guard = format!("ATOME_SHAPE_OF_{}_{:08X}", model.name.to_ascii_uppercase(), fingerprint(&body));
    format!(
        "/* Shape of {} ({}). Include it before atome.h, in every file. */\n\
         #ifndef {guard}\n#define {guard}\n{body}\n#endif\n",
        comment(model.title),
        description(&model.file)
    )
}

fn description(file: &CFile) -> String {
    let inside = if file.is_container { "a container of " } else { "" };
    let classes = file.n_classes.map_or(String::new(), |count| format!(" with {count} classes"));
    let sublayers = match file.feed_forward {
        0 => String::new(),
        count => format!(" with {count} feed-forward sublayers a layer"),
    };
    format!("{inside}{}{classes}{sublayers}, {} bytes", file.format, file.len)
}

/// The sizes that a file's length depends on. Programs without sublayers know no macro for them.
fn shape(model: &CModel<'_>) -> impl Iterator<Item = (&'static str, usize)> {
    let dims = &model.dims;
    let sublayers = Some(("ATOME_FEED_FORWARD", model.file.feed_forward)).filter(|(_, count)| *count > 0);
    [
        ("ATOME_VOCAB_SIZE", dims.vocab_size),
        ("ATOME_D_MODEL", dims.d_model),
        ("ATOME_N_LAYERS", dims.n_layers),
        ("ATOME_D_HEAD", dims.d_head),
        ("ATOME_KERNEL_SIZE", dims.kernel_size),
        ("ATOME_N_PATHWAYS", dims.n_pathways),
    ]
    .into_iter()
    .chain(sublayers)
}

/// What a program has to ask of the library to load the file.
fn formats(model: &CModel<'_>) -> String {
    let CFile { format, n_classes, .. } = model.file;
    let mut text = String::new();
    let is_coded = format == "ATOME02" || format == "ATOMEP3";
    let asked_for = [(model.file.is_container, "ATOME_CONTAINERS"), (is_coded, "ATOME_FORMATS")];
    for (_, name) in asked_for.into_iter().filter(|(is_needed, _)| *is_needed) {
        let _ = write!(text, "\n#ifndef {name}\n#define {name}\n#endif\n");
    }
    if let Some(classes) = n_classes {
        let _ = write!(
            text,
            "\n#if defined(ATOME_MAX_CLASSES) && ATOME_MAX_CLASSES < {classes}\n\
             #error \"this model has {classes} classes, and ATOME_MAX_CLASSES was set to less\"\n\
             #endif\n"
        );
        if classes > USUAL_CLASSES {
            let _ = write!(text, "#ifndef ATOME_MAX_CLASSES\n#define ATOME_MAX_CLASSES {classes}\n#endif\n");
        }
    }
    text
}

/// The file's size, and what lets `atome.h` compare it with the shape's, whether it comes before or behind.
fn size(model: &CModel<'_>) -> String {
    let CFile { format, n_classes, len, model_len, .. } = model.file;
    // Classifiers of one shape may have heads of different lengths: they are compared without.
    let head = n_classes.map_or(0, |count| (count * model.dims.d_model).div_ceil(4));
    let of_shape = model_len.saturating_sub(head);
    let of_header = format!("ATOME_BLOB_SIZE_{format}{}", if n_classes.is_some() { "(0)" } else { "" });
    let expected = format!("ATOME_FILE_SIZE_{format}");
    let what = if n_classes.is_some() {
        "A classifier of this shape has, without its head,"
    } else {
        "A model of this shape has"
    };
    format!(
        "\n/* Bytes of the file. */\n\
         #define {}_SIZE {len}\n\
         \n/* {what} {of_shape} bytes as {format}. atome.h, before or behind this, has to count as many. */\n\
         #if defined({expected}) && {expected} != {of_shape}\n\
         #error \"this model has {of_shape} bytes as {format}, and one whose header came before has others: another shape\"\n\
         #endif\n\
         #ifndef {expected}\n\
         #define {expected} {of_shape}\n\
         #endif\n\
         #ifdef ATOME_BLOB_SIZE_{format}\n\
         #if {of_header} != {of_shape}\n\
         #error \"this model has {of_shape} bytes as {format}, and one of this program's shape has others\"\n\
         #endif\n\
         #endif\n",
        model.name.to_ascii_uppercase()
    )
}

/// The source file with the bytes of `blob`, on a border of 4 bytes. It does not link with files of another shape.
pub fn array(model: &CModel<'_>, blob: &[u8]) -> String {
    let (name, upper) = (model.name, model.name.to_ascii_uppercase());
    let mut text = format!("/* {}: {}. */\n", comment(model.title), description(&model.file));
    text.push_str(&declaration(model.name, model.file.len));
    text.push_str(&agreement(model));
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
    text.push_str(&rows(blob));
    text.push_str("};\n");
    text
}

/// What notices a program of another shape: macros that are set for all files, and symbols as in atome.h.
fn agreement(model: &CModel<'_>) -> String {
    let mut text = String::from("\n/* A program of another shape than this model's is refused. */\n");
    for (name, value) in shape(model) {
        let _ = write!(
            text,
            "#if defined({name}) && {name} != {value}\n#error \"{name} is set to another value than this model's, {value}\"\n\
             #endif\n"
        );
    }
    text.push_str(LINK_CHECK);
    let _ = write!(text, "static __attribute__((used)) void {}_agrees_(void)\n{{\n", model.name);
    for (name, value) in shape(model) {
        let _ = writeln!(text, "    ATOME_SAME_SHAPE_(\"atome_files_disagree_on_{name}\", {value});");
    }
    text.push_str("}\n#undef ATOME_SAME_SHAPE_\n#endif\n");
    text
}

/// As in atome.h, which says what it does.
const LINK_CHECK: &str = r#"
/* Symbols as those of atome.h, by which the linker sees that the program's files are of this shape. Define
 * ATOME_NO_LINK_CHECK where the program does not load this model itself; for an archive that was made with
 * `cargo xtask lib --prefix lamp_`, define ATOME_PREFIX=lamp_. */
#if defined(__GNUC__) && (defined(__ELF__) || defined(__MINGW32__)) && !defined(__ARMCC_VERSION) && \
    !defined(__IAR_SYSTEMS_ICC__) && !defined(__TI_COMPILER_VERSION__) && !defined(__ti__) && !defined(__SEGGER_CC__) && \
    !defined(__TINYC__) && !defined(ATOME_NO_LINK_CHECK)
#define ATOME_WORD_(word) #word
#define ATOME_WORD_OF_(macro) ATOME_WORD_(macro)
#ifdef ATOME_PREFIX
#define ATOME_PREFIX_WORD_ ATOME_WORD_OF_(ATOME_PREFIX)
#else
#define ATOME_PREFIX_WORD_ ""
#endif
#ifdef __ELF__
#define ATOME_HIDDEN_WORD_(symbol) ".hidden " ATOME_PREFIX_WORD_ symbol "\n\t"
#else
#define ATOME_HIDDEN_WORD_(symbol)
#endif
#if defined(__riscv) || defined(__XTENSA__)
#define ATOME_CONSTANT_WORD_ "%0"
#else
#define ATOME_CONSTANT_WORD_ "%c0"
#endif
#define ATOME_SAME_SHAPE_(symbol, value) \
    __asm__ volatile(".globl " ATOME_PREFIX_WORD_ symbol "\n\t" ATOME_HIDDEN_WORD_(symbol) \
                     ".ifdef " ATOME_PREFIX_WORD_ symbol "\n\t.if " ATOME_PREFIX_WORD_ symbol \
                     " - " ATOME_CONSTANT_WORD_ "\n\t.error \"" ATOME_PREFIX_WORD_ symbol "\"\n\t.endif\n\t.endif\n\t" \
                     ".set " ATOME_PREFIX_WORD_ symbol ", " ATOME_CONSTANT_WORD_ : : "i"(value))
"#;

/// FNV-1a.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: CModel<'_> = CModel {
        title: "notes.bin",
        name: "notes",
        dims: Dims::DEFAULT,
        max_seq: 64,
        file: CFile {
            format: "ATOME01",
            n_classes: None,
            len: 20_575,
            model_len: 20_575,
            is_container: false,
            feed_forward: 0,
        },
        has_array: true,
        dialogue: None,
        classes: None,
    };

    fn guard(model: &CModel<'_>) -> String {
        let text = header(model);
        text.lines().find_map(|line| line.strip_prefix("#ifndef ")).unwrap().to_string()
    }

    #[test]
    fn guards_differ_wherever_headers_do() {
        let others = [
            CModel { name: "other", ..MODEL },
            CModel { max_seq: 65, ..MODEL },
            CModel { has_array: false, ..MODEL },
            CModel { dims: Dims { d_model: 65, ..Dims::DEFAULT }, ..MODEL },
        ];
        assert!(guard(&MODEL).starts_with("ATOME_SHAPE_OF_NOTES_"));
        assert_eq!(guard(&MODEL), guard(&CModel { title: "copy.bin", ..MODEL }));
        for other in others {
            assert_ne!(guard(&MODEL), guard(&other));
        }
    }

    #[test]
    fn sublayers_are_a_macro_of_the_shape_where_there_are_some() {
        let texts = |feed_forward| {
            let file = CFile { len: 20_700, is_container: true, feed_forward, ..MODEL.file };
            let model = CModel { file, ..MODEL };
            [header(&model), array(&model, &[1, 2])]
        };
        assert!(texts(0).iter().all(|text| !text.contains("FEED_FORWARD") && !text.contains("feed-forward")));
        let [header, array] = texts(2);
        assert!(header.contains("\n#define ATOME_FEED_FORWARD 2\n"), "{header}");
        assert!(header.contains("ATOME01 with 2 feed-forward sublayers a layer, 20700 bytes"), "{header}");
        assert!(array.contains("#if defined(ATOME_FEED_FORWARD) && ATOME_FEED_FORWARD != 2\n"), "{array}");
        assert!(array.contains("(\"atome_files_disagree_on_ATOME_FEED_FORWARD\", 2);"), "{array}");
    }

    #[test]
    fn containers_and_formats_ask_for_what_reads_them() {
        let says = |file: CFile, what: &str| header(&CModel { file, ..MODEL }).contains(what);
        let plain = MODEL.file;
        assert!(!says(plain, "ATOME_FORMATS") && !says(plain, "ATOME_CONTAINERS"));
        let boxed = CFile { len: 20_700, is_container: true, ..plain };
        assert!(says(boxed, "\n#define ATOME_CONTAINERS\n") && !says(boxed, "ATOME_FORMATS"));
        for format in ["ATOME02", "ATOMEP3"] {
            assert!(says(CFile { format, ..plain }, "\n#define ATOME_FORMATS\n"));
            let both = CFile { format, ..boxed };
            assert!(says(both, "\n#define ATOME_FORMATS\n") && says(both, "\n#define ATOME_CONTAINERS\n"));
        }
        let classes = |n_classes| CFile { format: "ATOMECL01", n_classes: Some(n_classes), ..plain };
        assert!(says(classes(3), "ATOME_MAX_CLASSES < 3") && !says(classes(3), "#define ATOME_MAX_CLASSES"));
        assert!(says(classes(20), "#define ATOME_MAX_CLASSES 20"));
    }
}
