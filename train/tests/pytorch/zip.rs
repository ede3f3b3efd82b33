//! A writer of zip files, good and bad ones.

/// How an entry is written.
#[derive(Clone)]
pub struct Entry<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
    pub method: u16,
    pub flags: u16,
}

pub fn stored<'a>(name: &'a str, bytes: &'a [u8]) -> Entry<'a> {
    Entry { name, bytes, method: 0, flags: 0 }
}

/// How the file is written.
#[derive(Clone, Copy, Default)]
pub struct Style {
    /// Sizes and places in the 64-bit records.
    pub wide: bool,
    /// Bytes behind the end.
    pub comment: &'static [u8],
}

pub fn write(entries: &[Entry<'_>], style: Style) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let place = file.len() as u64;
        let crc = crc32fast::hash(entry.bytes);
        let len = entry.bytes.len() as u64;
        let common = |out: &mut Vec<u8>, wide: bool| {
            for value in [45, entry.flags, entry.method, 0, 0] {
                out.extend(value.to_le_bytes());
            }
            out.extend(crc.to_le_bytes());
            let short = if wide { u32::MAX } else { len as u32 };
            out.extend(short.to_le_bytes());
            out.extend(short.to_le_bytes());
            out.extend((entry.name.len() as u16).to_le_bytes());
        };
        // PyTorch fills this field so that the values lie on a border of 64.
        let padding = b"FB\x03\0ZZZ";
        file.extend(b"PK\x03\x04");
        common(&mut file, false);
        file.extend((padding.len() as u16).to_le_bytes());
        file.extend(entry.name.as_bytes());
        file.extend(padding);
        file.extend(entry.bytes);

        let mut extra = b"xx\x01\0y".to_vec();
        if style.wide {
            extra.extend([1, 0, 24, 0]);
            for value in [len, len, place] {
                extra.extend(value.to_le_bytes());
            }
        }
        directory.extend(b"PK\x01\x02\x2d\0");
        common(&mut directory, style.wide);
        directory.extend((extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(if style.wide { u32::MAX } else { place as u32 }.to_le_bytes());
        directory.extend(entry.name.as_bytes());
        directory.extend(extra);
    }
    let (start, len) = (file.len() as u64, directory.len() as u64);
    file.extend(directory);
    let count = entries.len() as u64;
    if style.wide {
        let end64 = file.len() as u64;
        file.extend(b"PK\x06\x06");
        file.extend(44_u64.to_le_bytes());
        file.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for value in [count, count, len, start] {
            file.extend(value.to_le_bytes());
        }
        file.extend(b"PK\x06\x07\0\0\0\0");
        file.extend(end64.to_le_bytes());
        file.extend([1, 0, 0, 0]);
    }
    let (count, len, start) =
        if style.wide { (0xffff, u32::MAX, u32::MAX) } else { (count as u16, len as u32, start as u32) };
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(len.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend((style.comment.len() as u16).to_le_bytes());
    file.extend(style.comment);
    file
}
