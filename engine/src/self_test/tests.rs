//! The self-test passes here, and finds what is wrong.

extern crate std;

use core::cell::Cell;
use std::string::ToString;
use std::vec::Vec;

use super::known::{arithmetic, compute, Operation, FUNCTIONS};
use super::*;

#[test]
fn every_kernel_passes() {
    let _mine = kernel::CHOICE.lock();
    let chosen = kernel::Kernel::current();
    for kernel in kernel::Kernel::ALL {
        if kernel.select() {
            assert_eq!(self_test(), Ok(()), "{}", kernel.name());
        }
    }
    chosen.select();
}

/// Kernels of which one changes one output of one of its calls by the last bit.
struct WithFault {
    part: SelfTestError,
    call: usize,
    /// Which output; too large a number counts from the start again.
    output: usize,
    calls: Cell<usize>,
    outputs: Cell<usize>,
}

impl WithFault {
    fn new(part: SelfTestError, call: usize, output: usize) -> Self {
        Self { part, call, output, calls: Cell::new(0), outputs: Cell::new(0) }
    }

    fn spoil(&self, part: SelfTestError, out: &mut [f32]) {
        if self.part != part {
            return;
        }
        if self.calls.replace(self.calls.get() + 1) == self.call {
            self.outputs.set(out.len());
            let value = &mut out[self.output];
            *value = if value.is_nan() { 1.0 } else { f32::from_bits(value.to_bits() ^ 1) };
        }
    }
}

impl Kernels for WithFault {
    fn project(&self, inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        kernel::project(inputs, positions, projections);
        for projection in projections {
            self.spoil(SelfTestError::Projection, &mut projection.out[..positions * projection.matrix.rows()]);
        }
    }

    fn layer_norm(&self, norm: &Norm, x: &[f32], out: &mut [f32]) {
        kernel::layer_norm(norm, x, out);
        self.spoil(SelfTestError::LayerNorm, &mut out[..x.len()]);
    }

    fn attend(&self, query: &[f32], keys: &Keys, values: &[f32], window: &Window, best: TopK, out: &mut [f32]) {
        kernel::attend(query, keys, values, window, best, out);
        self.spoil(SelfTestError::Attention, out);
    }

    fn mix(&self, work: Mix) -> Option<()> {
        let all = work.positions * work.gate.len();
        let Mix { positions, block, gate, shares, inputs, attended, .. } = work;
        let (history, state) = (&mut *work.history, &mut *work.state);
        let residual = &mut *work.residual;
        let done = kernel::mix(Mix { positions, block, history, state, gate, shares, inputs, attended, residual });
        for moved in [&mut *work.history, &mut *work.state, &mut work.residual[..all]] {
            self.spoil(SelfTestError::Mix, moved);
        }
        done
    }
}

#[test]
fn one_wrong_bit_in_any_output_of_any_call_is_found() {
    use SelfTestError::{Attention, LayerNorm, Mix, Projection};
    for part in [Projection, LayerNorm, Attention, Mix] {
        let sound = WithFault::new(part, usize::MAX, 0);
        assert_eq!(run(&sound), Ok(()));
        let calls = sound.calls.get();
        assert!(calls >= 2);
        for call in 0..calls {
            let first = WithFault::new(part, call, 0);
            assert_eq!(run(&first), Err(part), "call {call}");
            let outputs = first.outputs.get();
            assert!(outputs > 1);
            let step = if cfg!(miri) { outputs / 2 } else { 1 };
            for output in (1..outputs).step_by(step) {
                assert_eq!(run(&WithFault::new(part, call, output)), Err(part), "call {call}, output {output}");
            }
        }
    }
}

/// Sums from the last column to the first: right numbers, added in another order.
struct Backwards;

impl Kernels for Backwards {
    fn project(&self, inputs: &[f32], positions: usize, projections: &mut [Projection]) {
        for Projection { matrix, out, row_stride, position_stride } in projections {
            for position in 0..positions {
                let x = &inputs[position * matrix.cols()..][..matrix.cols()];
                for row in 0..matrix.rows() {
                    let weights: Vec<i8> = matrix.weights().skip(row * matrix.cols()).take(matrix.cols()).collect();
                    let terms = x.iter().zip(&weights).rev();
                    let sum = terms.fold(0.0, |sum, (x, weight)| sum + x * f32::from(*weight));
                    out[position * *position_stride + row * *row_stride] = sum * matrix.scale();
                }
            }
        }
    }
}

#[test]
fn another_order_of_a_sum_is_found() {
    assert_eq!(run(&Backwards), Err(SelfTestError::Projection));
}

/// Lets the later of two equal scores win.
struct LaterWins;

