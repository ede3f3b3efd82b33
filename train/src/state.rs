//! What a training remembers from step to step.

use crate::layout::Layout;
use crate::recipe::Recipe;

/// All that a training must remember from step to step.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps done.
    pub step: u64,
    /// Parameters, as the layout says.
    pub params: Vec<f32>,
    /// The optimiser's mean gradients.
    pub mean: Vec<f32>,
    /// The optimiser's mean squared gradients.
    pub square: Vec<f32>,
    /// The running mean of the parameters, where the recipe asks for one: it is the model that the training makes.
    pub average: Option<Vec<f32>>,
}

impl State {
    /// The state before the first step, with the initial values of the recipe's seed.
    pub fn initial(recipe: &Recipe) -> Self {
        Self::of(Layout::new(&recipe.model).initial(recipe.seed, recipe.init))
    }

    /// The parameters of the model that the training makes.
    pub fn model(&self) -> &[f32] {
        self.average.as_deref().unwrap_or(&self.params)
    }

    /// The state before the first step of a training that begins with these parameters.
    pub fn of(params: Vec<f32>) -> Self {
        let zeros = vec![0.0; params.len()];
        Self { step: 0, params, mean: zeros.clone(), square: zeros, average: None }
    }
}
