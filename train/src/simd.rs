//! One body, compiled for the plain target and for AVX2.
//!
//! Both give the same bits: the compiler may neither reorder a sum nor fuse a product into it, so the wider registers
//! only take more independent sums at once.

/// Declares a function over [`crate::float::Float`] whose body is compiled twice; the processor decides which one runs.
///
/// Functions that the body calls must be `#[inline(always)]`, or they stay in their plain version.
macro_rules! multiversion {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident<$T:ident $(, const $N:ident: usize)*>($($argument:ident: $type:ty),* $(,)?)
        $(-> $output:ty)? $body:block
    ) => {
        $(#[$attribute])*
        $visibility fn $name<$T: crate::float::Float $(, const $N: usize)*>($($argument: $type),*) $(-> $output)? {
            #[inline(always)]
            fn body<$T: crate::float::Float $(, const $N: usize)*>($($argument: $type),*) $(-> $output)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2<$T: crate::float::Float $(, const $N: usize)*>($($argument: $type),*) $(-> $output)? {
                    body::<$T $(, $N)*>($($argument),*)
                }
                if crate::simd::has_avx2() {
                    // SAFETY: the processor was just found to have AVX2.
                    return unsafe { avx2::<$T $(, $N)*>($($argument),*) };
                }
            }
            body::<$T $(, $N)*>($($argument),*)
        }
    };
}

pub(crate) use multiversion;

/// Whether the wide version may run. Tests can say no.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx2() -> bool {
    #[cfg(test)]
    if tests::PLAIN.get() {
        return false;
    }
    std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::config::{AtomeConfig, GptConfig, ModelConfig, Quantiser};
    use crate::layout::{Initialisation, Layout};
    use crate::model::loss::cross_entropy;
    use crate::model::new_pass;
    use crate::optimiser::{AdamW, Part};
    use crate::weights::Weights;

    thread_local! {
        pub static PLAIN: Cell<bool> = const { Cell::new(false) };
    }

    /// Loss, gradients and moved parameters of one step.
    fn step(config: &ModelConfig) -> (f64, Vec<f32>, Vec<f32>) {
        let layout = Layout::new(config);
        let mut params: Vec<f32> = layout.initial(1, Initialisation::Scaled);
        let weights = Weights::new(config, &layout, &params);
        let tokens: Vec<u16> = (0..126_u32).map(|i| ((i * i * 5 + i) % 31) as u16).collect();
        let targets: Vec<u16> = (0..126_u32).map(|i| ((i * 7 + 2) % 31) as u16).collect();
        let mut pass = new_pass(config);
        pass.forward(&weights, &tokens, 63);
        let loss = cross_entropy(pass.logits(), config.vocab_size(), &targets, 0.01);
        let mut gradients = vec![0.0; layout.len()];
        pass.backward(&weights, &tokens, &mut gradients);
        let (mut mean, mut square) = (vec![0.0; layout.len()], vec![0.0; layout.len()]);
        let part = Part { params: &mut params, gradients: &gradients, mean: &mut mean, square: &mut square };
        AdamW::default().step(part, 1e-3, 1, 0.5);
        (loss, gradients, params)
    }

    #[test]
    fn wide_registers_change_no_bit() {
        let p3 = AtomeConfig { quantiser: Quantiser::P3, d_model: 19, d_head: 7, ..AtomeConfig::default() };
        for config in [
            ModelConfig::Atome(AtomeConfig::default()),
            ModelConfig::Atome(p3),
            ModelConfig::Gpt(GptConfig::PARAMETER_FAIR),
        ] {
            PLAIN.set(true);
            let plain = step(&config);
            PLAIN.set(false);
            assert!(plain == step(&config), "{config:?}");
        }
    }
}
