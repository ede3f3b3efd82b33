//! How well classes were named, for people and programs.

use atome_train::classes::{coverage, Coverage, Description, Named};
use atome_train::decimal::shortest;
use atome_train::plot::{curves, Curve};
use atome_train::terminal::safe;
use serde_json::{json, Value};

use crate::numbers::{grouped, percent};

/// The most classes that have a column of their own in the table.
const SHOWN_CLASSES: usize = 12;

/// The most characters of a name there.
const SHOWN: usize = 12;

/// What became of the examples.
pub struct ClassScore<'d> {
    classes: &'d Description,
    named: Vec<Named>,
    /// Whether the classifier had not learnt from them.
    is_held_out: bool,
}

impl<'d> ClassScore<'d> {
    pub fn new(classes: &'d Description, named: Vec<Named>, is_held_out: bool) -> Self {
        Self { classes, named, is_held_out }
    }

    fn count(&self, wanted: impl Fn(&Named) -> bool) -> u64 {
        self.named.iter().filter(|named| wanted(named)).count() as u64
    }

    fn is_sure(&self, named: &Named) -> bool {
        named.margin >= f64::from(self.classes.least_margin)
    }

    /// `[right class][found class]`.
    fn matrix(&self) -> Vec<Vec<u64>> {
        let count = self.classes.names.len();
        let mut matrix = vec![vec![0; count]; count];
        for named in &self.named {
            matrix[named.class][named.found] += 1;
        }
        matrix
    }

    pub fn json(&self) -> Value {
        let point = |Coverage { least_margin, answered, wrong }: Coverage| json!({ "least_margin": least_margin, "answered": answered, "wrong": wrong });
        json!({
            "examples": self.named.len(),
            "held_out": self.is_held_out,
            "right": self.count(Named::is_right),
            "right_and_sure": self.count(|named| named.is_right() && self.is_sure(named)),
            "wrong_and_sure": self.count(|named| !named.is_right() && self.is_sure(named)),
            "unsure": self.count(|named| !self.is_sure(named)),
            "least_margin": shortest(self.classes.least_margin),
            "classes": self.classes.names,
            "confusion": self.matrix(),
            "coverage": coverage(&self.named).into_iter().map(point).collect::<Vec<Value>>(),
        })
    }

    pub fn text(&self) -> String {
        let all = self.named.len() as u64;
        let held_out = if self.is_held_out { "  held out from the training" } else { "" };
        let mut text = format!("{:<15}{:>9}{held_out}\n", "examples", grouped(all));
        let counts = [
            ("right", self.count(Named::is_right)),
            ("right and sure", self.count(|named| named.is_right() && self.is_sure(named))),
            ("wrong and sure", self.count(|named| !named.is_right() && self.is_sure(named))),
            ("unsure", self.count(|named| !self.is_sure(named))),
        ];
        for (name, count) in counts {
            text.push_str(&format!("{name:<15}{:>9}  {:>6}\n", grouped(count), percent(count, all)));
        }
        text.push_str(&format!(
            "Unsure: the best logit is less than {} above the second.\n",
            self.classes.least_margin
        ));
        text + &self.confusion_table()
    }

    /// A row for each right class, a column for each that was found.
    fn confusion_table(&self) -> String {
        let names: Vec<String> = self.classes.names.iter().map(|name| cell(name)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
        let matrix = self.matrix();
        if names.len() > SHOWN_CLASSES {
            return self.most_confused(&names, &matrix);
        }
        let mut text = format!("\n{:<width$}  found as\n{:<width$}", "class", "");
        names.iter().for_each(|name| text.push_str(&format!("  {name:>width$}")));
        text.push('\n');
        for (name, row) in names.iter().zip(&matrix) {
            text.push_str(&format!("{name:<width$}"));
            row.iter().for_each(|&count| text.push_str(&format!("  {:>width$}", grouped(count))));
            text.push('\n');
        }
        text
    }

    /// Where a table has no room.
    fn most_confused(&self, names: &[String], matrix: &[Vec<u64>]) -> String {
        const LISTED: usize = 10;
        let mut wrong: Vec<(u64, usize, usize)> = Vec::new();
        for (class, row) in matrix.iter().enumerate() {
            wrong.extend(
                row.iter()
                    .enumerate()
                    .filter(|&(found, &count)| found != class && count > 0)
                    .map(|(found, &count)| (count, class, found)),
            );
        }
        wrong.sort_by_key(|&(count, ..)| std::cmp::Reverse(count));
        let mut text = format!("\n{:>6}  {:<SHOWN$}  found as\n", "times", "class");
        for &(count, class, found) in wrong.iter().take(LISTED) {
            text.push_str(&format!("{:>6}  {:<SHOWN$}  {}\n", grouped(count), names[class], names[found]));
        }
        let rest = wrong.len().saturating_sub(LISTED);
        if rest > 0 {
            text.push_str(&format!("{rest:>6}  other kinds of mistakes (--json has the whole matrix)\n"));
        }
        text
    }

    /// What abstaining is worth: the share of wrong classes over the share of examples that get one.
    pub fn plot(&self, title: &str) -> String {
        let point = |Coverage { answered, wrong, .. }: Coverage| (answered * 100.0, wrong * 100.0);
        let points = coverage(&self.named).into_iter().map(point).collect();
        let name = if self.is_held_out { "held out" } else { "all examples" };
        let curve = Curve { name: name.to_owned(), points, dots: false };
        curves(title, "% of the examples that get a class, the surest first", "% of these that are wrong", &[curve])
    }
}

/// A name that keeps its column.
fn cell(name: &str) -> String {
    let shown = safe(name).replace('\t', "\\t").replace('\n', "\\n");
    match shown.chars().count() > SHOWN {
        true => shown.chars().take(SHOWN - 2).chain("..".chars()).collect(),
        false => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(count: usize) -> Description {
        let names = (0..count).map(|class| format!("c{class}")).collect();
        Description { names, columns: Vec::new(), least_margin: 1.0 }
    }

    #[test]
    fn a_table_has_a_row_for_each_class() {
        let classes = description(2);
        let named = |class, found, margin| Named { class, found, margin };
        let all = vec![named(0, 0, 2.0), named(0, 1, 0.5), named(1, 1, 3.0), named(1, 0, 1.5)];
        let score = ClassScore::new(&classes, all, true);
        let text = score.text();
        let right: Vec<&str> =
            text.lines().find(|line| line.starts_with("right ")).unwrap().split_whitespace().collect();
        assert_eq!(right, ["right", "2", "50.0%"], "{text}");
        assert!(text.lines().any(|line| line.starts_with("c0") && line.ends_with('1')), "{text}");
        let json = score.json();
        assert_eq!(
            (&json["right_and_sure"], &json["wrong_and_sure"], &json["unsure"]),
            (&json!(2), &json!(1), &json!(1))
        );
        assert_eq!(json["confusion"], json!([[1, 1], [1, 1]]));
        assert!(score.plot("x").starts_with("<svg"));
    }

    #[test]
    fn many_classes_are_listed_by_their_mistakes() {
        let classes = description(20);
        let all = vec![Named { class: 3, found: 7, margin: 0.1 }; 4];
        let text = ClassScore::new(&classes, all, false).text();
        assert!(text.contains("     4  c3            c7"), "{text}");
    }
}
