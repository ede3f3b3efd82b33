//! What a call gave, in a form that outcomes of different engines can be compared in.

use std::fmt;

use crate::tally::Tally;

/// Numbers in named parts. Every engine lists the same parts in the same order.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    parts: Vec<Part>,
    /// The engine has no such call: nothing to compare.
    pub is_absent: bool,
}

#[derive(Clone, Debug)]
struct Part {
    name: &'static str,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    Integers(Vec<i64>),
    Floats(Vec<f32>),
}

/// The first place where two outcomes differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    pub part: &'static str,
    pub index: usize,
    pub expected: String,
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: expected {}, found {}", self.part, self.index, self.expected, self.found)
    }
}

impl Outcome {
    /// For an engine that has no such call.
    pub fn absent() -> Self {
        Self { parts: Vec::new(), is_absent: true }
    }

    pub fn code(&mut self, code: i32) {
        self.integers("return code", vec![i64::from(code)]);
    }

    /// Something that must be so.
    pub fn fact(&mut self, name: &'static str, holds: bool) {
        self.integers(name, vec![i64::from(holds)]);
    }

    pub fn integers(&mut self, name: &'static str, values: Vec<i64>) {
        self.parts.push(Part { name, values: Values::Integers(values) });
    }

    pub fn tokens(&mut self, name: &'static str, values: &[i32]) {
        self.integers(name, values.iter().map(|&value| i64::from(value)).collect());
    }

    pub fn floats(&mut self, name: &'static str, values: &[f32]) {
        self.parts.push(Part { name, values: Values::Floats(values.to_vec()) });
    }

    /// The first return code, or answer, if there is one.
    pub fn code_of(&self) -> Option<i64> {
        self.parts.iter().find_map(|part| match &part.values {
            Values::Integers(values) if ["return code", "answer"].contains(&part.name) => values.first().copied(),
            _ => None,
        })
    }

    /// The floats of a part, if it is there.
    pub fn floats_of(&self, name: &str) -> Option<&[f32]> {
        self.parts.iter().find_map(|part| match &part.values {
            Values::Floats(values) if part.name == name => Some(&values[..]),
            _ => None,
        })
    }

    /// Counts into `tally` and names the first difference of `found` from `self`.
    pub fn compare(&self, found: &Outcome, tally: &mut Tally) -> Option<Mismatch> {
        let mut first = None;
        for (expected, found) in self.parts.iter().zip(&found.parts) {
            first = first.or(compare_part(expected, found, tally));
        }
        let names = |outcome: &Outcome| outcome.parts.iter().map(|part| part.name).collect::<Vec<_>>().join(", ");
        let (expected, found) = (names(self), names(found));
        first.or_else(|| (expected != found).then_some(Mismatch { part: "parts", index: 0, expected, found }))
    }
}

fn compare_part(expected: &Part, found: &Part, tally: &mut Tally) -> Option<Mismatch> {
    let name = expected.name;
    match (&expected.values, &found.values) {
        (Values::Floats(a), Values::Floats(b)) => compare_values(
            name,
            a,
            b,
            tally,
            |value| (u64::from(value.to_bits()), value.is_nan()),
            |value| format!("{value:e} ({:#010x})", value.to_bits()),
        ),
        (Values::Integers(a), Values::Integers(b)) => {
            compare_values(name, a, b, tally, |value| (value as u64, false), |value| value.to_string())
        }
        _ => Some(Mismatch { part: name, index: 0, expected: name.to_string(), found: found.name.to_string() }),
    }
}

/// `bits` gives a value's bits and whether it is a NaN, whose payload and sign do not count.
fn compare_values<T: Copy>(
    part: &'static str,
    expected: &[T],
    found: &[T],
    tally: &mut Tally,
    bits: impl Fn(T) -> (u64, bool),
    show: impl Fn(T) -> String,
) -> Option<Mismatch> {
    tally.values += expected.len().min(found.len()) as u64;
    let mut first = None;
    for (index, (&a, &b)) in expected.iter().zip(found).enumerate() {
        let ((a_bits, a_nan), (b_bits, b_nan)) = (bits(a), bits(b));
        if a_nan && b_nan {
            tally.nans += 1;
        } else if a_bits != b_bits {
            tally.differing_bits += u64::from((a_bits ^ b_bits).count_ones());
            first.get_or_insert(Mismatch { part, index, expected: show(a), found: show(b) });
        }
    }
    if expected.len() != found.len() {
        let (expected, found) = (format!("{} values", expected.len()), format!("{} values", found.len()));
        first.get_or_insert(Mismatch { part, index: 0, expected, found });
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(values: &[f32]) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.floats("logits", values);
        outcome
    }

    #[test]
    fn one_bit_is_a_difference_and_a_zero_has_a_sign() {
        let mut tally = Tally::default();
        let next = f32::from_bits(1.5_f32.to_bits() + 1);
        let mismatch = floats(&[0.5, 1.5]).compare(&floats(&[0.5, next]), &mut tally).unwrap();
        assert_eq!((mismatch.index, tally.values, tally.differing_bits), (1, 2, 1));
        assert!(mismatch.to_string().contains("0x3fc00001"), "{mismatch}");
        assert!(floats(&[0.0]).compare(&floats(&[-0.0]), &mut tally).is_some());
    }

    #[test]
    fn nan_equals_any_nan_and_nothing_else() {
        let mut tally = Tally::default();
        let other_nan = f32::from_bits(0xffc0_1234);
        assert_eq!(floats(&[f32::NAN]).compare(&floats(&[other_nan]), &mut tally), None);
        assert_eq!(tally.nans, 1);
        assert!(floats(&[f32::NAN]).compare(&floats(&[1.0]), &mut tally).is_some());
    }

    #[test]
    fn a_missing_value_or_part_is_a_difference() {
        let mut tally = Tally::default();
        assert!(floats(&[1.0, 2.0]).compare(&floats(&[1.0]), &mut tally).is_some());
        assert!(floats(&[]).compare(&Outcome::default(), &mut tally).is_some());
        let mut code = Outcome::default();
        code.code(-1);
        assert!(floats(&[]).compare(&code, &mut tally).is_some());
    }
}
