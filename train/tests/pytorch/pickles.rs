//! Hand-made pickles.

/// A string.
pub fn text(value: &str) -> Vec<u8> {
    [b"X", (value.len() as u32).to_le_bytes().as_slice(), value.as_bytes()].concat()
}

/// An integer of 32 bits.
pub fn int(value: i32) -> Vec<u8> {
    [b"J", value.to_le_bytes().as_slice()].concat()
}

/// An integer of 64 bits.
pub fn long(value: i64) -> Vec<u8> {
    [b"\x8a\x08", value.to_le_bytes().as_slice()].concat()
}

pub fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", items.concat().as_slice(), b"t"].concat()
}

pub fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<Vec<u8>> = items.iter().map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [b"}(", items.concat().as_slice(), b"u"].concat()
}

/// As PyTorch writes a state dict: an OrderedDict with a `_metadata`.
pub fn ordered_dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<Vec<u8>> = items.iter().map(|(key, value)| [text(key), value.clone()].concat()).collect();
    let state = dict(&[("_metadata", b"}".to_vec())]);
    [b"ccollections\nOrderedDict\n)R(", items.concat().as_slice(), b"u", &state, b"b"].concat()
}

pub fn storage(kind: &str, key: &str, len: Vec<u8>) -> Vec<u8> {
    let global = format!("ctorch\n{kind}\n").into_bytes();
    [tuple(&[text("storage"), global, text(key), text("cpu"), len]), b"Q".to_vec()].concat()
}

/// A view of a storage.
pub fn view(storage: Vec<u8>, offset: Vec<u8>, shape: Vec<u8>, strides: Vec<u8>) -> Vec<u8> {
    let hooks = b"ccollections\nOrderedDict\n)R".to_vec();
    let args = tuple(&[storage, offset, shape, strides, b"\x89".to_vec(), hooks]);
    [b"ctorch._utils\n_rebuild_tensor_v2\n".as_slice(), &args, b"R"].concat()
}

/// A view of the f32 storage `key` of `len` values.
pub fn tensor(key: &str, len: i32, offset: i32, shape: &[i32], strides: &[i32]) -> Vec<u8> {
    let sizes = |sizes: &[i32]| tuple(&sizes.iter().map(|&size| int(size)).collect::<Vec<_>>());
    view(storage("FloatStorage", key, int(len)), int(offset), sizes(shape), sizes(strides))
}

/// A whole pickle.
pub fn whole(value: &[u8]) -> Vec<u8> {
    [b"\x80\x02", value, b"."].concat()
}
