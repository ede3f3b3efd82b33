//! A zip file around a pickle, with the checksums that no fuzzer guesses.

/// Bytes of each storage that the pickle may name.
const STORAGE: [u8; 128] = [0x3c; 128];

/// A file of `torch.save` whose pickle is `pickle`, with the storages 0 and 1.
pub fn around(pickle: &[u8]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in [("m/data.pkl", pickle), ("m/data/0", &STORAGE), ("m/data/1", &STORAGE)] {
        let place = file.len() as u32;
        let about = about(name, bytes);
        file.extend(b"PK\x03\x04\x14\0");
        file.extend(&about);
        file.extend(name.as_bytes());
        file.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\0\x14\0");
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(place.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (place, len) = (file.len() as u32, directory.len() as u32);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0\x03\0\x03\0");
    file.extend(len.to_le_bytes());
    file.extend(place.to_le_bytes());
    file.extend([0; 2]);
    file
}

/// What both descriptions of a stored entry have: flags, method, time, checksum, lengths.
fn about(name: &str, bytes: &[u8]) -> Vec<u8> {
    let len = (bytes.len() as u32).to_le_bytes();
    let mut about = vec![0; 8];
    about.extend(crc32fast::hash(bytes).to_le_bytes());
    about.extend(len);
    about.extend(len);
    about.extend((name.len() as u16).to_le_bytes());
    about.extend([0; 2]);
    about
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_train::checkpoint::Checkpoint;

    #[test]
    fn the_file_is_one_that_the_reader_takes() {
        assert_eq!(Checkpoint::from_bytes(&around(b"\x80\x02}.")).unwrap(), Checkpoint::default());
        let refused = Checkpoint::from_bytes(&around(b"\x80\x02)Q.")).unwrap_err().to_string();
        assert!(refused.starts_with("data.pkl: offset 3: "), "{refused}");
    }
}
