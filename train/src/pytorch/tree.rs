//! The tensors of a pickle, wherever they lie in it, and the objects on the way to them.

use std::collections::BTreeSet;

use super::pickle::{Id, TensorRef, Value, Values};
use crate::checkpoint::ContentError;

/// Dicts, lists and objects inside each other: a layer of a module inside a module needs a few of them.
const DEEPEST: usize = 32;

/// The longest key that is followed; names of tensors are shorter.
pub const MAX_KEY_BYTES: usize = 200;

/// The most bytes of all names together: a small file cannot ask for much memory by naming one key many times.
const MAX_NAME_BYTES: usize = 32 << 20;

/// Where a module keeps its parts. These are no parts of a name.
const MODULE_ATTRIBUTES: [&str; 3] = ["_parameters", "_buffers", "_modules"];

/// A tensor and the keys that lead to it.
#[derive(Debug)]
pub struct Found<'v, 'a> {
    /// The keys with dots between them.
    pub name: String,
    /// What the pickle says about it.
    pub tensor: &'v TensorRef<'a>,
}

/// All tensors, in the order of the pickle. What is shared is found once, under its first name.
pub fn tensors<'v, 'a>(values: &'v Values<'a>, root: Id) -> Result<Vec<Found<'v, 'a>>, ContentError> {
    let mut walk = Walk { values, seen: BTreeSet::new(), name: String::new(), name_bytes: 0, found: Vec::new() };
    walk.visit(root, 0)?;
    Ok(walk.found)
}

/// The keys and values of a dict, or of an object: what was put into it, and its attributes.
pub fn pairs<'v>(values: &'v Values<'_>, id: Id) -> impl Iterator<Item = (Id, Id)> + use<'v> {
    let (items, attributes): (&[_], &[_]) = match values.get(id) {
        Value::Dict(items) => (items, &[]),
        Value::Opaque(object) => match object.state.map(|state| values.get(state)) {
            Some(Value::Dict(attributes)) => (&object.items, attributes),
            _ => (&object.items, &[]),
        },
        _ => (&[], &[]),
    };
    items.iter().chain(attributes).copied()
}

struct Walk<'v, 'a> {
    values: &'v Values<'a>,
    seen: BTreeSet<Id>,
    /// The keys that lead to the place where the walk is.
    name: String,
    name_bytes: usize,
    found: Vec<Found<'v, 'a>>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, id: Id, depth: usize) -> Result<(), ContentError> {
        let values = self.values;
        match values.get(id) {
            Value::Tensor(tensor) => {
                self.name_bytes += self.name.len();
                if self.name_bytes > MAX_NAME_BYTES {
                    let what = format!("names of tensors of more than {MAX_NAME_BYTES} bytes");
                    return Err(ContentError::Metadata(what));
                }
                self.found.push(Found { name: self.name.clone(), tensor });
            }
            // Whatever holds itself, or is held many times, is walked through once.
            Value::Dict(_) | Value::Opaque(_) | Value::List(_) | Value::Tuple(_)
                if depth < DEEPEST && self.seen.insert(id) =>
            {
                self.parts(id, depth)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn parts(&mut self, id: Id, depth: usize) -> Result<(), ContentError> {
        let values = self.values;
        if let Value::List(items) | Value::Tuple(items) = values.get(id) {
            for (index, &item) in items.iter().enumerate() {
                self.enter(&index.to_string(), item, depth)?;
            }
        }
        let is_object = matches!(values.get(id), Value::Opaque(_));
        for (key, value) in pairs(values, id) {
            match values.get(key) {
                Value::Str(key) if is_object && MODULE_ATTRIBUTES.contains(key) => self.visit(value, depth + 1)?,
                Value::Str(key) if key.len() <= MAX_KEY_BYTES => self.enter(key, value, depth)?,
                Value::Int(key) => self.enter(&key.to_string(), value, depth)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Goes to `id`, whose key is `key`.
    fn enter(&mut self, key: &str, id: Id, depth: usize) -> Result<(), ContentError> {
        let len = self.name.len();
        if len > 0 {
            self.name.push('.');
        }
        self.name.push_str(key);
        self.visit(id, depth + 1)?;
        self.name.truncate(len);
        Ok(())
    }
}
