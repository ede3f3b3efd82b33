//! The values of a tensor.

use super::archive::Archive;
use super::pickle::{ElementType, TensorRef};
use crate::checkpoint::{elements, ContentError, Tensor, TensorError};

/// Takes tensors out of an archive.
pub struct Storages<'a> {
    archive: &'a Archive<'a>,
    /// The folder of all entries.
    folder: &'a str,
    /// Values that may still be taken: a small file cannot ask for much memory by naming one storage many times.
    budget: usize,
}

/// How often every storage may be taken on average. Tensors seldom share one.
const MOST_SHARING: usize = 4;

impl<'a> Storages<'a> {
    /// The storages of a file of `file_len` bytes, in the folder `folder` of its archive.
    pub fn new(archive: &'a Archive<'a>, folder: &'a str, file_len: usize) -> Self {
        Self { archive, folder, budget: (file_len / 4).saturating_mul(MOST_SHARING) }
    }

    /// The values of the tensor `name`, row-major.
    pub fn tensor(&mut self, name: &str, tensor: &TensorRef<'_>) -> Result<Tensor, ContentError> {
        if tensor.storage.element != ElementType::F32 {
            let found = format!("{:?}", tensor.storage.element).to_lowercase();
            return Err(TensorError::WrongType { name: name.to_owned(), found }.into());
        }
        let wrong = |what: String| TensorError::Layout { name: name.to_owned(), what };
        let values = self.storage(tensor, &wrong)?;
        let count = elements(&tensor.shape)
            .filter(|&count| count <= values.len())
            .ok_or_else(|| wrong(format!("shape {:?} of a storage of {} values", tensor.shape, values.len())))?;
        self.budget = self
            .budget
            .checked_sub(count)
            .ok_or_else(|| wrong(format!("tensors share storages more than {MOST_SHARING} times")))?;
        let last = last_index(tensor).filter(|&last| count == 0 || last < values.len()).ok_or_else(|| {
            wrong(format!(
                "offset {}, shape {:?} and strides {:?} lead outside a storage of {} values",
                tensor.offset,
                tensor.shape,
                tensor.strides,
                values.len()
            ))
        })?;
        let data = if is_contiguous(tensor) {
            let slice = if count == 0 { &[] } else { values.get(tensor.offset..=last).unwrap_or(&[]) };
            slice.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        } else {
            strided(values, tensor, count)
        };
        Tensor::new(tensor.shape.clone(), data)
            .ok_or_else(|| wrong(format!("the values do not fill the shape {:?}", tensor.shape)).into())
    }

    fn storage(
        &self,
        tensor: &TensorRef<'_>,
        wrong: &impl Fn(String) -> TensorError,
    ) -> Result<&'a [[u8; 4]], ContentError> {
        let entry = format!("{}data/{}", self.folder, tensor.storage.key);
        let bytes = match self.archive.get(&entry) {
            Some(bytes) => bytes?,
            None => return Err(wrong(format!("there is no entry {entry} with its values")).into()),
        };
        match bytes.as_chunks::<4>() {
            (values, []) if values.len() == tensor.storage.len => Ok(values),
            _ => {
                let (found, expected) = (bytes.len(), tensor.storage.len);
                Err(wrong(format!("the entry {entry} has {found} bytes, expected {expected} f32 values")).into())
            }
        }
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

/// The values in the order of their indices, the last one moving fastest. All of them lie in the storage.
fn strided(values: &[[u8; 4]], tensor: &TensorRef<'_>, count: usize) -> Vec<f32> {
    let mut indices = vec![0; tensor.shape.len()];
    let mut at = tensor.offset;
    let mut data = Vec::with_capacity(count);
    for _ in 0..count {
        data.push(values.get(at).map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes)));
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
