//! Makes and scores the default model.
use std::sync::atomic::AtomicBool;
fn main() -> anyhow::Result<()> {
    let steps: u64 = std::env::args().nth(1).unwrap().parse()?;
    let folder = std::path::PathBuf::from(std::env::args().nth(2).unwrap());
    let k = atome_models::knowledge::Knowledge::built_in()?;
    let p = atome_models::phrasing::phrasings(&k);
    eprintln!("{} entries {} phrasings", k.entries.len(), p.len());
    for part in [atome_models::phrasing::Part::Train, atome_models::phrasing::Part::HeldOut, atome_models::phrasing::Part::NewWording] {
        eprintln!("{part:?} {}", p.iter().filter(|x| x.part == part).count());
    }
    let blob = atome_models::training::train(steps, &folder, None, false, &AtomicBool::new(false))?;
    eprintln!("{} bytes", blob.len());
    std::fs::write(folder.join("default.bin"), blob)?;
    Ok(())
}
