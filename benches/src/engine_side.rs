//! The Rust engine.

use anyhow::Result;
use atome_engine::kernel::Kernel;
use atome_engine::{
    argmax, classify, generate, predict_next, Classifier, Dims, Layout, Matrix, Model, Plan, Shape, Tiled, Workspace,
};

use crate::models::{ModelFile, CLASSES};
use crate::shapes::BenchShape;
use crate::side::{plan_name, Name, Side};

/// A model and its work area.
pub struct EngineSide {
    name: Name,
    kernel: Kernel,
    shape: Shape,
    file: ModelFile,
    model: Tiled<'static, Model<'static>>,
    base: Tiled<'static, Model<'static>>,
    head: Matrix<'static>,
    workspace: Workspace<'static>,
    /// Memory for the tiles of a model that is loaded once more.
    tiles: Vec<u8>,
}

/// With tiles, in memory of a program that ends soon.
pub fn tiled(model: Model<'static>) -> Tiled<'static, Model<'static>> {
    Tiled::new(model, vec![0; Tiled::room(&model)].leak())
}

/// The shape in the engine's words.
pub fn engine_shape(shape: &BenchShape) -> Result<Shape> {
    let BenchShape { d_model, n_layers, d_head, .. } = *shape;
    Ok(Shape::new(Dims { d_model, n_layers, d_head, ..Dims::DEFAULT })?)
}

impl EngineSide {
    pub fn new(bench: &BenchShape, file: ModelFile, plan: Plan, kernel: Kernel) -> Result<Self> {
        let name = Name { engine: "engine", plan: Some(plan_name(plan)), kernel: Some(kernel.name()) };
        let shape = engine_shape(bench)?;
        // The layout and the work areas of a program that ends soon.
        let layout: &Layout = Box::leak(Box::new(Layout::new(shape, bench.max_seq, plan)?));
        let (floats, words) = (vec![0.0; layout.floats()].leak(), vec![0; layout.words()].leak());
        let Classifier { base, head } = Classifier::new(shape, file.classifier, CLASSES)?;
        let model = tiled(Model::new(shape, file.model)?);
        let tiles = vec![0; Tiled::room(model.model())];
        Ok(Self {
            name,
            kernel,
            shape,
            file,
            model,
            base: tiled(base),
            head,
            workspace: Workspace::new(layout, floats, words)?,
            tiles,
        })
    }
}

impl Side for EngineSide {
    fn name(&self) -> &Name {
        &self.name
    }

    fn select(&mut self) {
        assert!(self.kernel.select(), "{} is not there", self.kernel.name());
    }

    fn predict(&mut self, tokens: &[i32]) -> i32 {
        predict_next(&self.model, &mut self.workspace, tokens.iter().copied()).map_or(-1, |token| token as i32)
    }

    fn generate(&mut self, prompt: &[i32], output: &mut [i32]) -> usize {
        let most = output.len();
        let mut slots = output.iter_mut();
        let written = generate(&self.model, &mut self.workspace, prompt.iter().copied(), most, |logits| {
            let token = argmax(logits.iter().copied());
            *slots.next()? = token as i32;
            Some(token)
        });
        written.unwrap_or(0)
    }

    fn classify(&mut self, tokens: &[i32]) -> i32 {
        let class = classify(&self.base, &self.head, &mut self.workspace, tokens.iter().copied(), |_, _| {});
        class.map_or(-1, |class| class as i32)
    }

    fn load(&mut self) {
        if let Ok(model) = Model::new(self.shape, std::hint::black_box(self.file.model)) {
            std::hint::black_box(Tiled::new(model, &mut self.tiles));
        }
    }
}
