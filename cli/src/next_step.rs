//! From a checkpoint to a model file: what to type.

use std::path::{Path, PathBuf};

use atome_train::checkpoint::Checkpoint;

/// What a file is that begins like a checkpoint, and the call that makes a model file of it; `None` for other files.
pub fn checkpoint(path: &Path, start: &[u8]) -> Option<String> {
    if start.starts_with(b"ATOME") || !Checkpoint::begins_with(start) {
        return None;
    }
    let call = export_call(path);
    Some(match start {
        [b'P', b'K', ..] => {
            format!("a zip file, perhaps a PyTorch checkpoint: expected a model file, which `{call}` makes of it")
        }
        [0x80, ..] if start.get(8) != Some(&b'{') => {
            "a pickle, perhaps an old PyTorch checkpoint: expected a model file; write it again with torch.save \
                       of PyTorch 1.6 or later, then export it with `atome export`"
                .to_owned()
        }
        _ => format!("a checkpoint (safetensors): expected a model file, which `{call}` makes of it"),
    })
}

/// The call that makes a model file of a checkpoint, for a shell.
pub fn export_call(checkpoint: &Path) -> String {
    format!("atome export {} --out {}", quoted(checkpoint), quoted(&model_path(checkpoint)))
}

/// [`export_call`] where only a container holds the model.
pub fn container_call(checkpoint: &Path) -> String {
    let out = model_path(checkpoint).with_extension("box");
    format!("atome export {} --out {} --container", quoted(checkpoint), quoted(&out))
}

/// The checkpoint's name with the extension that model files have.
fn model_path(checkpoint: &Path) -> PathBuf {
    let usual = checkpoint.with_extension("bin");
    if usual != checkpoint {
        return usual;
    }
    let mut name = checkpoint.file_stem().unwrap_or_default().to_owned();
    name.push("-model.bin");
    checkpoint.with_file_name(name)
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./+=:,@%".contains(c);
    match text.starts_with('-') {
        _ if text.is_empty() || !text.chars().all(is_plain) => format!("'{}'", text.replace('\'', r"'\''")),
        true => format!("./{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_can_be_typed_as_they_are() {
        for (path, expected) in [
            ("model.safetensors", "atome export model.safetensors --out model.bin"),
            ("runs/a.bin", "atome export runs/a.bin --out runs/a-model.bin"),
            ("no extension", "atome export 'no extension' --out 'no extension.bin'"),
            ("it's.pt", r"atome export 'it'\''s.pt' --out 'it'\''s.bin'"),
            ("-x.pt", "atome export ./-x.pt --out ./-x.bin"),
        ] {
            assert_eq!(export_call(Path::new(path)), expected);
        }
    }

    #[test]
    fn checkpoints_are_known_by_their_first_bytes() {
        let told = |start: &[u8]| checkpoint(Path::new("a.bin"), start);
        assert!(told(b"PK\x03\x04....").unwrap().contains("`atome export a.bin --out a-model.bin`"));
        assert!(told(b"\x80\0\0\0\0\0\0\0{\"__").unwrap().starts_with("a checkpoint (safetensors)"));
        assert!(told(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j").unwrap().contains("torch.save"));
        for other in [b"".as_slice(), b"ATOME01.{....", b"ATOME01", b"text and more"] {
            assert_eq!(told(other), None);
        }
    }
}
