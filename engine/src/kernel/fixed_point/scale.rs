//! A matrix's scale, taken apart.

/// What a matrix multiplies its sums by, taken apart.
pub(super) struct Scale {
    pub(super) sign: u32,
    /// The exponent's; 0 for what is no normal number.
    pub(super) field: u32,
    /// With its leading bit.
    pub(super) significand: u32,
}

impl Scale {
    pub(super) fn new(value: f32) -> Self {
        let bits = value.to_bits();
        let field = if value.is_normal() { bits >> 23 & 0xff } else { 0 };
        Self { sign: bits >> 31 << 31, field, significand: bits & 0x007f_ffff | 0x0080_0000 }
    }

    /// Whether it is a normal number above zero.
    pub(super) fn is_simple(&self) -> bool {
        self.field != 0 && self.sign == 0
    }
}
