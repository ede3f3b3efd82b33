//! The stack machine that a pickle is a program for.

use std::collections::BTreeMap;

use super::error::PickleError;
use super::opcodes::{self as op, refused_name};
use super::value::{Id, Value, Values};
use super::{global, rebuild};

/// The newest pickle format whose instructions this reader knows; what `torch.save` writes unasked.
const PROTOCOL: u8 = 2;

/// Runs a pickle and returns all values with the one that it describes.
///
/// Time and memory are proportional to its length: every instruction adds one value at most, and none repeats another.
///
/// # Errors
/// [`PickleError`] names the first instruction that is cut off, wrong or not allowed.
pub fn run(bytes: &[u8]) -> Result<(Values<'_>, Id), PickleError> {
    let mut machine = Machine { bytes, ..Machine::default() };
    loop {
        let start = machine.at;
        let step = machine.step().map_err(|what| PickleError { offset: start, what })?;
        if let Some(result) = step {
            return Ok((machine.values, result));
        }
    }
}

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Values<'a>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// Does one instruction; the result, if that was the last.
    fn step(&mut self) -> Result<Option<Id>, String> {
        match self.byte()? {
            op::PROTO => self.protocol()?,
            op::STOP => return self.stop().map(Some),
            op::MARK => self.marks.push(self.stack.len()),
            op::NONE => self.push(Value::None),
            op::NEWTRUE => self.push(Value::Bool(true)),
            op::NEWFALSE => self.push(Value::Bool(false)),
            op::BININT => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()));
            }
            op::BININT1 => {
                let value = self.byte()?;
                self.push(Value::Int(value.into()));
            }
            op::BININT2 => {
                let value = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()));
            }
            op::LONG1 => self.long()?,
            op::BINFLOAT => {
                let value = f64::from_be_bytes(self.array()?);
                self.push(Value::Float(value));
            }
            op::BINUNICODE => self.string()?,
            op::EMPTY_DICT => self.push(Value::Dict(Vec::new())),
            op::EMPTY_LIST => self.push(Value::List(Vec::new())),
            op::EMPTY_TUPLE => self.push(Value::Tuple(Vec::new())),
            op::TUPLE => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items));
            }
            op::TUPLE1 => self.tuple(1)?,
            op::TUPLE2 => self.tuple(2)?,
            op::TUPLE3 => self.tuple(3)?,
            op::APPEND => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            op::APPENDS => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            op::SETITEM => {
                let items = self.pop_many(2)?;
                self.set_items(&items)?;
            }
            op::SETITEMS => {
                let items = self.pop_to_mark()?;
                self.set_items(&items)?;
            }
            op::BINPUT => {
                let key = self.byte()?;
                self.put(key.into())?;
            }
            op::LONG_BINPUT => {
                let key = u32::from_le_bytes(self.array()?);
                self.put(key)?;
            }
            op::BINGET => {
                let key = self.byte()?;
                self.get(key.into())?;
            }
            op::LONG_BINGET => {
                let key = u32::from_le_bytes(self.array()?);
                self.get(key)?;
            }
            op::GLOBAL => self.global()?,
            op::BINPERSID => {
                let reference = self.pop()?;
                let storage = rebuild::storage(&mut self.values, reference)?;
                self.stack.push(storage);
            }
            op::REDUCE => {
                let (args, callable) = (self.pop()?, self.pop()?);
                let result = rebuild::call(&mut self.values, callable, args)?;
                self.stack.push(result);
            }
            op::BUILD => self.build()?,
            other => {
                return Err(format!("instruction {other:#04x} ({}), which no checkpoint needs", refused_name(other)));
            }
        }
        Ok(None)
    }

    fn protocol(&mut self) -> Result<(), String> {
        match self.byte()? {
            PROTOCOL => Ok(()),
            other => Err(format!("pickle protocol {other}, expected {PROTOCOL}, which torch.save writes unasked")),
        }
    }

    fn stop(&mut self) -> Result<Id, String> {
        let result = self.pop()?;
        match (self.stack.len(), self.bytes.len() - self.at) {
            (0, 0) => Ok(result),
            (0, left) => Err(format!("the pickle stops {left} bytes before the end of its file")),
            (left, _) => Err(format!("the pickle stops with {left} values left over")),
        }
    }

    fn long(&mut self) -> Result<(), String> {
        let len = usize::from(self.byte()?);
        let bytes = self.take(len)?;
        let mut wide = [if bytes.last().is_some_and(|&top| top >= 0x80) { 0xff } else { 0 }; 8];
        match wide.get_mut(..len) {
            Some(low) => low.copy_from_slice(bytes),
            None => return Err(format!("an integer of {len} bytes, expected at most 8")),
        }
        self.push(Value::Int(i64::from_le_bytes(wide)));
        Ok(())
    }

    fn string(&mut self) -> Result<(), String> {
        let len = u32::from_le_bytes(self.array()?);
        let bytes = self.take(len as usize)?;
        let text = std::str::from_utf8(bytes).map_err(|_| "a string that is not UTF-8")?;
        self.push(Value::Str(text));
        Ok(())
    }

    fn tuple(&mut self, len: usize) -> Result<(), String> {
        let items = self.pop_many(len)?;
        self.push(Value::Tuple(items));
        Ok(())
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), String> {
        match self.top()? {
            Value::List(list) => list.extend(items),
            other => return Err(format!("items for {}, expected a list", other.kind())),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<(), String> {
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err("a key without a value".to_owned());
        };
        match self.top()? {
            Value::Dict(dict) => dict.extend(pairs.iter().map(|&[key, value]| (key, value))),
            other => return Err(format!("keys and values for {}, expected a dict", other.kind())),
        }
        Ok(())
    }

    /// State of an object: only a state dict has one, its `_metadata`, which says nothing about the tensors.
    fn build(&mut self) -> Result<(), String> {
        self.pop()?;
        match self.top()? {
            Value::Dict(_) => Ok(()),
            other => Err(format!("a state for {}, expected a dict", other.kind())),
        }
    }

    fn global(&mut self) -> Result<(), String> {
        let (module, name) = (self.line()?, self.line()?);
        match global::meaning(module, name) {
            Some(value) => self.push(value),
            None => return Err(format!("the name {module}.{name}, which no checkpoint needs")),
        }
        Ok(())
    }

    fn put(&mut self, key: u32) -> Result<(), String> {
        let &top = self.stack.last().ok_or("nothing on the stack to remember")?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn get(&mut self, key: u32) -> Result<(), String> {
        let &id = self.memo.get(&key).ok_or_else(|| format!("nothing was remembered as {key}"))?;
        self.stack.push(id);
        Ok(())
    }

    fn push(&mut self, value: Value<'a>) {
        let id = self.values.add(value);
        self.stack.push(id);
    }

    /// Marks protect what lies below them, as in CPython.
    fn pop(&mut self) -> Result<Id, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("nothing on the stack".to_owned());
        }
        self.stack.pop().ok_or_else(|| "nothing on the stack".to_owned())
    }

    /// The uppermost `len` values, the last one last.
    fn pop_many(&mut self, len: usize) -> Result<Vec<Id>, String> {
        let mut items = (0..len).map(|_| self.pop()).collect::<Result<Vec<Id>, String>>()?;
        items.reverse();
        Ok(items)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let height = self.marks.pop().ok_or("no mark on the stack")?;
        if height > self.stack.len() {
            return Err("no mark on the stack".to_owned());
        }
        Ok(self.stack.split_off(height))
    }

    fn top(&mut self) -> Result<&mut Value<'a>, String> {
        self.stack.last().and_then(|&id| self.values.get_mut(id)).ok_or_else(|| "nothing on the stack".to_owned())
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        match self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(format!("{len} bytes are needed, but the pickle ends at offset {}", self.bytes.len())),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "cut off".to_owned())
    }

    fn byte(&mut self) -> Result<u8, String> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// Up to the next line feed, which is taken too.
    fn line(&mut self) -> Result<&'a str, String> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let len = rest.iter().position(|&byte| byte == b'\n').ok_or("a name without an end")?;
        let line = self.take(len)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| "a name that is not UTF-8".to_owned())
    }
}
