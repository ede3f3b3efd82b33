//! What `atome budget` prints for people.

use std::path::Path;

use atome_engine::Plan;

use super::needs::{Needs, Room, Verdict};
use super::work::{plan_name, PlanWork};
use crate::numbers::{grouped, kib};
use crate::sizes::{Key, Source};

/// The chips are compared with what the exact arithmetic takes, or the integer one where `by_integers`.
pub fn render(model: Option<&Path>, needs: &Needs, verdicts: &[Verdict], by_integers: bool) -> String {
    let mut text = String::new();
    if let Some(path) = model {
        text.push_str(&format!("file       {}\n", path.display()));
    }
    text.push_str(&shape_line(needs));
    text.push_str(&format!("\n{:<24}{:>13}\n", "", "bytes"));
    let mut line = |what: &str, bytes: u64, note: &str| {
        text.push_str(&format!("{what:<24}{:>13}{note}\n", grouped(bytes)));
    };
    line("flash: model file", needs.flash, "");
    let plans = [(Plan::Lean, Some(needs.lean)), (Plan::Partial, needs.partial), (Plan::Cached, Some(needs.cached))];
    for (plan, bytes) in plans {
        if let Some(bytes) = bytes {
            line(&format!("RAM: state, {} plan", plan_name(plan)), bytes, &beside_c99(needs, plan, bytes));
        }
    }
    if let Ok(state) = &needs.integer {
        for (plan, bytes) in [(Plan::Lean, state.lean), (Plan::Cached, state.cached)] {
            line(&format!("RAM: integers, {} plan", plan_name(plan)), bytes, &share_of_c99(needs, bytes));
        }
    }
    line("RAM: state, C99 engine", needs.c99, "");
    line("RAM: model struct", needs.model_struct, "   with 32-bit pointers; counted in every column");
    if let Err(why) = &needs.integer {
        text.push_str(&format!("No state in integers: {why}.\n"));
    }
    text.push_str(&work_table(&needs.work));
    text.push_str(&format!(
        "\nLeft to the program: {} KiB of flash, {} KiB of RAM (--reserve-flash, --reserve-ram).\n\
         Sizes and missing room are in KiB; \"to S\" is the longest window that fits.\n\n",
        needs.reserve_flash / 1024,
        needs.reserve_ram / 1024
    ));
    if by_integers {
        text.push_str("Plans of the integer arithmetic:\n\n");
    }
    text.push_str(&chip_table(verdicts, by_integers));
    text.push_str("\n* external flash, as on the usual board. RAM is the largest block without a gap.\n");
    text
}

fn shape_line(needs: &Needs) -> String {
    let mut text = String::from("shape     ");
    let mut assumed = false;
    for key in Key::ALL {
        let mark = match needs.sizes.source(key) {
            Some(Source::Default) => {
                assumed = true;
                "?"
            }
            _ => "",
        };
        text.push_str(&format!(" {}={}{mark}", key.name(), needs.sizes.value(key).unwrap_or(0)));
    }
    if needs.feed_forward > 0 {
        text.push_str(&format!(" feed_forward={}", needs.feed_forward));
    }
    text.push('\n');
    if assumed {
        text.push_str("           ? assumed: no flag and no file says it\n");
    }
    text
}

fn beside_c99(needs: &Needs, plan: Plan, bytes: u64) -> String {
    let auto = if needs.auto == plan { ", taken unless ATOME_PLAN says otherwise" } else { "" };
    share_of_c99(needs, bytes) + auto
}

fn share_of_c99(needs: &Needs, bytes: u64) -> String {
    format!("   {:.0}% of the C99 engine's", 100.0 * bytes as f64 / needs.c99 as f64)
}

/// The positions that a token computes in each plan; 1 is its own.
fn work_table(plans: &[PlanWork]) -> String {
    let mut text =
        String::from("\nWork of one more token of a growing text, in positions; the text is then so long:\n\n");
    let row = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        cells.fold(format!("{name:<24}"), |row, cell| format!("{row} {cell:>8}")) + "\n"
    };
    let Some(first) = plans.first() else { return text };
    text.push_str(&row("plan", &mut first.work.iter().map(|(n, _)| n.to_string())));
    for plan in plans {
        text.push_str(&row(plan_name(plan.plan), &mut plan.work.iter().map(|(_, work)| work.to_string())));
    }
    for plan in plans.iter().filter(|plan| plan.plan == Plan::Partial && !plan.holds_all()) {
        text.push_str(&format!(
            "\nThe partial plan holds texts of up to {} tokens; of longer ones the first {} stay, and a token computes those\n\
             behind them. The text that first exceeds its room is computed once as a whole.\n",
            plan.held.whole, plan.held.first
        ));
    }
    text
}

fn chip_table(verdicts: &[Verdict], by_integers: bool) -> String {
    let lean = format!("{} plan", plan_name(Plan::Lean));
    let cached = format!("{} plan", plan_name(Plan::Cached));
    let mut text = format!(
        "{:<25} {:<11} {:>7} {:>5}  {:>9}  {:>9} {:>6}  {:>11} {:>6}  {:>9}\n",
        "chip", "core", "flash", "RAM", "model", lean, "to S", cached, "to S", "C99"
    );
    for verdict in verdicts {
        let states = verdict.integer.as_ref().filter(|_| by_integers).unwrap_or(&verdict.exact);
        text.push_str(&format!(
            "{:<25} {:<11} {:>6}{} {:>5}  {:>9}  {:>9} {:>6}  {:>11} {:>6}  {:>9}\n",
            verdict.chip.name,
            verdict.chip.core,
            verdict.chip.flash_kib,
            if verdict.chip.external { "*" } else { " " },
            verdict.chip.ram_kib,
            cell(verdict.flash),
            cell(states.lean),
            window(states.longest_lean),
            cell(states.cached),
            window(states.longest_cached),
            cell(verdict.c99)
        ));
    }
    text
}

fn cell(room: Room) -> String {
    match room {
        Room::Fits => "fits".to_owned(),
        Room::Short(missing) => format!("-{}", kib(missing)),
    }
}

fn window(longest: usize) -> String {
    match longest {
        0 => "-".to_owned(),
        longest => longest.to_string(),
    }
}
