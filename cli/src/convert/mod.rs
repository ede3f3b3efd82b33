//! `atome convert`.

mod args;
mod repack;
mod summary;
mod written;

use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context, Result};
use atome_engine::Packing;
use atome_train::dialogue::OwnedDialogue;

pub use args::ConvertArgs;
use args::FormatName;
use repack::repacked;
use summary::Summary;
use written::Written;

use crate::c_files::CSource;
use crate::classes;
use crate::dialogue::{self, in_sidecar};
use crate::files::{report, write_all, Output};
use crate::label::part_name;
use crate::model_file::{Format, ModelFile};
use crate::output::json_line;
use crate::shape_source::{find, Found};
use crate::sidecar;
use crate::signing::WantedArgs;
use crate::usage_error::UsageError;
use crate::values::is_standard_output;

pub fn convert(args: &ConvertArgs) -> Result<()> {
    let named = || args.model.display().to_string();
    args.check()?;
    let raw = ModelFile::read_whole(&args.model)?;
    let file = ModelFile::from_trusted(&args.model, raw.clone(), &args.trust, WantedArgs::default())?;
    let format = target(args, file.format)?;
    let found = find(&file, args.shape.sizes())?;
    // Whether the engine takes the file.
    file.engine_model(found.shape)?;
    let parts = file.label.as_ref().map_or(&[][..], |label| &label.parts);
    if let Some((kind, _)) = parts.first().filter(|_| args.changes() && !args.container) {
        let name = part_name(*kind);
        bail!("{}: has a {name}, which a plain model file has no place for: expected --container", named());
    }
    let written = if args.changes() {
        let converted = repacked(&file, &found, format).with_context(named)?;
        Written::converted(args, &file, &found, format, converted)?
    } else {
        Written::as_it_is(&file, &found, raw)
    };
    let outputs = outputs(args, &file, &found, &written)?;
    let inputs: Vec<&Path> = iter::once(&args.model).chain(&found.sidecar).map(PathBuf::as_path).collect();
    write_all(&outputs, &inputs, args.force)?;
    let summary = Summary { args, file: &file, found: &found, written: &written, outputs: &outputs };
    report(&outputs, &if args.json { json_line(&summary.json()) } else { summary.text() })
}

impl ConvertArgs {
    fn check(&self) -> Result<()> {
        self.c_files.check()?;
        self.identity.check(self.container)?;
        if self.out.is_none() && self.c_files.is_empty() && !self.sidecar {
            bail!(UsageError("nothing to write: expected --out, --header, --c-array or --sidecar".into()));
        }
        Ok(())
    }

    /// Whether a model file is made, or the one that is there stays what it is.
    fn changes(&self) -> bool {
        self.out.is_some() || self.format.is_some() || self.container || self.without_head
    }
}

fn outputs(args: &ConvertArgs, file: &ModelFile, found: &Found, written: &Written) -> Result<Vec<Output>> {
    let dialogue = dialogue::of(file)?;
    // Without its head it is no classifier any more.
    let classes = if written.file.n_classes.is_some() { classes::of(file)? } else { None };
    let mut outputs = Vec::new();
    if let Some(out) = &args.out {
        outputs.push(Output::new(out, written.bytes.as_slice()).of("--out"));
    }
    let place = args.out.as_deref().unwrap_or(&args.model);
    if args.sidecar {
        let text = in_sidecar(sidecar::text(&found.sizes, written.file.format), dialogue.as_ref());
        let text = classes::in_sidecar(text, classes.as_ref());
        outputs.push(Output::new(&sidecar::path_beside(place)?, text).of("--sidecar"));
    }
    let path = if is_standard_output(place) { &args.model } else { place };
    outputs.extend(args.c_files.outputs(&CSource {
        path,
        sizes: &found.sizes,
        file: written.file,
        blob: &written.bytes,
        dialogue: dialogue.as_ref().map(OwnedDialogue::view),
        classes: classes.as_ref(),
    }));
    Ok(outputs)
}

/// The format to write, with the class head of `from` where it has a place.
fn target(args: &ConvertArgs, from: Format) -> Result<Format> {
    let model = args.model.display();
    let packing = match args.format {
        None if args.without_head => from.packing(),
        None => return Ok(from),
        Some(FormatName::Atome01) => Packing::TwoBits,
        Some(FormatName::Atome02) => Packing::BaseThree,
        Some(FormatName::Atomep3) => Packing::PowersOfThree,
        Some(FormatName::Atomecl01) if args.without_head => {
            bail!(UsageError(
                "--without-head: ATOMECL01 is the format of class heads, expected another --format".into()
            ))
        }
        Some(FormatName::Atomecl01) => match from {
            Format::Classifier { .. } => return Ok(from),
            Format::Model { .. } => bail!("{model}: has no class head, expected a classifier for ATOMECL01"),
        },
    };
    if from.n_classes().is_some() && !args.without_head {
        bail!(
            "{model}: a class head has a place in ATOMECL01 only, expected --format atomecl01 or a model without one; \
             --without-head leaves it out"
        );
    }
    Ok(Format::Model { packing })
}
