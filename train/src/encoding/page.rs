//! HTML pages: whether a text is one, and what it says about its encoding.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, UTF_8, WINDOWS_1252};
use html5gum::{StartTag, Token, Tokenizer};

use super::named::named;

/// Bytes of a page that are looked at; the standard asks for 1,024.
const START: usize = 1 << 12;

/// The encoding that an XML declaration or a `<meta>` of an HTML page names.
pub fn by_page(bytes: &[u8]) -> Option<&'static Encoding> {
    // Whatever the encoding is, tags are ASCII in it.
    let (start, _) = WINDOWS_1252.decode_without_bom_handling(bytes.get(..bytes.len().min(START)).unwrap_or(bytes));
    let label = by_xml(&start).or_else(|| looks_like_html(&start).then(|| by_meta(&start)).flatten())?;
    // It was read as ASCII, so UTF-16 it cannot be.
    let found = named(label.trim())?;
    Some(if found == UTF_16LE || found == UTF_16BE { UTF_8 } else { found })
}

/// Whether a text is an HTML page: it begins with a tag that only pages begin with.
pub fn looks_like_html(text: &str) -> bool {
    let mut rest = text.trim_start_matches(|first: char| first.is_whitespace() || first == '\u{feff}');
    while let Some(comment) = rest.strip_prefix("<!--").or_else(|| rest.strip_prefix("<?")) {
        match comment.split_once('>') {
            Some((_, behind)) => rest = behind.trim_start(),
            None => return false,
        }
    }
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| rest.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

/// Of `<?xml version="1.0" encoding="ISO-8859-1"?>`.
fn by_xml(start: &str) -> Option<String> {
    let (declaration, _) = start.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let (_, behind) = declaration.split_once("encoding")?;
    let value = behind.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(value.get(1..)?.split_once(quote)?.0.to_owned())
}

/// Of `<meta charset=...>`, or of `<meta http-equiv="Content-Type" content="text/html; charset=...">`.
fn by_meta(start: &str) -> Option<String> {
    for Ok(token) in Tokenizer::new(start) {
        match token {
            Token::StartTag(tag) if tag.name.as_slice() == b"body" => return None,
            Token::StartTag(tag) if tag.name.as_slice() == b"meta" => {
                let by_type = || {
                    let kind = attribute(&tag, "http-equiv")?;
                    kind.eq_ignore_ascii_case("content-type").then(|| charset(&attribute(&tag, "content")?))?
                };
                if let Some(label) = attribute(&tag, "charset").or_else(by_type) {
                    return Some(label);
                }
            }
            _ => {}
        }
    }
    None
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let (_, value) = tag.attributes.iter().find(|(key, _)| key.as_slice() == name.as_bytes())?;
    Some(String::from_utf8_lossy(value.as_slice()).into_owned())
}

/// The charset of a content type such as `text/html; charset="utf-8"`.
pub fn charset(content_type: &str) -> Option<String> {
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    content_type.split(';').find_map(parameter).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(page: &str) -> Option<&'static str> {
        by_page(page.as_bytes()).map(Encoding::name)
    }

    #[test]
    fn pages_are_told_from_text() {
        for page in
            ["<!DOCTYPE html><p>", "\u{feff} \n<HTML lang=en>", "<!-- x --><html>", "<?xml version='1.0'?><html>"]
        {
            assert!(looks_like_html(page), "{page}");
        }
        for other in ["", "<", "a <html>", "<p>no page", "<!-- <html>", "<|endoftext|>", "if a <b> c"] {
            assert!(!looks_like_html(other), "{other}");
        }
    }

    #[test]
    fn every_way_to_say_it_is_understood() {
        for page in [
            "<html><meta charset=Shift_JIS>",
            "<!DOCTYPE html>\n<html><head><title>x</title><META CHARSET='shift_jis' />",
            "<html><meta name=a content='charset=utf-8'><meta http-equiv=content-type content='text/html;charset=sjis'>",
            "<?xml version=\"1.0\" encoding='Shift_JIS'?><html><meta charset=utf-8>",
        ] {
            assert_eq!(name(page), Some("Shift_JIS"), "{page}");
        }
        assert_eq!(name("<?xml version='1.0' encoding = \"iso-8859-1\"?><feed>"), Some("windows-1252"));
        assert_eq!(name("<html><meta charset=utf-16>"), Some("UTF-8"));
    }

    #[test]
    fn what_is_no_declaration_says_nothing() {
        for page in [
            "",
            "a text about <meta charset=shift_jis>",
            "<html><body><meta charset=shift_jis>",
            "<html><!-- <meta charset=shift_jis> -->",
            "<html><meta charset=none>",
            "<html><meta charset=",
            "<?xml version='1.0'?><html>",
            "<?xml encoding=\"\u{e4}",
        ] {
            assert_eq!(name(page), None, "{page}");
        }
        let late = format!("<html>{}<meta charset=shift_jis>", " ".repeat(START));
        assert_eq!(name(&late), None);
    }

    #[test]
    fn content_types_have_a_charset_or_none() {
        for (content_type, expected) in [
            ("text/html; charset=utf-8", Some("utf-8")),
            ("text/html;CHARSET=\"koi8-r\"; q=1", Some("koi8-r")),
            ("text/html", None),
            ("text/html; charset=", None),
        ] {
            assert_eq!(charset(content_type).as_deref(), expected);
        }
    }
}
