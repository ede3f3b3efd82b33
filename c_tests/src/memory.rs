//! Memory for a C struct: exactly its size, aligned as malloc does it, with a guard behind it.

/// Words that a struct must leave alone.
const GUARD_WORDS: usize = 4;
const GUARD: u64 = 0xa5a5_a5a5_a5a5_a5a5;

/// Owned, untyped memory.
pub struct Memory {
    /// Two words each, for an alignment of 16.
    words: Vec<[u64; 2]>,
    size: usize,
}

impl Memory {
    /// `size` bytes filled with `garbage`.
    pub fn new(size: usize, garbage: u64) -> Self {
        let mut memory = Self { words: vec![[GUARD; 2]; size.div_ceil(16) + GUARD_WORDS], size };
        memory.fill(garbage);
        memory
    }

    /// Overwrites the struct.
    pub fn fill(&mut self, garbage: u64) {
        let size = self.size;
        for (byte, pattern) in self.bytes_mut()[..size].chunks_mut(8).zip(std::iter::repeat(garbage.to_le_bytes())) {
            byte.copy_from_slice(&pattern[..byte.len()]);
        }
    }

    /// Takes over the contents of a struct of the same size.
    pub fn copy_from(&mut self, other: &Memory) {
        self.words.copy_from_slice(&other.words);
    }

    /// Where the struct starts.
    pub fn pointer<T>(&mut self) -> *mut T {
        self.words.as_mut_ptr().cast()
    }

    /// Whether nothing was written behind the struct.
    pub fn is_guard_intact(&mut self) -> bool {
        let size = self.size;
        self.bytes_mut()[size..].iter().all(|&byte| byte == GUARD as u8)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let len = self.words.len() * 16;
        // SAFETY: the same memory, as the bytes that any integers are made of.
        unsafe { std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_too_many_is_seen() {
        for size in [1, 15, 16, 17, 24] {
            let mut memory = Memory::new(size, u64::MAX);
            assert!(memory.is_guard_intact());
            // SAFETY: one byte behind the struct, inside the guard.
            unsafe { memory.pointer::<u8>().add(size).write(0) };
            assert!(!memory.is_guard_intact(), "size {size}");
        }
    }
}
