//! A source file with a mutant in place, or with all its mutants and a switch between them.

use std::ops::Range;

use anyhow::{Context, Result};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::mutant::Mutant;

/// A parsed file.
pub struct Source {
    text: String,
    /// Where each line starts.
    lines: Vec<usize>,
    functions: Vec<Function>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Function {
    /// The body with its braces.
    body: Range<usize>,
    is_const: bool,
    /// It returns `impl Trait`: the bodies behind a switch would have to be of one type.
    is_opaque: bool,
}

/// How a mutant can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Behind the switch of its function, among all others.
    Switched,
    /// The same, but the compiler may evaluate the function, and then the mutant is not what it evaluates: surviving
    /// behind the switch says nothing yet.
    PartlySwitched,
    /// Compiled by itself.
    Alone,
}

/// A file with a switch in every function that has mutants.
#[derive(Default)]
pub struct Switched {
    pub text: String,
    /// Which lines are what, counted from one.
    pub regions: Vec<Region>,
}

/// Lines of a [`Switched`] file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub lines: Range<usize>,
    /// The first number of the function's switch.
    pub first: usize,
    /// The number of the mutant whose body this is; `None` for the whole function.
    pub mutant: Option<usize>,
}

impl Source {
    pub fn parse(text: String) -> Result<Self> {
        let file = syn::parse_file(&text).context("not Rust")?;
        let mut functions = Functions(Vec::new());
        functions.visit_file(&file);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Ok(Self { text, lines, functions: functions.0 })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// How to try a mutant of this file.
    pub fn way(&self, mutant: &Mutant) -> Way {
        match self.function(mutant) {
            Some(function) if function.is_opaque || self.is_nested(function) => Way::Alone,
            Some(function) if function.is_const => Way::PartlySwitched,
            Some(_) => Way::Switched,
            None => Way::Alone,
        }
    }

    /// The text with one mutant in place.
    pub fn mutated(&self, mutant: &Mutant) -> String {
        self.mutated_within(0..self.text.len(), mutant)
    }

    /// The text with a switch in every function that has one of `mutants`, which are numbered in the order of the file.
    pub fn switched(&self, mutants: &[(usize, &Mutant)]) -> Switched {
        let mut switched = Switched::default();
        let mut written = 0;
        let mut numbered = mutants.iter().copied().peekable();
        while let Some(&(first, mutant)) = numbered.peek() {
            let Some(function) = self.function(mutant).cloned() else { break };
            switched.text += &self.text[written..function.body.start];
            let start = switched.line();
            switched.text += &format!("{{\nconst {MARK}{first}: u32 = 0;\nmatch crate::{MODULE}::chosen({first}) {{\n");
            let mut arms = Vec::new();
            while let Some((number, mutant)) = numbered.next_if(|(_, mutant)| self.function(mutant) == Some(&function))
            {
                let body = self.mutated_within(function.body.clone(), mutant);
                let start = switched.line();
                switched.text += &format!("{} => {body}\n", number - first);
                arms.push(Region { lines: start..switched.line(), first, mutant: Some(number) });
            }
            switched.text += &format!("_ => {}\n}}\n}}", &self.text[function.body.clone()]);
            switched.regions.extend(arms);
            switched.regions.push(Region { lines: start..switched.line() + 1, first, mutant: None });
            written = function.body.end;
        }
        switched.text += &self.text[written..];
        switched
    }

    fn mutated_within(&self, part: Range<usize>, mutant: &Mutant) -> String {
        let [start, end] = mutant.span.map(|place| self.offset(place));
        format!("{}{}{}", &self.text[part.start..start], mutant.replacement, &self.text[end..part.end])
    }

    /// The innermost function around a mutant.
    fn function(&self, mutant: &Mutant) -> Option<&Function> {
        let [start, end] = mutant.span.map(|place| self.offset(place));
        let around = self.functions.iter().filter(|function| function.body.start <= start && end <= function.body.end);
        around.min_by_key(|function| function.body.len())
    }

    fn is_nested(&self, function: &Function) -> bool {
        let contains = |a: &Range<usize>, b: &Range<usize>| a != b && a.start <= b.start && b.end <= a.end;
        self.functions
            .iter()
            .any(|other| contains(&other.body, &function.body) || contains(&function.body, &other.body))
    }

    fn offset(&self, (line, column): (usize, usize)) -> usize {
        let start = self.lines.get(line - 1).copied().unwrap_or(self.text.len());
        let rest = &self.text[start..];
        start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
    }
}

/// The module that the switches ask, and the constant that marks each function with one.
pub const MODULE: &str = "mutant_switch";
pub const MARK: &str = "MUTANTS_FROM_";

impl Switched {
    /// The line that is being written.
    fn line(&self) -> usize {
        1 + self.text.matches('\n').count()
    }
}

struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let mut types = Opaque(false);
        types.visit_return_type(&signature.output);
        let body = body.span().byte_range();
        self.0.push(Function { body, is_const: signature.constness.is_some(), is_opaque: types.0 });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.add(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// Whether a type has `impl Trait` in it.
struct Opaque(bool);

impl<'ast> Visit<'ast> for Opaque {
    fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
        self.0 = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
const SIZE: usize = 1 + 2;
/// \"}\" is no end.
fn sum(a: u8, b: u8) -> u8 {
    a + b // é }
}
const fn double(a: u8) -> u8 { a + a }
fn numbers() -> impl Iterator<Item = u8> { 0..1 + 1 }
";

    fn mutant(line: usize, column: usize) -> Mutant {
        let span = [(line, column), (line, column + 1)];
        Mutant { file: String::new(), name: String::new(), span, replacement: "-".to_string() }
    }

    #[test]
    fn one_mutant_is_put_in_place() {
        let source = Source::parse(TEXT.to_string()).unwrap();
        assert_eq!(source.mutated(&mutant(4, 7)), TEXT.replace("a + b", "a - b"));
        assert_eq!(source.mutated(&mutant(1, 23)), TEXT.replace("1 + 2", "1 - 2"));
    }

    #[test]
    fn the_way_is_that_of_the_function() {
        let source = Source::parse(TEXT.to_string()).unwrap();
        let ways = [(4, 7), (6, 34), (7, 48), (1, 23)].map(|(line, column)| source.way(&mutant(line, column)));
        assert_eq!(ways, [Way::Switched, Way::PartlySwitched, Way::Alone, Way::Alone]);
    }

    #[test]
    fn a_switch_holds_all_bodies_and_the_lines_tell_them_apart() {
        let source = Source::parse(TEXT.to_string()).unwrap();
        let switched = source.switched(&[(5, &mutant(4, 7)), (6, &mutant(6, 34))]);
        Source::parse(switched.text.clone()).unwrap();
        let lines: Vec<_> = switched.text.lines().collect();
        assert_eq!(lines[4..7], ["match crate::mutant_switch::chosen(5) {", "0 => {", "    a - b // é }"]);
        assert!(lines.contains(&"const MUTANTS_FROM_6: u32 = 0;") && lines.contains(&"0 => { a - a }"));
        let region = |lines, first, mutant| Region { lines, first, mutant };
        assert_eq!(switched.regions[..2], [region(6..9, 5, Some(5)), region(3..14, 5, None)]);
        assert_eq!(switched.regions[2].mutant, Some(6));
    }
}
