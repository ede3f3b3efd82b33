//! The check of an object's sections: how they are aligned, and whether the code needs unaligned accesses to work.

use anyhow::{Context, Result};
use object::elf::FileHeader32;
use object::read::elf::AttributesSection;
use object::{File, LittleEndian, Object, ObjectSection};

use crate::arm_object;
use crate::targets::is_bare_metal;

/// What is wrong with the sections of `file`, an object for `target`.
///
/// # Errors
/// The section that cannot be read.
pub fn faults(file: &File, target: &str) -> Result<Vec<String>> {
    let most = most_aligned(target);
    let mut faults = Vec::new();
    for section in file.sections() {
        if section.align() > most {
            let name = section.name().unwrap_or("<not text>");
            faults.push(format!("section {name}: aligned to {} bytes, at most {most} for {target}", section.align()));
        }
    }
    if arm_object::is_for(target) && !is_strictly_aligned(file)? {
        faults.push("code: compiled for unaligned accesses, which fault where UNALIGN_TRP is set".to_string());
    }
    Ok(faults)
}

/// A linker script may have its vector table behind the code of an archive: what is aligned more than C objects are moves it.
/// On computers vectors are aligned to their size.
fn most_aligned(target: &str) -> u64 {
    if is_bare_metal(target) {
        8
    } else {
        64
    }
}

/// What the object says of itself in its build attributes (Addenda to the ABI for the Arm Architecture).
fn is_strictly_aligned(file: &File) -> Result<bool> {
    const UNALIGNED_ACCESS: u64 = 34;
    let section = file.section_by_name(".ARM.attributes").context("the object has no build attributes")?;
    let attributes = AttributesSection::<FileHeader32<LittleEndian>>::new(LittleEndian, section.data()?)?;
    let mut subsections = attributes.subsections()?;
    while let Some(subsection) = subsections.next()? {
        let mut scopes = subsection.subsubsections();
        while let Some(scope) = scopes.next()? {
            let mut reader = scope.attributes();
            while let Some(tag) = reader.read_tag()? {
                match tag {
                    // CPU names, compatibility, conformance: text, or a number with text.
                    4 | 5 | 65 | 67 => drop(reader.read_string()?),
                    32 => drop((reader.read_integer()?, reader.read_string()?)),
                    UNALIGNED_ACCESS => return Ok(reader.read_integer()? == 0),
                    _ => drop(reader.read_integer()?),
                }
            }
        }
    }
    // What is left out is 0: none.
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORTEX_M3: &str = "thumbv7m-none-eabi";

    /// An ELF object for 32-bit Arm with one section, its alignment and contents.
    fn object(name: &str, kind: u32, align: u32, contents: &[u8]) -> Vec<u8> {
        let names = format!("\0.shstrtab\0{name}\0");
        let (header, entry) = (52, 40);
        let data_at = header;
        let names_at = data_at + contents.len();
        let sections_at = names_at + names.len();
        let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
        let words = |file: &mut Vec<u8>, values: &[usize]| {
            values.iter().for_each(|&value| file.extend((value as u32).to_le_bytes()));
        };
        half(&mut file, 1);
        half(&mut file, 40);
        words(&mut file, &[1, 0, 0, sections_at, 0x0500_0000]);
        for value in [header, 0, 0, entry, 3, 1] {
            half(&mut file, value as u16);
        }
        file.extend(contents);
        file.extend(names.as_bytes());
        words(&mut file, &[0; 10]);
        words(&mut file, &[1, 3, 0, 0, names_at, names.len(), 0, 0, 1, 0]);
        words(&mut file, &[11, kind as usize, 0, 0, data_at, contents.len(), 0, 0, align as usize, 0]);
        file
    }

    /// Build attributes: a CPU's name, a number, and the one for unaligned accesses.
    fn attributes(unaligned: u8) -> Vec<u8> {
        let list = [&[5][..], b"Cortex-M3\0", &[6, 10, 34, unaligned]].concat();
        let scope = [&[1][..], &(list.len() as u32 + 5).to_le_bytes(), &list].concat();
        let vendor = [b"aeabi\0", &scope[..]].concat();
        [b"A", &(vendor.len() as u32 + 4).to_le_bytes()[..], &vendor].concat()
    }

    fn faults_of(bytes: &[u8], target: &str) -> Vec<String> {
        faults(&File::parse(bytes).unwrap(), target).unwrap()
    }

    #[test]
    fn what_is_aligned_too_much_is_found() {
        let of = |align| object(".text.big", 1, align, &[0; 4]);
        for target in ["riscv32imc-unknown-none-elf", "x86_64-unknown-linux-gnu"] {
            assert_eq!(faults_of(&of(8), target), Vec::<String>::new());
            assert_eq!(faults_of(&of(512), target).len(), 1);
        }
        assert_eq!(faults_of(&of(64), "x86_64-unknown-linux-gnu"), Vec::<String>::new());
        let faults = faults_of(&of(64), "riscv32imc-unknown-none-elf");
        assert_eq!(faults[0], "section .text.big: aligned to 64 bytes, at most 8 for riscv32imc-unknown-none-elf");
    }

    #[test]
    fn code_for_unaligned_accesses_is_found_on_arm_cores() {
        let of = |unaligned| object(".ARM.attributes", 0x7000_0003, 1, &attributes(unaligned));
        assert_eq!(faults_of(&of(0), CORTEX_M3), Vec::<String>::new());
        assert_eq!(faults_of(&of(1), CORTEX_M3).len(), 1);
        assert_eq!(faults_of(&of(1), "armv7-unknown-linux-gnueabihf"), Vec::<String>::new());
        let without = object(".text", 1, 4, &[0; 4]);
        assert!(faults(&File::parse(&*without).unwrap(), CORTEX_M3).is_err());
    }
}
