//! What the parts of a work area take, one by one.
//!
//! [`Layout::bytes`] is a closed form, because firmware computes it too; this is the list that it has to equal, for people to
//! look at.

use crate::layout::{Layout, Plan, TAG_WORDS};

/// A part of a work area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Logits of the last prediction, `[vocab_size]`.
    Logits,
    /// Router weights of the last layer, `[max_seq][n_pathways]`.
    RouterWeights,
    /// Tokens, and how many of their positions are computed for which model, `[max_seq + 3]`.
    Prefix,
    /// Router weights of the last position, `[n_layers][n_pathways]`.
    LastShares,
    /// The residual stream: of all positions in the lean plan, of one in the cached plan; in the partial plan of one, and three
    /// rows for a kernel's tables, `[rows][d_model]`.
    Residual,
    /// Normed input, query, output and kept scores of the position in work.
    Position,
    /// Keys, `[max_seq][d_head]` for each layer that is held.
    Keys,
    /// Values, `[max_seq][d_model]` for each layer that is held.
    Values,
    /// Inputs that the convolution reaches back to, state and gates of the recurrence, for each layer that is held.
    Recurrent,
    /// What layers remember in the partial plan, which divides it as a sequence grows: keys, values, residual streams,
    /// convolution inputs, states and gates.
    Divided,
}

impl Part {
    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logits => "logits",
            Self::RouterWeights => "router_weights",
            Self::Prefix => "prefix",
            Self::LastShares => "last_shares",
            Self::Residual => "residual",
            Self::Position => "position",
            Self::Keys => "keys",
            Self::Values => "values",
            Self::Recurrent => "recurrent",
            Self::Divided => "divided",
        }
    }
}

impl Layout {
    /// The parts of a work area in the order in which they lie there, with their bytes. Together they take
    /// [`Layout::bytes`].
    pub fn parts(&self) -> impl Iterator<Item = (Part, usize)> {
        let shape = *self.shape();
        let (s, d, h) = (self.max_seq(), shape.d_model(), shape.d_head());
        let layers = match self.plan() {
            Plan::Lean => 1,
            Plan::Partial => 0,
            Plan::Cached => shape.n_layers(),
        };
        let words = [
            (Part::Logits, shape.vocab_size()),
            (Part::RouterWeights, s * shape.n_pathways()),
            (Part::Prefix, TAG_WORDS + s),
            (Part::LastShares, shape.n_layers() * shape.n_pathways()),
            (Part::Residual, self.residual_rows() * d),
            // A kept score has its position beside it.
            (Part::Position, 2 * d + h + 2 * self.kept()),
            (Part::Keys, layers * s * h),
            (Part::Values, layers * s * d),
            (Part::Recurrent, layers * (self.history_len() + 2) * d),
        ];
        let known: usize = words.iter().map(|(_, words)| words).sum();
        let divided = (Part::Divided, (self.bytes() / 4).saturating_sub(known));
        words.into_iter().chain([divided]).filter(|(_, words)| *words > 0).map(|(part, words)| (part, 4 * words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{Dims, Shape};

    #[test]
    fn the_parts_take_what_the_closed_form_says() {
        for (max_seq, kernel_size, top_k, n_layers) in
            [(1, 5, 4, 1), (7, 5, 4, 9), (7, 64, 64, 3), (9, 1, 1, 2), (40, 3, 5, 12)]
        {
            let dims = Dims { d_model: 6, d_head: 5, n_layers, kernel_size, top_k, ..Dims::DEFAULT };
            let shape = Shape::new(dims).expect("in range");
            for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
                let layout = Layout::new(shape, max_seq, plan).expect("in range");
                let sum: usize = layout.parts().map(|(_, bytes)| bytes).sum();
                assert_eq!(sum, layout.bytes(), "{plan:?}, {max_seq} positions");
                let is_divided = layout.parts().any(|(part, _)| part == Part::Divided);
                assert_eq!(is_divided, plan == Plan::Partial, "{plan:?}, {max_seq} positions");
            }
        }
    }
}
