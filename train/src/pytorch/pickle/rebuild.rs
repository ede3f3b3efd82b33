//! The three calls that a checkpoint may contain, and its references to storages.

use super::value::{Id, StorageRef, TensorRef, Value, Values};

/// Tensors of models have three dimensions at most.
const MOST_DIMENSIONS: usize = 8;

/// What calling `callable` with the tuple `args` gives.
pub fn call<'a>(values: &mut Values<'a>, callable: Id, args: Id) -> Result<Id, String> {
    let Value::Tuple(args) = values.get(args) else {
        return Err(format!("the arguments of a call are {}, expected a tuple", values.get(args).kind()));
    };
    match (values.get(callable), args.as_slice()) {
        (Value::OrderedDict, []) => Ok(values.add(Value::Dict(Vec::new()))),
        (Value::RebuildTensor, &[storage, offset, shape, strides, _requires_grad, _hooks]) => {
            let tensor = tensor(values, storage, offset, shape, strides)?;
            Ok(values.add(Value::Tensor(tensor)))
        }
        (Value::RebuildParameter, &[tensor, _requires_grad, _hooks]) => match values.get(tensor) {
            Value::Tensor(_) => Ok(tensor),
            other => Err(format!("a parameter made of {}, expected a tensor", other.kind())),
        },
        (other, args) => Err(format!("a call of {} with {} arguments", other.kind(), args.len())),
    }
}

fn tensor<'a>(values: &Values<'a>, storage: Id, offset: Id, shape: Id, strides: Id) -> Result<TensorRef<'a>, String> {
    let &Value::Storage(storage) = values.get(storage) else {
        return Err(format!("a tensor made of {}, expected a storage", values.get(storage).kind()));
    };
    let offset = values.size(offset).ok_or("the offset of a tensor is no size")?;
    let shape = values.sizes(shape).ok_or("the shape of a tensor is no tuple of sizes")?;
    let strides = values.sizes(strides).ok_or("the strides of a tensor are no tuple of sizes")?;
    if shape.len() != strides.len() || shape.len() > MOST_DIMENSIONS {
        return Err(format!(
            "a tensor of {} dimensions with {} strides, expected as many, at most {MOST_DIMENSIONS}",
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
    let found = match (values.str(kind), values.get(element), values.str(key), values.size(len)) {
        (Some("storage"), &Value::StorageType(element), Some(key), Some(len)) => StorageRef { element, key, len },
        _ => return Err(format!("found a tuple of other things, {expected}")),
    };
    Ok(values.add(Value::Storage(found)))
}
