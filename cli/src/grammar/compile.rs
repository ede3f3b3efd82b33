//! `atome grammar compile`.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result};
use atome_train::bounded::{self, Limit};
use atome_train::export::identifier;

use super::args::CompileArgs;
use super::c_array::{header, source};
use super::check::warnings;
use super::source::compiled;
use crate::files::{report, write_all, Output};
use crate::numbers::grouped;
use crate::output::note;

pub fn compile(args: &CompileArgs) -> Result<()> {
    let path = &args.grammar;
    let bytes = bounded::read(path, Limit::SIDECAR).with_context(|| path.display().to_string())?;
    let compiled = compiled(path, bytes)?;
    warnings(path, &compiled.facts).iter().for_each(|text| note(text));
    let table = compiled.table;
    let title = name_of(path.file_name());
    let mut outputs: Vec<Output> = Vec::new();
    outputs.extend(args.out.iter().map(|out| Output::new(out, table.clone()).of("--out")));
    if let Some(array) = &args.c_array {
        let name = args.name.clone().unwrap_or_else(|| identifier(&name_of(array.file_stem())));
        outputs.push(Output::new(array, source(&name, &title, &table)).of("--c-array"));
        outputs.extend(args.header.iter().map(|out| Output::new(out, header(&name, &title, &table)).of("--header")));
    }
    write_all(&outputs, &[Path::new(path)], args.force)?;
    let names: Vec<String> = outputs.iter().map(Output::shown).collect();
    let (len, states) = (grouped(table.len() as u64), grouped(compiled.facts.states as u64));
    report(&outputs, &format!("wrote {} ({len} bytes, {states} states)\n", names.join(", ")))
}

fn name_of(name: Option<&OsStr>) -> String {
    name.map(OsStr::to_string_lossy).unwrap_or_default().into_owned()
}
