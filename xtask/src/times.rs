//! How long a command takes: what was measured, and what it took here the last time.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::workspace;

/// What is told at the start of a command line: what the plain command took on an idle machine with two cores, and what
/// this very line took here, where it was run before.
pub fn expected(words: &[String], measured: &str) -> String {
    announcement(words, measured, Times::read().0.get(&words.join(" ")).copied())
}

fn announcement(words: &[String], measured: &str, last: Option<u64>) -> String {
    let plain = if words.len() > 1 { "without options " } else { "" };
    let last = last.map(|seconds| format!("; the last time here: {}", spoken(seconds))).unwrap_or_default();
    format!("cargo xtask {}: {plain}about {measured}, measured on two idle cores{last}", words.join(" "))
}

/// Keeps what a command line took. That nothing can be written is not worth failing for.
pub fn keep(words: &[String], seconds: u64) {
    let mut times = Times::read();
    times.0.insert(words.join(" "), seconds);
    times.write();
}

/// Seconds by command.
#[derive(Default)]
struct Times(BTreeMap<String, u64>);

impl Times {
    fn path() -> PathBuf {
        workspace::scratch().join("times.json")
    }

    fn read() -> Times {
        Times::parse(&fs::read_to_string(Times::path()).unwrap_or_default())
    }

    fn parse(text: &str) -> Times {
        let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let pairs = value.as_object().into_iter().flatten();
        Times(pairs.filter_map(|(words, seconds)| Some((words.clone(), seconds.as_u64()?))).collect())
    }

    fn write(&self) {
        let text = serde_json::Value::from_iter(self.0.iter().map(|(words, seconds)| (words.as_str(), *seconds)));
        let _ = fs::create_dir_all(workspace::scratch());
        let _ = fs::write(Times::path(), format!("{text:#}\n"));
    }
}

/// "40 s", "3 min", "14 min 5 s".
pub fn spoken(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spoken() {
        assert_eq!([0, 40, 180, 845].map(spoken), ["0 s", "40 s", "3 min", "14 min 5 s"]);
    }

    #[test]
    fn the_last_time_is_told_where_there_was_one() {
        let told = |words: &[&str], last| {
            announcement(&words.iter().map(ToString::to_string).collect::<Vec<_>>(), "3 min", last)
        };
        assert_eq!(told(&["test"], None), "cargo xtask test: about 3 min, measured on two idle cores");
        assert_eq!(
            told(&["test", "header"], Some(845)),
            "cargo xtask test header: without options about 3 min, measured on two idle cores; the last time here: 14 min 5 s"
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_time() {
        assert!(Times::parse("").0.is_empty() && Times::parse("[1]").0.is_empty());
        assert_eq!(Times::parse(r#"{"test": 845, "lib": "x"}"#).0, BTreeMap::from([("test".to_string(), 845)]));
    }
}
