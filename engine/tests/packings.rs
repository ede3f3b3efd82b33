//! ATOME02 and ATOMEP3: the same weights give the same logits, and what stands for no weights is refused.

mod common;

use atome_engine::format::{sections_packed, SectionKind};
use atome_engine::kernel::Kernel;
use atome_engine::{predict_next, Codec, Dims, Expected, FormatError, Model, Packing, Plan, Shape, Weights};
use common::{bits, fresh, packed_blob, shape, shapes, Area};

/// Every length and bit, except under Miri.
const STEP: usize = if cfg!(miri) { 97 } else { 1 };

const CODED: [Packing; 2] = [Packing::BaseThree, Packing::PowersOfThree];

#[test]
fn sizes_are_those_of_the_description() {
    let shape = shape(Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT });
    assert_eq!(Model::packed_blob_len(&shape, Packing::TwoBits), Model::blob_len(&shape));
    for (packing, bits) in [(Packing::BaseThree, 1.6), (Packing::PowersOfThree, 3.0)] {
        let end = sections_packed(shape, packing, None).last().expect("sections").end();
        assert_eq!(7 + end, Model::packed_blob_len(&shape, packing));
        let weights: usize = sections_packed(shape, packing, None)
            .map(|section| match section.kind {
                SectionKind::Matrix { rows, cols } => rows * cols,
                SectionKind::Floats { .. } => 0,
            })
            .sum();
        let floats = Model::blob_len(&shape) as f64 - weights as f64 / 4.0;
        assert!((weights as f64 * bits / 8.0 + floats - end as f64).abs() < 200.0);
    }
}

#[test]
fn a_packing_is_known_by_its_magic_alone() {
    for (packing, magic) in Packing::ALL.into_iter().zip([b"ATOME01", b"ATOME02", b"ATOMEP3"]) {
        assert_eq!(packing.magic(), magic);
        assert_eq!(Packing::of_magic(magic), Some(packing));
    }
    for magic in [&b"ATOME03"[..], b"ATOME0", b"ATOME010", b""] {
        assert_eq!(Packing::of_magic(magic), None);
    }
}

#[test]
fn a_group_is_the_least_that_starts_and_ends_on_bytes() {
    for (packing, bits) in Packing::ALL.into_iter().zip([Some(2), None, Some(3)]) {
        let (weights, bytes) = packing.group();
        match bits {
            Some(bits) => {
                assert_eq!(bits * weights, 8 * bytes);
                assert!((1..weights).all(|weights| bits * weights % 8 != 0), "{packing:?}");
            }
            None => assert!(bytes == 1 && 3_u32.pow(weights as u32) < 256 && 3_u32.pow(weights as u32 + 1) > 256),
        }
        assert_eq!((packing.len(weights), packing.len(weights + 1)), (bytes, 2 * bytes));
    }
}

#[test]
fn a_table_and_what_it_expects_are_said_in_words() {
    assert_eq!(format!("{:?}", Codec::ALL), "[Codec(BaseThree), Codec(PowersOfThree)]");
    for (expected, word) in
        [(Expected::BaseThree, "242"), (Expected::PowersOfThree, "111"), (Expected::Padding, "zeros")]
    {
        assert!(expected.to_string().contains(word), "{expected}");
    }
}

#[test]
fn ternary_weights_give_the_same_logits_in_both_packings() {
    for shape in shapes() {
        let [plain, coded] = [Packing::TwoBits, Packing::BaseThree].map(|packing| packed_blob(packing, shape, 11));
        let [plain, coded] = [&plain, &coded].map(|blob| Model::new(shape, blob).expect("a whole model"));
        assert_ne!(plain.identity(), coded.identity());
        assert!(plain.embed().weights().eq(coded.embed().weights()));
        for tokens in [&[0][..], &[1, 0, 3, 2, 1], &[2; 9]] {
            assert_eq!(fresh(&plain, shape, 6, tokens), fresh(&coded, shape, 6, tokens));
        }
    }
}

