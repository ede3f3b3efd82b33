//! The stack of a pickle's machine, with its marks and what it remembers.

use std::collections::BTreeMap;

use super::value::Id;

/// Values that instructions leave for each other.
#[derive(Debug, Default)]
pub struct Stack {
    values: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
}

impl Stack {
    pub fn push(&mut self, id: Id) {
        self.values.push(id);
    }

    pub fn mark(&mut self) {
        self.marks.push(self.values.len());
    }

    pub const fn len(&self) -> usize {
        self.values.len()
    }

    pub fn top(&self) -> Result<Id, String> {
        self.values.last().copied().ok_or_else(|| "nothing on the stack".to_owned())
    }

    /// Marks protect what lies below them, as in CPython.
    pub fn pop(&mut self) -> Result<Id, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.values.len() <= floor {
            return Err("nothing on the stack".to_owned());
        }
        self.values.pop().ok_or_else(|| "nothing on the stack".to_owned())
    }

    /// The uppermost `len` values, the last one last.
    pub fn pop_many(&mut self, len: usize) -> Result<Vec<Id>, String> {
        let mut items = (0..len).map(|_| self.pop()).collect::<Result<Vec<Id>, String>>()?;
        items.reverse();
        Ok(items)
    }

    pub fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let height = self.marks.pop().ok_or("no mark on the stack")?;
        if height > self.values.len() {
            return Err("no mark on the stack".to_owned());
        }
        Ok(self.values.split_off(height))
    }

    /// Takes the top away; a mark that lies there is a value to CPython, too.
    pub fn drop_top(&mut self) -> Result<(), String> {
        if self.marks.last() == Some(&self.values.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(|_| ())
    }

    /// Remembers the top as `key`.
    pub fn put(&mut self, key: u32) -> Result<(), String> {
        let &top = self.values.last().ok_or("nothing on the stack to remember")?;
        self.memo.insert(key, top);
        Ok(())
    }

    /// Remembers the top as the next number.
    pub fn memoize(&mut self) -> Result<(), String> {
        // Every remembered value took a byte of the pickle.
        self.put(u32::try_from(self.memo.len()).map_err(|_| "too many values to remember")?)
    }

    /// Pushes what was remembered as `key`.
    pub fn get(&mut self, key: u32) -> Result<(), String> {
        let &id = self.memo.get(&key).ok_or_else(|| format!("nothing was remembered as {key}"))?;
        self.values.push(id);
        Ok(())
    }
}