impl Kernels for LaterWins {
    fn attend(&self, query: &[f32], keys: &Keys, values: &[f32], window: &Window, best: TopK, out: &mut [f32]) {
        let mut rows: Vec<usize> = (0..window.len).map(|back| (keys.rows + window.newest - back) % keys.rows).collect();
        let score = |row: usize| {
            let (at, step) = Keys::place(keys.rows, keys.d_head, row);
            let sum = query.iter().enumerate().fold(0.0, |sum, (i, q)| sum + q * keys.elements[at + i * step]);
            sum * (1.0 / crate::math::sqrt(query.len() as f32))
        };
        rows.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
        let TopK { scores, rows: kept } = best;
        for (slot, (score_slot, row)) in kept.iter_mut().zip(scores.iter_mut().zip(rows)) {
            (*slot, *score_slot) = (row as u32, score(row));
        }
        kernel::softmax(scores);
        out.fill(0.0);
        let width = out.len();
        for (&weight, &row) in scores.iter().zip(kept.iter()) {
            for (out, value) in out.iter_mut().zip(&values[row as usize * width..]) {
                *out += weight * value;
            }
        }
    }
}

#[test]
fn a_wrong_winner_among_equal_scores_is_found() {
    assert_eq!(run(&LaterWins), Err(SelfTestError::Attention));
}

/// Leaves everything as it is.
struct Idle;

impl Kernels for Idle {
    fn mix(&self, _: Mix) -> Option<()> {
        Some(())
    }
}

#[test]
fn a_kernel_that_does_nothing_is_found() {
    assert_eq!(run(&Idle), Err(SelfTestError::Mix));
}

#[test]
fn arithmetic_that_is_set_otherwise_is_found() {
    assert!(arithmetic(compute));
    let flush = |x: f32| if x.is_subnormal() { 0.0_f32.copysign(x) } else { x };
    assert!(!arithmetic(|operation, a, b| flush(compute(operation, a, b))), "results flushed to zero");
    assert!(!arithmetic(|operation, a, b| compute(operation, flush(a), flush(b))), "operands flushed to zero");
    for wrong in Operation::ALL {
        let toward_zero = |operation, a: f32, b: f32| {
            let result = compute(operation, a, b);
            let is_affected = operation == wrong && result.is_normal() && result.to_bits() % 2 == 1;
            if is_affected {
                f32::from_bits(result.to_bits() - 1)
            } else {
                result
            }
        };
        let never_odd = wrong == Operation::IsGreater;
        assert_eq!(arithmetic(toward_zero), never_odd, "{wrong:?} with another last bit");
    }
    assert!(!arithmetic(|operation, a, b| match operation {
        Operation::IsGreater => f32::from(u8::from(a >= b)),
        _ => compute(operation, a, b),
    }));
}

/// The sign of 0 alone is another.
fn with_fault(x: f32) -> f32 {
    if x == 0.0 {
        -0.0
    } else {
        math::portable::tanh(x)
    }
}

#[test]
fn a_function_with_one_wrong_result_is_found() {
    let [exp, (tanh, in_use), sqrt] = FUNCTIONS;
    assert!(known::math(FUNCTIONS, math::ln));
    assert!(!known::math([exp, (tanh, with_fault), sqrt], math::ln), "in use");
    assert!(
        !known::math([exp, (with_fault, in_use), sqrt], math::ln),
        "the definition, which differs from what is in use"
    );
    assert!(!known::math([exp, (with_fault, with_fault), sqrt], math::ln), "both");
    let last_place = |x| match math::exp(x) {
        exp if exp.is_finite() => f32::from_bits(exp.to_bits() ^ 1),
        other => other,
    };
    let is_allowed = cfg!(feature = "system-libm");
    assert_eq!(known::math([(exp.0, last_place), (tanh, in_use), sqrt], math::ln), is_allowed, "a last place");
    assert!(!known::math(FUNCTIONS, |x| math::ln(x) + 0.0 * x), "the logarithm of infinity");
}

#[test]
fn an_error_says_what_differs_and_in_which_kernel() {
    use SelfTestError::{Arithmetic, Attention, LayerNorm, Math, Mix, Projection};
    let parts = [
        (Arithmetic, "arithmetic"),
        (Math, "exp"),
        (Projection, "matrix"),
        (LayerNorm, "layer norm"),
        (Attention, "attention"),
        (Mix, "convolution"),
    ];
    for (error, word) in parts {
        let text = error.to_string();
        let (start, what) = text.split_once(": ").unwrap();
        assert!(start.starts_with("self-test of the kernel ") && what.contains(word), "{text}");
    }
}
