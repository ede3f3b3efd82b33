//! The values of a tensor.

use std::collections::BTreeMap;

use super::archive::Archive;
use super::pickle::TensorRef;
use crate::checkpoint::{elements, ContentError, Number, Tensor, TensorError};

/// Takes tensors out of an archive.
pub struct Storages<'a> {
    archive: &'a Archive<'a>,
    /// The folder of all entries.
    folder: &'a str,
    /// Storages whose checksums are known to be right: tensors that share one do not have it looked at again.
    checked: BTreeMap<String, &'a [u8]>,
    /// Bytes of values that may still be taken: a small file cannot ask for much memory by naming one storage many times.
    budget: usize,
}

/// How often a storage may be taken by tensors, on average. Tensors seldom share one.
const MAX_SHARING: usize = 4;

impl<'a> Storages<'a> {
    /// The storages of a file of `file_len` bytes, in the folder `folder` of its archive.
    pub fn new(archive: &'a Archive<'a>, folder: &'a str, file_len: usize) -> Self {
        Self { archive, folder, checked: BTreeMap::new(), budget: file_len.saturating_mul(MAX_SHARING) }
    }

    /// The values of the tensor `name`, row-major, as f32: widened, or rounded half to even.
    pub fn tensor(&mut self, name: &str, tensor: &TensorRef<'_>) -> Result<Tensor, ContentError> {
        let Some(number) = tensor.storage.element.number() else {
            let found = tensor.storage.element.name().to_owned();
            return Err(TensorError::WrongType { name: name.to_owned(), found }.into());
        };
        let wrong = |what: String| TensorError::Layout { name: name.to_owned(), what };
        let bytes = self.storage(tensor, number, &wrong)?;
        let len = bytes.len() / number.size();
        let count = elements(&tensor.shape)
            .filter(|&count| count <= len)
            .ok_or_else(|| wrong(format!("shape {:?} of a storage of {len} values", tensor.shape)))?;
        self.budget = self
            .budget
            .checked_sub(count * number.size())
            .ok_or_else(|| wrong(format!("tensors share storages more than {MAX_SHARING} times")))?;
        let last = last_index(tensor).filter(|&last| count == 0 || last < len).ok_or_else(|| {
            let TensorRef { offset, shape, strides, .. } = tensor;
            wrong(format!(
                "offset {offset}, shape {shape:?} and strides {strides:?} lead outside a storage of {len} values"
            ))
        })?;
        let at = |index: usize| index * number.size();
        let data = if count == 0 {
            Vec::new()
        } else if is_contiguous(tensor) {
            number.read_all(bytes.get(at(tensor.offset)..at(last + 1)).unwrap_or(&[]))
        } else {
            strided(tensor, count, |index| number.read(bytes.get(at(index)..).unwrap_or(&[])))
        };
        Tensor::new(tensor.shape.clone(), data)
            .ok_or_else(|| wrong(format!("the values do not fill the shape {:?}", tensor.shape)).into())
    }

    /// All bytes of the storage that `tensor` is a view of.
    fn storage(
        &mut self,
        tensor: &TensorRef<'_>,
        number: Number,
        wrong: &impl Fn(String) -> TensorError,
    ) -> Result<&'a [u8], ContentError> {
        let entry = format!("{}data/{}", self.folder, tensor.storage.key);
        let bytes = match self.checked.get(&entry) {
            Some(bytes) => *bytes,
            None => match self.archive.get(&entry) {
                Some(bytes) => bytes?,
                None => return Err(wrong(format!("there is no entry {entry} with its values")).into()),
            },
        };
        if tensor.storage.len.checked_mul(number.size()) != Some(bytes.len()) {
            let (found, expected, kind) = (bytes.len(), tensor.storage.len, tensor.storage.element.name());
            return Err(wrong(format!("the entry {entry} has {found} bytes, expected {expected} {kind} values")).into());
        }
        self.checked.insert(entry, bytes);
        Ok(bytes)
    }
}

/// The largest index of a tensor that has values; `None` where it does not fit `usize`.
fn last_index(tensor: &TensorRef<'_>) -> Option<usize> {
    tensor
        .shape
        .iter()
        .zip(&tensor.strides)
        .try_fold(tensor.offset, |last, (&size, &stride)| last.checked_add(size.saturating_sub(1).checked_mul(stride)?))
}

/// Whether the values lie in order without gaps. The stride of a dimension of size 1 has no meaning.
fn is_contiguous(tensor: &TensorRef<'_>) -> bool {
    let mut expected = 1_usize;
    tensor.shape.iter().zip(&tensor.strides).rev().all(|(&size, &stride)| {
        let fits = size == 1 || stride == expected;
        expected = expected.saturating_mul(size);
        fits
    })
}

/// The values in the order of their indices, the last one moving fastest. All of them lie in the storage, whose values
/// `value` reads.
fn strided(tensor: &TensorRef<'_>, count: usize, value: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut indices = vec![0; tensor.shape.len()];
    let mut at = tensor.offset;
    let mut data = Vec::with_capacity(count);
    for _ in 0..count {
        data.push(value(at));
        for (index, (&size, &stride)) in indices.iter_mut().zip(tensor.shape.iter().zip(&tensor.strides)).rev() {
            *index += 1;
            at += stride;
            if *index < size {
                break;
            }
            at -= size * stride;
            *index = 0;
        }
    }
    data
}
