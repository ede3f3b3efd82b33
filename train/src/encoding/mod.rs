//! Texts in any encoding as UTF-8: by their byte-order mark, by what a server or a page says, else by a guess that must be
//! sure enough.

mod guess;
mod named;
mod page;
mod utf16;

use std::borrow::Cow;

pub use encoding_rs::Encoding;
use encoding_rs::{ISO_2022_JP, UTF_8};
pub use named::named;
pub use page::{charset, looks_like_html};

/// What tells a text's encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The user.
    Asked,
    /// A byte-order mark.
    ByMark,
    /// The server that sent it.
    ByServer,
    /// The page itself.
    ByPage,
    /// The text: it is valid in this encoding, as no text of another is.
    ByContent,
    /// A guess that nearly all circumstances lead to.
    Guessed,
}

impl Known {
    /// For reports: a word, and what it means.
    pub const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Asked => ("asked", "as asked"),
            Self::ByMark => ("mark", "by its byte-order mark"),
            Self::ByServer => ("server", "as the server says"),
            Self::ByPage => ("page", "as the page says"),
            Self::ByContent => ("content", "by its bytes"),
            Self::Guessed => ("guess", "guessed"),
        }
    }
}

/// A text, and what it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without a byte-order mark.
    pub text: Cow<'a, str>,
    /// The encoding's name in the Encoding Standard, such as `windows-1252`.
    pub encoding: &'static str,
    /// What told the encoding.
    pub known: Known,
    /// Whether bytes that have no meaning in this encoding were replaced by U+FFFD.
    pub was_repaired: bool,
}

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownEncoding {
    /// A byte-order mark of UTF-32.
    #[error("begins like UTF-32, which is not read: `iconv -f UTF-32 -t UTF-8` makes UTF-8 of it")]
    Utf32,
    /// Bytes that are in no text.
    #[error("has NUL bytes and is no UTF-16: is it a text? --encoding NAME says which encoding it has")]
    Binary,
    /// Two encodings or more would do.
    #[error(
        "is not UTF-8 (offset {offset}) and looks like {guess}, but not surely enough: `--encoding {guess}` takes it for \
         that, and other names for others"
    )]
    Unsure {
        /// The encoding that is the likeliest.
        guess: &'static str,
        /// Of the first byte that is not UTF-8.
        offset: usize,
    },
}

/// What is known about a text besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// The encoding that the user names; nothing else counts then.
    pub asked: Option<&'static Encoding>,
    /// The charset of a server's answer.
    pub server: Option<&'a str>,
}

/// The text in `bytes`.
///
/// # Errors
/// [`UnknownEncoding`] says what the bytes look like and what would decide.
pub fn decode<'a>(bytes: &'a [u8], told: &Told<'_>) -> Result<Decoded<'a>, UnknownEncoding> {
    if let Some(asked) = told.asked {
        let (text, was_repaired) = asked.decode_with_bom_removal(bytes);
        return Ok(Decoded { text, encoding: asked.name(), known: Known::Asked, was_repaired });
    }
    if let [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] = bytes {
        return Err(UnknownEncoding::Utf32);
    }
    if let Some((marked, mark)) = Encoding::for_bom(bytes) {
        return Ok(as_encoding(bytes.get(mark..).unwrap_or(&[]), marked, Known::ByMark));
    }
    if let Some(server) = told.server.and_then(named) {
        return Ok(as_encoding(bytes, server, Known::ByServer));
    }
    if let Some(page) = page::by_page(bytes) {
        return Ok(as_encoding(bytes, page, Known::ByPage));
    }
    by_content(bytes)
}

/// The text after its byte-order mark, if it begins with one of UTF-8 or UTF-16.
pub fn decode_marked(bytes: &[u8]) -> Option<Decoded<'_>> {
    let (marked, mark) = Encoding::for_bom(bytes)?;
    Some(as_encoding(bytes.get(mark..).unwrap_or(&[]), marked, Known::ByMark))
}

/// The text of a small file that should be UTF-8: without the byte-order mark that editors and shells put in front of it,
/// and by that mark where they made UTF-16 of it.
///
/// # Errors
/// Where it is not UTF-8, and no mark says what else it is.
pub fn plain(bytes: &[u8]) -> Result<Cow<'_, str>, std::str::Utf8Error> {
    match decode_marked(bytes) {
        Some(marked) => Ok(marked.text),
        None => std::str::from_utf8(bytes).map(Cow::Borrowed),
    }
}

