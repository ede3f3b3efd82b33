//! Model files against readers that share no code with the writer: the engine's for ATOME01, small ones here for the
//! rest.

mod common;

use atome_engine::format::{sections, SectionKind, Sublayers};
use atome_engine::{Dims, FeedForward, Matrix, Model, Packing, Shape, Weights};
use atome_train::checkpoint::{elements, model_tensors, set_dims, sublayer_tensors, Checkpoint, Tensor};
use atome_train::export::{export, exportable, Format, USUAL_THREADS};
use common::{random_checkpoint, ODD};
use fastrand::Rng;

/// Weights in eighths, small enough that their sum is exact in any order.
fn exact_checkpoint(dims: &Dims) -> Checkpoint {
    let mut rng = Rng::with_seed(11);
    let mut checkpoint = Checkpoint::default();
    for (name, shape) in model_tensors(dims) {
        let data = (0..elements(&shape).unwrap())
            .map(|_| {
                let large = if rng.u8(..8) == 0 { 8.0 } else { 1.0 };
                large * f32::from(rng.i8(-9..=9)) / 8.0
            })
            .collect();
        checkpoint.tensors.insert(name, Tensor::new(shape, data).unwrap());
    }
    set_dims(&mut checkpoint, dims, None);
    checkpoint
}

/// A section as the test expects it.
#[derive(Debug, PartialEq)]
enum Content {
    Matrix(f32, Vec<i8>),
    Floats(Vec<f32>),
}

/// Every tensor in the order of the file, quantised by the definition.
fn expected(checkpoint: &Checkpoint, dims: &Dims, level: fn(f32) -> i8) -> Vec<Content> {
    contents(checkpoint, model_tensors(dims), level)
}

/// These tensors, quantised by the definition.
fn contents(
    checkpoint: &Checkpoint,
    tensors: impl Iterator<Item = (String, Vec<usize>)>,
    level: fn(f32) -> i8,
) -> Vec<Content> {
    tensors
        .map(|(name, shape)| {
            let values = checkpoint.tensors[&name].data();
            if shape.len() == 1 {
                return Content::Floats(values.to_vec());
            }
            let scale = values.iter().map(|value| value.abs()).sum::<f32>() / values.len() as f32;
            let mut weights: Vec<i8> = values.iter().map(|value| level(value / scale)).collect();
            if let &[channels, 1, taps] = shape.as_slice() {
                weights = (0..channels * taps)
                    .map(|index| weights[index / taps * taps + (taps - 1 - index % taps)])
                    .collect();
            }
            Content::Matrix(scale, weights)
        })
        .collect()
}

fn ternary(ratio: f32) -> i8 {
    if ratio.abs() <= 0.5 {
        0
    } else {
        ratio.signum() as i8
    }
}

fn power_of_3(ratio: f32) -> i8 {
    let thresholds = [(6.0, 9), (2.0, 3), (0.5, 1)];
    let level = thresholds.iter().find(|(least, _)| ratio.abs() >= *least).map_or(0, |&(_, level)| level);
    ratio.signum() as i8 * level
}

/// Reads the sections of any format; `unpack` turns bytes into at least `count` weights and tells how many bytes those
/// took.
fn read(shape: Shape, mut bytes: &[u8], unpack: fn(&[u8], usize) -> (Vec<i8>, usize)) -> Vec<Content> {
    let float = |bytes: &mut &[u8]| {
        let (value, rest) = bytes.split_first_chunk().unwrap();
        *bytes = rest;
        f32::from_le_bytes(*value)
    };
    let found = sections(shape, None)
        .map(|section| match section.kind {
            SectionKind::Floats { count } => Content::Floats((0..count).map(|_| float(&mut bytes)).collect()),
            SectionKind::Matrix { rows, cols } => {
                let scale = float(&mut bytes);
                let (mut weights, len) = unpack(bytes, rows * cols);
                bytes = &bytes[len..];
                assert!(weights[rows * cols..].iter().all(|&weight| weight == 0), "filled up with {weights:?}");
                weights.truncate(rows * cols);
                Content::Matrix(scale, weights)
            }
        })
        .collect();
    assert!(bytes.is_empty(), "{} bytes left over", bytes.len());
    found
}

fn base_3(bytes: &[u8], count: usize) -> (Vec<i8>, usize) {
    let len = count.div_ceil(5);
    let mut weights = Vec::new();
    for &byte in &bytes[..len] {
        assert!(byte <= 242);
        weights.extend([1, 3, 9, 27, 81].map(|place| (byte / place % 3) as i8 - 1));
    }
    (weights, len)
}

