//! The order in which PyTorch sums f32 values on a CPU (docs/training.md#exporting-what-pytorch-exports-byte-for-byte).
//!
//! A scale is a mean, so its last bit, and with it a few weights near a rounding border, depend on this order.

/// f32 values of one vector.
const LANES: usize = 8;

/// Vectors that are summed side by side.
const SIDE_BY_SIDE: usize = 4;

/// Levels of the cascade: a level's sum moves up before it grows so large that small values are lost in it.
const LEVELS: usize = 4;

/// From this many values on, threads share the work.
const GRAIN: usize = 32_768;

type Vector = [f32; LANES];

/// The sum of `values` as `threads` threads of PyTorch compute it; 0 counts as 1.
pub fn sum(values: &[f32], threads: usize) -> f32 {
    let chunks = threads.min(values.len().div_ceil(GRAIN));
    if chunks < 2 {
        return cascade(values);
    }
    let partial: Vec<f32> = values.chunks(values.len().div_ceil(chunks)).map(cascade).collect();
    cascade(&partial)
}

/// The sum in one thread: groups of four vectors in a cascade, vectors left over, values left over, then the lanes.
fn cascade(values: &[f32]) -> f32 {
    let (vectors, tail) = values.as_chunks::<LANES>();
    let (groups, rest) = vectors.as_chunks::<SIDE_BY_SIDE>();
    let [mut lanes, others @ ..] = levels(groups);
    for vector in rest {
        add(&mut lanes, vector);
    }
    for vector in &others {
        add(&mut lanes, vector);
    }
    tail.iter().chain(&lanes).fold(0.0, |sum, value| sum + value)
}

/// The sums of the groups' first, second, third and fourth vectors.
fn levels(groups: &[[Vector; SIDE_BY_SIDE]]) -> [Vector; SIDE_BY_SIDE] {
    let mut sums = [[[0.0; LANES]; SIDE_BY_SIDE]; LEVELS];
    let bits = level_bits(groups.len());
    let mut steps = groups.chunks_exact(1 << bits);
    for (index, step) in steps.by_ref().enumerate() {
        for group in step {
            add_group(&mut sums[0], group);
        }
        let mut done = index + 1;
        for level in 1..LEVELS {
            let below = std::mem::take(&mut sums[level - 1]);
            add_group(&mut sums[level], &below);
            // The level itself moves up when it, too, holds a full count of steps.
            if !done.is_multiple_of(1 << bits) {
                break;
            }
            done >>= bits;
        }
    }
    for group in steps.remainder() {
        add_group(&mut sums[0], group);
    }
    let [mut total, higher @ ..] = sums;
    for level in &higher {
        add_group(&mut total, level);
    }
    total
}

/// Binary logarithm of the count that fills a level.
fn level_bits(groups: usize) -> u32 {
    let log2 = groups.next_power_of_two().trailing_zeros();
    (log2 / LEVELS as u32).max(4)
}

fn add_group(sums: &mut [Vector; SIDE_BY_SIDE], group: &[Vector; SIDE_BY_SIDE]) {
    for (sum, vector) in sums.iter_mut().zip(group) {
        add(sum, vector);
    }
}

fn add(sum: &mut Vector, vector: &Vector) {
    for (sum, value) in sum.iter_mut().zip(vector) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;

    /// One column of the cascade, written as nested lists instead of a loop with counters: the values in full steps,
    /// the steps in full steps, and so on; what does not fill a step is summed on its level.
    fn slow_column(values: &[f32], step: usize) -> f32 {
        let plain = |values: &[f32]| values.iter().fold(0.0_f32, |sum, value| sum + value);
        let mut level = values.to_vec();
        let mut sums = Vec::new();
        for _ in 0..3 {
            let full = level.len() / step * step;
            sums.push(plain(&level[full..]));
            level = level[..full].chunks(step).map(plain).collect();
        }
        sums.push(plain(&level));
        sums[1..].iter().fold(sums[0], |sum, value| sum + value)
    }

    fn slow(values: &[f32]) -> f32 {
        let groups = values.len() / 32;
        let step = 1 << 4.max((groups.max(1) as f64).log2().ceil() as usize / 4);
        let mut lanes = [0.0_f32; 8];
        for (lane, slot) in lanes.iter_mut().enumerate() {
            let column = |side: usize| -> Vec<f32> { (0..groups).map(|g| values[32 * g + 8 * side + lane]).collect() };
            let mut sum = slow_column(&column(0), step);
            for vector in groups * 4..values.len() / 8 {
                sum += values[8 * vector + lane];
            }
            for side in 1..4 {
                sum += slow_column(&column(side), step);
            }
            *slot = sum;
        }
        let mut sum = 0.0;
        for value in &values[values.len() / 8 * 8..] {
            sum += value;
        }
        for lane in lanes {
            sum += lane;
        }
        sum
    }

    fn values(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = Rng::with_seed(seed);
        (0..count).map(|_| rng.f32() * 0.3).collect()
    }

    #[test]
    fn the_cascade_is_the_one_described() {
        // 16 and 256 steps of 16 groups of 32 values fill a level; 4 * 5 bits are reached at 2^20 groups' worth.
        let counts = (0..200).chain([511, 512, 513, 8191, 8192, 8193, 131_071, 131_072, 131_105, 2_100_000]);
        for count in counts.chain([33_554_433]) {
            let values = values(count, count as u64);
            assert_eq!(cascade(&values).to_bits(), slow(&values).to_bits(), "{count} values");
        }
    }

    #[test]
    fn the_order_matters_and_is_not_the_plain_one() {
        let values = values(5000, 3);
        assert_ne!(cascade(&values), values.iter().sum::<f32>());
    }

    #[test]
    fn few_values_are_summed_by_hand() {
        assert_eq!(sum(&[], 2), 0.0);
        assert_eq!(sum(&[1.5, 2.5, 3.0], 2), 7.0);
        // The value behind the vector comes first: 1 is lost where it would follow 2^24.
        let mut values = [0.0; 9];
        (values[0], values[1], values[8]) = (16_777_216.0, 1.0, 1.0);
        assert_eq!(sum(&values, 1), 16_777_216.0);
        (values[0], values[1], values[8]) = (1.0, 16_777_216.0, 1.0);
        assert_eq!(sum(&values, 1), 16_777_218.0);
    }

    #[test]
    fn threads_split_large_tensors_only() {
        for count in [32_767, 32_768, 32_769, 65_536, 100_000, 262_144] {
            let values = values(count, 5);
            let one = slow(&values);
            assert_eq!((sum(&values, 0), sum(&values, 1)), (one, one));
            let halves = || {
                let (first, second) = values.split_at(count.div_ceil(2));
                slow(first) + slow(second)
            };
            let expected = if count <= 32_768 { one } else { halves() };
            assert_eq!(sum(&values, 2).to_bits(), expected.to_bits(), "{count} values");
        }
        let values = values(100_000, 6);
        let quarters: Vec<f32> = values.chunks(25_000).map(slow).collect();
        assert_eq!(sum(&values, 4), quarters[0] + quarters[1] + quarters[2] + quarters[3]);
        assert_eq!(sum(&values, 64), sum(&values, 4), "there is work for four only");
        assert!((1..9).any(|threads| sum(&values, threads) != sum(&values, 1)), "the split should show");
    }
}
