//! The names that a pickle refers to.

use super::value::{ElementType, Value};

/// The meaning of `module.name`: one of the few that describe tensors, or something that stays a name.
pub fn meaning<'a>(module: &'a str, name: &'a str) -> Value<'a> {
    match (module, name) {
        ("collections", "OrderedDict") => Value::OrderedDict,
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Value::RebuildTensor,
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Value::RebuildParameter,
        ("torch._tensor", "_rebuild_from_type_v2") => Value::RebuildFromType,
        ("torch", storage) => match element_type(storage) {
            Some(element) => Value::StorageType(element),
            None => Value::opaque(module, name),
        },
        _ => Value::opaque(module, name),
    }
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
