//! Files: whole, cut, misplaced and foreign.

mod common;

use atome_engine::format::{sections, unchecked_body};
use atome_engine::{predict_next, Classifier, Dims, FormatError, Model, Packing, Plan, Shape, ShapeError};
use common::{bits, classifier_blob, grid, model_blob, shape, shapes, Area};

/// Every length, except under Miri.
const STEP: usize = if cfg!(miri) { 37 } else { 1 };

#[test]
fn sizes_are_those_of_the_files_in_the_field() {
    assert_eq!(Model::blob_len(&shape(Dims::DEFAULT)), 20_575);
    assert_eq!(Model::blob_len(&shape(Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT })), 276_655);
}

#[test]
fn sections_follow_each_other_to_the_end() {
    for shape in shapes() {
        let mut end = 0;
        for section in sections(shape, Some(3)) {
            assert_eq!(section.offset, end, "{section}");
            end = section.end();
        }
        assert_eq!(13 + end, Classifier::blob_len(&shape, 3));
        let end = sections(shape, None).last().expect("sections").end();
        assert_eq!(7 + end, Model::blob_len(&shape));
        assert_eq!(sections(shape, None).count(), 4 + 10 * shape.n_layers());
    }
}

/// Lengths grow with every size, so that what holds for the greatest ones holds for all: no sum overflows.
#[test]
fn lengths_of_the_greatest_files_are_computed() {
    let most = 65_535_u128;
    let greatest = Dims {
        d_model: 65_535,
        n_layers: 65_535,
        d_head: 65_535,
        kernel_size: 65_535,
        n_pathways: 8,
        vocab_size: 65_535,
        top_k: 65_535,
    };
    for (packing, group, bytes) in
        [(Packing::TwoBits, 4, 1), (Packing::BaseThree, 5, 1), (Packing::PowersOfThree, 8, 3)]
    {
        let matrix = |rows: u128, cols: u128| 4 + (rows * cols).div_ceil(group) * bytes;
        let square = matrix(most, most);
        let layer = 4 * 5 * most + 4 * square + matrix(8, most);
        let len = 7 + square + most * layer + 4 * 2 * most + square;
        // On 32 bits no file is so long.
        let expected = usize::try_from(len).unwrap_or(usize::MAX);
        assert_eq!(Model::packed_blob_len(&shape(greatest), packing), expected, "{packing:?}");
    }
}

#[test]
fn sections_have_the_names_of_the_description() {
    let shape = shapes()[0];
    let in_layer =
        ["norm gamma", "norm beta", "conv taps", "ssm a_raw", "ssm b", "ssm c_out", "Wq", "Wk", "Wv", "router"];
    let mut expected = vec!["embed".to_string()];
    for layer in 0..shape.n_layers() {
        expected.extend(in_layer.map(|name| format!("layer {layer} {name}")));
    }
    expected.extend(["final norm gamma", "final norm beta", "unembed", "head"].map(String::from));
    let names: Vec<_> = sections(shape, Some(3)).map(|section| section.to_string()).collect();
    assert_eq!(names, expected);
    assert!(sections(shape, Some(3)).all(|section| section.bytes >= 4));
}

#[test]
fn every_truncation_is_refused() {
    for shape in shapes() {
        let blob = model_blob(shape, 1);
        for len in (0..blob.len()).step_by(STEP) {
            let expected = if len < 7 {
                FormatError::TooShort { len, needed: 7 }
            } else {
                FormatError::Truncated { len, needed: blob.len() }
            };
            assert_eq!(Model::new(shape, &blob[..len]).err(), Some(expected));
        }
        assert!(Model::new(shape, &blob).is_ok());
        let blob = classifier_blob(shape, 2, 1);
        for len in (0..blob.len()).step_by(STEP) {
            let expected = if len < 13 {
                FormatError::TooShort { len, needed: 13 }
            } else {
                FormatError::Truncated { len, needed: blob.len() }
            };
            assert_eq!(Classifier::new(shape, &blob[..len], 16).err(), Some(expected));
        }
        assert_eq!(Classifier::new(shape, &blob, 16).map(|whole| whole.n_classes()), Ok(2));
    }
}

