//! The part of a container that holds feed-forward sublayers: read in place, and refused where it is none.

mod common;

use atome_engine::format::{sublayer_sections, Sublayers, SublayersError, MOST_SUBLAYERS};
use atome_engine::{Expected, FeedForward, Layer, Model, Packing, Weights, WholeModel};
use common::{packed_blob, shape, shapes, sublayers_part};

/// What a sublayer is made of, as bytes with their places.
fn sections_of(FeedForward { norm, up, down }: FeedForward) -> [(*const u8, usize); 4] {
    [norm.gamma.bytes(), norm.beta.bytes(), up.packed(), down.packed()].map(|bytes| (bytes.as_ptr(), bytes.len()))
}

#[test]
fn sublayers_are_read_where_the_document_has_them() {
    for shape in shapes() {
        let (d, layers) = (shape.d_model(), shape.n_layers());
        for packing in Packing::ALL {
            for count in [1, 2, 3, MOST_SUBLAYERS] {
                let part = sublayers_part(packing, shape, count, 7);
                let matrix = 4 + packing.len(d * d);
                assert_eq!(part.len(), 4 + layers * count * (8 * d + 2 * matrix), "{shape:?}, {packing:?}");
                assert_eq!(part.len(), Sublayers::part_len(&shape, packing, count));
                assert_eq!(Some(&part[..4]), Sublayers::head(count).as_ref().map(|head| &head[..]));
                let sublayers = Sublayers::new(&shape, packing, &part).expect("a part");
                assert_eq!(sublayers.per_layer(), count);
                let mut at = 4;
                for layer in 0..layers {
                    for index in 0..count {
                        let one = sublayers.get(layer, index).expect("a sublayer");
                        let places = [
                            (at, 4 * d),
                            (at + 4 * d, 4 * d),
                            (at + 8 * d + 4, matrix - 4),
                            (at + 8 * d + matrix + 4, matrix - 4),
                        ];
                        assert_eq!(sections_of(one), places.map(|(at, len)| (part[at..].as_ptr(), len)));
                        for (FeedForward { up: one, .. }, at) in
                            [(one, at + 8 * d), (FeedForward { up: one.down, ..one }, at + 8 * d + matrix)]
                        {
                            assert_eq!(
                                (one.rows(), one.cols(), one.scale().to_le_bytes()[..].to_vec()),
                                (d, d, part[at..at + 4].to_vec())
                            );
                        }
                        at += 8 * d + 2 * matrix;
                    }
                    assert!(sublayers.get(layer, count).is_none());
                }
                assert_eq!(at, part.len());
                assert!(sublayers.get(layers, 0).is_none() && sublayers.get(usize::MAX, 0).is_none());
            }
        }
    }
}

#[test]
fn sections_follow_each_other_to_the_end() {
    let shape = shapes()[2];
    for packing in Packing::ALL {
        let mut end = 4;
        for section in sublayer_sections(shape, packing, 2) {
            assert_eq!(section.offset, end, "{section}");
            end += section.bytes;
        }
        assert_eq!(end, Sublayers::part_len(&shape, packing, 2));
    }
    let names: Vec<String> =
        sublayer_sections(shape, Packing::TwoBits, 2).skip(3).take(2).map(|section| section.to_string()).collect();
    assert_eq!(names, ["layer 0 feed-forward 0 Wdown", "layer 0 feed-forward 1 norm gamma"]);
}

#[test]
fn another_length_and_another_count_are_refused() {
    let shape = shapes()[0];
    for packing in Packing::ALL {
        let mut part = sublayers_part(packing, shape, 2, 8);
        let whole = part.len();
        for len in 0..whole {
            let error = Sublayers::new(&shape, packing, &part[..len]).unwrap_err();
            assert_eq!(error, SublayersError::Length { found: len, expected: if len < 4 { 4 } else { whole } });
        }
        part.push(0);
        let error = Sublayers::new(&shape, packing, &part).unwrap_err();
        assert_eq!(error, SublayersError::Length { found: whole + 1, expected: whole });
        part.pop();
        for head in [[0, 0, 0, 0], [17, 0, 0, 0], [2, 1, 0, 0], [2, 0, 1, 0], [2, 0, 0, 0x80]] {
            part[..4].copy_from_slice(&head);
            let error = Sublayers::new(&shape, packing, &part).unwrap_err();
            assert_eq!(error, SublayersError::Count { found: u32::from_le_bytes(head) });
        }
        part[..4].copy_from_slice(&[1, 0, 0, 0]);
        assert!(matches!(Sublayers::new(&shape, packing, &part), Err(SublayersError::Length { .. })));
    }
    assert_eq!([Sublayers::head(0), Sublayers::head(17)], [None, None]);
    let text = SublayersError::Count { found: 17 }.to_string();
    assert_eq!(text, "feed-forward: offset 0: 17, expected 1 to 16 sublayers a layer");
}

/// In each matrix of each sublayer, the first byte and the last one.
#[test]
fn bytes_that_stand_for_no_weights_are_found_at_their_place() {
    let shape = shapes()[0];
    for (packing, found, expected) in
        [(Packing::BaseThree, 243, Expected::BaseThree), (Packing::PowersOfThree, 7, Expected::PowersOfThree)]
    {
        let part = sublayers_part(packing, shape, 2, 9);
        for section in sublayer_sections(shape, packing, 2).filter(|section| section.name.starts_with('W')) {
            let mut changed = part.clone();
            changed[section.offset + 4] = found;
            let error = Sublayers::new(&shape, packing, &changed).unwrap_err();
            assert_eq!(error, SublayersError::Malformed { offset: section.offset + 4, found, expected }, "{section}");
        }
    }
}

/// No bit is without a meaning: of the count and the reserved bytes a flipped one is refused, of the others it makes another
/// model.
#[test]
fn every_flipped_bit_is_refused_or_is_another_model() {
    let shape = shapes()[0];
    for packing in Packing::ALL {
        let blob = packed_blob(packing, shape, 10);
        let model = Model::new(shape, &blob).expect("a model");
        let mut part = sublayers_part(packing, shape, 1, 11);
        let identity = WholeModel::new(model, Some(&part)).expect("a part").identity();
        assert_ne!(identity, model.identity());
        assert_eq!(WholeModel::new(model, None).expect("no part").identity(), model.identity());
        let mut refused = 0;
        for bit in 0..8 * part.len() {
            part[bit / 8] ^= 1 << (bit % 8);
            match WholeModel::new(model, Some(&part)) {
                Ok(other) => assert!(bit >= 32 && other.identity() != identity, "bit {bit}"),
                Err(_) => refused += 1,
            }
            part[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(refused >= 32, "{packing:?}: {refused}");
    }
}

#[test]
fn a_whole_model_without_a_part_is_the_model() {
    let shape = shape(atome_engine::Dims::DEFAULT);
    let blob = packed_blob(Packing::TwoBits, shape, 12);
    let model = Model::new(shape, &blob).expect("a model");
    let whole = WholeModel::from(model);
    assert_eq!((whole.shape(), whole.identity()), (model.shape(), model.identity()));
    assert!(whole.sublayers().is_none() && whole.layer(0).expect("a layer").feed_forward(0).is_none());
    assert!(whole.layer(shape.n_layers()).is_none());
}
