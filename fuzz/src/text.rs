//! Texts from the web and from files: encodings, HTML and blanks.

use atome_train::encoding::{decode, Told};
use atome_train::gather::{cap_bytes, clean, text_of_html, Paragraphs};
use atome_train::terminal::{is_order, safe};

/// What becomes of a text is plain, whatever it was, and as long as what it was made from at most.
pub fn text(data: &[u8]) {
    let lossy = String::from_utf8_lossy(data);
    let _ = text_of_html(&lossy);
    assert!(!safe(&lossy).contains(is_order));
    for server in [None, Some("utf-16le"), Some("shift_jis")] {
        let Ok(decoded) = decode(data, &Told { asked: None, server }) else { continue };
        let cleaned = clean(&decoded.text).text;
        let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
        assert!(cleaned.chars().all(is_plain), "{cleaned:?}");
        assert!(!cleaned.contains("  ") && !cleaned.contains(" \n"), "{cleaned:?}");
        let most = data.first().copied().map_or(0, usize::from);
        assert!(cap_bytes(&cleaned, most).len() <= most && cleaned.starts_with(cap_bytes(&cleaned, most)));
        let mut paragraphs = Paragraphs::default();
        paragraphs.add(&cleaned);
        let once = paragraphs.text().len();
        paragraphs.add(&cleaned);
        assert_eq!(paragraphs.text().len(), once, "a paragraph was taken twice");
    }
}
