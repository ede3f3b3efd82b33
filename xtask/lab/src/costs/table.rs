//! The document: `qemu/COSTS.md`.

use anyhow::Result;

use super::chips;
use super::engine::{Engine, Variant};
use super::formats;
use super::goals;
use super::names;
use super::running::{FIRST, MODEL, NEXT, STACK_LOAD, STACK_PREDICT, STATE, TOKEN};
use super::shapes::{generated_tokens, SHAPES};
use super::signed;
use super::uses::Uses;
use crate::markdown::{self, grouped};
use crate::qemu::cores::{Core, CORES};
use crate::record::{Figures, Record};
use xtask::archive::Profile;
use xtask::shapes::{Plan, Shape};

const HEAD: &str = "\
# What the engine costs

Written by `cargo xtask costs`, which measures all of this on the emulated cores; `qemu/costs.json` holds the same figures for
programs. `cargo xtask costs --check`, a part of `cargo xtask test`, fails where one of the archive's grew by more than 3 %.

## In short

Instructions of the archive (cached plan, portable mode) and of the C reference. *One position*: one more token of a growing
text, the ninth; in C, which remembers nothing, a call with one token.

@GOALS@
What one more token takes after 1, 8, 16 and 23: one position, whose attention looks at all before it.

@GROWTH@
## How this was measured

- The archive is the usual one, which `cargo xtask lib --target` builds unasked, but where *size* (`--profile size`) or, with an FPU,
  *speed* (`--profile speed`) stands. It has two modes: *portable* computes exp, tanh and sqrt itself, *system* calls the C library's. *C* is the C
  reference of this repository (`c_tests/reference`), at `-Os` and `-O2`, with the C library's functions and `-ffp-contract=off`.
- *integer* is the usual archive (or, with *size*, the one for size) in a program that is compiled with
  `-DATOME_ARITHMETIC=ATOME_INTEGER`; there the modes differ in nothing.
- **Instructions are not cycles.** The emulator counts executed instructions (`-icount shift=0`, read with a timer of the machine,
  which every run first checks with a loop of 2 000 000 instructions, to 0.1 %). On a core, a load, a taken branch or a division
  takes more than one cycle, and flash has wait states. A tick of the timer is 40 instructions on the Cortex-M3, M4 and M7, 50 on the M33,
  62.5 on the M0, and 1 on RISC-V.
";

const CODE: &str = "
## Code

Bytes in flash of a program after `--gc-sections`: the engine, `+` what it brings in from the C toolchain's libm, libgcc and libc
(a program that computes with floats itself has much of that anyway). *predict*: `atome_init`, `atome_load` and
`atome_predict_next` of the format ATOME01, as unasked, in the lean plan, where the archive remembers as little as C. *predict, cached plan*:
the same with what tells models and earlier calls apart, which the lean plan does not link; *partial plan*: and what divides a
sequence into positions that stay and others. *all*: generation, classification
and, in the archive, sampling, containers and the other formats as well, in the cached plan. The archive's code is the same for
every shape; the C reference is compiled for the default shape.
";

const SIGNED: &str = "
## Signed models

The archive that `cargo xtask lib --signed` builds, portable mode, lean plan. Bytes in flash of a program with
`atome_init`, `atome_load` and `atome_predict_next`, all formats and containers, `+` what it brings in from the C toolchain's
libraries; of the same with `atome_load_signed` in the place of `atome_load`; and stack bytes of `atome_load_signed` below the
caller's frame, the same for every model.

";

const SIGNED_RUNS: &str = "
Instructions of loading a signed container: by `atome_load`, which checks the checksum alone, and by `atome_load_signed`. What that
takes more is the curve's, the same whatever the model's size, and SHA-512 of all bytes.

";

const FORMATS: &str = "
## Formats

Instructions of one position (*ninth*, below) with the weights in other formats: the same model as ATOME02, and with the weights that
are not 0 made 1, 3 and 9 by turns as ATOMEP3. Cached plan, portable mode.

";

const MEMORY: &str = "
## Memory

Bytes of `atome_state_t` and `atome_model_t`, the same on all these cores.

";

const RUNS: &str = "
## Stack and instructions

Stack: bytes below the caller's frame, of `atome_load` and of `atome_predict_next`. Instructions: *first*, of a prediction from one
token; *ninth*, of one from nine tokens after one from the first eight, where the cached plan computes one position and the others
nine; *a token*, of each that `atome_generate` appends to a prompt of 4. Ratios below 1: fewer instructions than C. In the
models *small* and *default* a third of the weights, drawn at random, is 0; *944k* is a trained model, for which only the cached plan
generates (and on one core the C reference at -O2): without it, every token computes the whole sequence again. The profile for
speed runs in portable mode only; its kernels are the same in both.
";

const MATRIX: &str = "
## What fits where

KiB of flash and RAM left for the rest of the firmware, or missing. Flash holds the archive's *predict* code of the plan (portable
mode), what it needs of the C libraries, and the model file; RAM holds state, model and the stack of the
engine's calls. The 944K model has a state for 24 positions. *outside*: a flash chip of its own, of the usual board. Each chip
is counted with the code for its core; for the RP2040 (Cortex-M0+) that is the Cortex-M0's.

";

