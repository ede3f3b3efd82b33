//! From text to rules.

use crate::class::{class, escaped};
use crate::number::number;
use crate::reader::Reader;
use crate::refusal::{Place, Refusal};
use crate::syntax::{Kind, Part, Rule, What};

/// The most rules.
const MAX_RULES: usize = 1000;

/// How deep parentheses may be.
const MAX_DEPTH: usize = 64;

/// How often something may be repeated, where a number says it.
pub const MAX_REPEATS: u32 = 1024;

/// The longest copy where nothing tells another, in bytes.
const USUAL_COPY: u16 = 40;

/// The rules, in order.
///
/// # Errors
/// The first place where something else was expected.
pub fn parse(text: &str) -> Result<Vec<Rule>, Refusal> {
    let mut reader = Reader::new(text);
    let mut rules: Vec<Rule> = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.peek().is_none() {
            return Ok(rules);
        }
        let place = reader.place();
        let name = name(&mut reader);
        if name.is_empty() {
            return Err(reader.unexpected("a rule, such as: answer = \"yes\" | \"no\""));
        }
        if ["number", "text", "copy"].contains(&name) {
            return Err(Refusal::new(place, format!("{name} is a word of the language, expected another name")));
        }
        if let Some(first) = rules.iter().find(|rule| rule.name == name) {
            let message = format!("the rule {name} is there already, in {}; expected another name", first.place);
            return Err(Refusal::new(place, message));
        }
        if rules.len() == MAX_RULES {
            return Err(Refusal::new(place, format!("one rule more than {MAX_RULES}, expected fewer")));
        }
        reader.expect("=", "= behind the name of a rule")?;
        let part = choice(&mut reader, 0)?;
        rules.push(Rule { name: name.to_owned(), place, part });
        reader.skip_blanks();
        if reader.peek().is_some() && !is_rule(&reader) {
            return Err(reader.unexpected("|, something to follow, or the next rule"));
        }
    }
}

fn name<'t>(reader: &mut Reader<'t>) -> &'t str {
    if !reader.peek().is_some_and(|found| found.is_ascii_alphabetic()) {
        return "";
    }
    reader.word(|found| found.is_ascii_alphanumeric() || "_-".contains(found))
}

/// Whether a rule is next: a name with an equals sign.
fn is_rule(reader: &Reader<'_>) -> bool {
    let mut ahead = reader.clone();
    let is_name = !name(&mut ahead).is_empty();
    ahead.skip_blanks();
    is_name && ahead.peek() == Some('=')
}

fn choice(reader: &mut Reader<'_>, depth: usize) -> Result<Part, Refusal> {
    reader.skip_blanks();
    let place = reader.place();
    let mut ways = vec![sequence(reader, depth)?];
    while reader.take("|") {
        ways.push(sequence(reader, depth)?);
    }
    Ok(match ways.len() {
        1 => ways.remove(0),
        _ => Part { place, what: What::Choice(ways) },
    })
}

/// Ends in front of |, a closing parenthesis, the next rule or the end.
fn sequence(reader: &mut Reader<'_>, depth: usize) -> Result<Part, Refusal> {
    reader.skip_blanks();
    let place = reader.place();
    let mut parts = Vec::new();
    loop {
        reader.skip_blanks();
        let goes_on = reader.peek().is_some_and(|found| found.is_ascii_alphabetic() || "\"'[(".contains(found));
        if !goes_on || is_rule(reader) {
            break;
        }
        let atom = atom(reader, depth)?;
        parts.push(repeated(reader, atom)?);
    }
    match parts.len() {
        0 => Err(reader
            .unexpected("a text in quotes, a class, a name or a parenthesis; what may be left out has a ? behind it")),
        1 => Ok(parts.remove(0)),
        _ => Ok(Part { place, what: What::Sequence(parts) }),
    }
}

fn atom(reader: &mut Reader<'_>, depth: usize) -> Result<Part, Refusal> {
    let place = reader.place();
    let what = match reader.peek() {
        Some(quote @ ('"' | '\'')) => What::Text(literal(reader, quote)?),
        Some('[') => What::Class(class(reader)?),
        Some('(') if depth == MAX_DEPTH => {
            return Err(Refusal::new(place, format!("parentheses deeper than {MAX_DEPTH}, expected rules with names")));
        }
        Some('(') => {
            reader.next();
            let inner = choice(reader, depth + 1)?;
            reader.expect(")", "| or )")?;
            return Ok(Part { place, ..inner });
        }
        _ => match name(reader) {
            "number" => number(reader, place)?,
            "text" => text(reader)?,
            "copy" => What::Copy(copy(reader)?),
            name => What::Name(name.to_owned()),
        },
    };
    Ok(Part { place, what })
}