fn three_bits(bytes: &[u8], count: usize) -> (Vec<i8>, usize) {
    let len = 3 * count.div_ceil(8);
    let bit = |index: usize| usize::from(bytes[index / 8] >> (index % 8) & 1);
    let code = |index: usize| bit(3 * index) + 2 * bit(3 * index + 1) + 4 * bit(3 * index + 2);
    let weights = (0..len / 3 * 8).map(|index| [0, 1, -1, 3, -3, 9, -9][code(index)]).collect();
    (weights, len)
}

fn shape() -> Shape {
    exportable(ODD).unwrap()
}

fn trits(matrix: &Matrix) -> Content {
    Content::Matrix(matrix.scale(), matrix.weights().collect())
}

#[test]
fn the_engine_reads_what_the_definition_says() {
    let checkpoint = exact_checkpoint(&ODD);
    let blob = export(&checkpoint, shape(), Format::Atome01, USUAL_THREADS).unwrap().bytes;
    assert_eq!(blob.len(), Model::blob_len(&shape()));
    let model = Model::new(shape(), &blob).unwrap();
    let mut found = vec![trits(&model.embed())];
    for layer in 0..ODD.n_layers {
        let block = model.block(layer).unwrap();
        let floats = |floats: atome_engine::Floats| Content::Floats(floats.iter().collect());
        found.extend([floats(block.norm.gamma), floats(block.norm.beta), trits(&block.conv.taps)]);
        found.extend([floats(block.ssm.a_raw), floats(block.ssm.b), floats(block.ssm.c_out)]);
        found.extend([&block.attention.wq, &block.attention.wk, &block.attention.wv, &block.router].map(trits));
    }
    let norm = model.final_norm();
    found.extend([norm.gamma, norm.beta].map(|floats| Content::Floats(floats.iter().collect())));
    found.push(trits(&model.unembed()));
    assert_eq!(found, expected(&checkpoint, &ODD, ternary));
}

#[test]
fn atome02_holds_the_same_weights_in_base_3() {
    let checkpoint = exact_checkpoint(&ODD);
    let exported = export(&checkpoint, shape(), Format::Atome02, USUAL_THREADS).unwrap();
    let body = exported.bytes.strip_prefix(b"ATOME02").unwrap();
    assert_eq!(read(shape(), body, base_3), expected(&checkpoint, &ODD, ternary));
}

#[test]
fn atomep3_holds_powers_of_3() {
    let checkpoint = exact_checkpoint(&ODD);
    let exported = export(&checkpoint, shape(), Format::AtomeP3, USUAL_THREADS).unwrap();
    let body = exported.bytes.strip_prefix(b"ATOMEP3").unwrap();
    let found = read(shape(), body, three_bits);
    assert_eq!(found, expected(&checkpoint, &ODD, power_of_3));
    let largest = |content: &Content| match content {
        Content::Matrix(_, weights) => weights.iter().copied().max(),
        Content::Floats(_) => None,
    };
    assert_eq!(found.iter().filter_map(largest).max(), Some(9), "no weight tests the upper levels");
}

#[test]
fn the_summary_counts_what_is_in_the_file() {
    let checkpoint = exact_checkpoint(&ODD);
    let exported = export(&checkpoint, shape(), Format::Atome01, USUAL_THREADS).unwrap();
    let values: usize = checkpoint.tensors.values().map(|tensor| tensor.data().len()).sum();
    assert_eq!(exported.parameters, values);
    let mut matrices = exported.matrices.iter();
    for content in expected(&checkpoint, &ODD, ternary) {
        let Content::Matrix(scale, weights) = content else { continue };
        let summary = matrices.next().unwrap();
        assert_eq!((summary.scale, summary.rows * summary.cols), (scale, weights.len()), "{}", summary.name);
        assert_eq!(summary.zeros, weights.iter().filter(|&&weight| weight == 0).count(), "{}", summary.name);
    }
    assert!(matrices.next().is_none());
}

/// [`exact_checkpoint`] with so many sublayers a layer.
fn taller(count: usize) -> Checkpoint {
    let mut checkpoint = exact_checkpoint(&ODD);
    let mut rng = Rng::with_seed(12);
    for (layer, index) in (0..ODD.n_layers).flat_map(|layer| (0..count).map(move |index| (layer, index))) {
        for (name, shape) in sublayer_tensors(layer, index, ODD.d_model) {
            let data = (0..elements(&shape).unwrap()).map(|_| f32::from(rng.i8(-30..=30)) / 8.0).collect();
            checkpoint.tensors.insert(name, Tensor::new(shape, data).unwrap());
        }
    }
    checkpoint
}

