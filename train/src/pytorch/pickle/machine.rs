//! The stack machine that a pickle is a program for.

use super::error::PickleError;
use super::opcodes::{self as op, refused_name};
use super::reader::Reader;
use super::stack::Stack;
use super::value::{Id, Value, Values};
use super::{global, rebuild};

/// The pickle formats whose instructions this reader knows; `torch.save` writes the first one unasked.
const PROTOCOLS: std::ops::RangeInclusive<u8> = 2..=5;

/// Runs a pickle and returns all values with the one that it describes.
///
/// Nothing that the pickle names is ever called: what is not needed for tensors stays a name with its arguments. Time and
/// memory are proportional to the pickle's length: every instruction adds one value at most, and none repeats another.
///
/// # Errors
/// [`PickleError`] names the first instruction that is cut off, wrong or not allowed.
pub fn run(bytes: &[u8]) -> Result<(Values<'_>, Id), PickleError> {
    let mut machine = Machine { reader: Reader::new(bytes), ..Machine::default() };
    loop {
        let start = machine.reader.at();
        let step = machine.step().map_err(|what| PickleError { offset: start, what })?;
        if let Some(result) = step {
            return Ok((machine.values, result));
        }
    }
}

#[derive(Default)]
struct Machine<'a> {
    reader: Reader<'a>,
    values: Values<'a>,
    stack: Stack,
}

impl<'a> Machine<'a> {
    /// Does one instruction; the result, if that was the last.
    fn step(&mut self) -> Result<Option<Id>, String> {
        match self.reader.byte()? {
            op::STOP => return self.stop().map(Some),
            op::PROTO => self.protocol()?,
            // A frame says only how much to read at once.
            op::FRAME => drop(self.reader.array::<8>()?),
            op::MARK => self.stack.mark(),
            op::POP => self.stack.drop_top()?,
            op::POP_MARK => drop(self.stack.pop_to_mark()?),
            other => {
                let is_known =
                    self.literal(other)? || self.container(other)? || self.memory(other)? || self.object(other)?;
                if !is_known {
                    let name = refused_name(other);
                    return Err(format!("instruction {other:#04x} ({name}), which no checkpoint needs"));
                }
            }
        }
        Ok(None)
    }

    fn protocol(&mut self) -> Result<(), String> {
        let (first, last) = (PROTOCOLS.start(), PROTOCOLS.end());
        match self.reader.byte()? {
            known if PROTOCOLS.contains(&known) => Ok(()),
            other => Err(format!("pickle protocol {other}, expected {first} to {last}")),
        }
    }

    fn stop(&mut self) -> Result<Id, String> {
        let result = self.stack.pop()?;
        match (self.stack.len(), self.reader.left()) {
            (0, 0) => Ok(result),
            (0, left) => Err(format!("the pickle stops {left} bytes before the end of its file")),
            (left, _) => Err(format!("the pickle stops with {left} values left over")),
        }
    }

    /// A number, a string or their like; whether `opcode` is one.
    fn literal(&mut self, opcode: u8) -> Result<bool, String> {
        let reader = &mut self.reader;
        let value = match opcode {
            op::NONE => Value::None,
            op::NEWTRUE => Value::Bool(true),
            op::NEWFALSE => Value::Bool(false),
            op::BININT => Value::Int(i32::from_le_bytes(reader.array()?).into()),
            op::BININT1 => Value::Int(reader.byte()?.into()),
            op::BININT2 => Value::Int(u16::from_le_bytes(reader.array()?).into()),
            op::LONG1 => integer(reader.counted::<1>()?),
            op::LONG4 => integer(reader.counted::<4>()?),
            op::BINFLOAT => Value::Float(f64::from_be_bytes(reader.array()?)),
            op::SHORT_BINUNICODE => Value::Str(reader.text::<1>()?),
            op::BINUNICODE => Value::Str(reader.text::<4>()?),
            op::BINUNICODE8 => Value::Str(reader.text::<8>()?),
            op::SHORT_BINBYTES => bytes(reader.counted::<1>()?),
            op::BINBYTES => bytes(reader.counted::<4>()?),
            op::BINBYTES8 | op::BYTEARRAY8 => bytes(reader.counted::<8>()?),
            _ => return Ok(false),
        };
        self.push(value);
        Ok(true)
    }

