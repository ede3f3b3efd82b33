//! The calls that describe tensors, and references to their storages. All other calls stay what they are.

use super::value::{ElementType, Id, Opaque, StorageRef, TensorRef, Value, Values};

/// The most dimensions of a tensor; those of models have three at most.
const MAX_DIMENSIONS: usize = 8;

/// What calling `callable` with the tuple `args` gives.
pub fn call<'a>(values: &mut Values<'a>, callable: Id, args: Id) -> Result<Id, String> {
    let Value::Tuple(items) = values.get(args) else {
        return Err(format!("the arguments of a call are {}, expected a tuple", values.get(args).kind()));
    };
    match (values.get(callable), items.as_slice()) {
        (Value::OrderedDict, []) => Ok(values.add(Value::Dict(Vec::new()))),
        // A tensor of somebody's own kind: how, which kind, with what, and its attributes.
        (Value::RebuildFromType, &[how, _kind, args, _state]) => match (values.get(how), values.get(args)) {
            (Value::RebuildFromType, _) => Err("a call of a function inside one of the same".to_owned()),
            (_, Value::Tuple(_)) => call(values, how, args),
            (_, other) => Err(format!("the arguments of a call are {}, expected a tuple", other.kind())),
        },
        (
            Value::RebuildTensor,
            &[storage, offset, shape, strides]
            | &[storage, offset, shape, strides, _, _]
            | &[storage, offset, shape, strides, _, _, _],
        ) => {
            let tensor = tensor(values, storage, offset, shape, strides)?;
            Ok(values.add(Value::Tensor(tensor)))
        }
        (Value::RebuildParameter, &[tensor, _, _] | &[tensor, _, _, _]) => match values.get(tensor) {
            Value::Tensor(_) => Ok(tensor),
            other => Err(format!("a parameter made of {}, expected a tensor", other.kind())),
        },
        (Value::Opaque(object), items) => {
            let made = made(values, object, items);
            Ok(values.add(Value::Opaque(made)))
        }
        (Value::OrderedDict, _) => Ok(values.add(Value::opaque("collections", "OrderedDict"))),
        (other, args) => Err(format!("a call of {} with {} arguments", other.kind(), args.len())),
    }
}

/// What a class or function that is not needed would give: something of its name. Nothing is called.
fn made<'a>(values: &Values<'a>, callable: &Opaque<'a>, args: &[Id]) -> Opaque<'a> {
    let is_reconstructor = matches!(callable.module, "copyreg" | "copy_reg") && callable.name == "_reconstructor";
    let named = match args.first().map(|&kind| values.get(kind)) {
        Some(Value::Opaque(kind)) if is_reconstructor => kind,
        _ => callable,
    };
    Opaque::new(named.module, named.name)
}

fn tensor<'a>(values: &Values<'a>, storage: Id, offset: Id, shape: Id, strides: Id) -> Result<TensorRef<'a>, String> {
    let &Value::Storage(storage) = values.get(storage) else {
        return Err(format!("a tensor made of {}, expected a storage", values.get(storage).kind()));
    };
    let offset = values.size(offset).ok_or("the offset of a tensor is no size")?;
    let shape = values.sizes(shape).ok_or("the shape of a tensor is no tuple of sizes")?;
    let strides = values.sizes(strides).ok_or("the strides of a tensor are no tuple of sizes")?;
    if shape.len() != strides.len() || shape.len() > MAX_DIMENSIONS {
        return Err(format!(
            "a tensor of {} dimensions with {} strides, expected as many, at most {MAX_DIMENSIONS}",
            shape.len(),
            strides.len()
        ));
    }
    Ok(TensorRef { storage, offset, shape, strides })
}

/// What the tuple `reference` refers to: `("storage", type, key, device, number of elements)`.
pub fn storage<'a>(values: &mut Values<'a>, reference: Id) -> Result<Id, String> {
    let expected = "expected a reference (\"storage\", type, key, device, number of elements)";
    let Value::Tuple(parts) = values.get(reference) else {
        return Err(format!("found {}, {expected}", values.get(reference).kind()));
    };
    let &[kind, element, key, _device, len] = parts.as_slice() else {
        return Err(format!("found a tuple of {}, {expected}", parts.len()));
    };
    let element = match values.get(element) {
        &Value::StorageType(element) => Some(element),
        // A type of numbers that no weight has.
        Value::Opaque(_) => Some(ElementType::Other),
        _ => None,
    };
    let found = match (values.str(kind), element, values.str(key), values.size(len)) {
        (Some("storage"), Some(element), Some(key), Some(len)) => StorageRef { element, key, len },
        _ => return Err(format!("found a tuple of other things, {expected}")),
    };
    Ok(values.add(Value::Storage(found)))
}