/// The whole document.
pub fn document(record: &Record) -> Result<String> {
    let figures = &record.figures;
    let mut text = HEAD.replace("@GOALS@", &markdown::table(&goals::rows(figures), 1));
    text = text.replace("@GROWTH@", &markdown::table(&goals::growth(figures), 2));
    text += "\nTools:\n\n";
    for (tool, version) in &record.conditions {
        text += &format!("- {tool}: {version}\n");
    }
    text += CODE;
    for (uses, title) in [
        (Uses::Predict, "predict"),
        (Uses::PredictPartial, "predict, partial plan"),
        (Uses::PredictCached, "predict, cached plan"),
        (Uses::All, "all"),
    ] {
        text += &format!("\n### {title}\n\n");
        text += &markdown::table(&code_rows(figures, uses), 1);
    }
    text += SIGNED;
    text += &markdown::table(&signed::code_rows(figures)?, 1);
    text += SIGNED_RUNS;
    text += &markdown::table(&signed::run_rows(figures), 2);
    text += MEMORY;
    text += &markdown::table(&memory_rows(figures), 1);
    text += MATRIX;
    text += &markdown::table(&chips::matrix(figures)?, 4);
    text += FORMATS;
    text += &markdown::table(&formats::rows(figures)?, 2);
    text += RUNS;
    for (name, shape) in SHAPES {
        let rows = run_rows(figures, name);
        if rows.len() > 1 {
            let tokens = generated_tokens(&shape);
            let Shape { d_model, max_seq, n_layers, .. } = shape;
            text += &format!("\n### {name}: d={d_model} S={max_seq} L={n_layers}, {tokens} tokens generated\n\n");
            text += &markdown::table(&rows, 2);
        }
    }
    Ok(text)
}

fn shown(figures: &Figures, name: &str) -> String {
    figures.get(name).map_or("-".to_string(), |&figure| grouped(figure))
}

fn code_rows(figures: &Figures, uses: Uses) -> Vec<Vec<String>> {
    let mut rows = vec![vec!["core".to_string()]];
    let engines = Engine::ALL.into_iter().filter(|&engine| Uses::of(engine).contains(&uses));
    rows[0].extend(engines.clone().map(|engine| engine.to_string()));
    for core in &CORES {
        let mut row = vec![core.title.to_string()];
        row.extend(engines.clone().map(|engine| {
            let get = |what| shown(figures, &names::code(core, what, engine, uses));
            format!("{} + {}", get("code"), get("libraries"))
        }));
        rows.push(row);
    }
    rows
}

fn memory_rows(figures: &Figures) -> Vec<Vec<String>> {
    let head = [
        "shape",
        "state, lean",
        "state, partial",
        "state, cached",
        "integers, lean",
        "integers, cached",
        "state, C",
        "model",
        "model, C",
        "model file",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    let variants = Variant::all();
    let of = |is_wanted: &dyn Fn(&Variant) -> bool| variants.iter().copied().find(|variant| is_wanted(variant));
    let lean = of(&|variant| variant.plan == Some(Plan::Lean));
    let partial = of(&|variant| variant.plan == Some(Plan::Partial));
    let cached = of(&|variant| variant.plan == Some(Plan::Cached));
    let c = of(&|variant| variant.plan.is_none());
    for (shape, _) in SHAPES.iter().filter(|(shape, _)| figures.contains_key(&names::file(shape))) {
        let size = |variant: Option<Variant>, what: &str| {
            let names = CORES.iter().filter_map(|core| Some(names::run(core, shape, variant?, what)));
            names.into_iter().find(|name| figures.contains_key(name)).map_or("-".into(), |name| shown(figures, &name))
        };
        let mut row = vec![shape.to_string()];
        row.extend([
            size(lean, STATE),
            size(partial, STATE),
            size(cached, STATE),
            size(Some(Variant::integer(Profile::Size, Plan::Lean)), STATE),
            size(Some(Variant::INTEGER), STATE),
            size(c, STATE),
            size(lean, MODEL),
            size(c, MODEL),
        ]);
        row.push(shown(figures, &names::file(shape)));
        rows.push(row);
    }
    rows
}

fn run_rows(figures: &Figures, shape: &str) -> Vec<Vec<String>> {
    let head = [
        "core",
        "engine",
        "stack: load",
        "stack: predict",
        "first",
        "ninth",
        "a token",
        "first / C -Os",
        "first / C -O2",
        "a token / C -Os",
        "a token / C -O2",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for core in &CORES {
        for variant in Variant::all() {
            if !figures.contains_key(&names::run(core, shape, variant, FIRST)) {
                continue;
            }
            let mut row = vec![core.title.to_string(), variant.to_string()];
            for what in [STACK_LOAD, STACK_PREDICT, FIRST, NEXT, TOKEN] {
                row.push(shown(figures, &names::run(core, shape, variant, what)));
            }
            for what in [FIRST, TOKEN] {
                row.extend(Variant::C.map(|c| ratio(figures, core, shape, variant, c, what)));
            }
            rows.push(row);
        }
    }
    rows
}

fn ratio(figures: &Figures, core: &Core, shape: &str, variant: Variant, to: Variant, what: &str) -> String {
    let get = |variant| figures.get(&names::run(core, shape, variant, what));
    match (get(variant), get(to)) {
        (Some(&ours), Some(&theirs)) if variant.engine.is_archive() => format!("{:.2}", ours as f64 / theirs as f64),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_shown_beside_what_was_measured() {
        let m3 = &CORES[1];
        let ours = Variant::all()[0];
        let mut figures = Figures::new();
        figures.insert(names::run(m3, "small", ours, FIRST), 500);
        figures.insert(names::run(m3, "small", Variant::C[0], FIRST), 1000);
        let rows = run_rows(&figures, "small");
        assert_eq!(rows.len(), 3);
        assert_eq!((rows[1][4].as_str(), rows[1][7].as_str(), rows[1][8].as_str()), ("500", "0.50", ""));
        assert_eq!(rows[2][7], "");
        assert!(run_rows(&figures, "default").len() == 1);
    }
}
