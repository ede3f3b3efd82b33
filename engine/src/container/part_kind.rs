//! What a part of a container is, by its number in files.

/// The bit of a kind that lets readers pass over a part that they do not know.
const OPTIONAL: u16 = 1 << 15;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartKind(u16);

impl PartKind {
    /// What each token stands for: `docs/tokens.md`.
    pub const VOCABULARY: Self = Self(1);
    /// What may be answered.
    pub const GRAMMAR: Self = Self(2);
    /// Feed-forward sublayers of the model: [`crate::format::Sublayers`].
    pub const FEED_FORWARD: Self = Self(3);

    /// The kind of this number in files.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Its number in files.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether a reader that does not know it may do without. Of the kinds of this library none is so: without its
    /// vocabulary a model's tokens mean nothing, without its grammar an answer is not what it promises to be, and without its
    /// sublayers it is another model.
    pub const fn is_optional(self) -> bool {
        self.0 & OPTIONAL != 0
    }

    /// Whether this library knows it.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::VOCABULARY | Self::GRAMMAR | Self::FEED_FORWARD)
    }
}
