//! What `atome inspect` prints for people.

use atome_engine::Packing;
use atome_train::hex::hex;

use super::section_stats::{Content, SectionStats, Sections};
use crate::label::{part_name, Label};
use crate::model_file::ModelFile;
use crate::numbers::{counted, grouped, percent, short};
use crate::shape_source::Found;
use crate::sizes::{Key, Sizes, Source};

/// `refusal` says why the integer arithmetic does not take the model, where it does not.
pub fn render(file: &ModelFile, found: &Found, all: &Sections, refusal: Option<&str>) -> String {
    let Sections { sections, per_layer, sublayers } = all;
    let mut text = header(file, found, all);
    text.push('\n');
    text.push_str(&table(file.format.packing(), sections));
    if !sublayers.is_empty() {
        text.push_str(&format!(
            "\nfeed-forward: {per_layer} sublayers a layer, offsets from the start of their part\n\n"
        ));
        text.push_str(&table(file.format.packing(), sublayers));
    }
    text.push('\n');
    text.push_str(&verdict(file.format.packing(), sections.iter().chain(sublayers)));
    text.push_str(&match refusal {
        None => "the integer arithmetic takes it\n".to_owned(),
        Some(why) => format!("the integer arithmetic does not take it: {why}\n"),
    });
    text
}

fn header(file: &ModelFile, found: &Found, all: &Sections) -> String {
    let mut text = format!("file     {}\n", file.path.display());
    let classes = match file.format.n_classes() {
        Some(count) => format!(", {count} classes"),
        None => String::new(),
    };
    let packing = match file.format.packing() {
        Packing::TwoBits => "2 bits a weight",
        Packing::BaseThree => "5 weights to a byte",
        Packing::PowersOfThree => "3 bits a weight: 0, ±1, ±3, ±9",
    };
    text.push_str(&format!("format   {} ({packing}){classes}\n", file.format.name()));
    text.push_str(&format!("bytes    {}\n", grouped(file.bytes.len() as u64)));
    let behind = file.bytes.len() - found.needed;
    if behind > 0 {
        text.push_str(&format!(
            "         {} behind the end of this shape at offset {}: is the shape right?\n",
            counted(behind, "byte"),
            grouped(found.needed as u64)
        ));
    }
    text.push_str(&file.label.as_ref().map(label_lines).unwrap_or_default());
    let (ternary, floats) = parameters(all.sections.iter().chain(&all.sublayers));
    text.push_str(&format!(
        "weights  {}: {} {}, {} f32\n",
        grouped(ternary + floats),
        grouped(ternary),
        if file.format.packing() == Packing::PowersOfThree { "quantised" } else { "ternary" },
        grouped(floats)
    ));
    text.push_str(&shape_lines(&found.sizes, found));
    text
}

/// What a container says besides the shape.
fn label_lines(label: &Label) -> String {
    let about = &label.about;
    let mut text = format!(
        "in       a container of {} bytes, model file at {}, aligned to {}\n",
        grouped(label.len as u64),
        grouped(label.payload as u64),
        grouped(u64::from(about.alignment))
    );
    if let Some(identity) = label.identity() {
        text.push_str(&format!("         for {identity}\n"));
    }
    let key = label.key_id.map(|id| format!(" for the key {}...", hex(&id))).unwrap_or_default();
    let signed =
        if label.is_signed { format!("signed{key}; `atome verify` tells by whom") } else { "not signed".into() };
    text.push_str(&format!("         {signed}\n"));
    for (kind, part) in &label.parts {
        text.push_str(&format!("         with a {} of {} bytes\n", part_name(*kind), grouped(part.len() as u64)));
    }
    if let Some(digest) = label.training_digest() {
        text.push_str(&format!("training {digest}\n"));
    }
    for (index, (key, value)) in label.notes.iter().enumerate() {
        let head = if index == 0 { "notes" } else { "" };
        text.push_str(&format!("{head:<9}{}: {}\n", key.escape_debug(), value.escape_debug()));
    }
    text
}