/// Where bytes first are no UTF-8.
pub fn first_invalid(bytes: &[u8]) -> Option<usize> {
    std::str::from_utf8(bytes).err().map(|error| error.valid_up_to())
}

fn by_content(bytes: &[u8]) -> Result<Decoded<'_>, UnknownEncoding> {
    if let Some(order) = utf16::order(bytes) {
        return Ok(as_encoding(bytes, order, Known::ByContent));
    }
    // All its bytes are ASCII.
    if guess::is_iso_2022_jp(bytes) {
        return Ok(as_encoding(bytes, ISO_2022_JP, Known::ByContent));
    }
    let Some(offset) = first_invalid(bytes) else {
        return Ok(as_encoding(bytes, UTF_8, Known::ByContent));
    };
    if is_damaged_utf8(bytes) {
        return Ok(as_encoding(bytes, UTF_8, Known::ByContent));
    }
    if bytes.contains(&0) {
        return Err(UnknownEncoding::Binary);
    }
    match guess::guess(bytes) {
        (sure, true) => Ok(as_encoding(bytes, sure, Known::Guessed)),
        (unsure, false) => Err(UnknownEncoding::Unsure { guess: unsure.name(), offset }),
    }
}

fn as_encoding<'a>(bytes: &'a [u8], encoding: &'static Encoding, known: Known) -> Decoded<'a> {
    let (text, was_repaired) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, encoding: encoding.name(), known, was_repaired }
}

/// Of so many characters beyond ASCII, one may be damaged.
const SOUND_TO_DAMAGED: usize = 4;

