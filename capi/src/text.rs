//! Text in the program's memory, ended by a NUL.

/// A text that grows as far as there is room.
pub(crate) struct Text<'t> {
    room: &'t mut [u8],
    len: usize,
}

impl<'t> Text<'t> {
    /// An empty text in `room`, which has one byte at least.
    pub(crate) fn new(room: &'t mut [u8]) -> Self {
        let mut text = Self { room, len: 0 };
        text.end();
        text
    }

    fn end(&mut self) {
        if let Some(byte) = self.room.get_mut(self.len) {
            *byte = 0;
        }
    }

    /// Adds `text`.
    pub(crate) fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    fn push_bytes(&mut self, text: &[u8]) {
        let last = self.room.len().saturating_sub(1);
        for &byte in text {
            let Some(place) = self.room.get_mut(self.len).filter(|_| self.len < last) else { break };
            *place = byte;
            self.len += 1;
        }
        self.end();
    }

    /// Adds `number` in decimal.
    pub(crate) fn push_number(&mut self, number: usize) {
        // No number of 64 bits has more digits.
        let mut digits = [0; 20];
        let (mut rest, mut count) = (number, 0);
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            count += 1;
            if rest == 0 {
                break;
            }
        }
        self.push_bytes(digits.get(digits.len() - count..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    fn written(size: usize, fill: impl Fn(&mut Text)) -> Vec<u8> {
        let mut room = vec![0xff; size];
        fill(&mut Text::new(&mut room));
        room
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, 10, 65_535, usize::MAX] {
            let text = written(30, |text| text.push_number(number));
            assert!(text.starts_with(format!("{number}\0").as_bytes()));
        }
    }

    #[test]
    fn what_has_no_room_is_cut_and_a_nul_is_always_there() {
        let fill = |text: &mut Text| {
            text.push("abc");
            text.push_number(42);
        };
        assert_eq!(written(1, fill), b"\0");
        assert_eq!(written(5, fill), b"abc4\0");
        assert_eq!(written(7, fill), b"abc42\0\xff");
    }
}
