//! The word lists in `models/corpus`.

use anyhow::{bail, ensure, Context, Result};

/// How a wording can be framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What one wants to do: "change the battery".
    How,
    /// A thing one asks about: "the battery life".
    Is,
    /// A whole question or remark.
    Say,
    /// A command.
    Do,
}

/// An answer and the ways to ask for it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The answer; slots are still open.
    pub answer: String,
    /// Ways to ask for it.
    pub wordings: Vec<Wording>,
}

/// A way to ask, with choices and slots.
#[derive(Clone, Debug)]
pub struct Wording {
    /// How it can be framed.
    pub kind: Kind,
    /// The words.
    pub text: String,
    /// Whether it is kept from the training.
    pub is_new: bool,
}

/// All that the corpus is made of.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// Answers with their wordings.
    pub entries: Vec<Entry>,
    /// Frames by kind; `*` is the place of the wording.
    pub frames: Vec<(Kind, String)>,
    /// Prompts of other domains.
    pub elsewhere: Vec<String>,
}

impl Knowledge {
    /// What this crate was built with.
    ///
    /// # Errors
    /// Names the list and the line that is wrong.
    pub fn built_in() -> Result<Self> {
        Ok(Self {
            entries: entries(include_str!("../corpus/thermostat.txt")).context("models/corpus/thermostat.txt")?,
            frames: frames(include_str!("../corpus/frames.txt")).context("models/corpus/frames.txt")?,
            elsewhere: lines(include_str!("../corpus/elsewhere.txt")).map(|(_, line)| line.to_owned()).collect(),
        })
    }
}

/// Lines that are neither empty nor remarks, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn kind(line: &str, number: usize) -> Result<(Kind, &str)> {
    let Some((name, text)) = line.split_once(": ") else {
        bail!("line {number}: expected how, is, say or do, a colon and words");
    };
    let kind = match name {
        "how" => Kind::How,
        "is" => Kind::Is,
        "say" => Kind::Say,
        "do" => Kind::Do,
        other => bail!("line {number}: found {other}, expected how, is, say or do"),
    };
    Ok((kind, text))
}

fn entries(text: &str) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in lines(text) {
        if let Some(answer) = line.strip_prefix("= ") {
            entries.push(Entry { answer: answer.to_owned(), wordings: Vec::new() });
            continue;
        }
        let is_new = line.starts_with('!');
        let (kind, text) = kind(line.trim_start_matches('!'), number)?;
        let entry = entries.last_mut().with_context(|| format!("line {number}: expected an answer (= ...) first"))?;
        entry.wordings.push(Wording { kind, text: text.to_owned(), is_new });
    }
    Ok(entries)
}

fn frames(text: &str) -> Result<Vec<(Kind, String)>> {
    lines(text)
        .map(|(number, line)| {
            let (kind, text) = kind(line, number)?;
            ensure!(text.contains('*'), "line {number}: expected a * in the wording's place");
            Ok((kind, text.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lists_are_named_by_line() {
        for (text, expected) in [("= a\nx: b", "line 2: found x"), ("how: b", "line 1"), ("= a\nb", "line 2")] {
            let message = entries(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        assert!(frames("how: b").unwrap_err().to_string().contains("line 1"));
    }

    #[test]
    fn the_built_in_lists_are_sound() {
        let knowledge = Knowledge::built_in().unwrap();
        assert!(knowledge.entries.len() > 50 && knowledge.elsewhere.len() >= 100);
        for entry in &knowledge.entries {
            assert!(entry.answer.is_ascii() && entry.wordings.iter().all(|wording| wording.text.is_ascii()));
        }
    }
}
