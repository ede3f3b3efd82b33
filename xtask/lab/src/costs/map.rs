//! Who contributes how many bytes to an image: the linker's map.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// One input section that is in the image.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// Name in its object file.
    pub name: String,
    /// Object file; `archive(member)` where it came from an archive.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// Takes flash.
    pub in_flash: bool,
    /// Takes RAM; initialised data takes both.
    pub in_ram: bool,
}

/// The sections of an image.
///
/// # Errors
/// The file cannot be read, or has no memory map.
pub fn sections(path: &Path) -> Result<Vec<Section>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{}", path.display()))
}

fn parse(map: &str) -> Result<Vec<Section>> {
    // Sections that were dropped stand before this line.
    let (_, map) = map.split_once("\nLinker script and memory map").context("no memory map")?;
    let (map, _) = map.split_once("\nCross Reference Table").unwrap_or((map, ""));
    let mut sections = Vec::new();
    let (mut output, mut name) = (String::new(), String::new());
    for line in map.lines() {
        let mut words = line.split_whitespace();
        if !line.starts_with(char::is_whitespace) {
            output = words.next().unwrap_or_default().to_string();
            continue;
        }
        // A name has one blank before it; a long one has its line for itself.
        let starts_section = line.starts_with(" .") || line.starts_with(" COMMON");
        if starts_section {
            name = words.next().unwrap_or_default().to_string();
        }
        let (Some(_address), Some(size)) = (hexadecimal(words.next()), hexadecimal(words.next())) else {
            continue;
        };
        // A path may hold blanks.
        let file = words.collect::<Vec<_>>().join(" ");
        let in_flash = [".text", ".ARM.exidx", ".data"].contains(&output.as_str());
        let in_ram = [".data", ".bss"].contains(&output.as_str());
        if size > 0 && !file.is_empty() && (in_flash || in_ram) {
            sections.push(Section { name: std::mem::take(&mut name), file, size, in_flash, in_ram });
        }
    }
    Ok(sections)
}

fn hexadecimal(word: Option<&str>) -> Option<u64> {
    u64::from_str_radix(word?.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "\
Discarded input sections

 .text.unused   0x00000000       0x10 libatome.a(atome.o)

Memory Configuration

Linker script and memory map

LOAD a.o

.text           0x00000000      0x100
 *(.vectors)
 .text.a_rather_long_name
                0x00000040       0x20 /a path/libatome.a(atome.o)
                0x00000041                atome_load
 .rodata.str1.1
                0x00000060        0x4 a.o
                                  0x8 (size before relaxing)
 *fill*         0x00000064        0x4 
                0x00000068                . = ALIGN (0x4)

.data           0x20000000       0x08 load address 0x00000100
 .data          0x20000000        0x8 b.o

.bss            0x20000008        0x4
 COMMON         0x20000008        0x4 b.o

.debug_info     0x00000000       0x30
 .debug_info    0x00000000       0x30 a.o

Cross Reference Table
";

    fn section(name: &str, file: &str, size: u64, in_flash: bool, in_ram: bool) -> Section {
        Section { name: name.to_string(), file: file.to_string(), size, in_flash, in_ram }
    }

    #[test]
    fn what_is_in_the_image_is_found() {
        let expected = [
            section(".text.a_rather_long_name", "/a path/libatome.a(atome.o)", 0x20, true, false),
            section(".rodata.str1.1", "a.o", 4, true, false),
            section(".data", "b.o", 8, true, true),
            section("COMMON", "b.o", 4, false, true),
        ];
        assert_eq!(parse(MAP).unwrap(), expected);
    }

    #[test]
    fn another_text_is_refused() {
        assert!(parse("Discarded input sections").is_err());
    }
}
