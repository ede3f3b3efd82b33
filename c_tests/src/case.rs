//! A case: a shape, a seed from which everything else follows, and which of the seed's calls are made.

use std::fmt;
use std::ops::Range;

use anyhow::{anyhow, bail, Context, Result};
use quickcheck::{Arbitrary, Gen};

use crate::script::Script;
use crate::shapes::SHAPES;

/// One case, small enough to be written in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Index in the list of shapes.
    pub shape: usize,
    pub seed: u64,
    /// Indices of the calls that are made, rising.
    pub calls: Vec<usize>,
}

impl Case {
    /// All calls of a seed.
    pub fn whole(shape: usize, seed: u64) -> Self {
        let calls = (0..Self { shape, seed, calls: Vec::new() }.script().calls.len()).collect();
        Self { shape, seed, calls }
    }

    /// Models and calls.
    pub fn script(&self) -> Script {
        Script::new(&SHAPES[self.shape], self.seed)
    }

    /// A shape by the weights of the list.
    fn shape_of(number: u64) -> usize {
        let total: u64 = SHAPES.iter().map(|shape| shape.weight).sum();
        let mut left = number % total;
        for (index, shape) in SHAPES.iter().enumerate() {
            if left < shape.weight {
                return index;
            }
            left -= shape.weight;
        }
        0
    }

    /// This seed on another shape.
    pub fn on_shape(&self, shape: usize) -> Self {
        Self::whole(shape, self.seed)
    }

    fn without(&self, range: Range<usize>) -> Self {
        let mut calls = self.calls.clone();
        calls.drain(range);
        Self { calls, ..*self }
    }
}

impl Arbitrary for Case {
    fn arbitrary(g: &mut Gen) -> Self {
        Self::whole(Self::shape_of(any_bits(g)), any_bits(g))
    }

    /// Fewer calls: without the later half, without the earlier one, then without a single one.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let len = self.calls.len();
        let halves = [len / 2..len, 0..len / 2].into_iter().filter(|half| half.len() > 1);
        let singles = (0..len).rev().map(|index| index..index + 1);
        let case = self.clone();
        Box::new(halves.chain(singles).collect::<Vec<_>>().into_iter().map(move |range| case.without(range)))
    }
}

/// 64 even bits. An arbitrary u64 of quickcheck's is one of a few special numbers too often: cases would come again.
fn any_bits(g: &mut Gen) -> u64 {
    (0..64).fold(0, |bits, _| bits << 1 | u64::from(bool::arbitrary(g)))
}

/// The form that `--replay` reads: `shape=NAME:seed=0x...:calls=7` for the first seven calls, `:calls=0,3,` for some.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shape={}:seed={:#018x}:calls=", SHAPES[self.shape].name, self.seed)?;
        if self.calls.iter().copied().eq(0..self.calls.len()) {
            return write!(f, "{}", self.calls.len());
        }
        self.calls.iter().try_for_each(|call| write!(f, "{call},"))
    }
}

impl std::str::FromStr for Case {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (mut shape, mut seed, mut calls) = (None, None, None);
        for field in text.split(':') {
            match field.split_once('=') {
                Some(("shape", name)) => shape = Some(shape_named(name)?),
                Some(("seed", number)) => {
                    let digits = number.strip_prefix("0x").unwrap_or(number);
                    seed = Some(u64::from_str_radix(digits, 16).with_context(|| format!("seed={number}"))?);
                }
                Some(("calls", list)) => calls = Some(parse_calls(list)?),
                _ => bail!("`{field}`: expected shape=NAME, seed=0x... or calls=..."),
            }
        }
        let whole = Case::whole(shape.context("no shape=NAME")?, seed.context("no seed=0x...")?);
        Ok(Self { calls: calls.unwrap_or_else(|| whole.calls.clone()), ..whole })
    }
}

/// The index of a shape.
pub fn shape_named(name: &str) -> Result<usize> {
    SHAPES.iter().position(|shape| shape.name == name).ok_or_else(|| {
        let names: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
        anyhow!("shape `{name}` is not in the list: {}", names.join(", "))
    })
}

fn parse_calls(list: &str) -> Result<Vec<usize>> {
    let number = |text: &str| text.parse::<usize>().with_context(|| format!("calls={list}"));
    if list.contains(',') {
        list.split(',').filter(|text| !text.is_empty()).map(number).collect()
    } else {
        Ok((0..number(list)?).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_replay_line_gives_the_case_back() {
        let mut g = Gen::from_size_and_seed(10, 1);
        for _ in 0..100 {
            let case = Case::arbitrary(&mut g);
            assert_eq!(case.to_string().parse::<Case>().unwrap(), case);
            for smaller in case.shrink() {
                assert!(smaller.calls.len() < case.calls.len());
                assert_eq!(smaller.to_string().parse::<Case>().unwrap(), smaller);
            }
        }
        assert!("shape=nowhere:seed=0x1:calls=1".parse::<Case>().is_err());
        assert!("shape=default:seed=0xg:calls=1".parse::<Case>().is_err());
        assert!("shape=default".parse::<Case>().is_err());
    }

    #[test]
    fn every_weighted_shape_is_drawn_and_no_other() {
        let mut drawn = vec![0; SHAPES.len()];
        for number in 0..SHAPES.iter().map(|shape| shape.weight).sum() {
            drawn[Case::shape_of(number)] += 1;
        }
        let weights: Vec<_> = SHAPES.iter().map(|shape| shape.weight).collect();
        assert_eq!(drawn, weights);
    }

    #[test]
    fn no_case_comes_twice() {
        let mut g = Gen::from_size_and_seed(10, 7);
        let seeds: std::collections::BTreeSet<_> = (0..10_000).map(|_| any_bits(&mut g)).collect();
        assert_eq!(seeds.len(), 10_000);
    }

    #[test]
    fn the_same_seed_gives_the_same_script() {
        let (first, second) = (Case::whole(2, 99).script(), Case::whole(2, 99).script());
        assert_eq!(first.contents.models, second.contents.models);
        assert_eq!(format!("{:?}", first.calls), format!("{:?}", second.calls));
    }
}
