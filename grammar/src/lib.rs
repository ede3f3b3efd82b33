//! Compiles what a model may answer (docs/grammar.md) into the table that the engine follows: `atome_engine::grammar`.
//!
//! Data flows one way: text -> rules ([`compile`] refuses with line and column) -> an automaton over bytes -> as few states as
//! it takes -> the table. The same text gives the same bytes everywhere.
//!
//! ```
//! use atome_grammar::{compile, fits};
//!
//! let compiled = compile("answer = '{\"dim\":' number(0..100) '}'")?;
//! assert!(fits(&compiled.table, b"", b"{\"dim\":20}").is_ok());
//! assert!(fits(&compiled.table, b"", b"{\"dim\":120}").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod class;
mod copies;
mod derive;
mod dfa;
mod examples;
mod fits;
mod minimise;
mod nfa;
mod number;
mod parse;
mod reader;
mod refusal;
mod rules;
mod syntax;
mod table;
mod ways;

pub use derive::{derive, Derived, Example};
pub use fits::{fits, Misfit};
pub use refusal::{Place, Refusal};
pub use rules::Unused;
pub use table::MAX_TABLE;

use dfa::State;
use nfa::Nfa;
use rules::{Rules, START};
use ways::Way;

/// A grammar that was compiled.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the engine reads.
    pub table: Vec<u8>,
    /// What there is to say of it.
    pub facts: Facts,
}

/// What there is to say of a grammar.
#[derive(Clone, Debug)]
pub struct Facts {
    /// How many rules there are.
    pub rules: usize,
    /// Rules that no answer needs: perhaps a mistake.
    pub unused: Vec<Unused>,
    /// States of the table.
    pub states: usize,
    /// Bytes of the shortest answer, its copies aside.
    pub shortest: usize,
    /// Copies in the shortest answer: one with fewer copies counts as shorter.
    pub copies: usize,
    /// Bytes of the longest answer, with copies as long as they may be; `None` where there is no longest one.
    pub longest: Option<usize>,
    /// A few answers, with <copy> for pieces of the prompt.
    pub examples: Vec<String>,
}

/// The table of the grammar `text`.
///
/// # Errors
/// [`Refusal`] says where it is wrong, what was found and what was expected.
pub fn compile(text: &str) -> Result<Compiled, Refusal> {
    let rules = Rules::new(parse::parse(text)?)?;
    let place = rules.get(START).map(|rule| rule.place).unwrap_or_default();
    let nfa = Nfa::new(&rules)?;
    let states = minimise::minimise(&dfa::states(&nfa, place)?, place)?;
    if states.first().is_none_or(|first| first.edges.is_empty() && first.copies.is_empty()) {
        return Err(Refusal::new(place, "no answer but the empty one, expected a text"));
    }
    copies::check(&states, &nfa.kinds)?;
    let ways = ways::shortest(&states, (1 << nfa.kinds.len()) - 1);
    ways::check(ways.first().copied().flatten().unwrap_or_default(), place)?;
    let table = table::table(&states, &nfa.kinds).map_err(|len| {
        let message = format!("the table would have {len} bytes, expected at most {MAX_TABLE}; fewer alternatives or shorter repetitions take less");
        Refusal::new(place, message)
    })?;
    let grammar = atome_engine::grammar::Grammar::open(&table)
        .map_err(|error| Refusal::new(place, format!("the engine refuses the table: {error}")))?;
    let facts = facts(&rules, &states, &nfa, &ways, grammar.states());
    Ok(Compiled { table, facts })
}

fn facts(rules: &Rules, states: &[State], nfa: &Nfa, ways: &[Option<Way>], n_states: usize) -> Facts {
    let (copies, shortest) = ways.first().copied().flatten().unwrap_or_default();
    Facts {
        rules: rules.len(),
        unused: rules.unused(),
        states: n_states,
        shortest,
        copies,
        longest: ways::longest(states, &nfa.kinds),
        examples: examples::examples(states, ways),
    }
}