#[test]
fn the_engine_reads_the_sublayers_that_the_definition_says() {
    for (format, packing, level) in [
        (Format::Atome01, Packing::TwoBits, ternary as fn(f32) -> i8),
        (Format::Atome02, Packing::BaseThree, ternary),
        (Format::AtomeP3, Packing::PowersOfThree, power_of_3),
    ] {
        let checkpoint = taller(2);
        let exported = export(&checkpoint, shape(), format, USUAL_THREADS).unwrap();
        assert_eq!(exported.bytes, export(&exact_checkpoint(&ODD), shape(), format, USUAL_THREADS).unwrap().bytes);
        let part = exported.feed_forward.unwrap();
        let sublayers = Sublayers::new(&shape(), packing, &part).unwrap();
        assert_eq!(sublayers.per_layer(), 2);
        for (layer, index) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let FeedForward { norm, up, down } = sublayers.get(layer, index).unwrap();
            let floats = [norm.gamma, norm.beta].map(|floats| Content::Floats(floats.iter().collect()));
            let found: Vec<Content> = floats.into_iter().chain([trits(&up), trits(&down)]).collect();
            let tensors = sublayer_tensors(layer, index, ODD.d_model).into_iter();
            assert_eq!(found, contents(&checkpoint, tensors, level), "{format}: sublayer {index} of layer {layer}");
        }
    }
}

#[test]
fn sublayers_are_as_many_in_every_layer_and_no_more_than_a_file_holds() {
    let refused =
        |checkpoint: &Checkpoint| export(checkpoint, shape(), Format::Atome01, USUAL_THREADS).unwrap_err().to_string();
    let mut uneven = taller(2);
    uneven.tensors.remove("blocks.1.feed_forward.1.up.weight");
    assert_eq!(refused(&uneven), "tensor blocks.1.feed_forward.1.up.weight: missing, expected the shape [7, 7]");
    let mut fewer = taller(2);
    fewer.tensors.retain(|name, _| !name.starts_with("blocks.0.feed_forward.1."));
    assert_eq!(
        refused(&fewer),
        "tensor blocks.1.feed_forward.1.down.weight: a model of this shape has none of this name"
    );
    let many = "tensor blocks.0.feed_forward.16.down.weight: a model of this shape has none of this name";
    assert_eq!(refused(&taller(17)), many);
    assert!(export(&taller(16), shape(), Format::Atome01, USUAL_THREADS).is_ok());
}

#[test]
fn what_has_no_place_in_a_file_is_refused() {
    let refused = |dims: Dims| exportable(dims).unwrap_err().to_string();
    assert!(refused(Dims { n_pathways: 2, ..ODD }).contains("a pathway left out"));
    assert!(refused(Dims { n_pathways: 9, ..ODD }).contains("n_pathways is 9, expected 3 to 8"));
    assert!(refused(Dims { d_model: 0, ..ODD }).contains("d_model is 0"));

    let message = |change: fn(&mut Checkpoint)| {
        let mut checkpoint = random_checkpoint(&ODD, 1);
        change(&mut checkpoint);
        let messages = [Format::Atome01, Format::Atome02, Format::AtomeP3]
            .map(|format| export(&checkpoint, shape(), format, USUAL_THREADS).unwrap_err().to_string());
        assert!(messages.iter().all(|message| *message == messages[0]));
        messages[0].clone()
    };
    let missing = message(|checkpoint| drop(checkpoint.tensors.remove("blocks.1.sparse.Wk.weight")));
    assert_eq!(missing, "tensor blocks.1.sparse.Wk.weight: missing, expected the shape [3, 7]");
    let shape = message(|checkpoint| {
        let tensor = Tensor::new(vec![3, 3], vec![0.0; 9]).unwrap();
        checkpoint.tensors.insert("blocks.0.router.proj.weight".to_owned(), tensor);
    });
    assert_eq!(shape, "tensor blocks.0.router.proj.weight: shape [3, 3], expected [3, 7]");
    let extra = message(|checkpoint| {
        let tensor = checkpoint.tensors["blocks.0.norm.bias"].clone();
        checkpoint.tensors.insert("blocks.2.norm.bias".to_owned(), tensor);
    });
    assert_eq!(extra, "tensor blocks.2.norm.bias: a model of this shape has none of this name");
    let nan = message(|checkpoint| checkpoint.tensors.get_mut("embed.weight").unwrap().data_mut()[3] = f32::NAN);
    assert_eq!(nan, "tensor embed.weight: value 3 is NaN, expected finite numbers");
    let infinite =
        message(|checkpoint| checkpoint.tensors.get_mut("final_norm.bias").unwrap().data_mut()[6] = f32::INFINITY);
    assert_eq!(infinite, "tensor final_norm.bias: value 6 is inf, expected finite numbers");
}

#[test]
fn a_trainings_own_tensors_are_left_out() {
    let mut checkpoint = random_checkpoint(&ODD, 1);
    let blob = export(&checkpoint, shape(), Format::Atome01, USUAL_THREADS).unwrap();
    checkpoint.tensors.insert("optimizer.step".to_owned(), Tensor::new(vec![], vec![7.0]).unwrap());
    assert_eq!(export(&checkpoint, shape(), Format::Atome01, USUAL_THREADS).unwrap(), blob);
}
