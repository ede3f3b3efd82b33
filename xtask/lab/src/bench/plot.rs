//! The plot: horizontal bars on a logarithmic scale, one group a job.

use std::fmt::Write as _;

use anyhow::{ensure, Result};

use super::conditions::Conditions;
use super::timings::{shown, times, Of, Timings, C};

const WIDTH: f64 = 860.0;
/// Where the bars begin and may end.
const LEFT: f64 = 130.0;
const RIGHT: f64 = 680.0;
const TOP: f64 = 64.0;
const BAR: f64 = 16.0;
const STEP: f64 = 20.0;
const GROUP_GAP: f64 = 40.0;

const GROUPS: [(&str, &str); 3] = [
    ("generation", "112 tokens after a 16-byte prompt"),
    ("prefill", "prefill: one prediction from 128 tokens"),
    ("position-32", "one more token after 32 (C: a call with one token)"),
];

struct Bar {
    title: String,
    nanoseconds: f64,
    /// The time of C divided by this time.
    ratio: f64,
    is_c: bool,
}

/// The 944K model's bars: C, then every kernel of the engine in the cached plan.
pub fn svg(timings: &Timings, conditions: &Conditions) -> Result<String> {
    let groups: Vec<(&str, Vec<Bar>)> = GROUPS.iter().map(|(job, title)| (*title, bars(timings, job))).collect();
    let all = || groups.iter().flat_map(|(_, bars)| bars).map(|bar| bar.nanoseconds);
    let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    ensure!(least > 0.0 && most >= least, "nothing was timed that could be drawn");
    let scale = Scale { from: least.log10().floor() as i32, to: most.log10().ceil() as i32 };
    let count: usize = groups.iter().map(|(_, bars)| bars.len()).sum();
    let end = TOP + count as f64 * STEP + groups.len() as f64 * GROUP_GAP;
    let mut text = head(conditions, end + 40.0);
    for power in scale.from..=scale.to {
        let x = scale.x(10.0_f64.powi(power));
        line(&mut text, x, end);
        label(
            &mut text,
            x,
            end + 16.0,
            "middle",
            11,
            &shown(10.0_f64.powi(power)).replace(".00", "").replace(".0", ""),
        );
    }
    let mut y = TOP;
    for (title, bars) in &groups {
        label(&mut text, 12.0, y + 14.0, "start", 13, title);
        y += GROUP_GAP - 16.0;
        for bar in bars {
            draw(&mut text, bar, &scale, y);
            y += STEP;
        }
        y += 16.0;
    }
    text += "</svg>\n";
    Ok(text)
}

fn bars(timings: &Timings, job: &str) -> Vec<Bar> {
    let Some(c) = timings.get("944k", job, C).map(|timing| timing.nanoseconds) else { return Vec::new() };
    let is_shown = |of: &Of| of.kernel.is_none() || of.engine == "engine" && of.plan == Some("cached");
    let shown = timings.of_job("944k", job).filter(|timing| is_shown(&timing.of));
    shown
        .map(|timing| Bar {
            title: timing.of.kernel.unwrap_or(timing.of.engine).to_string(),
            nanoseconds: timing.nanoseconds,
            ratio: c / timing.nanoseconds,
            is_c: timing.of.kernel.is_none(),
        })
        .collect()
}

/// Powers of ten of a nanosecond.
struct Scale {
    from: i32,
    to: i32,
}

impl Scale {
    fn x(&self, nanoseconds: f64) -> f64 {
        let part = (nanoseconds.log10() - f64::from(self.from)) / f64::from((self.to - self.from).max(1));
        LEFT + part * (RIGHT - LEFT)
    }
}

fn head(conditions: &Conditions, height: f64) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" font-family=\"sans-serif\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    label(&mut text, 12.0, 24.0, "start", 16, "Time on a logarithmic scale: shorter is faster (944K model)");
    let Conditions { machine, date, model, .. } = conditions;
    label(&mut text, 12.0, 44.0, "start", 11, &format!("{machine}, one core, {date}; {model}; medians"));
    text
}

fn draw(text: &mut String, bar: &Bar, scale: &Scale, y: f64) {
    let (end, colour) = (scale.x(bar.nanoseconds), if bar.is_c { "#8c8c8c" } else { "#1f6fb4" });
    label(text, LEFT - 8.0, y + 12.0, "end", 12, &bar.title);
    // At the left end of the scale there would be no bar at all.
    let width = (end - LEFT).max(1.0);
    let _ = writeln!(text, "<rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>");
    let value = format!("{} ({})", shown(bar.nanoseconds), times(bar.ratio));
    label(text, LEFT + width + 6.0, y + 12.0, "start", 12, &value);
}

fn line(text: &mut String, x: f64, end: f64) {
    let _ = writeln!(text, "<path d=\"M{x:.1} {TOP}V{end:.0}\" stroke=\"#dddddd\"/>");
}

fn label(text: &mut String, x: f64, y: f64, anchor: &str, size: u32, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        text,
        "<text x=\"{x:.1}\" y=\"{y:.0}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"#222222\">{words}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::timings::tests::example;

    #[test]
    fn every_group_has_a_bar_for_each_engine_and_lengths_are_logarithms() {
        let timings = example();
        let conditions = Conditions::find(&timings, true).unwrap();
        let svg = svg(&timings, &conditions).unwrap();
        // 1 ms, 100 us and 10 us in three groups, from 10 us to 1 ms.
        let widths: Vec<&str> = svg.split("width=\"").filter_map(|part| part.split('"').next()).collect();
        assert_eq!(widths.iter().filter(|width| **width == "550.0").count(), 3);
        assert_eq!(widths.iter().filter(|width| **width == "275.0").count(), 3);
        assert_eq!(widths.iter().filter(|width| **width == "1.0").count(), 3);
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
}