#[test]
fn errors_say_where_and_what_was_expected() {
    let expected = atome_engine::Expected::Padding;
    for (error, text) in [
        (FormatError::TooShort { len: 3, needed: 7 }, "3 bytes, expected a header of 7 bytes"),
        (FormatError::BadMagic { expected: "ATOME01" }, "offset 0: expected the magic \"ATOME01\""),
        (FormatError::BadClassCount { found: -1, most: 16 }, "offset 9: class count -1, expected 1 to 16"),
        (FormatError::Truncated { len: 8, needed: 9 }, "ends at offset 8, expected 9 bytes of this shape"),
        (FormatError::Malformed { offset: 9, found: 250, expected }, "offset 9: byte 250, expected zeros"),
    ] {
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[test]
fn foreign_data_and_bad_counts_are_refused() {
    let shape = shapes()[0];
    let mut blob = model_blob(shape, 1);
    assert_eq!(Classifier::new(shape, &blob, 16).err(), Some(FormatError::BadMagic { expected: "ATOMECL01" }));
    blob[6] = b'3';
    let expected = "ATOME01, ATOME02 or ATOMEP3";
    assert_eq!(Model::new(shape, &blob).err(), Some(FormatError::BadMagic { expected }));
    let mut blob = classifier_blob(shape, 4, 1);
    for (count, most) in [(0, 16), (-1, 16), (17, 16), (4, 3), (i32::MIN, 16), (i32::MAX, usize::MAX / 2)] {
        blob[9..13].copy_from_slice(&count.to_le_bytes());
        match Classifier::new(shape, &blob, most).err() {
            Some(FormatError::BadClassCount { found, most: limit }) => assert_eq!((found, limit), (count, most)),
            Some(FormatError::Truncated { .. }) => assert_eq!(count, i32::MAX),
            other => panic!("{count} of {most}: {other:?}"),
        }
    }
}

#[test]
fn place_and_trailing_bytes_do_not_matter() {
    for shape in shapes() {
        let blob = model_blob(shape, 3);
        let mut area = Area::new(shape, 4, Plan::Lean, 1);
        let mut logits = None;
        for offset in if cfg!(miri) { 1..3 } else { 0..8 } {
            let mut moved = vec![0xee; offset];
            moved.extend(&blob);
            moved.extend(vec![0x77; offset]);
            let model = Model::new(shape, &moved[offset..]).expect("a whole model");
            predict_next(&model, &mut area.workspace(), [0, 1, 2]).expect("tokens are given");
            let now = bits(area.workspace().logits());
            assert_eq!(*logits.get_or_insert(now.clone()), now);
        }
    }
}

#[test]
fn sizes_out_of_range_are_named() {
    let least = Dims { d_model: 1, n_layers: 1, d_head: 1, kernel_size: 1, n_pathways: 3, vocab_size: 1, top_k: 1 };
    assert!(Shape::new(least).is_ok());
    let name = |dims: Dims| match Shape::new(dims) {
        Err(ShapeError::OutOfRange { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(Dims { d_model: 0, ..least }), "d_model");
    assert_eq!(name(Dims { n_layers: 65_536, ..least }), "n_layers");
    assert_eq!(name(Dims { d_head: 0, ..least }), "d_head");
    assert_eq!(name(Dims { kernel_size: usize::MAX, ..least }), "kernel_size");
    assert_eq!(name(Dims { n_pathways: 2, ..least }), "n_pathways");
    assert_eq!(name(Dims { n_pathways: 9, ..least }), "n_pathways");
    assert_eq!(name(Dims { vocab_size: 65_536, ..least }), "vocab_size");
    assert_eq!(name(Dims { top_k: 0, ..least }), "top_k");
    let text = Shape::new(Dims { top_k: 0, ..least }).expect_err("out of range").to_string();
    assert_eq!(text, "top_k is 0, expected 1 to 65535");
}

#[test]
fn lengths_of_other_formats_follow_from_their_magic() {
    for dims in grid() {
        let shape = shape(dims);
        for packing in [Packing::BaseThree, Packing::PowersOfThree] {
            let expected = Model::packed_blob_len(&shape, packing);
            let file = [&packing.magic()[..], &vec![0; expected]].concat();
            let found = |len: usize| unchecked_body(&shape, &file[..len]).map(|body| body.file_len());
            assert_eq!((found(expected), found(expected + 7)), (Ok(expected), Ok(expected)), "{dims:?}, {packing:?}");
            let (len, needed) = (expected - 1, expected);
            assert_eq!(found(len), Err(FormatError::Truncated { len, needed }));
            assert_eq!(found(6), Err(FormatError::TooShort { len: 6, needed: 7 }));
        }
        for other in [&b"ATOME01"[..], b"ATOMECL01", b"", b"xATOME02"] {
            assert!(unchecked_body(&shape, other).is_err());
        }
    }
}
