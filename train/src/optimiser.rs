//! AdamW (Loshchilov and Hutter 2019), as PyTorch computes it.

use anyhow::{bail, Result};
use serde::{Deserialize, Serialize};

use crate::simd::multiversion;

/// The optimiser's numbers; the default is PyTorch's but for the learning rate of the published comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamW {
    /// Learning rate, the highest of the schedule.
    pub lr: f64,
    /// How much of the mean gradient stays at each step.
    pub beta1: f64,
    /// How much of the mean squared gradient stays.
    pub beta2: f64,
    /// Keeps the divisor from zero.
    pub epsilon: f64,
    /// The share of every parameter that a step of rate 1 would take away.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { lr: 3e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }
}

impl AdamW {
    /// Whether a training can use these numbers.
    ///
    /// # Errors
    /// Names the value and what was expected.
    pub fn check(&self) -> Result<()> {
        let &Self { lr, beta1, beta2, epsilon, weight_decay } = self;
        if !(lr > 0.0 && lr.is_finite()) {
            bail!("the learning rate is {lr:?}, expected a number above 0");
        }
        for (name, beta) in [("beta1", beta1), ("beta2", beta2)] {
            if !(0.0..1.0).contains(&beta) {
                bail!("{name} is {beta:?}, expected a number from 0 on and below 1");
            }
        }
        for (name, value) in [("epsilon", epsilon), ("weight_decay", weight_decay)] {
            if !(value >= 0.0 && value.is_finite()) {
                bail!("{name} is {value:?}, expected a number from 0 on");
            }
        }
        Ok(())
    }

    /// Step number `step`, from 1, at learning rate `lr`; gradients count `factor` times. All slices are equally long.
    pub fn step(&self, part: Part<'_>, lr: f64, step: u64, factor: f32) {
        let power = |beta: f64| 1.0 - libm::pow(beta, step as f64);
        let numbers = Numbers {
            keep: (1.0 - lr * self.weight_decay) as f32,
            beta1: self.beta1 as f32,
            rest1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            rest2: (1.0 - self.beta2) as f32,
            rate: (lr / power(self.beta1)) as f32,
            root: libm::sqrt(power(self.beta2)) as f32,
            epsilon: self.epsilon as f32,
            factor,
        };
        let Part { params, gradients, mean, square } = part;
        move_params(numbers, params, gradients, mean, square);
    }
}

/// A range of parameters with all that belongs to them.
#[derive(Debug)]
pub struct Part<'a> {
    /// The parameters.
    pub params: &'a mut [f32],
    /// Their gradients.
    pub gradients: &'a [f32],
    /// Running means of the gradients.
    pub mean: &'a mut [f32],
    /// Running means of their squares.
    pub square: &'a mut [f32],
}

/// What all parameters of a step have in common.
#[derive(Clone, Copy)]
struct Numbers<T> {
    keep: T,
    beta1: T,
    rest1: T,
    beta2: T,
    rest2: T,
    rate: T,
    root: T,
    epsilon: T,
    factor: T,
}

multiversion! {
    fn move_params<T>(n: Numbers<T>, params: &mut [T], gradients: &[T], mean: &mut [T], square: &mut [T]) {
        let moments = mean.iter_mut().zip(square);
        for ((param, &gradient), (mean, square)) in params.iter_mut().zip(gradients).zip(moments) {
            let gradient = gradient * n.factor;
            *mean = n.beta1 * *mean + n.rest1 * gradient;
            *square = n.beta2 * *square + n.rest2 * (gradient * gradient);
            *param = *param * n.keep - n.rate * (*mean / (square.sqrt() / n.root + n.epsilon));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_paper() {
        let adam = AdamW { lr: 0.1, weight_decay: 0.5, ..AdamW::default() };
        let (mut params, mut mean, mut square) = ([1.0f32, -2.0], [0.0; 2], [0.0; 2]);
        let (mut p, mut m, mut v) = ([1.0f64, -2.0], [0.0; 2], [0.0; 2]);
        for t in 1..=5u64 {
            let gradients = [0.3 * t as f32, -0.01];
            let part = Part { params: &mut params, gradients: &gradients, mean: &mut mean, square: &mut square };
            adam.step(part, 0.1, t, 0.5);
            for i in 0..2 {
                let g = f64::from(gradients[i]) * 0.5;
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                p[i] -= 0.1 * 0.5 * p[i];
                let (m, v) = (m[i] / (1.0 - 0.9f64.powi(t as i32)), v[i] / (1.0 - 0.999f64.powi(t as i32)));
                p[i] -= 0.1 * m / (v.sqrt() + 1e-8);
            }
        }
        assert!((f64::from(params[0]) - p[0]).abs() < 1e-5 && (f64::from(params[1]) - p[1]).abs() < 1e-5, "{params:?}");
    }

    #[test]
    fn impossible_numbers_are_named() {
        assert!(AdamW { lr: f64::NAN, ..AdamW::default() }.check().is_err());
        assert!(AdamW { beta1: 1.0, ..AdamW::default() }.check().unwrap_err().to_string().contains("beta1"));
        assert!(AdamW { weight_decay: -1.0, ..AdamW::default() }.check().is_err());
    }
}
