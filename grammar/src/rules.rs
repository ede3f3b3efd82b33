//! Which rules call which.

use std::collections::HashMap;

use crate::refusal::{Place, Refusal};
use crate::syntax::{Part, Rule, What};

/// The rule that answers are of.
pub const START: &str = "answer";

/// The rules by their names; all names that are called are there, and no rule reaches itself.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    by_name: HashMap<String, usize>,
}

/// A rule that no answer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: Place,
}

impl Rules {
    /// # Errors
    /// No rule for answers, a name without a rule, or a rule that reaches itself.
    pub fn new(rules: Vec<Rule>) -> Result<Self, Refusal> {
        let by_name = rules.iter().enumerate().map(|(index, rule)| (rule.name.clone(), index)).collect();
        let all = Self { rules, by_name };
        if all.get(START).is_none() {
            let place = Place { line: 1, column: 1 };
            return Err(Refusal::new(place, "no rule with the name answer, expected one: what may be answered"));
        }
        for rule in &all.rules {
            for (name, place) in called(&rule.part) {
                if all.get(name).is_none() {
                    return Err(Refusal::new(place, format!("{name} is no rule{}", all.like(name))));
                }
            }
        }
        let mut state = vec![State::New; all.rules.len()];
        for index in 0..all.rules.len() {
            all.visit(index, &mut state, &mut Vec::new())?;
        }
        Ok(all)
    }

    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.rules.get(*self.by_name.get(name)?)
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// The rules that no answer needs.
    pub fn unused(&self) -> Vec<Unused> {
        let mut is_used = vec![false; self.rules.len()];
        let mut open = vec![START];
        while let Some(index) = open.pop().and_then(|name| self.by_name.get(name)) {
            if let (Some(is_used @ false), Some(rule)) = (is_used.get_mut(*index), self.rules.get(*index)) {
                *is_used = true;
                open.extend(called(&rule.part).map(|(name, _)| name));
            }
        }
        let unused = self.rules.iter().zip(is_used).filter(|(_, is_used)| !is_used);
        unused.map(|(rule, _)| Unused { name: rule.name.clone(), place: rule.place }).collect()
    }

    /// The rule with a name that is meant, perhaps.
    fn like(&self, name: &str) -> String {
        let is_like = |rule: &&Rule| {
            rule.name.eq_ignore_ascii_case(name) || rule.name.starts_with(name) || name.starts_with(&rule.name)
        };
        match self.rules.iter().find(is_like) {
            Some(rule) => format!(", expected the name of one; there is {}", rule.name),
            None => ", expected the name of one".to_owned(),
        }
    }

    /// Goes through all that a rule calls. `way` has the rules on the way to it.
    fn visit(&self, index: usize, state: &mut [State], way: &mut Vec<usize>) -> Result<(), Refusal> {
        let (Some(rule), Some(found)) = (self.rules.get(index), state.get_mut(index)) else { return Ok(()) };
        if *found == State::Done {
            return Ok(());
        }
        *found = State::Open;
        way.push(index);
        for (name, place) in called(&rule.part) {
            let Some(&next) = self.by_name.get(name) else { continue };
            if state.get(next) == Some(&State::Open) {
                let from = way.iter().position(|&index| index == next).unwrap_or(0);
                let names = way.iter().skip(from).filter_map(|&index| Some(self.rules.get(index)?.name.as_str()));
                let cycle: Vec<&str> = names.chain([name]).collect();
                let message = format!(
                    "{name} reaches itself ({}), expected no recursion; *, + and {{m,n}} repeat",
                    cycle.join(" -> ")
                );
                return Err(Refusal::new(place, message));
            }
            self.visit(next, state, way)?;
        }
        way.pop();
        if let Some(found) = state.get_mut(index) {
            *found = State::Done;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// The names that a part calls, each where it does.
fn called(part: &Part) -> impl Iterator<Item = (&str, Place)> {
    let mut open = vec![part];
    std::iter::from_fn(move || {
        while let Some(part) = open.pop() {
            open.extend(part.parts().iter().rev());
            if let What::Name(name) = &part.what {
                return Some((name.as_str(), part.place));
            }
        }
        None
    })
}
