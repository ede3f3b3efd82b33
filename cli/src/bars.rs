//! Router entropy: collected while a model runs, shown as bars.

use atome_engine::{entropy, RouterReading};
use serde_json::{json, Value};

const WIDTH: usize = 20;

/// The pathways that a block has; further router outputs drive nothing.
const PATHWAYS: [&str; 3] = ["local", "state", "sparse"];

/// What the routers of all layers did over a text.
#[derive(Debug)]
pub struct RouterStats {
    pathways: usize,
    layers: Vec<LayerStats>,
}

#[derive(Clone, Debug, Default)]
struct LayerStats {
    /// Number of readings.
    positions: usize,
    /// The first that was not: they come in order.
    next: usize,
    entropy_sum: f64,
    entropy_max: f64,
    share_sums: Vec<f64>,
}

impl RouterStats {
    pub fn new(layers: usize, pathways: usize) -> Self {
        let layer = LayerStats { share_sums: vec![0.0; pathways], ..LayerStats::default() };
        Self { pathways, layers: vec![layer; layers] }
    }

    /// Takes the reading of `position` of the text. A position that was counted in an earlier call does not count again where
    /// it is computed once more, so all memory plans give the same numbers.
    pub fn add(&mut self, reading: &RouterReading, position: usize) {
        let Some(layer) = self.layers.get_mut(reading.layer).filter(|layer| layer.next <= position) else { return };
        let entropy = f64::from(entropy(reading.weights));
        layer.positions += 1;
        layer.next = position + 1;
        layer.entropy_sum += entropy;
        layer.entropy_max = layer.entropy_max.max(entropy);
        for (sum, &share) in layer.share_sums.iter_mut().zip(reading.weights) {
            *sum += f64::from(share);
        }
    }

    fn positions(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.positions)
    }

    /// ln(n_pathways): all pathways alike.
    fn most(&self) -> f64 {
        (self.pathways as f64).ln()
    }

    /// A table with a bar a layer.
    pub fn table(&self) -> String {
        let most = self.most();
        let mut text = format!(
            "router entropy over {}, in nats: 0 = one pathway alone, {most:.3} = ln {} = all alike\n",
            crate::numbers::counted(self.positions(), "position"),
            self.pathways
        );
        text.push_str(&format!("{:>5}  {:w$}  {:>5}  {:>5}", "layer", "", "mean", "max", w = WIDTH + 2));
        for pathway in 0..self.pathways {
            text.push_str(&format!("  {:>6}", pathway_name(pathway)));
        }
        text.push('\n');
        for (index, layer) in self.layers.iter().enumerate() {
            let mean = layer.mean();
            text.push_str(&format!("{index:>5}  |{}|  {mean:>5.3}  {:>5.3}", bar(mean / most), layer.entropy_max));
            for share in layer.shares() {
                text.push_str(&format!("  {:>5.1}%", 100.0 * share));
            }
            text.push('\n');
        }
        text
    }

    pub fn json(&self) -> Value {
        let layers: Vec<Value> = self
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| {
                json!({
                    "layer": index,
                    "entropy_mean": layer.mean(),
                    "entropy_max": layer.entropy_max,
                    "shares": layer.shares().collect::<Vec<f64>>(),
                })
            })
            .collect();
        json!({ "positions": self.positions(), "entropy_limit": self.most(), "layers": layers })
    }
}

impl LayerStats {
    fn mean(&self) -> f64 {
        self.entropy_sum / self.positions.max(1) as f64
    }

    fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        self.share_sums.iter().map(|sum| sum / self.positions.max(1) as f64)
    }
}

fn pathway_name(pathway: usize) -> String {
    match PATHWAYS.get(pathway) {
        Some(name) => (*name).to_owned(),
        None => format!("#{pathway}"),
    }
}

/// A bar of [`WIDTH`] characters, to the eighth of a character.
fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    // NaN becomes 0.
    let eighths = (share.clamp(0.0, 1.0) * (8 * WIDTH) as f64).round() as usize;
    let mut text = "█".repeat(eighths / 8);
    text.push_str(EIGHTHS[eighths % 8]);
    let drawn = eighths.div_ceil(8);
    text.push_str(&" ".repeat(WIDTH - drawn));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_always_as_wide() {
        for share in [-1.0, 0.0, 0.001, 0.33, 0.5, 0.999, 1.0, 2.0, f64::NAN] {
            assert_eq!(bar(share).chars().count(), WIDTH, "{share}");
        }
        assert_eq!(bar(1.0), "█".repeat(WIDTH));
        assert_eq!(bar(0.0), " ".repeat(WIDTH));
        assert!(bar(0.5).starts_with(&"█".repeat(WIDTH / 2)) && bar(0.5).ends_with(' '));
    }

    #[test]
    fn means_maxima_and_shares() {
        let mut stats = RouterStats::new(1, 3);
        let mut add = |weights: &[f32; 3], position| {
            stats.add(&RouterReading { layer: 0, position: 0, weights }, position);
        };
        add(&[1.0 / 3.0; 3], 0);
        add(&[1.0, 0.0, 0.0], 1);
        add(&[0.0, 1.0, 0.0], 0); // seen before
        let layer = &stats.layers[0];
        assert_eq!(layer.positions, 2);
        assert!((layer.entropy_max - 3.0_f64.ln()).abs() < 1e-6);
        assert!((layer.mean() - 3.0_f64.ln() / 2.0).abs() < 1e-6);
        let shares: Vec<f64> = layer.shares().collect();
        assert!((shares[0] - 2.0 / 3.0).abs() < 1e-6 && (shares[1] - 1.0 / 6.0).abs() < 1e-6);
    }
}
