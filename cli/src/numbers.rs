//! Numbers as people read them.

/// With thousands separated by commas.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// KiB with one digit behind the point.
pub fn kib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10).div_ceil(1024);
    format!("{}.{}", grouped(tenths / 10), tenths % 10)
}

/// About five significant digits, in plain notation where that is short.
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-4..1e5).contains(&value.abs()) {
        format!("{value:.5}")
    } else {
        format!("{value:.3e}")
    }
}

/// Share of `part` in `whole`, in per cent.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.1}%", 100.0 * part as f64 / whole as f64)
}

/// "1 token", "2 tokens".
pub fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count as u64), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(276_655), "276,655");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }

    #[test]
    fn kib_rounds_up() {
        assert_eq!(kib(1024), "1.0");
        assert_eq!(kib(1025), "1.1");
        assert_eq!(kib(2048 * 1024), "2,048.0");
    }

    #[test]
    fn numbers_stay_short() {
        assert_eq!(short(0.0), "0.00000");
        assert_eq!(short(0.034_251), "0.03425");
        assert_eq!(short(1e-7), "1.000e-7");
        assert_eq!(short(f64::NAN), "NaN");
    }
}
