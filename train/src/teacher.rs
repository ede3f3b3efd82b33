//! A teacher's logits for every chunk to learn from, computed once and kept in a file.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{bail, ensure, Context, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::batches::gather;
use crate::checkpoint::atomic::{Existing, Pending};
use crate::config::ModelConfig;
use crate::corpus::{Corpus, Split};
use crate::layout::Layout;
use crate::model::new_pass;
use crate::saved::SavedModel;
use crate::weights::Weights;

/// Chunks computed before they are written.
const AT_ONCE: usize = 64;

/// What a file of logits is for: another teacher, text or cut makes it useless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    atome_teacher: u32,
    teacher: String,
    corpus: String,
    chunk: usize,
    chunks: usize,
    vocab_size: usize,
}

/// Such a file: one line of JSON, then f32 values, little-endian, `[chunks, chunk - 1, vocab_size]`.
#[derive(Debug)]
pub struct TeacherLogits {
    file: Mutex<File>,
    path: PathBuf,
    start: u64,
    values: usize,
}

/// A teacher in memory.
#[derive(Debug)]
pub struct Teacher {
    /// Its configuration.
    pub config: ModelConfig,
    /// Its parameters, ready.
    pub weights: Weights<f32>,
    /// Digest of its parameters.
    pub digest: String,
}

impl Teacher {
    /// Makes a saved model a teacher.
    pub fn new(model: &SavedModel) -> Self {
        let layout = Layout::new(&model.config);
        let weights = Weights::new(&model.config, &layout, &model.params);
        Self { config: model.config, weights, digest: model.digest() }
    }
}

impl TeacherLogits {
    /// Whether the file at `path` may be replaced by other logits: only one that is there before the work begins may, and
    /// only where it holds such logits.
    ///
    /// # Errors
    /// Something else is there, or it cannot be read.
    pub fn look_up(path: &Path) -> Result<Existing> {
        let named = || path.display().to_string();
        match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Existing::Keep),
            _ => {
                File::open(path).map_err(Into::into).and_then(header_of).map(|_| Existing::Replace).with_context(named)
            }
        }
    }

    /// Opens the file at `path`, which is written first where it is not there or was made for something else: `existing` is
    /// what [`Self::look_up`] has found.
    ///
    /// Runs on the current rayon pool. `note` is told what happens.
    ///
    /// # Errors
    /// The teacher cannot read chunks as long as these, or the file cannot be written or read, or came meanwhile.
    pub fn open(
        (path, existing): (&Path, Existing),
        teacher: &Teacher,
        corpus: &Corpus,
        split: &Split,
        note: &mut dyn FnMut(String),
    ) -> Result<Self> {
        ensure!(
            split.chunk - 1 <= teacher.config.longest(),
            "the teacher reads {} bytes at most, expected {} for chunks of {}",
            teacher.config.longest(),
            split.chunk - 1,
            split.chunk
        );
        let header = Header {
            atome_teacher: 1,
            teacher: teacher.digest.clone(),
            corpus: corpus.digest.clone(),
            chunk: split.chunk,
            chunks: split.train,
            vocab_size: teacher.config.vocab_size(),
        };
        let named = || path.display().to_string();
        if let Some(logits) = Self::existing(path, &header).with_context(named)? {
            return Ok(logits);
        }
        let megabytes = 4.0 * (header.values() * split.train) as f64 / 1e6;
        note(format!("{}: writing the teacher's logits, {megabytes:.0} MB", path.display()));
        Pending::fill(path, existing, |file| write(file, &header, teacher, corpus))
            .and_then(|file| Ok(file.commit()?))
            .with_context(named)?;
        match Self::existing(path, &header).with_context(named)? {
            Some(logits) => Ok(logits),
            None => bail!("{}: changed while it was in use", path.display()),
        }
    }

    fn existing(path: &Path, expected: &Header) -> Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        let (file, header, start) = header_of(file)?;
        let whole = start + 4 * (expected.values() * expected.chunks) as u64;
        if header != *expected || file.metadata()?.len() != whole {
            return Ok(None);
        }
        Ok(Some(Self { file: Mutex::new(file), path: path.to_owned(), start, values: expected.values() }))
    }

    /// The logits of these chunks, one behind the other.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, chunks: &[usize], logits: &mut Vec<f32>) -> Result<()> {
        let mut bytes = vec![0; 4 * self.values * chunks.len()];
        for (&chunk, bytes) in chunks.iter().zip(bytes.chunks_exact_mut(4 * self.values)) {
            let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.start + (4 * self.values * chunk) as u64))
                .and_then(|_| file.read_exact(bytes))
                .with_context(|| format!("{}: chunk {chunk}", self.path.display()))?;
        }
        logits.clear();
        logits.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        Ok(())
    }
}

/// The file, what it is for, and where its values begin.
fn header_of(file: File) -> Result<(File, Header, u64)> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(file).take(4096);
    reader.read_until(b'\n', &mut line)?;
    let Ok(header) = serde_json::from_slice::<Header>(&line) else {
        bail!("is there and holds no teacher's logits: expected a file that can be replaced, or none");
    };
    Ok((reader.into_inner().into_inner(), header, line.len() as u64))
}

impl Header {
    /// Values of a chunk.
    const fn values(&self) -> usize {
        (self.chunk - 1) * self.vocab_size
    }
}

fn write(file: &mut File, header: &Header, teacher: &Teacher, corpus: &Corpus) -> Result<()> {
    let mut writer = BufWriter::new(file);
    serde_json::to_writer(&mut writer, header)?;
    writer.write_all(b"\n")?;
    let chunks: Vec<usize> = (0..header.chunks).collect();
    for chunks in chunks.chunks(AT_ONCE) {
        let parts: Vec<Vec<u8>> = chunks
            .par_chunks(8)
            .map(|chunks| {
                let (mut tokens, mut targets) = (Vec::new(), Vec::new());
                let starts = chunks.iter().map(|index| index * header.chunk);
                gather(corpus, starts, header.chunk, &mut tokens, &mut targets);
                let mut pass = new_pass::<f32>(&teacher.config);
                pass.forward(&teacher.weights, &tokens, header.chunk - 1);
                pass.logits().iter().flat_map(|value| value.to_le_bytes()).collect()
            })
            .collect();
        for part in parts {
            writer.write_all(&part)?;
        }
    }
    Ok(writer.flush()?)
}
