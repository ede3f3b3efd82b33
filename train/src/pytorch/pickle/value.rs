//! What a pickle describes.

use std::borrow::Cow;

use crate::checkpoint::Number;

/// The place of a value in [`Values`].
///
/// Containers hold places instead of values, so one that holds itself is nothing special, and however deep a pickle
/// nests, dropping it never recurses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(usize);

/// Something that a pickle names or builds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Str(&'a str),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list.
    List(Vec<Id>),
    /// A `dict` or an `OrderedDict`: keys and values in the order of the pickle, keys perhaps repeated.
    Dict(Vec<(Id, Id)>),
    /// `collections.OrderedDict`, the type.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2` and the older function without its last arguments.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter` and its like with a state.
    RebuildParameter,
    /// `torch._tensor._rebuild_from_type_v2`, around a call of one of the others.
    RebuildFromType,
    /// `torch.FloatStorage` and its kin.
    StorageType(ElementType),
    /// Values in another entry of the zip file.
    Storage(StorageRef<'a>),
    /// A view of a storage.
    Tensor(TensorRef<'a>),
    /// Anything else: known by its name alone.
    Opaque(Opaque<'a>),
}

/// A class or function that tensors do not need, or what it would make. It is never executed.
#[derive(Clone, Debug, PartialEq)]
pub struct Opaque<'a> {
    /// Where the name is from, such as `argparse`.
    pub module: &'a str,
    /// The name, such as `Namespace`.
    pub name: &'a str,
    /// Keys and values that were put into it, as into a `defaultdict`.
    pub items: Vec<(Id, Id)>,
    /// Its state: mostly a dict of attributes.
    pub state: Option<Id>,
}

impl<'a> Opaque<'a> {
    /// Something of this name.
    pub const fn new(module: &'a str, name: &'a str) -> Self {
        Self { module, name, items: Vec::new(), state: None }
    }

    /// The name for a message, whatever it is made of.
    fn shown(&self) -> String {
        const MAX_CHARS: usize = 80;
        [self.module, ".", self.name].concat().chars().flat_map(char::escape_debug).take(MAX_CHARS).collect()
    }
}

/// The type of a storage's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementType {
    /// binary64.
    F64,
    /// binary32.
    F32,
    /// binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// Signed, 64 bits.
    I64,
    /// Signed, 32 bits.
    I32,
    /// Signed, 16 bits.
    I16,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 8 bits.
    U8,
    /// A truth value.
    Bool,
    /// A type that no weight of a model has.
    Other,
}

impl ElementType {
    /// How the values of weights are stored; `None` for types that no weight has.
    pub const fn number(self) -> Option<Number> {
        match self {
            Self::F64 => Some(Number::F64),
            Self::F32 => Some(Number::F32),
            Self::F16 => Some(Number::F16),
            Self::BF16 => Some(Number::BF16),
            _ => None,
        }
    }

    /// What to call it in a message.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::I16 => "i16",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::Bool => "bool",
            Self::Other => "of another type",
        }
    }
}

/// A storage that a pickle refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageRef<'a> {
    /// The type of its elements.
    pub element: ElementType,
    /// Its entry's name behind `data/`.
    pub key: &'a str,
    /// Number of elements that it should have.
    pub len: usize,
}

/// A tensor that a pickle describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorRef<'a> {
    /// Where its values lie.
    pub storage: StorageRef<'a>,
    /// Of its first value, in elements.
    pub offset: usize,
    /// Sizes from the outermost dimension to the innermost.
    pub shape: Vec<usize>,
    /// Elements from one index to the next, for each dimension.
    pub strides: Vec<usize>,
}

impl<'a> Value<'a> {
    /// Something of this name.
    pub const fn opaque(module: &'a str, name: &'a str) -> Self {
        Self::Opaque(Opaque::new(module, name))
    }

    /// What to call it in a message.
    pub fn kind(&self) -> Cow<'static, str> {
        let kind = match self {
            Value::None => "None",
            Value::Bool(_) => "a truth value",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Str(_) => "a string",
            Value::Tuple(_) => "a tuple",
            Value::List(_) => "a list",
            Value::Dict(_) => "a dict",
            Value::OrderedDict | Value::RebuildTensor | Value::RebuildParameter | Value::RebuildFromType => {
                "a function"
            }
            Value::StorageType(_) => "a storage type",
            Value::Storage(_) => "a storage",
            Value::Tensor(_) => "a tensor",
            Value::Opaque(object) => return Cow::Owned(format!("an object of {}", object.shown())),
        };
        Cow::Borrowed(kind)
    }
}

/// All values of a pickle.
#[derive(Debug, Default)]
pub struct Values<'a>(Vec<Value<'a>>);

impl<'a> Values<'a> {
    /// Adds a value.
    pub fn add(&mut self, value: Value<'a>) -> Id {
        self.0.push(value);
        Id(self.0.len() - 1)
    }

    /// The value at a place.
    pub fn get(&self, id: Id) -> &Value<'a> {
        self.0.get(id.0).unwrap_or(&Value::None)
    }

    /// The value at a place, to be changed.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut Value<'a>> {
        self.0.get_mut(id.0)
    }

    /// The string at a place, if it is one.
    pub fn str(&self, id: Id) -> Option<&'a str> {
        match self.get(id) {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The size at a place: an integer from 0 on, small enough that sums of two do not overflow.
    pub fn size(&self, id: Id) -> Option<usize> {
        match self.get(id) {
            Value::Int(value) => usize::try_from(*value).ok().filter(|&size| size <= usize::MAX / 2),
            _ => None,
        }
    }

    /// The sizes of the tuple at a place.
    pub fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        match self.get(id) {
            Value::Tuple(items) => items.iter().map(|&item| self.size(item)).collect(),
            _ => None,
        }
    }
}
