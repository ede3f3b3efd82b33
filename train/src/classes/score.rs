//! How well a classifier names classes, and what abstaining is worth.

use anyhow::{Context, Result};
use atome_engine::dialogue::Dialogue;
use atome_engine::{argmax, classify, integer, Arithmetic, Layout, Matrix, Plan, Weights as _, WholeModel, Workspace};
use rayon::prelude::*;

use super::head::class_of;
use crate::asking::margin;
use crate::evaluate::{on_rooms, Numbers};
use crate::pairs::{best_division, Pair};

/// An example, and what was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Named {
    /// Its class.
    pub class: usize,
    /// The class of the best logit.
    pub found: usize,
    /// The distance of the best logit to the second.
    pub margin: f64,
}

impl Named {
    /// Whether the class is right.
    pub const fn is_right(&self) -> bool {
        self.class == self.found
    }
}

/// A model with a class head.
#[derive(Clone, Copy, Debug)]
pub struct WholeClassifier<'m> {
    /// The model below the head.
    pub base: WholeModel<'m>,
    /// One row of d_model weights a class.
    pub head: Matrix<'m>,
}

/// Names the class of all prompts, each from cold. Runs on the current rayon pool; the result does not depend on its size.
///
/// # Errors
/// The classifier does not fit in memory with this window, or what the engine says.
pub fn score(
    classifier: &WholeClassifier<'_>,
    numbers: Numbers,
    max_seq: usize,
    dialogue: &Dialogue<'_>,
    pairs: &[&Pair],
) -> Result<Vec<Named>> {
    let shape = *classifier.base.shape();
    match numbers {
        Numbers::Exact => {
            let layout = Layout::new(shape, max_seq, Plan::Cached)?;
            on_rooms(pairs.par_iter(), [layout.floats(), layout.words()], |floats, words, pair| {
                one(classifier, &mut Workspace::new(&layout, floats, words)?, dialogue, pair)
            })
        }
        Numbers::Integers => {
            integer::check(&classifier.base)?;
            integer::check_head(&classifier.head)?;
            let layout = integer::Layout::new(shape, max_seq, Plan::Cached)?;
            on_rooms(pairs.par_iter(), [layout.floats(), layout.words()], |floats, words, pair| {
                one(classifier, &mut integer::Workspace::new(&layout, floats, words)?, dialogue, pair)
            })
        }
    }
}

fn one<'w, M: Arithmetic<'w>>(
    classifier: &WholeClassifier<'_>,
    memory: &mut M,
    dialogue: &Dialogue<'_>,
    pair: &Pair,
) -> Result<Named> {
    let class = class_of(&pair.answer, classifier.head.rows());
    let class = class.with_context(|| format!("line {}: a class that the classifier does not have", pair.line))?;
    let mut logits = Vec::with_capacity(classifier.head.rows());
    let tokens = dialogue.prompt(pair.prompt.as_bytes()).map(|token| token as i32);
    classify(&classifier.base, &classifier.head, memory, tokens, |_, logit| logits.push(logit))?;
    Ok(Named { class, margin: margin(&logits), found: argmax(logits) })
}

/// Below which margin a class should count as unsure: where a wrong sure class does as much harm as three right unsure ones.
pub fn least_margin(named: &[Named]) -> f32 {
    let of =
        |is_right: bool| named.iter().filter(|named| named.is_right() == is_right).map(|named| named.margin).collect();
    let margin = best_division(of(true), of(false));
    ((margin * 1e3).floor() / 1e3).max(0.0) as f32
}

/// What is left where the least sure examples get no class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// The margin that is asked for.
    pub least_margin: f64,
    /// The share of the examples that get a class.
    pub answered: f64,
    /// The share of these whose class is wrong.
    pub wrong: f64,
}

/// From the fewest answers to all of them: a point for each margin that occurs.
pub fn coverage(named: &[Named]) -> Vec<Coverage> {
    let mut sorted = named.to_vec();
    sorted.sort_by(|a, b| b.margin.total_cmp(&a.margin));
    let (mut points, mut wrong) = (Vec::new(), 0);
    for (index, named) in sorted.iter().enumerate() {
        wrong += usize::from(!named.is_right());
        let is_last = sorted.get(index + 1).is_none_or(|next| next.margin < named.margin);
        if is_last {
            let answered = index + 1;
            points.push(Coverage {
                least_margin: named.margin,
                answered: answered as f64 / sorted.len() as f64,
                wrong: f64::from(wrong as u32) / answered as f64,
            });
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(is_right: bool, margin: f64) -> Named {
        Named { class: 0, found: usize::from(!is_right), margin }
    }

    #[test]
    fn abstaining_trades_answers_for_right_ones() {
        let all = [named(false, 0.1), named(true, 3.0), named(true, 1.0), named(false, 1.0)];
        let points: Vec<_> = coverage(&all).iter().map(|point| (point.answered, point.wrong)).collect();
        assert_eq!(points, [(0.25, 0.0), (0.75, 1.0 / 3.0), (1.0, 0.5)]);
        assert!(coverage(&[]).is_empty());
    }

    #[test]
    fn a_margin_leaves_out_what_is_mostly_wrong() {
        let mut all: Vec<Named> = (1..=20).map(|index| named(true, f64::from(index))).collect();
        all.extend([named(false, 0.5), named(false, 1.5), named(false, 2.5)]);
        assert_eq!(least_margin(&all), 3.0);
        assert_eq!(least_margin(&[named(false, 1.0)]), 0.0);
    }
}
