//! What a classifier's classes are, as C code of its header.

use std::fmt::Write;

use super::c_dialogue::literal;
use crate::classes::{Column, Description, LEVELS};

/// Macros with the classes' names and the least margin; of a classifier of numbers, the columns, and a function that makes of a row
/// what `atome_prompt` takes. Computes as [`Column::level`] does.
pub fn classes_in_c(name: &str, classes: &Description) -> String {
    let upper = name.to_ascii_uppercase();
    let names = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| literal(name.as_bytes())).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!(
        "\n/* Its classes: `static const char *const names[] = {upper}_CLASS_NAMES;`, in the order of atome_classify. */\n\
         #define {upper}_CLASSES {}\n\
         #define {upper}_CLASS_NAMES \\\n    {{{}}}\n\
         \n/* Where the best logit is less than this above the second, the class is unsure. */\n\
         #define {upper}_LEAST_MARGIN {:?}f\n",
        classes.names.len(),
        names(&mut classes.names.iter().map(String::as_str)),
        classes.least_margin
    );
    if classes.columns.is_empty() {
        return text;
    }
    let count = classes.columns.len();
    let numbers = |of: fn(&Column) -> f32| {
        classes.columns.iter().map(|column| format!("{:?}f", of(column))).collect::<Vec<_>>().join(", ")
    };
    let top = LEVELS - 1;
    let _ = write!(
        text,
        "\n/* The numbers of a row, in this order. */\n\
         #define {upper}_COLUMNS {count}\n\
         #define {upper}_COLUMN_NAMES \\\n    {{{}}}\n\
         \n/* A row as the text that atome_prompt and the classifier read: each number becomes one of {LEVELS} levels, by constants that were\n \
         * fitted in training. `text` has room for {upper}_COLUMNS + 1 characters. */\n\
         #ifdef __GNUC__\n__attribute__((unused))\n#endif\n\
         static void {name}_row(const float *values, char *text)\n\
         {{\n    \
             static const float low[{count}] = {{{}}};\n    \
             static const float step[{count}] = {{{}}};\n    \
             int i;\n\
         \n    \
             for (i = 0; i < {count}; i++) {{\n        \
                 const float moved = values[i] - low[i];\n        \
                 const volatile float scaled = moved * step[i]; /* rounded here: no fused multiply-add */\n        \
                 const float level = scaled + 0.5f;\n\
         \n        \
                 text[i] = (char)(33 + (level >= {top}.0f ? {top} : level > 0.0f ? (int)level : 0));\n    \
             }}\n    \
             text[{count}] = '\\0';\n\
         }}\n",
        names(&mut classes.columns.iter().map(|column| column.name.as_str())),
        numbers(|column| column.low),
        numbers(|column| column.step),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_function_and_texts_have_none() {
        let column = Column { name: "t \"in\"".to_owned(), low: -1.5, step: 3.72 };
        let mut classes =
            Description { names: vec!["on".to_owned(), "off?".to_owned()], columns: vec![column], least_margin: 0.5 };
        let text = classes_in_c("lamp", &classes);
        for line in [
            "#define LAMP_CLASSES 2",
            "    {\"on\", \"off\\077\"}",
            "#define LAMP_LEAST_MARGIN 0.5f",
            "#define LAMP_COLUMNS 1",
            "static void lamp_row(const float *values, char *text)",
            "    static const float low[1] = {-1.5f};",
            "    static const float step[1] = {3.72f};",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        classes.columns.clear();
        assert!(!classes_in_c("lamp", &classes).contains("_row("));
    }
}
