//! Plots as SVG, plain enough for every viewer.

use std::fmt::Write;

use crate::log::Line;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 450.0;
/// Margins: left, right, top, bottom.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 6] = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"];

/// From more bars than this on, every other name stands lower.
const STAGGERED: usize = 4;

/// One line of a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Points of the line.
    pub points: Vec<(f64, f64)>,
    /// Whether every point gets a dot.
    pub dots: bool,
}

/// A bar with the values that its height is the mean of.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// The values, at least one.
    pub values: Vec<f64>,
}

/// The loss curve of a log: bits a byte over steps, in training and held out.
pub fn loss_curve(title: &str, lines: &[Line]) -> String {
    let mut training = Curve { name: "training".to_owned(), points: Vec::new(), dots: false };
    let mut held_out = Curve { name: "held out".to_owned(), points: Vec::new(), dots: true };
    for line in lines {
        match *line {
            Line::Step { step, bits_per_byte, .. } => training.points.push((step as f64, bits_per_byte)),
            Line::Judgement { step, bits_per_byte, .. } => held_out.points.push((step as f64, bits_per_byte)),
            Line::Start { .. } | Line::Pause { .. } => {}
        }
    }
    curves(title, "step", "bits a byte", &[training, held_out])
}

/// Lines over a common pair of axes.
pub fn curves(title: &str, x_name: &str, y_name: &str, curves: &[Curve]) -> String {
    let points = || curves.iter().flat_map(|curve| &curve.points).filter(|(x, y)| x.is_finite() && y.is_finite());
    let x = Axis::over(points().map(|point| point.0));
    let y = Axis::over(points().map(|point| point.1));
    let mut svg = Svg::new(title);
    svg.axes(&x, x_name, &y, y_name);
    for (index, curve) in curves.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points: Vec<(f64, f64)> = curve.points.iter().map(|&(px, py)| (x.across(px), y.up(py))).collect();
        let text: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        svg.line(format_args!(
            r#"<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{}"/>"#,
            text.join(" ")
        ));
        for (x, y) in points.iter().filter(|_| curve.dots) {
            svg.line(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"#));
        }
        let top = TOP + 8.0 + 18.0 * index as f64;
        let left = WIDTH - RIGHT - 150.0;
        svg.line(format_args!(r#"<rect x="{left}" y="{top}" width="12" height="12" fill="{colour}"/>"#));
        svg.text(left + 18.0, top + 11.0, "start", &curve.name);
    }
    svg.finish()
}

/// Bars from zero, each as high as the mean of its values, which are dots on it.
pub fn bars(title: &str, y_name: &str, bars: &[Bar]) -> String {
    let values = bars.iter().flat_map(|bar| bar.values.iter().copied()).filter(|value| value.is_finite());
    let y = Axis::over(values.chain([0.0]));
    let mut svg = Svg::new(title);
    svg.y_axis(&y, y_name);
    let room = (WIDTH - LEFT - RIGHT) / bars.len().max(1) as f64;
    for (index, bar) in bars.iter().enumerate() {
        let mean = bar.values.iter().sum::<f64>() / bar.values.len().max(1) as f64;
        let (left, top) = (LEFT + room * (index as f64 + 0.2), y.up(mean));
        let (width, height) = (room * 0.6, y.up(0.0) - top);
        let colour = COLOURS[index % COLOURS.len()];
        svg.line(format_args!(
            r#"<rect x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
        ));
        for (number, &value) in bar.values.iter().enumerate() {
            let x = left + width * (number as f64 + 1.0) / (bar.values.len() as f64 + 1.0);
            svg.line(format_args!(r##"<circle cx="{x:.1}" cy="{:.1}" r="3" fill="#222"/>"##, y.up(value)));
        }
        let highest = bar.values.iter().copied().fold(mean, f64::max);
        svg.text(left + width / 2.0, y.up(highest) - 8.0, "middle", &format!("{mean:.2}"));
        // Many names side by side would run into each other.
        let lower = if bars.len() > STAGGERED { 16.0 * (index % 2) as f64 } else { 0.0 };
        svg.text(left + width / 2.0, HEIGHT - BOTTOM + 20.0 + lower, "middle", &bar.name);
    }
    svg.finish()
}

/// A range of values with round marks.
#[derive(Clone, Copy, Debug)]
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-9 * high.abs().max(1.0) {
            high = low + 1.0;
        }
        let rough = (high - low) / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|&step| step >= rough);
        let step = step.unwrap_or(10.0 * power);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    fn across(&self, value: f64) -> f64 {
        LEFT + self.share(value) * (WIDTH - LEFT - RIGHT)
    }

    fn up(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.share(value) * (HEIGHT - TOP - BOTTOM)
    }

    fn marks(&self) -> impl Iterator<Item = (f64, String)> + '_ {
        let digits = (-self.step.log10().floor()).clamp(0.0, 9.0) as usize;
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(move |index| {
            let value = self.low + self.step * index as f64;
            (value, format!("{value:.digits$}"))
        })
    }
}

struct Svg(String);

impl Svg {
    fn new(title: &str) -> Self {
        let mut svg = Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
        ));
        svg.text(WIDTH / 2.0, 24.0, "middle", title);
        svg
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{text}");
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.line(format_args!(r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#));
    }

    fn axes(&mut self, x: &Axis, x_name: &str, y: &Axis, y_name: &str) {
        self.y_axis(y, y_name);
        for (value, text) in x.marks() {
            self.text(x.across(value), HEIGHT - BOTTOM + 20.0, "middle", &text);
        }
        self.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10.0, "middle", x_name);
    }

    fn y_axis(&mut self, y: &Axis, y_name: &str) {
        for (value, text) in y.marks() {
            let height = y.up(value);
            let right = WIDTH - RIGHT;
            self.line(format_args!(
                r##"<line x1="{LEFT}" y1="{height:.1}" x2="{right}" y2="{height:.1}" stroke="#ddd"/>"##
            ));
            self.text(LEFT - 8.0, height + 4.0, "end", &text);
        }
        let middle = HEIGHT / 2.0;
        self.line(format_args!(
            r#"<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{y_name}</text>"#
        ));
    }

    fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_marks_around_all_values() {
        for values in [vec![2.66, 8.0], vec![0.0], vec![-3.0, 1e6], vec![1e-7, 2e-7], vec![]] {
            let axis = Axis::over(values.iter().copied());
            assert!(values.iter().all(|&value| axis.low <= value && value <= axis.high), "{values:?} {axis:?}");
            let marks = axis.marks().count();
            assert!((2..=9).contains(&marks), "{values:?}: {marks} marks");
        }
        let marks: Vec<String> = Axis::over([0.0, 3000.0].into_iter()).marks().map(|(_, text)| text).collect();
        assert_eq!(marks, ["0", "500", "1000", "1500", "2000", "2500", "3000"]);
    }

    #[test]
    fn a_log_becomes_two_curves() {
        let lines = [
            Line::Start { step: 0, steps: 20, parameters: 1, corpus: String::new(), init_from: None },
            Line::Step { step: 10, bits_per_byte: 6.0, loss: 4.0, rate: 0.1, norm: 1.0, tokens_per_second: 1.0 },
            Line::Step { step: 20, bits_per_byte: 4.0, loss: 4.0, rate: 0.1, norm: 1.0, tokens_per_second: 1.0 },
            Line::Judgement { step: 20, bits_per_byte: 5.0, perplexity: 32.0 },
        ];
        let svg = loss_curve("a <b>", &lines);
        assert!(
            svg.contains("a &lt;b&gt;") && svg.matches("<polyline").count() == 2 && svg.matches("<circle").count() == 1
        );
        // The range is 4 to 6: the first point lies left and on top, the last one right and at the bottom.
        assert!(svg.contains(r#"points="70.0,40.0 780.0,400.0""#), "{svg}");
    }

    #[test]
    fn bars_stand_on_zero() {
        let svg = bars("t", "perplexity", &[Bar { name: "a".to_owned(), values: vec![5.0, 10.0] }]);
        assert!(svg.contains(">7.50</text>"), "{svg}");
        let height = (HEIGHT - TOP - BOTTOM) * 0.75;
        assert!(svg.contains(&format!(r#"height="{height:.1}""#)), "{svg}");
    }
}
