//! The pathways of a layer.

use std::vec::Vec;

use super::{bytes, packed, with_each};
use crate::kernel::properties::Current;
use crate::kernel::vector::instructions::Instructions;
use crate::kernel::vector::mix::MixWork;
use crate::kernel::{definition, Mix};
use crate::random::{bits, Rng};
use crate::weights::{Conv, Floats, Matrix, Packing, Pathways, Ssm};

/// How many values there are of what.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    packing: Packing,
    positions: usize,
    pathways: usize,
    channels: usize,
    rows: usize,
    taps: usize,
    history: usize,
    state: usize,
    b: usize,
    c_out: usize,
    shares: usize,
    inputs: usize,
    attended: usize,
    residual: usize,
}

impl Sizes {
    /// Those that fit together.
    fn of(packing: Packing, channels: usize, taps: usize) -> Self {
        const POSITIONS: usize = 3;
        const PATHWAYS: usize = 4;
        let all = POSITIONS * channels;
        Self {
            packing,
            positions: POSITIONS,
            pathways: PATHWAYS,
            channels,
            rows: channels,
            taps,
            history: (taps - 1) * channels,
            state: channels,
            b: channels,
            c_out: channels,
            shares: POSITIONS * PATHWAYS,
            inputs: all,
            attended: all,
            residual: all,
        }
    }

    /// Whether the kernel in use takes this.
    fn are_taken(&self) -> bool {
        let mut rng = Rng(1);
        let codes = packed(self.packing, self.rows * self.taps, &mut rng);
        let taps = Matrix::with_codec(self.packing.codec(), &codes, 0.3, self.rows, self.taps).expect("long enough");
        let [b, c_out] = [self.b, self.c_out].map(|count| bytes(&rng.values(count, false)));
        let ssm = Ssm { a_raw: Floats::new(&[]), b: Floats::new(&b), c_out: Floats::new(&c_out) };
        let block = Pathways { conv: Conv { taps }, ssm, n_pathways: self.pathways };
        let [gate, shares, inputs, attended] =
            [self.channels, self.shares, self.inputs, self.attended].map(|count| rng.values(count, false));
        let before = [self.history, self.state, self.residual].map(|count| rng.values(count, false));
        let after = |compute: &mut dyn FnMut(Mix)| {
            let mut changing = before.clone();
            let [history, state, residual] = &mut changing;
            compute(Mix {
                positions: self.positions,
                block: &block,
                history,
                state,
                gate: &gate,
                shares: &shares,
                inputs: &inputs,
                attended: &attended,
                residual,
            });
            changing.map(|values| bits(&values))
        };
        let mut taken = false;
        let found = after(&mut |mut work| taken = Current::run(MixWork(&mut work)).is_some());
        let expected = after(&mut |work| {
            if taken {
                definition::mix(work).expect("arrays of the right lengths");
            }
        });
        assert!(found == expected, "{self:?}");
        taken
    }
}

#[cfg_attr(miri, ignore = "there is nothing but the definition")]
#[test]
fn up_to_eight_taps_of_whole_vectors_are_taken() {
    with_each(|takes| {
        for channels in [16, 48] {
            for taps in 1..=8 {
                assert_eq!(Sizes::of(Packing::TwoBits, channels, taps).are_taken(), takes);
                assert_eq!(Sizes::of(Packing::BaseThree, channels, taps).are_taken(), takes);
                assert!(!Sizes::of(Packing::PowersOfThree, channels, taps).are_taken(), "no trits");
            }
        }
        assert!(!Sizes::of(Packing::TwoBits, 16, 9).are_taken(), "too many taps");
        assert!(!Sizes::of(Packing::TwoBits, 18, 5).are_taken(), "no whole vectors");
        // There is room for the codes of 1,040 channels of five taps.
        assert_eq!(Sizes::of(Packing::BaseThree, 1040, 5).are_taken(), takes);
        assert!(!Sizes::of(Packing::BaseThree, 1056, 5).are_taken(), "no room");
        assert_eq!(Sizes::of(Packing::TwoBits, 1056, 5).are_taken(), takes);
    });
}

#[test]
fn arrays_of_other_lengths_are_not_taken() {
    let changes: Vec<fn(&mut Sizes)> = std::vec![
        |sizes| sizes.rows += 1,
        |sizes| sizes.pathways = 2,
        |sizes| sizes.history -= 16,
        |sizes| sizes.history += 16,
        |sizes| sizes.state += 1,
        |sizes| sizes.b += 1,
        |sizes| sizes.c_out += 1,
        |sizes| sizes.shares -= 1,
        |sizes| sizes.inputs -= 1,
        |sizes| sizes.attended -= 1,
        |sizes| sizes.residual -= 1,
    ];
    with_each(|takes| {
        let fitting = Sizes::of(Packing::TwoBits, 16, 5);
        for change in &changes {
            let mut sizes = fitting;
            change(&mut sizes);
            assert!(!sizes.are_taken(), "{sizes:?}");
        }
        let longer = Sizes { shares: 13, inputs: 50, attended: 51, residual: 52, ..fitting };
        assert_eq!(longer.are_taken(), takes);
    });
}
