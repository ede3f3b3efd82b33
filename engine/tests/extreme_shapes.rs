//! Shapes at the ends of what their numbers may be, whose sizes are beyond 32 bits, and for some beyond 64: what is short is
//! refused as short, and no size wraps. As 32-bit code, too: `cargo xtask test "parsers as 32-bit code"`.

use atome_engine::container::{file_len, Description, WeightFormat};
use atome_engine::format::{FormatError, CLASSIFIER_MAGIC};
use atome_engine::{Classifier, Dims, Layout, Model, Packing, Plan, Shape};

const ENDS: [usize; 3] = [1, 4096, 65_535];

/// Every choice of ends for the numbers that sizes are products of.
fn shapes() -> impl Iterator<Item = Shape> {
    let choices = ENDS.len().pow(5);
    (0..choices).map(|mut choice| {
        let mut end = || {
            let end = ENDS[choice % ENDS.len()];
            choice /= ENDS.len();
            end
        };
        let dims = Dims {
            d_model: end(),
            n_layers: end(),
            d_head: end(),
            kernel_size: end(),
            n_pathways: 8,
            vocab_size: end(),
            top_k: 65_535,
        };
        Shape::new(dims).expect("all numbers are in range")
    })
}

/// Bytes of a model's file, as the format's description has them; of two bits a weight.
fn bytes_of_file(shape: &Shape) -> u128 {
    let [v, d, h] = [shape.vocab_size(), shape.d_model(), shape.d_head()].map(|size| size as u128);
    let (k, p) = (shape.kernel_size() as u128, shape.n_pathways() as u128);
    let matrix = |rows: u128, cols: u128| 4 + (rows * cols).div_ceil(4);
    let layer = 20 * d + matrix(d, k) + 2 * matrix(h, d) + matrix(d, d) + matrix(p, d);
    7 + 2 * matrix(v, d) + 8 * d + shape.n_layers() as u128 * layer
}

/// What does not fit is the greatest number, which no file's length reaches.
fn saturated(bytes: u128) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[test]
fn what_is_short_is_refused_as_short() {
    for shape in shapes() {
        let whole = bytes_of_file(&shape);
        assert_eq!(Model::blob_len(&shape), saturated(whole), "{shape:?}");
        for packing in Packing::ALL {
            let data = [packing.magic().as_slice(), &[0; 600]].concat();
            let needed = Model::packed_blob_len(&shape, packing);
            match Model::new(shape, &data) {
                // Zeros are no weights in one of the formats.
                Ok(_) | Err(FormatError::Malformed { .. }) => assert!(needed <= data.len(), "{shape:?}"),
                Err(FormatError::Truncated { len, needed: told }) => {
                    assert!(len == data.len() && told == needed && needed > len, "{shape:?}: {told}, {needed}");
                }
                Err(other) => panic!("{shape:?}: {other}"),
            }
        }
        let data = [CLASSIFIER_MAGIC.as_slice(), &65_535_i32.to_le_bytes(), &[0; 600]].concat();
        match Classifier::new(shape, &data, 65_535) {
            Ok(_) => panic!("{shape:?}: a head of 65535 rows in 600 bytes"),
            Err(FormatError::Truncated { len, needed }) => assert!(len == data.len() && needed > len, "{shape:?}"),
            Err(other) => panic!("{shape:?}: {other}"),
        }
    }
}

#[test]
fn a_layout_has_its_size_or_is_none() {
    let mut refused = 0;
    for shape in shapes() {
        for (plan, layers) in [(Plan::Lean, 1), (Plan::Cached, shape.n_layers() as u128)] {
            for max_seq in ENDS {
                // Keys and values of a layer alone, which any plan holds.
                let least = 4 * layers * max_seq as u128 * (shape.d_head() + shape.d_model()) as u128;
                match Layout::new(shape, max_seq, plan) {
                    Ok(layout) => assert!(layout.bytes() as u128 >= least, "{shape:?}, {max_seq}: {}", layout.bytes()),
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert_eq!(refused > 0, cfg!(target_pointer_width = "32"), "{refused} are too large");
}

#[test]
fn a_container_of_an_extreme_shape_is_as_long_as_its_payload() {
    for shape in shapes() {
        let about = Description::new(shape, 65_535, WeightFormat::TwoBits);
        let payload = [0; 64];
        assert!(file_len(&about, &[], &payload).is_some_and(|len| (64..1024).contains(&len)), "{shape:?}");
    }
}
