//! The lengths of model files in `atome.h`, compared with the format's table over a grid of shapes.

use atome_engine::format::sections_packed;
use atome_engine::{Dims, Packing, Shape};

extern "C" {
    fn atome_test_blob_sizes(sizes: *const u32, n_classes: u32, lengths: *mut u32);
}

/// What the header says of ATOME01, ATOME02, ATOMEP3, and of ATOMECL01 with so many classes.
fn of_header(dims: &Dims, n_classes: u32) -> [u32; 4] {
    let sizes = [dims.vocab_size, dims.d_model, dims.n_layers, dims.d_head, dims.kernel_size, dims.n_pathways]
        .map(|n| n as u32);
    let mut lengths = [0; 4];
    // SAFETY: six sizes, and room for four lengths.
    unsafe { atome_test_blob_sizes(sizes.as_ptr(), n_classes, lengths.as_mut_ptr()) };
    lengths
}

#[test]
fn the_headers_lengths_are_those_of_the_table() {
    let mut shapes: Vec<Dims> =
        (1..=9)
            .flat_map(|d_model| (1..=9).map(move |d_head| (d_model, d_head)))
            .flat_map(|(d_model, d_head)| {
                [(1, 1, 3, 1), (2, 3, 4, 5), (3, 5, 8, 11)].map(|(n_layers, kernel_size, n_pathways, vocab_size)| {
                    Dims { d_model, n_layers, d_head, kernel_size, n_pathways, vocab_size, top_k: 2 }
                })
            })
            .collect();
    shapes.push(Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT });
    for dims in shapes {
        let shape = Shape::new(dims).unwrap();
        let end = |packing, n_classes| sections_packed(shape, packing, n_classes).last().unwrap().end() as u32;
        let [two_bits, base_three, powers] = Packing::ALL.map(|packing| 7 + end(packing, None));
        let classifier = 13 + end(Packing::TwoBits, Some(3));
        assert_eq!(of_header(&dims, 3), [two_bits, base_three, powers, classifier], "{dims:?}");
    }
}