/// Whether this is UTF-8 with some damage, such as a cut in a character: texts of other encodings are hardly ever valid
/// beyond ASCII.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut damaged) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        damaged += usize::from(!chunk.invalid().is_empty());
    }
    let is_cut = damaged == 1 && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none());
    sound >= SOUND_TO_DAMAGED * damaged || is_cut && sound > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, &'static str, Known) {
        let found = decode(bytes, &Told::default()).unwrap();
        assert!(!found.was_repaired);
        (found.text.into_owned(), found.encoding, found.known)
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    const RUSSIAN: &str = "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43c}\u{438}\u{440}!\r\n";

    #[test]
    fn marks_decide_and_go() {
        assert_eq!(decoded("\u{feff}\u{e4}b".as_bytes()), ("\u{e4}b".to_owned(), "UTF-8", Known::ByMark));
        for (to_bytes, name) in [(u16::to_le_bytes as fn(u16) -> [u8; 2], "UTF-16LE"), (u16::to_be_bytes, "UTF-16BE")] {
            let marked = utf16(&format!("\u{feff}{RUSSIAN}"), to_bytes);
            assert_eq!(decoded(&marked), (RUSSIAN.to_owned(), name, Known::ByMark));
            // A mark tells more than a server.
            let told = Told { server: Some("windows-1252"), ..Told::default() };
            assert_eq!(decode(&marked, &told).unwrap().text, RUSSIAN);
        }
        assert_eq!(decoded(b"\xff\xfe"), (String::new(), "UTF-16LE", Known::ByMark));
        for utf32 in [b"\xff\xfe\0\0a\0\0\0", b"\0\0\xfe\xff\0\0\0a"] {
            assert_eq!(decode(utf32, &Told::default()), Err(UnknownEncoding::Utf32));
        }
    }

    #[test]
    fn utf_16_without_a_mark_is_told_from_both_orders() {
        let kana = "\u{3053}\u{3093}\u{306b}\u{3061}\u{306f}\u{3001}\u{4e16}\u{754c}\u{3002}\n";
        for text in
            [RUSSIAN, "plain English\n", "Stra\u{df}e", kana, "\u{4f60}\u{597d}\u{ff0c}\u{4e16}\u{754c}\u{3002}\n"]
        {
            let le = decoded(&utf16(text, u16::to_le_bytes));
            assert_eq!(le, (text.to_owned(), "UTF-16LE", Known::ByContent));
            let be = decoded(&utf16(text, u16::to_be_bytes));
            assert_eq!(be, (text.to_owned(), "UTF-16BE", Known::ByContent));
        }
        // Texts of bytes, of even length: some with a NUL or another control character.
        for text in
            ["Bush hid the facts", "ab", "a\0b ", "a long text with one NUL\0 in it\n", "\x1b[0m\x1b[1m", "\x07\x07"]
        {
            assert_eq!(decoded(text.as_bytes()).1, "UTF-8", "{text:?}");
        }
    }

    #[test]
    fn utf_8_is_what_is_valid_or_nearly_so() {
        assert_eq!(decoded(b""), (String::new(), "UTF-8", Known::ByContent));
        assert_eq!(decoded("caf\u{e9}".as_bytes()).1, "UTF-8");
        let told = Told::default();
        for damaged in
            ["caf\u{e9}".as_bytes()[..4].to_vec(), [RUSSIAN.as_bytes(), b"\xff", RUSSIAN.as_bytes()].concat()]
        {
            let found = decode(&damaged, &told);
            assert_eq!(found.is_ok_and(|found| found.encoding == "UTF-8" && found.was_repaired), damaged.len() > 4);
        }
        // A cut in the last character, behind one that is whole.
        let cut = "\u{e9}\u{e9}".as_bytes();
        assert!(decode(&cut[..3], &told).unwrap().was_repaired);
    }

    #[test]
    fn servers_and_pages_are_believed() {
        let told = Told { server: Some("Windows-1251"), ..Told::default() };
        let (bytes, _, _) = named("windows-1251").unwrap().encode(RUSSIAN);
        let found = decode(&bytes, &told).unwrap();
        assert_eq!((&*found.text, found.encoding, found.known), (RUSSIAN, "windows-1251", Known::ByServer));
        // A name that means nothing tells nothing.
        let told = Told { server: Some("none"), ..Told::default() };
        assert_eq!(decode(b"a", &told).unwrap().encoding, "UTF-8");
        let page = b"<html><head><meta charset=windows-1252></head><body><p>It\x92s \x80 5</p>";
        let (text, encoding, known) = decoded(page);
        assert!(text.contains("It\u{2019}s \u{20ac} 5"), "{text}");
        assert_eq!((encoding, known), ("windows-1252", Known::ByPage));
        let told = Told { server: Some("utf-8"), ..Told::default() };
        assert!(decode(page, &told).unwrap().was_repaired);
    }

    #[test]
    fn users_are_believed_first() {
        let asked = |label: &str| Told { asked: named(label), server: Some("utf-8") };
        let found = decode(b"caf\xe9", &asked("latin1")).unwrap();
        assert_eq!((&*found.text, found.encoding, found.known), ("caf\u{e9}", "windows-1252", Known::Asked));
        // With a mark of its own, which is no text.
        assert_eq!(decode(b"\xef\xbb\xbfa\xff", &asked("utf-8")).unwrap().text, "a\u{fffd}");
        for label in ["utf-8", "UTF-16LE", "shift_jis", "koi8-r", "gb18030", "iso-8859-2", "cp1251"] {
            assert!(named(label).is_some(), "{label}");
        }
        for label in ["", "utf-7", "ebcdic", "hz-gb-2312"] {
            assert!(named(label).is_none(), "{label}");
        }
    }

    #[test]
    fn any_bytes_are_a_text_or_refused() {
        let mut rng = fastrand::Rng::with_seed(9);
        let starts: [&[u8]; 6] =
            [b"", b"\xff\xfe", b"\xfe\xff", b"<html><meta charset=", b"<?xml encoding='", b"\x1b$B"];
        for round in 0..20_000 {
            let mut bytes = starts[round % starts.len()].to_vec();
            let few = rng.bool();
            bytes.extend((0..rng.usize(..80)).map(|_| {
                if few {
                    b"a \n\0\x04\xe9\x1b'>"[rng.usize(..9)]
                } else {
                    rng.u8(..)
                }
            }));
            match decode(&bytes, &Told::default()) {
                Ok(found) => assert!(named(found.encoding).is_some(), "{bytes:?}"),
                Err(refused) => assert!(!refused.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn what_is_not_clear_is_refused_with_the_guess_and_the_flag() {
        let refused = decode(b"caf\xe9", &Told::default()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "is not UTF-8 (offset 3) and looks like windows-1252, but not surely enough: `--encoding windows-1252` \
             takes it for that, and other names for others"
        );
        let binary: Vec<u8> = (0..=255).cycle().take(5000).collect();
        assert_eq!(decode(&binary, &Told::default()), Err(UnknownEncoding::Binary));
    }
}