/// The numbers, a line for each way in which they were found.
fn shape_lines(sizes: &Sizes, found: &Found) -> String {
    let mut text = String::new();
    let mut label = "shape";
    for source in [Source::Flag, Source::Container, Source::Sidecar, Source::Recovered, Source::Default] {
        let numbers: Vec<String> = Key::ALL
            .into_iter()
            .filter(|&key| sizes.source(key) == Some(source))
            .filter_map(|key| Some(format!("{}={}", key.name(), sizes.value(key)?)))
            .collect();
        if numbers.is_empty() {
            continue;
        }
        let how = match (source, &found.sidecar) {
            (Source::Flag, _) => "given by flags".to_owned(),
            (Source::Container, _) => "from the container".to_owned(),
            (Source::Sidecar, Some(path)) => format!("from {}", path.display()),
            (Source::Sidecar, None) => "from the sidecar".to_owned(),
            (Source::Recovered, _) => "recovered from the bytes".to_owned(),
            (Source::Checkpoint, _) => "from the checkpoint".to_owned(),
            (Source::Default, _) => "assumed: not in a file".to_owned(),
        };
        text.push_str(&format!("{label:<9}{}  ({how})\n", numbers.join(" ")));
        label = "";
    }
    text
}

/// Ternary weights and f32 values, scales not counted.
fn parameters<'s>(sections: impl Iterator<Item = &'s SectionStats>) -> (u64, u64) {
    sections.fold((0, 0), |(ternary, floats), section| match &section.content {
        Content::Matrix(stats) => (ternary + (stats.rows * stats.cols) as u64, floats),
        Content::Floats(stats) => (ternary, floats + stats.count as u64),
    })
}

fn table(packing: Packing, sections: &[SectionStats]) -> String {
    let [minus, plus] = if packing == Packing::PowersOfThree { ["< 0", "> 0"] } else { ["-1", "+1"] };
    let mut text = row(["offset", "bytes", "section", "size", "scale", minus, "0", plus, "bad"]);
    text.push_str(&row(["", "", "", "", "", "or min", "or mean", "or max", ""]));
    for section in sections {
        let (size, [scale, low, middle, high], bad) = match &section.content {
            Content::Matrix(stats) => {
                let count = stats.minus + stats.zero + stats.plus;
                let columns = [
                    short(f64::from(stats.scale)),
                    percent(stats.minus, count),
                    percent(stats.zero, count),
                    percent(stats.plus, count),
                ];
                (format!("{} x {}", stats.rows, stats.cols), columns, stats.invalid)
            }
            Content::Floats(stats) => {
                let columns =
                    [String::new(), short(f64::from(stats.min)), short(stats.mean), short(f64::from(stats.max))];
                (stats.count.to_string(), columns, stats.non_finite)
            }
        };
        let (offset, bytes) = (section.offset.to_string(), section.bytes.to_string());
        let (name, bad) = (name(section), bad.to_string());
        text.push_str(&row([&offset, &bytes, &name, &size, &scale, &low, &middle, &high, &bad]));
    }
    text
}

fn row(cells: [&str; 9]) -> String {
    let [offset, bytes, name, size, scale, low, middle, high, bad] = cells;
    let line =
        format!("{offset:>9} {bytes:>9}  {name:<17} {size:>13} {scale:>10} {low:>10} {middle:>10} {high:>10} {bad:>5}");
    format!("{}\n", line.trim_end())
}

fn name(section: &SectionStats) -> String {
    match (section.layer, section.sublayer) {
        (Some(layer), Some(sublayer)) => format!("{layer:>3}.{sublayer} {}", section.name),
        (Some(layer), None) => format!("{layer:>3} {}", section.name),
        (None, _) => section.name.to_owned(),
    }
}

fn verdict<'s>(packing: Packing, sections: impl Iterator<Item = &'s SectionStats>) -> String {
    let mut text = String::new();
    let mut line = |offset: usize, count: u64, what: &str, section: &SectionStats| {
        text.push_str(&format!(
            "bad: {}: {}, the first at offset {offset}\n",
            section.title,
            counted(count as usize, what)
        ));
    };
    for section in sections {
        match &section.content {
            Content::Matrix(stats) => {
                if let Some(offset) = stats.first_invalid {
                    line(offset, stats.invalid, "invalid code", section);
                }
                if !stats.scale.is_finite() {
                    line(section.offset, 1, "non-finite scale", section);
                }
            }
            Content::Floats(stats) => {
                if let Some(offset) = stats.first_non_finite {
                    line(offset, stats.non_finite, "non-finite value", section);
                }
            }
        }
    }
    if text.is_empty() {
        let invalid = match packing {
            Packing::TwoBits => "code (10)",
            Packing::BaseThree => "byte (above 242)",
            Packing::PowersOfThree => "code (111)",
        };
        text.push_str(&format!("no invalid {invalid}, no non-finite value\n"));
    }
    text
}
