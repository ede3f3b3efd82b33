//! The picture on the README's first screen: what the default model answers, asked just now.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::{process, workspace};

/// Whom the README shows: help, commands, and a question of another domain.
const QUESTIONS: [&str; 5] = [
    "How do I unlock it?",
    "make it 21 degrees",
    "turn on eco mode",
    "what does the snowflake mean",
    "where is the nearest restaurant",
];

const WIDTH: usize = 640;
const LINE: usize = 24;
/// Height of the bar with the program's name.
const BAR: usize = 32;
const LEFT: usize = 20;

/// A question, and what came of it.
#[derive(Debug)]
struct Exchange {
    question: String,
    answer: String,
    is_sure: bool,
}

fn path() -> PathBuf {
    workspace::root().join("docs/talk.svg")
}

/// Asks `atome`, the program, and writes the picture.
pub fn write(atome: Command) -> Result<()> {
    let path = path();
    fs::write(&path, svg(&ask(atome)?)).with_context(|| format!("cannot write {}", path.display()))?;
    say!("written: {}", workspace::shown(&path));
    Ok(())
}

/// Whether the committed picture is what `atome`, the program, answers now.
///
/// # Errors
/// It is not; the error names the command that writes it.
pub fn check(atome: Command) -> Result<()> {
    let path = path();
    let committed = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let shown = workspace::shown(&path);
    ensure!(committed == svg(&ask(atome)?), "{shown} is not what the program answers: cargo xtask model --picture");
    Ok(())
}

fn ask(mut atome: Command) -> Result<Vec<Exchange>> {
    let shown = process::line(&atome);
    atome.arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = atome.spawn().with_context(|| format!("cannot start `{shown}`"))?;
    let mut input = child.stdin.take().context("no way to ask")?;
    input.write_all((QUESTIONS.join("\n") + "\n").as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout).with_context(|| format!("`{shown}`"))?;
    let exchanges = text.lines().map(exchange).collect::<Result<Vec<_>>>()?;
    ensure!(exchanges.len() == QUESTIONS.len(), "`{shown}` answered {} of {}", exchanges.len(), QUESTIONS.len());
    Ok(exchanges)
}

fn exchange(line: &str) -> Result<Exchange> {
    let value: Value = serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?;
    let text = |name: &str| value[name].as_str().map(String::from).with_context(|| format!("no `{name}` in {line}"));
    let is_sure = value["sure"].as_bool().with_context(|| format!("no `sure` in {line}"))?;
    Ok(Exchange { question: text("question")?, answer: text("answer")?, is_sure })
}

/// A window of a terminal. An unsure answer is grey and says so.
fn svg(exchanges: &[Exchange]) -> String {
    let height = BAR + LINE * (2 * exchanges.len() + 1);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <title>A conversation with the default model</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" rx=\"10\" fill=\"#1d2430\"/>\n\
         <text x=\"{LEFT}\" y=\"21\" fill=\"#8b98ab\" font-size=\"13\">$ atome</text>\n"
    );
    let mut y = BAR + LINE - 6;
    let mut line = |colour: &str, words: &str| {
        text += &format!("<text x=\"{LEFT}\" y=\"{y}\" fill=\"{colour}\" xml:space=\"preserve\">{words}</text>\n");
        y += LINE;
    };
    for Exchange { question, answer, is_sure } in exchanges {
        line("#e8edf4", &format!("&gt; {}", escaped(question)));
        if *is_sure {
            line("#7fd1a0", &format!("  {}", escaped(answer)));
        } else {
            line("#8b98ab", &format!("  {}  [unsure]", escaped(answer)));
        }
    }
    text + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsure_answer_says_so_and_nothing_breaks_out_of_the_text() {
        let lines = [
            r#"{"question": "a <b>?", "answer": "{\"x\":1}", "sure": true}"#,
            r#"{"question": "c", "answer": "d & e", "sure": false}"#,
        ];
        let exchanges: Vec<_> = lines.iter().map(|line| exchange(line).unwrap()).collect();
        let picture = svg(&exchanges);
        assert!(picture.contains("&gt; a &lt;b&gt;?") && picture.contains("{\"x\":1}</text>"), "{picture}");
        assert!(picture.contains("d &amp; e  [unsure]") && picture.matches("[unsure]").count() == 1, "{picture}");
        assert!(exchange(r#"{"question": "a", "answer": "b"}"#).is_err() && exchange("a").is_err());
    }
}
