//! The bytes of a pickle, read from front to back.

/// Where a pickle is being read.
#[derive(Debug, Default)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes from the start of the pickle.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Bytes to the end of the pickle.
    pub const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        match self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(format!("{len} bytes are needed, but the pickle ends at offset {}", self.bytes.len())),
        }
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "cut off".to_owned())
    }

    pub fn byte(&mut self) -> Result<u8, String> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// Bytes behind their count of `N` bytes.
    pub fn counted<const N: usize>(&mut self) -> Result<&'a [u8], String> {
        let count = self.array::<N>()?.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        self.take(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// UTF-8 text behind its count of `N` bytes.
    pub fn text<const N: usize>(&mut self) -> Result<&'a str, String> {
        std::str::from_utf8(self.counted::<N>()?).map_err(|_| "a string that is not UTF-8".to_owned())
    }

    /// Up to the next line feed, which is taken too.
    pub fn line(&mut self) -> Result<&'a str, String> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let len = rest.iter().position(|&byte| byte == b'\n').ok_or("a name without an end")?;
        let line = self.take(len)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| "a name that is not UTF-8".to_owned())
    }
}
