//! The text of an HTML page.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

/// Elements whose content is no text to learn from.
const SKIPPED: [&str; 17] = [
    "script", "style", "noscript", "template", "title", "textarea", "select", "button", "nav", "footer", "aside",
    "svg", "math", "iframe", "object", "audio", "video",
];

/// Elements that begin and end a paragraph.
const BLOCKS: [&str; 34] = [
    "address",
    "article",
    "blockquote",
    "body",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "thead",
    "ul",
];

/// Elements that begin a line.
const LINES: [&str; 4] = ["br", "li", "tr", "caption"];

/// Elements that are kept apart from the word before them.
const CELLS: [&str; 2] = ["td", "th"];

/// The text between the tags: a blank line between blocks, line breaks where a page shows them, entities decoded. The
/// content of scripts, styles and navigation is left out.
///
/// The page is read as a stream of tags without a tree, so that no nesting is too deep.
pub fn text_of_html(html: &str) -> String {
    let mut emitter = DefaultEmitter::default();
    // Else a `<` in a script begins a tag.
    emitter.naively_switch_states(true);
    let mut page = Page::default();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => page.start(&String::from_utf8_lossy(&tag.name), tag.self_closing),
            Token::EndTag(tag) => page.end(&String::from_utf8_lossy(&tag.name)),
            Token::String(text) => page.text(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    page.out
}

#[derive(Default)]
struct Page {
    out: String,
    /// The skipped element that the page is in, and how many of its name are open.
    skipped: Option<(&'static str, usize)>,
    /// Open `pre` elements, whose line breaks count.
    preformatted: usize,
}

impl Page {
    fn start(&mut self, name: &str, self_closing: bool) {
        if let Some((skipped, open)) = &mut self.skipped {
            *open += usize::from(*skipped == name && !self_closing);
            return;
        }
        if let Some(skipped) = SKIPPED.into_iter().find(|&skipped| skipped == name) {
            if !self_closing {
                self.skipped = Some((skipped, 1));
            }
            return;
        }
        self.preformatted += usize::from(name == "pre");
        self.separate(name);
    }

    fn end(&mut self, name: &str) {
        if let Some((skipped, open)) = &mut self.skipped {
            if *skipped == name {
                *open -= 1;
                if *open == 0 {
                    self.skipped = None;
                }
            }
            return;
        }
        self.preformatted = self.preformatted.saturating_sub(usize::from(name == "pre"));
        self.separate(name);
    }

    fn separate(&mut self, name: &str) {
        if BLOCKS.contains(&name) {
            self.out.push_str("\n\n");
        } else if LINES.contains(&name) {
            self.out.push('\n');
        } else if CELLS.contains(&name) {
            self.out.push(' ');
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if self.preformatted > 0 {
            self.out.push_str(text);
        } else {
            self.out.extend(text.chars().map(|character| if character.is_whitespace() { ' ' } else { character }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(html: &str) -> String {
        text_of_html(html).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn tags_go_and_entities_become_characters() {
        let html = "<!doctype html><html><head><title>T</title></head><body><p>1 &lt; 2 &amp; <b>b</b>old&eacute;</p>";
        assert_eq!(words(html), "1 < 2 & bold\u{e9}");
    }

    #[test]
    fn scripts_styles_and_navigation_are_left_out() {
        let html = "a<script>if (x < y) { '<p>no' }</script>b<style>p > a {}</style>c<nav><nav>no</nav>no</nav>d\
            <noscript>no</noscript>e<!-- no -->f<svg/>g<textarea><p>no</textarea>h";
        assert_eq!(words(html), "abcdefgh");
    }

    #[test]
    fn blocks_are_paragraphs_and_lines_stay_lines() {
        let text = text_of_html("<h1>Head</h1><p>one\n  two<br>three</p><ul><li>x<li>y</ul><td>a</td><td>b</td>");
        let paragraphs: Vec<String> = text
            .split("\n\n")
            .map(|part| part.split('\n').map(str::trim).collect::<Vec<_>>().join("/"))
            .filter(|part| !part.is_empty())
            .collect();
        assert_eq!(paragraphs[0], "Head");
        assert_eq!(paragraphs[1], "one   two/three");
        assert_eq!(paragraphs[2], "/x/y");
        assert_eq!(paragraphs[3], "a  b");
    }

    #[test]
    fn line_breaks_count_in_preformatted_text() {
        assert!(text_of_html("<pre>int x;\n  int y;</pre>").contains("int x;\n  int y;"));
    }

    #[test]
    fn tag_soup_is_no_problem() {
        let deep = "<div><nav><pre>".repeat(200_000) + "x";
        text_of_html(&deep);
        for soup in
            ["<", "<p", "</", "&#x110000;", "&", "<!--", "</nav></pre></nav>x", "<script>", "<p a=\"", "\0<p\0>"]
        {
            text_of_html(soup);
        }
        assert_eq!(words("</nav></pre></nav>x"), "x");
    }
}
