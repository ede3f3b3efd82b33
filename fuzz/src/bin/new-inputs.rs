//! New inputs for each fuzz target, for some seconds: without coverage, but with any compiler.
//!
//! `new-inputs SEED SECONDS` shares the seconds out among the targets; `new-inputs SEED TARGET NUMBER` runs one input again.

use std::error::Error;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use atome_fuzz::{fresh, Target, TARGETS};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [seed, seconds] => all(seed.parse()?, Duration::from_secs(seconds.parse()?)),
        [seed, name, number] => {
            let target = TARGETS.iter().find(|target| target.name == *name).ok_or("no such target")?;
            (target.run)(&fresh(&stored(target)?, seed.parse()?, number.parse()?));
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("expected SEED SECONDS, or SEED TARGET NUMBER".into()),
    }
}

/// The inputs that the repository keeps.
fn stored(target: &Target) -> Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut files: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    files.into_iter().map(|file| Ok(fs::read(file)?)).collect()
}

fn all(seed: u64, time: Duration) -> Result<ExitCode> {
    let (mut counts, mut is_good) = (Vec::new(), true);
    for target in TARGETS {
        let (stored, start, mut number) = (stored(target)?, Instant::now(), 0);
        // Said before: a crash says nothing.
        eprintln!("{}: seed {seed}", target.name);
        while start.elapsed() < time / TARGETS.len() as u32 {
            let input = fresh(&stored, seed, number);
            if catch_unwind(|| (target.run)(&input)).is_err() {
                println!("{}: input {number} of seed {seed} breaks it:", target.name);
                println!("  cargo run -p atome-fuzz --bin new-inputs -- {seed} {} {number}", target.name);
                is_good = false;
                break;
            }
            number += 1;
        }
        counts.push(format!("{} {number}", target.name));
    }
    println!("seed {seed}, inputs: {}", counts.join(", "));
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