#[test]
fn both_plans_give_the_same_logits() {
    for (packing, shape) in
        CODED.into_iter().flat_map(|packing| shapes().into_iter().map(move |shape| (packing, shape)))
    {
        let blob = packed_blob(packing, shape, 5);
        let model = Model::new(shape, &blob).expect("a whole model");
        let mut area = Area::new(shape, 6, Plan::Cached, 3);
        for count in 1..=6 {
            let tokens: Vec<i32> = (0..count).map(|index| index * 5 % 7).collect();
            predict_next(&model, &mut area.workspace(), tokens.iter().copied()).expect("tokens are given");
            assert_eq!(bits(area.workspace().logits()), fresh(&model, shape, 6, &tokens).1);
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for (packing, shape) in
        CODED.into_iter().flat_map(|packing| shapes().into_iter().map(move |shape| (packing, shape)))
    {
        let blob = packed_blob(packing, shape, 1);
        for len in (0..blob.len()).step_by(STEP) {
            let expected = if len < 7 {
                FormatError::TooShort { len, needed: 7 }
            } else {
                FormatError::Truncated { len, needed: blob.len() }
            };
            assert_eq!(Model::new(shape, &blob[..len]).err(), Some(expected));
        }
        assert!(Model::new(shape, &[&blob[..], &[0xff; 9]].concat()).is_ok());
    }
}

/// What a byte of a matrix must be for the file to be whole, from the description alone.
fn is_well_formed(packing: Packing, packed: &[u8], count: usize) -> bool {
    match packing {
        Packing::TwoBits => true,
        Packing::BaseThree => packed.iter().enumerate().all(|(index, &byte)| {
            let digits = (0..5).map(|place| (5 * index + place, byte as usize / 3_usize.pow(place as u32) % 3));
            byte <= 242 && digits.filter(|&(at, _)| at >= count).all(|(_, digit)| digit == 1)
        }),
        Packing::PowersOfThree => (0..8 * packed.len() / 3).all(|index| {
            let code = (0..3).map(|bit| 3 * index + bit).map(|bit| packed[bit / 8] >> (bit % 8) & 1);
            let code: Vec<u8> = code.collect();
            code != [1, 1, 1] && (index < count || code == [0, 0, 0])
        }),
    }
}

/// Every byte of a small file gets every value, and every bit of others is flipped: either the file is still well-formed,
/// and runs, or the error names the byte's place.
#[test]
fn bytes_that_stand_for_no_weights_are_refused_where_they_are() {
    let shapes =
        [shapes()[0], shapes()[2], shape(Dims { d_model: 1, n_layers: 1, d_head: 2, vocab_size: 3, ..Dims::DEFAULT })];
    for (packing, shape) in CODED.into_iter().flat_map(|packing| shapes.into_iter().map(move |shape| (packing, shape)))
    {
        let blob = packed_blob(packing, shape, 2);
        let mut refused = 0;
        for section in sections_packed(shape, packing, None) {
            let SectionKind::Matrix { rows, cols } = section.kind else { continue };
            let packed = 7 + section.offset + 4..7 + section.end();
            for at in packed.clone().step_by(STEP) {
                for value in 0..=255 {
                    let mut changed = blob.clone();
                    changed[at] = value;
                    let result = Model::new(shape, &changed);
                    if is_well_formed(packing, &changed[packed.clone()], rows * cols) {
                        assert!(result.is_ok(), "{packing:?} {at} {value}");
                        continue;
                    }
                    refused += 1;
                    let Err(error @ FormatError::Malformed { offset, found, .. }) = result else {
                        panic!("{packing:?} {at} {value}: {result:?}");
                    };
                    // A code of three bits may start in the byte before.
                    assert!(offset == at || packing == Packing::PowersOfThree && offset + 1 == at, "{offset} {at}");
                    assert_eq!(found, changed[offset]);
                    let text = error.to_string();
                    assert!(text.starts_with(&format!("offset {offset}: byte {found}, expected ")), "{text}");
                }
            }
        }
        assert!(refused > 0 || cfg!(miri));
    }
}

#[test]
fn kernels_agree_on_whole_models() {
    let shape: Shape = shape(Dims { d_model: 48, n_layers: 2, d_head: 12, vocab_size: 37, ..Dims::DEFAULT });
    if cfg!(miri) {
        return;
    }
    let usual = Kernel::current();
    for packing in CODED {
        let blob = packed_blob(packing, shape, 9);
        let model = Model::new(shape, &blob).expect("a whole model");
        let tokens: Vec<i32> = (0..40).map(|index| index * 11 % 37).collect();
        assert!(Kernel::Portable.select());
        let expected = fresh(&model, shape, 32, &tokens);
        for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.select()) {
            assert_eq!(fresh(&model, shape, 32, &tokens), expected, "{packing:?} by {}", kernel.name());
        }
    }
    assert!(usual.select());
}
