//! Why a checkpoint could not be read or written.

use std::io;
use std::path::{Path, PathBuf};

use super::tensor::TensorError;
use crate::pytorch::{ArchiveError, PickleError};

/// What is wrong with the bytes of a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The file is of neither format.
    #[error("offset 0: {found}, expected a checkpoint: safetensors, or a zip file of torch.save")]
    UnknownFormat {
        /// What the file starts with.
        found: String,
    },
    /// A pickle that is no zip file: what torch.save wrote before version 1.6, or another program.
    #[error(
        "offset 0: {}, expected a zip file: load it in Python and write it again with torch.save(model, \"new.pt\")",
        if *is_torch { "torch.save's format of before PyTorch 1.6" } else { "a bare pickle" }
    )]
    Pickled {
        /// Whether torch.save wrote it.
        is_torch: bool,
    },
    /// The zip file that torch.save writes is damaged or of another kind.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The pickle inside that zip file is damaged, or holds what a checkpoint has no use for.
    #[error("data.pkl: {0}")]
    Pickle(#[from] PickleError),
    /// The safetensors library refuses the file.
    #[error("safetensors: {0}")]
    Safetensors(String),
    /// The contents are not those that were saved.
    #[error(
        "metadata: {}: {found} are the contents, expected {expected}: the file was damaged or changed after it was saved",
        super::keys::CONTENTS
    )]
    Changed {
        /// Digest of what is there.
        found: String,
        /// Digest of what was saved.
        expected: String,
    },
    /// A tensor is wrong.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// It is not clear which tensors are the weights.
    #[error("{0}")]
    Weights(String),
    /// The description of the model is missing or wrong.
    #[error("metadata: {0}")]
    Metadata(String),
}

/// Why a checkpoint file could not be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The system refused.
    #[error("{}: {doing}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried, such as "open".
        doing: &'static str,
        /// The system's reason.
        reason: io::Error,
    },
    /// The bytes are wrong.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        reason: ContentError,
    },
}

impl CheckpointError {
    pub(crate) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |reason| Self::Io { path, doing, reason }
    }

    pub(crate) fn content(path: &Path) -> impl FnOnce(ContentError) -> Self {
        let path = path.to_owned();
        move |reason| Self::Content { path, reason }
    }
}