/// A text in quotes, with its escapes.
fn literal(reader: &mut Reader<'_>, quote: char) -> Result<Vec<u8>, Refusal> {
    let opened = reader.place();
    reader.next();
    let mut text = String::new();
    loop {
        let place = reader.place();
        match reader.next() {
            None | Some('\n') => {
                return Err(Refusal::new(opened, format!("the text has no end on its line, expected {quote}")));
            }
            Some(found) if found == quote => return Ok(text.into_bytes()),
            Some('\\') => text.push(escaped(reader, place)?),
            Some('\0') => {
                return Err(Refusal::new(place, "found the character 0, which ends texts in C; expected another"))
            }
            Some(found) => text.push(found),
        }
    }
}

/// What is behind `part`: ?, *, + or a count in braces.
fn repeated(reader: &mut Reader<'_>, mut part: Part) -> Result<Part, Refusal> {
    for _ in 0..=MAX_DEPTH {
        reader.skip_blanks();
        let place = reader.place();
        let (least, most) = match reader.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                reader.next();
                let least = count(reader, MAX_REPEATS)?;
                reader.skip_blanks();
                let most = if reader.take(",") { count(reader, MAX_REPEATS)? } else { least };
                reader.skip_blanks();
                if reader.peek() != Some('}') {
                    return Err(reader.unexpected("} or , and a second number"));
                }
                check_order(place, least, most)?;
                (least, Some(most))
            }
            _ => return Ok(part),
        };
        reader.next();
        part = Part { place, what: What::Repeat(Box::new(part), least, most) };
    }
    Err(Refusal::new(reader.place(), "more signs of repetition than anybody needs, expected one"))
}

fn check_order(place: Place, least: u32, most: u32) -> Result<(), Refusal> {
    match most {
        0 => Err(Refusal::new(place, "0 times is never, expected a number from 1 on")),
        _ if most < least => Err(Refusal::new(place, format!("{least} to {most}, expected the smaller number first"))),
        _ => Ok(()),
    }
}

/// A whole number up to `most`.
fn count(reader: &mut Reader<'_>, most: u32) -> Result<u32, Refusal> {
    reader.skip_blanks();
    let place = reader.place();
    let digits = reader.word(|found| found.is_ascii_digit());
    if digits.is_empty() {
        return Err(reader.unexpected(&format!("a whole number up to {most}")));
    }
    let number = digits.parse().ok().filter(|&number| number <= most);
    number.ok_or_else(|| Refusal::new(place, format!("found {digits}, expected a whole number up to {most}")))
}

/// `m..n`.
fn bounds(reader: &mut Reader<'_>, most: u32) -> Result<(u32, u32), Refusal> {
    reader.skip_blanks();
    let place = reader.place();
    let least = count(reader, most)?;
    reader.expect("..", ".. between the least and the greatest length")?;
    let most = count(reader, most)?;
    check_order(place, least, most)?;
    Ok((least, most))
}

/// `text([class], m..n)`.
fn text(reader: &mut Reader<'_>) -> Result<What, Refusal> {
    reader.expect("(", "( behind text: text([a-z ], 1..20)")?;
    reader.skip_blanks();
    let place = reader.place();
    if reader.peek() != Some('[') {
        return Err(reader.unexpected("a class of characters, such as [a-z ]"));
    }
    let class = class(reader)?;
    reader.expect(",", ", and the lengths: text([a-z ], 1..20)")?;
    let (least, most) = bounds(reader, MAX_REPEATS)?;
    reader.expect(")", ")")?;
    Ok(What::Repeat(Box::new(Part { place, what: What::Class(class) }), least, Some(most)))
}

/// `copy`, `copy(m..n)`, `copy([class])`, `copy([class], m..n)`.
fn copy(reader: &mut Reader<'_>) -> Result<Kind, Refusal> {
    let mut kind = Kind { class: crate::class::usual_copy(), least: 1, most: USUAL_COPY };
    reader.skip_blanks();
    if !reader.take("(") {
        return Ok(kind);
    }
    reader.skip_blanks();
    let mut has_lengths = true;
    if reader.peek() == Some('[') {
        let place = reader.place();
        kind.class = crate::class::bytes(&class(reader)?).map_err(|message| Refusal::new(place, message))?;
        reader.skip_blanks();
        has_lengths = reader.take(",");
    }
    if has_lengths {
        reader.skip_blanks();
        let place = reader.place();
        let (least, most) = bounds(reader, u32::from(u16::MAX))?;
        if least == 0 {
            return Err(Refusal::new(
                place,
                "a copy of 0 bytes, expected 1 or more; one that may be left out has a ? behind it",
            ));
        }
        // Within 16 bits, as `bounds` was told.
        (kind.least, kind.most) = (least as u16, most as u16);
    }
    reader.expect(")", ")")?;
    Ok(kind)
}
