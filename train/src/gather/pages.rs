//! Pages, and what loads them.

/// What was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The bytes of the page or file.
    pub bytes: Vec<u8>,
    /// Their encoding, as the server says.
    pub charset: Option<String>,
}

/// Loads pages.
pub trait Pages {
    /// The page at `url`.
    ///
    /// # Errors
    /// A line that names the address and the reason.
    fn load(&self, url: &str) -> Result<Page, String>;
}