    /// A tuple, list, set or dict, or what goes into it; whether `opcode` is about one.
    fn container(&mut self, opcode: u8) -> Result<bool, String> {
        match opcode {
            op::EMPTY_DICT => self.push(Value::Dict(Vec::new())),
            op::EMPTY_LIST => self.push(Value::List(Vec::new())),
            op::EMPTY_TUPLE => self.push(Value::Tuple(Vec::new())),
            op::EMPTY_SET => self.push(Value::opaque("builtins", "set")),
            op::FROZENSET => {
                self.stack.pop_to_mark()?;
                self.push(Value::opaque("builtins", "frozenset"));
            }
            op::TUPLE => {
                let items = self.stack.pop_to_mark()?;
                self.push(Value::Tuple(items));
            }
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                let items = self.stack.pop_many(usize::from(opcode - op::TUPLE1 + 1))?;
                self.push(Value::Tuple(items));
            }
            op::APPEND => {
                let item = self.stack.pop()?;
                self.append(vec![item])?;
            }
            op::APPENDS | op::ADDITEMS => {
                let items = self.stack.pop_to_mark()?;
                self.append(items)?;
            }
            op::SETITEM => {
                let items = self.stack.pop_many(2)?;
                self.set_items(&items)?;
            }
            op::SETITEMS => {
                let items = self.stack.pop_to_mark()?;
                self.set_items(&items)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Something that was there before; whether `opcode` is about that.
    fn memory(&mut self, opcode: u8) -> Result<bool, String> {
        match opcode {
            op::DUP => {
                let top = self.stack.top()?;
                self.stack.push(top);
            }
            op::MEMOIZE => self.stack.memoize()?,
            op::BINPUT => {
                let key = self.reader.byte()?;
                self.stack.put(key.into())?;
            }
            op::LONG_BINPUT => {
                let key = u32::from_le_bytes(self.reader.array()?);
                self.stack.put(key)?;
            }
            op::BINGET => {
                let key = self.reader.byte()?;
                self.stack.get(key.into())?;
            }
            op::LONG_BINGET => {
                let key = u32::from_le_bytes(self.reader.array()?);
                self.stack.get(key)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A name or what it makes; whether `opcode` is about one.
    fn object(&mut self, opcode: u8) -> Result<bool, String> {
        match opcode {
            op::GLOBAL => {
                let (module, name) = (self.reader.line()?, self.reader.line()?);
                self.push(global::meaning(module, name));
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.stack.pop()?, self.stack.pop()?);
                let (Some(module), Some(name)) = (self.values.str(module), self.values.str(name)) else {
                    return Err("a name that is no string".to_owned());
                };
                self.push(global::meaning(module, name));
            }
            op::BINPERSID => {
                let reference = self.stack.pop()?;
                let storage = rebuild::storage(&mut self.values, reference)?;
                self.stack.push(storage);
            }
            op::REDUCE | op::NEWOBJ => {
                let (args, callable) = (self.stack.pop()?, self.stack.pop()?);
                let result = rebuild::call(&mut self.values, callable, args)?;
                self.stack.push(result);
            }
            op::NEWOBJ_EX => {
                let (_named, args, callable) = (self.stack.pop()?, self.stack.pop()?, self.stack.pop()?);
                let result = rebuild::call(&mut self.values, callable, args)?;
                self.stack.push(result);
            }
            op::BUILD => self.build()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), String> {
        match self.top()? {
            Value::List(list) => list.extend(items),
            // What a set or a list of somebody's own kind holds is of no use here.
            Value::Opaque(_) => {}
            other => return Err(format!("items for {}, expected a list", other.kind())),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<(), String> {
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err("a key without a value".to_owned());
        };
        let pairs = pairs.iter().map(|&[key, value]| (key, value));
        match self.top()? {
            Value::Dict(dict) => dict.extend(pairs),
            Value::Opaque(object) => object.items.extend(pairs),
            other => return Err(format!("keys and values for {}, expected a dict", other.kind())),
        }
        Ok(())
    }

    /// State of an object. That of a state dict is its `_metadata`, which says nothing about the tensors.
    fn build(&mut self) -> Result<(), String> {
        let state = self.stack.pop()?;
        match self.top()? {
            Value::Dict(_) | Value::Tensor(_) => {}
            Value::Opaque(object) => object.state = Some(state),
            other => return Err(format!("a state for {}, expected a dict", other.kind())),
        }
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) {
        let id = self.values.add(value);
        self.stack.push(id);
    }

    fn top(&mut self) -> Result<&mut Value<'a>, String> {
        let top = self.stack.top()?;
        self.values.get_mut(top).ok_or_else(|| "nothing on the stack".to_owned())
    }
}

/// A little-endian integer in two's complement. Those of more than 64 bits belong to random number generators.
fn integer<'a>(bytes: &[u8]) -> Value<'a> {
    let mut wide = [if bytes.last().is_some_and(|&top| top >= 0x80) { 0xff } else { 0 }; 8];
    match wide.get_mut(..bytes.len()) {
        Some(low) => low.copy_from_slice(bytes),
        None => return Value::opaque("builtins", "int"),
    }
    Value::Int(i64::from_le_bytes(wide))
}

fn bytes<'a>(_: &[u8]) -> Value<'a> {
    Value::opaque("builtins", "bytes")
}
