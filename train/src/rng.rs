//! The random numbers of a training: the same on every machine, and found again from a seed and a step alone.

/// SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function, so that a stream has no state to save but its
/// start.
#[derive(Clone, Debug)]
pub struct Rng(u64);

/// What a stream is for: streams of one seed have nothing in common.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// Initial values.
    Init,
    /// The chunks of a step.
    Batch,
    /// What is left out of a pass.
    Dropout,
}

impl Rng {
    /// Stream `stream` number `index` of a seed.
    pub fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let stream = match stream {
            Stream::Init => 0x696e_6974,
            Stream::Batch => 0x6261_7463,
            Stream::Dropout => 0x6472_6f70,
        };
        Self(mix(mix(mix(seed) ^ stream) ^ index))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A whole number below `end`, which is at least 1; each as likely as the others to within `end` / 2^64.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// From 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A draw from the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixing_function_is_splitmix64() {
        // The first outputs for the state 0 in the published code.
        let mut rng = Rng(0);
        assert_eq!(rng.bits(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.bits(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn draws_have_the_right_mean_and_spread() {
        let mut rng = Rng::new(1, Stream::Init, 0);
        let draws: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let mut seen = [0; 10];
        (0..10_000).for_each(|_| seen[rng.below(10)] += 1);
        assert!(seen.iter().all(|&count| (850..1150).contains(&count)), "{seen:?}");
    }

    #[test]
    fn streams_differ() {
        let mut first: Vec<u64> =
            [(0, Stream::Init, 0), (1, Stream::Init, 0), (0, Stream::Batch, 0), (0, Stream::Batch, 1)]
                .map(|(seed, stream, index)| Rng::new(seed, stream, index).bits())
                .to_vec();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 4);
    }
}
