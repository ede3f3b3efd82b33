//! The names that a checkpoint may refer to.

use super::value::{ElementType, Value};

/// The meaning of `module.name`; `None` for all but the few that describe tensors.
pub fn meaning<'a>(module: &str, name: &str) -> Option<Value<'a>> {
    Some(match (module, name) {
        ("collections", "OrderedDict") => Value::OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2") => Value::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Value::RebuildParameter,
        ("torch", name) => Value::StorageType(element_type(name)?),
        _ => return None,
    })
}

fn element_type(storage: &str) -> Option<ElementType> {
    Some(match storage {
        "DoubleStorage" => ElementType::F64,
        "FloatStorage" => ElementType::F32,
        "HalfStorage" => ElementType::F16,
        "BFloat16Storage" => ElementType::BF16,
        "LongStorage" => ElementType::I64,
        "IntStorage" => ElementType::I32,
        "ShortStorage" => ElementType::I16,
        "CharStorage" => ElementType::I8,
        "ByteStorage" => ElementType::U8,
        "BoolStorage" => ElementType::Bool,
        _ => return None,
    })
}
