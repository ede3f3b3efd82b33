//! Scores as a table and as JSON.

use std::fmt::Write;

use atome_train::statistics::{self, auroc, number};
use serde_json::{json, Map, Value};

use crate::classifier::{Share, CLASSES};
use atome_train::asking::Signals;

use crate::score::{Asked, Group, Scores};

/// A number that may tell questions of other domains from our own: higher for the others.
type Signal = (&'static str, &'static str, fn(&Signals) -> f64);

const SIGNALS: [Signal; 6] = [
    ("question_nats", "surprise of the question: mean nats a byte", |signals| signals.question_nats),
    ("answer_nats", "surprise of the answer: mean nats a byte (mean token probability)", |signals| signals.answer_nats),
    ("least_probability", "least probability of a byte of the answer", |signals| -signals.least_probability),
    ("least_margin", "least logit margin in the answer", |signals| -signals.least_margin),
    ("question_entropy", "router entropy over the question", |signals| signals.question_entropy),
    ("answer_entropy", "router entropy over the answer", |signals| signals.answer_entropy),
];

/// The most failures that the table shows of a group.
const SHOWN: usize = 15;

/// Everything as JSON.
pub fn to_json(scores: &Scores, classes: &[Share]) -> Value {
    let groups: Map<String, Value> = scores
        .groups
        .iter()
        .map(|group| {
            let content =
                json!({ "questions": group.asked.len(), "right": group.right(), "share": rounded(group.share()) });
            (group.name.to_owned(), content)
        })
        .collect();
    let curves: Map<String, Value> = SIGNALS
        .iter()
        .map(|(name, _, signal)| {
            let of = |group: &Group| rounded(curve(group, scores, *signal));
            (name.to_string(), scores.groups.iter().map(|group| (group.name.to_owned(), json!(of(group)))).collect())
        })
        .collect();
    let unsure: Map<String, Value> =
        all(scores).map(|group| (group.name.to_owned(), json!(rounded(unsure(&group.asked))))).collect();
    let classes: Map<String, Value> = classes
        .iter()
        .map(|share| (share.name.to_owned(), json!({ "messages": share.asked, "right": share.right })))
        .collect();
    json!({ "exactly_right": groups, "right_class": classes, "auroc_against_elsewhere": curves, "marked_unsure": unsure })
}

/// Everything as Markdown.
pub fn to_markdown(scores: &Scores, classes: &[Share]) -> String {
    let mut text = String::from(
        "# Scores of the default model\n\n\
         Written by `cargo xtask model --score`; greedy decoding, every question from cold.\n\n\
         | questions | | exactly right | marked unsure |\n|---|---|---|---|\n",
    );
    for group in all(scores) {
        let right = match group.name {
            "elsewhere" => "none can be".to_owned(),
            _ => format!("{} of {}: {:.1} %", group.right(), group.asked.len(), 100.0 * group.share()),
        };
        let marked = 100.0 * unsure(&group.asked);
        let _ = writeln!(text, "| `{}` | {} | {right} | {marked:.1} % |", group.name, group.about);
    }
    let _ = writeln!(text, "\n## Classes\n\n`classifier.bin` names one of {}.\n", CLASSES.join(", "));
    text.push_str("| messages | right class |\n|---|---|\n");
    for Share { name, asked, right } in classes {
        let _ = writeln!(text, "| `{name}` | {right} of {asked}: {:.1} % |", 100.0 * *right as f64 / *asked as f64);
    }
    text.push_str("\n## Own domain against others\n\n");
    text.push_str("AUROC of a signal: our questions against the prompts of other domains.\n\n| signal |");
    for group in &scores.groups {
        let _ = write!(text, " `{}` |", group.name);
    }
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(scores.groups.len())));
    for (_, about, signal) in SIGNALS {
        let _ = write!(text, "| {about} |");
        for group in &scores.groups {
            let _ = write!(text, " {} |", statistics::cell(number(curve(group, scores, signal))));
        }
        text.push('\n');
    }
    for group in &scores.groups {
        let wrong: Vec<&Asked> = group.asked.iter().filter(|asked| !asked.is_right()).collect();
        let shown = wrong.len().min(SHOWN);
        let _ = write!(text, "\n## Wrong answers: {} ({shown} of {})\n\n", group.about, wrong.len());
        text.push_str("| question | answer | expected |\n|---|---|---|\n");
        // Spread over the group, not the first ones: those are all of the same few entries.
        for asked in wrong.iter().step_by(wrong.len().div_ceil(SHOWN).max(1)).take(SHOWN) {
            let expected = asked.expected.as_deref().unwrap_or_default();
            let _ =
                writeln!(text, "| `{}` | `{}` | `{}` |", cell(&asked.question), cell(&asked.answer), cell(expected));
        }
    }
    text.push_str("\n## Prompts of other domains\n\n| prompt | answer | marked |\n|---|---|---|\n");
    for asked in scores.elsewhere.asked.iter().step_by(8) {
        let mark = if asked.doubt.is_some() { "unsure" } else { "**sure**" };
        let _ = writeln!(text, "| `{}` | `{}` | {mark} |", cell(&asked.question), cell(&asked.answer));
    }
    text
}

/// A bar would end the table's cell, a backtick the code.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('`', "'")
}

fn all(scores: &Scores) -> impl Iterator<Item = &Group> {
    scores.groups.iter().chain([&scores.elsewhere])
}

fn curve(group: &Group, scores: &Scores, signal: fn(&Signals) -> f64) -> f64 {
    let values = |group: &Group| group.asked.iter().map(|asked| signal(&asked.signals)).collect::<Vec<f64>>();
    auroc(&values(group), &values(&scores.elsewhere))
}

fn unsure(asked: &[Asked]) -> f64 {
    let count = asked.iter().filter(|asked| asked.doubt.is_some()).count();
    count as f64 / asked.len().max(1) as f64
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_engine::dialogue::Doubt;

    #[test]
    fn tables_hold_what_was_counted() {
        let asked = |expected: Option<&str>, question_nats| Asked {
            question: "a|b".to_owned(),
            expected: expected.map(str::to_owned),
            answer: "yes".to_owned(),
            signals: Signals { question_nats, least_probability: 1.0, ..Signals::default() },
            doubt: (question_nats > 1.0).then_some(Doubt::Unfamiliar),
        };
        let group = |name, asked| Group { name, about: "test", asked };
        let scores = Scores {
            groups: vec![group("held_out", vec![asked(Some("yes"), 0.1), asked(Some("no"), 0.2)])],
            elsewhere: group("elsewhere", vec![asked(None, 2.0)]),
        };
        let classes = [Share { name: "held_out", asked: 4, right: 3 }];
        let json = to_json(&scores, &classes);
        assert_eq!(json["exactly_right"]["held_out"]["share"], 0.5);
        assert_eq!(json["auroc_against_elsewhere"]["question_nats"]["held_out"], 1.0);
        assert_eq!(json["marked_unsure"]["elsewhere"], 1.0);
        let table = to_markdown(&scores, &classes);
        assert!(table.contains("3 of 4: 75.0 %") && json["right_class"]["held_out"]["right"] == 3, "{table}");
        assert!(table.contains("1 of 2: 50.0 %") && table.contains("| `a\\|b` | `yes` | `no` |"), "{table}");
    }
}
