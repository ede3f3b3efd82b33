//! Classes of characters, and escapes.

use atome_engine::grammar::ByteSet;
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use crate::reader::Reader;
use crate::refusal::{Place, Refusal};

/// `[a-z0-9]`, or `[^...]`: all characters but those and control characters.
pub fn class(reader: &mut Reader<'_>) -> Result<ClassUnicode, Refusal> {
    let place = reader.place();
    reader.next();
    let is_negated = reader.take("^");
    let mut ranges = Vec::new();
    while reader.peek() != Some(']') {
        let at = reader.place();
        let first = character(reader, place)?;
        let mut last = first;
        let mut ahead = reader.clone();
        if ahead.take("-") && ahead.peek() != Some(']') {
            reader.next();
            last = character(reader, place)?;
        }
        if last < first {
            return Err(Refusal::new(at, format!("{first:?} to {last:?}, expected the smaller character first")));
        }
        ranges.push(ClassUnicodeRange::new(first, last));
    }
    reader.next();
    let mut class = ClassUnicode::new(ranges);
    if is_negated {
        class.union(&control());
        class.negate();
    }
    if class.ranges().is_empty() {
        return Err(Refusal::new(place, "a class without characters, which nothing satisfies; expected one or more"));
    }
    if class.ranges().first().is_some_and(|range| range.start() == '\0') {
        return Err(Refusal::new(place, "a class with the character 0, which ends texts in C; expected others"));
    }
    Ok(class)
}

fn control() -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new('\0', '\u{1f}'), ClassUnicodeRange::new('\u{7f}', '\u{9f}')])
}

/// A character of a class that begins at `opened`.
fn character(reader: &mut Reader<'_>, opened: Place) -> Result<char, Refusal> {
    let place = reader.place();
    match reader.next() {
        None | Some('\n') => Err(Refusal::new(opened, "the class has no end on its line, expected ]")),
        Some('\\') => escaped(reader, place),
        Some(found) => Ok(found),
    }
}

/// What is behind a backslash at `place`.
pub fn escaped(reader: &mut Reader<'_>, place: Place) -> Result<char, Refusal> {
    let expected =
        "\\\\, \\\", \\', \\n, \\r, \\t, \\[, \\], \\-, \\^, \\x and two hexadecimal digits up to 7f, or \\u{...}";
    let wrong = || Refusal::new(place, format!("an escape that is none, expected {expected}"));
    let found = match reader.next().ok_or_else(wrong)? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'x' => {
            let digits: String = [reader.next(), reader.next()].into_iter().flatten().collect();
            let is_hexadecimal = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let value = u8::from_str_radix(&digits, 16).ok().filter(|&value| is_hexadecimal && value < 0x80);
            char::from(value.ok_or_else(wrong)?)
        }
        'u' if reader.take("{") => {
            let digits = reader.word(|found| found.is_ascii_hexdigit());
            let value = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or_else(wrong)?;
            if !reader.take("}") {
                return Err(wrong());
            }
            value
        }
        found @ ('\\' | '"' | '\'' | '[' | ']' | '-' | '^') => found,
        _ => return Err(wrong()),
    };
    match found {
        '\0' => Err(Refusal::new(place, "the character 0, which ends texts in C; expected another")),
        found => Ok(found),
    }
}

/// The bytes of a copy where no class tells others: all but control characters and what ends a string of JSON.
pub fn usual_copy() -> ByteSet {
    let mut class = ByteSet::EMPTY;
    (b' '..=u8::MAX).filter(|byte| !b"\"\\\x7f".contains(byte)).for_each(|byte| class.add(byte));
    class
}

/// The bytes of a copy of these characters.
pub fn bytes(class: &ClassUnicode) -> Result<ByteSet, String> {
    let mut bytes = ByteSet::EMPTY;
    for range in class.ranges() {
        (range.start()..=range.end()).take_while(char::is_ascii).for_each(|found| bytes.add(found as u8));
    }
    let mut others = class.clone();
    others.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\u{a0}', char::MAX)]));
    let all = |others: &ClassUnicode| {
        others.ranges().first().is_some_and(|range| range.start() == '\u{a0}' && range.end() == char::MAX)
    };
    if all(&others) {
        (0x80..=u8::MAX).for_each(|byte| bytes.add(byte));
    } else if !others.ranges().is_empty() {
        return Err("a copy with some characters beyond ASCII, expected none or, as in [^\"], all of them".to_owned());
    }
    Ok(bytes)
}
