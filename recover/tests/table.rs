//! The search steps through a layer with offsets of its own. Over a grid of shapes it has to reach what the format's table
//! says: a file written by the table is found to fit its shape.

use atome_engine::format::{sections_packed, SectionKind};
use atome_engine::{Dims, Packing, Shape};
use atome_recover::{recover, Known, Ranges};

/// The sections of a file as the table has them. Its floats are -1, whose bytes stand for no 2-bit weights.
fn body(shape: Shape, packing: Packing, n_classes: Option<usize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for section in sections_packed(shape, packing, n_classes) {
        assert_eq!(section.offset, bytes.len());
        match section.kind {
            SectionKind::Floats { count } => bytes.extend((0..count).flat_map(|_| (-1.0_f32).to_le_bytes())),
            SectionKind::Matrix { rows, cols } => {
                bytes.extend(0.5_f32.to_le_bytes());
                // Zero weights: in base 3, a digit of 1 each.
                let zeros = if packing == Packing::BaseThree { 121 } else { 0 };
                bytes.extend(vec![zeros; packing.len(rows * cols)]);
            }
        }
    }
    bytes
}

/// A search for this shape alone.
fn only(dims: &Dims) -> Ranges {
    let one = |size: usize| size..=size;
    Ranges {
        vocab_size: one(dims.vocab_size),
        d_model: one(dims.d_model),
        n_layers: one(dims.n_layers),
        d_head: one(dims.d_head),
        kernel_size: one(dims.kernel_size),
        n_pathways: one(dims.n_pathways),
    }
}

#[test]
fn a_file_written_by_the_table_is_found_to_fit_its_shape() {
    let sizes = (1..=9).flat_map(|d_model| (1..=9).map(move |d_head| (d_model, d_head)));
    for (d_model, d_head) in sizes {
        for (n_layers, kernel_size, n_pathways, vocab_size) in [(1, 1, 3, 1), (2, 3, 4, 5), (3, 5, 8, 11)] {
            let top_k = Dims::DEFAULT.top_k;
            let dims = Dims { d_model, n_layers, d_head, kernel_size, n_pathways, vocab_size, top_k };
            let shape = Shape::new(dims).unwrap();
            for packing in Packing::ALL {
                let classes = if packing == Packing::TwoBits { [None, Some(3)].as_slice() } else { &[None] };
                for &n_classes in classes {
                    let known = Known { packing, n_classes, ranges: only(&dims) };
                    let mut found = Vec::new();
                    let body = body(shape, packing, n_classes);
                    recover(&body, &known, &mut |candidate| found.push(candidate.dims)).unwrap();
                    assert_eq!(found, [dims], "{dims:?}, {packing:?}, {n_classes:?}");
                    // Another size of the file fits no more.
                    let mut longer = body.clone();
                    longer.push(0);
                    let mut fits = false;
                    recover(&longer, &known, &mut |_| fits = true).unwrap();
                    assert!(!fits, "{dims:?}, {packing:?}, {n_classes:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_longer_than_any_shape_is_not_searched() {
    // Every word is a scale, a float of ordinary size and free of codes that no weight has: all shapes would fit it.
    let words = 0.5_f32.to_le_bytes().repeat(32 << 20);
    let search = |len: usize, ranges: Ranges| {
        let known = Known { packing: Packing::BaseThree, n_classes: None, ranges };
        let mut count = 0;
        recover(&words[..len], &known, &mut |_| count += 1).map(|()| count)
    };
    assert_eq!(search(words.len(), Ranges::default()), Ok(0));
    let dims = Dims { n_layers: 64, ..Dims::DEFAULT };
    assert_eq!(search(1 << 20, only(&dims)), Ok(0));
}
