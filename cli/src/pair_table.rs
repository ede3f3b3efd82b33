//! How well pairs were answered, for people and programs.

use atome_engine::dialogue::Limits;
use atome_train::decimal::shortest;
use atome_train::pairs::{confusions, Asked, Confusion};
use atome_train::terminal::safe;
use serde_json::{json, Value};

use crate::numbers::{grouped, percent};

/// The most confusions that are listed.
const LISTED: usize = 10;

/// The most characters of a text in a list.
const SHOWN: usize = 48;

/// What became of the pairs.
pub struct PairScore {
    pairs: u64,
    right: u64,
    right_and_sure: u64,
    wrong_and_sure: u64,
    right_probability: f64,
    limits: Limits,
    confusions: Vec<Confusion>,
    /// Whether the model had not learnt from them.
    is_held_out: bool,
}

impl PairScore {
    /// Counts the answers; beyond `limits` they are unsure.
    pub fn new(asked: &[Asked<'_>], limits: &Limits, is_held_out: bool) -> Self {
        let is_sure = |asked: &&Asked<'_>| {
            asked.doubt.is_none()
                && asked.signals.question_nats <= f64::from(limits.most_question_nats)
                && asked.signals.least_probability >= f64::from(limits.least_probability)
        };
        let count = |wanted: &dyn Fn(&&Asked<'_>) -> bool| asked.iter().filter(wanted).count() as u64;
        let probabilities = asked.iter().map(|asked| asked.right_probability).sum::<f64>();
        Self {
            pairs: asked.len() as u64,
            right: count(&|asked| asked.is_right()),
            right_and_sure: count(&|asked| asked.is_right() && is_sure(asked)),
            wrong_and_sure: count(&|asked| !asked.is_right() && is_sure(asked)),
            right_probability: probabilities / asked.len().max(1) as f64,
            limits: *limits,
            confusions: confusions(asked),
            is_held_out,
        }
    }

    fn unsure(&self) -> u64 {
        self.pairs - self.right_and_sure - self.wrong_and_sure
    }

    pub fn json(&self) -> Value {
        let has_limits = self.limits != Limits::NONE;
        let limit = |limit: f32| has_limits.then(|| shortest(limit));
        let confusion = |found: &Confusion| json!({ "right": found.right, "answer": found.answer, "count": found.count, "prompt": found.prompt });
        json!({
            "pairs": self.pairs,
            "held_out": self.is_held_out,
            "right": self.right,
            "right_and_sure": self.right_and_sure,
            "wrong_and_sure": self.wrong_and_sure,
            "unsure": self.unsure(),
            "mean_probability_of_the_right_answer": self.right_probability,
            "most_question_nats": limit(self.limits.most_question_nats),
            "least_probability": limit(self.limits.least_probability),
            "confusions": self.confusions.iter().map(confusion).collect::<Vec<Value>>(),
        })
    }

    pub fn text(&self) -> String {
        let mut text = format!(
            "{:<15}{:>9}{}\n",
            "pairs",
            grouped(self.pairs),
            if self.is_held_out { "  held out from the training" } else { "" }
        );
        let counts = [
            ("right", self.right),
            ("right and sure", self.right_and_sure),
            ("wrong and sure", self.wrong_and_sure),
            ("unsure", self.unsure()),
        ];
        for (name, count) in counts {
            text.push_str(&format!("{name:<15}{:>9}  {:>6}\n", grouped(count), percent(count, self.pairs)));
        }
        text.push_str(&format!(
            "{:<15}{:>9.4}  of the right answer, on average\n",
            "probability", self.right_probability
        ));
        if self.limits == Limits::NONE {
            text.push_str("No limits: no answer counts as unsure for the probability of its tokens.\n");
        }
        text + &self.confusion_table()
    }

    fn confusion_table(&self) -> String {
        if self.confusions.is_empty() {
            return String::new();
        }
        let mut text = format!("\n{:>6}  {:<SHOWN$}  {:<SHOWN$}  for example\n", "times", "right answer", "what came");
        for Confusion { right, answer, count, prompt } in self.confusions.iter().take(LISTED) {
            let line = format!("{count:>6}  {:<SHOWN$}  {:<SHOWN$}  {}", cell(right), cell(answer), cell(prompt));
            text.push_str(&format!("{line}\n"));
        }
        let rest = self.confusions.len().saturating_sub(LISTED);
        if rest > 0 {
            text.push_str(&format!("{rest:>6}  other kinds of wrong answers (--json lists all)\n"));
        }
        text
    }
}

/// A text that keeps its column.
fn cell(text: &str) -> String {
    let escaped = safe(text).replace('\t', "\\t").replace('\n', "\\n");
    match escaped.chars().count() > SHOWN {
        true => escaped.chars().take(SHOWN - 3).chain("...".chars()).collect(),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_short_and_print_nothing_strange() {
        assert_eq!(cell("a\tb\u{1b}["), "a\\tb\\u{1b}[");
        assert_eq!(cell(&"x".repeat(100)).chars().count(), SHOWN);
    }
}
