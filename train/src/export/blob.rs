//! From a checkpoint to a model file.

use std::fmt;

use atome_engine::format::Part;
use atome_engine::{Dims, Shape};

use super::pack::{base_3, three_bits, two_bits};
use super::quantise::{check_finite, quantise, Levels, Quantised};
use crate::checkpoint::{Checkpoint, ContentError, ModelView, SectionTensor, TensorError};
use crate::config::{ModelConfig, Pathways, Quantiser};

/// PyTorch's usual number of threads on the machines that the models of the field were exported on.
pub const USUAL_THREADS: usize = 2;

/// How a model file stores its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Ternary, 2 bits a weight: the format that the C99 engine reads.
    Atome01,
    /// Ternary, five weights to a byte.
    Atome02,
    /// Powers of 3, 3 bits a weight.
    AtomeP3,
}

impl Format {
    /// The usual format of a model that was trained as `model` says; `None` where it has no place in a model file.
    pub fn of(model: &ModelConfig) -> Option<Self> {
        match model {
            ModelConfig::Atome(config) if config.pathways == Pathways::ALL => match config.quantiser {
                Quantiser::Ternary => Some(Self::Atome01),
                Quantiser::P3 => Some(Self::AtomeP3),
                Quantiser::None => None,
            },
            _ => None,
        }
    }

    /// The first bytes of a file.
    pub const fn magic(self) -> &'static str {
        match self {
            Self::Atome01 => "ATOME01",
            Self::Atome02 => "ATOME02",
            Self::AtomeP3 => "ATOMEP3",
        }
    }

    const fn levels(self) -> Levels {
        match self {
            Self::Atome01 | Self::Atome02 => Levels::Ternary,
            Self::AtomeP3 => Levels::PowersOf3,
        }
    }

    /// Weights as they lie in a file, the last byte or group filled up with zeros. Weights that the format does not hold
    /// come out as others.
    pub fn pack(self, weights: &[i8]) -> Vec<u8> {
        match self {
            Self::Atome01 => two_bits(weights),
            Self::Atome02 => base_3(weights),
            Self::AtomeP3 => three_bits(weights),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.magic())
    }
}

/// A model file, and what became of the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// The feed-forward sublayers: the part of a container (docs/container.md) that belongs to the file. `None` where there
    /// are none.
    pub feed_forward: Option<Vec<u8>>,
    /// Every quantised matrix in the order of the file.
    pub matrices: Vec<MatrixSummary>,
    /// Values of the checkpoint that went into the file.
    pub parameters: usize,
}

/// A quantised matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSummary {
    /// The tensor's name in the checkpoint.
    pub name: String,
    /// Outputs; channels of a convolution.
    pub rows: usize,
    /// Inputs; taps of a convolution.
    pub cols: usize,
    /// What the small integers are multiplied by.
    pub scale: f32,
    /// Weights that became 0.
    pub zeros: usize,
}

/// Checks that these sizes have a place in a model file.
///
/// # Errors
/// [`ContentError::Metadata`] names the size; a model with a pathway left out is told so.
pub fn exportable(dims: Dims) -> Result<Shape, ContentError> {
    if dims.n_pathways < 3 {
        let what = format!(
            "n_pathways is {}: a model with a pathway left out has no place in a model file, expected all 3",
            dims.n_pathways
        );
        return Err(ContentError::Metadata(what));
    }
    Shape::new(dims).map_err(|error| ContentError::Metadata(error.to_string()))
}

/// Exports the model of this shape in `checkpoint`, with as many feed-forward sublayers as it has. Scales are the bits that PyTorch computes with `threads` threads;
/// see [`USUAL_THREADS`].
///
/// # Errors
/// [`TensorError`] names a tensor that is missing, has another shape or holds a value that is no number.
pub fn export(checkpoint: &Checkpoint, shape: Shape, format: Format, threads: usize) -> Result<Exported, TensorError> {
    let view = ModelView::new(checkpoint, shape)?;
    let mut writer = Writer::new(format, threads);
    for (tensor, values) in &view.tensors {
        writer.section(tensor, values)?;
    }
    let Ok(sublayers @ 1..) = u16::try_from(view.sublayers) else { return Ok(writer.exported) };
    // Behind the file's bytes, in the same packing; then taken off them.
    let end = writer.exported.bytes.len();
    writer.exported.bytes.extend([sublayers.to_le_bytes(), [0; 2]].concat());
    for (name, shape, values) in &view.feed_forward {
        match shape[..] {
            [rows, cols] => {
                let quantised = quantise(name, values, format.levels(), threads)?;
                writer.matrix(name, &quantised, rows, cols);
            }
            _ => writer.floats(name, values)?,
        }
    }
    writer.exported.feed_forward = Some(writer.exported.bytes.split_off(end));
    Ok(writer.exported)
}

struct Writer {
    format: Format,
    threads: usize,
    exported: Exported,
}

impl Writer {
    fn new(format: Format, threads: usize) -> Self {
        let bytes = format.magic().as_bytes().to_vec();
        Self { format, threads, exported: Exported { bytes, feed_forward: None, matrices: Vec::new(), parameters: 0 } }
    }

    fn section(&mut self, tensor: &SectionTensor, values: &[f32]) -> Result<(), TensorError> {
        // PyTorch keeps a vector as it is; everything else is a matrix, a convolution's taps with a size of 1 between.
        let (rows, cols) = match tensor.shape[..] {
            [_] => return self.floats(&tensor.name, values),
            [rows, .., cols] => (rows, cols),
            [] => unreachable!("a section's tensor has a size"),
        };
        let mut quantised = quantise(&tensor.name, values, self.format.levels(), self.threads)?;
        if tensor.part == Part::ConvTaps {
            // PyTorch's last tap is that of the current position, a file's first one.
            quantised.weights.chunks_mut(cols).for_each(<[i8]>::reverse);
        }
        self.matrix(&tensor.name, &quantised, rows, cols);
        Ok(())
    }

    fn floats(&mut self, name: &str, values: &[f32]) -> Result<(), TensorError> {
        check_finite(name, values)?;
        self.exported.parameters += values.len();
        self.exported.bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        Ok(())
    }

    fn matrix(&mut self, name: &str, quantised: &Quantised, rows: usize, cols: usize) {
        let &Quantised { scale, ref weights } = quantised;
        self.exported.bytes.extend(scale.to_le_bytes());
        self.exported.bytes.extend(self.format.pack(weights));
        self.exported.parameters += weights.len();
        let zeros = weights.iter().filter(|&&weight| weight == 0).count();
        self.exported.matrices.push(MatrixSummary { name: name.to_owned(), rows, cols, scale, zeros });
    }
}
