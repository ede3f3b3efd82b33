//! What one more token costs in a memory plan.

use anyhow::Result;
use atome_engine::{Held, Layout, Part, Plan, Shape};
use serde_json::{json, Value};

/// A plan's part of the ladder from the least memory to the most.
#[derive(Debug)]
pub struct PlanWork {
    pub plan: Plan,
    pub bytes: u64,
    pub held: Held,
    max_seq: usize,
    /// What its parts take, in bytes.
    pub parts: Vec<(Part, usize)>,
    /// Tokens of a text, and positions that the last of them computes: for some lengths, the same ones in each plan.
    pub work: Vec<(usize, usize)>,
}

impl PlanWork {
    pub fn new(shape: Shape, max_seq: usize, plan: Plan) -> Result<Self> {
        let layout = Layout::new(shape, max_seq, plan)?;
        let partly = Layout::new(shape, max_seq, Plan::Partial).map_or(0, |layout| layout.held().whole);
        let held = layout.held();
        let work = lengths(max_seq, partly).into_iter().map(|n| (n, held.work(n))).collect();
        Ok(Self { plan, bytes: layout.bytes() as u64, held, max_seq, parts: layout.parts().collect(), work })
    }

    /// Whether any text stays as a whole.
    pub fn holds_all(&self) -> bool {
        self.held.whole == self.max_seq
    }

    pub fn json(&self) -> Value {
        let work = self
            .work
            .iter()
            .map(|(n, work)| json!({ "tokens": n, "positions": work, "share": *work as f64 / *n as f64 }));
        json!({
            "plan": plan_name(self.plan),
            "state_bytes": self.bytes,
            "parts": self.parts.iter().map(|(part, bytes)| json!({ "name": part.name(), "bytes": bytes })).collect::<Vec<Value>>(),
            "one_position_up_to": self.held.whole,
            "first_that_stay": self.held.first,
            "work": work.collect::<Vec<Value>>(),
        })
    }
}

/// A plan by its name.
pub const fn plan_name(plan: Plan) -> &'static str {
    match plan {
        Plan::Lean => "lean",
        Plan::Partial => "partial",
        Plan::Cached => "cached",
    }
}

/// Lengths up to `max_seq` that tell plans apart: each quarter, and where the partial plan's room ends.
fn lengths(max_seq: usize, whole: usize) -> Vec<usize> {
    let mut lengths = vec![1, max_seq / 4, max_seq / 2, max_seq - max_seq / 4, max_seq, whole, whole + 1, whole + 2];
    lengths.retain(|n| (1..=max_seq).contains(n));
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use atome_engine::Dims;

    #[test]
    fn the_944k_model_has_three_rungs() {
        let shape = Shape::new(Dims { d_model: 256, n_layers: 8, d_head: 64, ..Dims::DEFAULT }).unwrap();
        let plans = [Plan::Lean, Plan::Partial, Plan::Cached].map(|plan| PlanWork::new(shape, 128, plan).unwrap());
        let lengths = [1, 32, 64, 75, 76, 77, 96, 128];
        assert_eq!(plans.each_ref().map(|plan| plan.held.whole), [0, 75, 128]);
        assert_eq!(plans[0].work, lengths.map(|n| (n, n)));
        assert_eq!(plans[1].work, [(1, 1), (32, 1), (64, 1), (75, 1), (76, 76), (77, 17), (96, 36), (128, 68)]);
        assert_eq!(plans[2].work, lengths.map(|n| (n, 1)));
        assert_eq!(plans.each_ref().map(PlanWork::holds_all), [false, false, true]);
    }
}
