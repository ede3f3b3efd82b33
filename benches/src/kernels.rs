//! Single kernels on the first layer's weights, beside what the C reference has for the same.

use anyhow::{Context, Result};
use atome_engine::kernel::{self, Kernel, Keys, Mix, Projection, TopK, Window};
use atome_engine::{Layer, Model, Weights};
use fastrand::Rng;

use crate::engine_side::{engine_shape, tiled};
use crate::engines::{kernels, reference_side};
use crate::interleave::Contender;
use crate::models::ModelFile;
use crate::shapes::{BenchShape, C_BUILDS};
use crate::side::Name;

/// Positions that the many-positions row computes together.
const TOGETHER: usize = 8;
/// Positions that attention looks back on.
const WINDOW: usize = 128;
const TOP_K: usize = 4;
const PATHWAYS: usize = 3;
const TAPS: usize = 5;

/// One kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelJob {
    /// Query, key, value and router of one position.
    Project,
    /// Query, key, value and router of eight positions.
    ProjectTogether,
    /// Layer norm of one position. C normalises in place, its copy of the row included.
    LayerNorm,
    /// Attention of one query over 128 positions.
    Attend,
    /// Convolution and recurrence of one position, into the residual stream. C: `atome_causal_conv` and
    /// `atome_ssm_forward` of one position, without the sum.
    Mix,
}

impl KernelJob {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Project, Self::ProjectTogether, Self::LayerNorm, Self::Attend, Self::Mix];

    /// What results call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::ProjectTogether => "project-8",
            Self::LayerNorm => "layer_norm",
            Self::Attend => "attend-128",
            Self::Mix => "mix",
        }
    }
}

/// A kernel call that can follow itself directly.
pub struct Call {
    name: Name,
    kernel: Option<Kernel>,
    call: Box<dyn FnMut()>,
}

impl Contender for Call {
    fn name(&self) -> Name {
        self.name.clone()
    }

    fn prepare(&mut self) {
        if let Some(kernel) = self.kernel {
            assert!(kernel.select(), "{} is not there", kernel.name());
        }
    }

    fn needs_preparation(&self) -> bool {
        false
    }

    fn run(&mut self) {
        (self.call)();
    }
}

/// C in each build, then each kernel of this processor.
///
/// # Errors
/// The model file is not one of that shape.
pub fn contenders(job: KernelJob, shape: &BenchShape, file: ModelFile) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    for (build, c) in C_BUILDS.iter().enumerate() {
        calls.push(Call { name: Name::c(c.name), kernel: None, call: c_call(job, shape, file, build)? });
    }
    for kernel in kernels() {
        let name = Name { engine: "engine", plan: None, kernel: Some(kernel.name()) };
        calls.push(Call { name, kernel: Some(kernel), call: engine_call(job, shape, file)? });
    }
    Ok(calls)
}

/// Numbers around 0, the same for everybody.
fn values(count: usize) -> Vec<f32> {
    let mut rng = Rng::with_seed(count as u64);
    (0..count).map(|_| 2.0 * rng.f32() - 1.0).collect()
}

fn c_call(job: KernelJob, shape: &BenchShape, file: ModelFile, build: usize) -> Result<Box<dyn FnMut()>> {
    let (side, attend) = reference_side(shape, file, build)?;
    let (d, h) = (shape.d_model, shape.d_head);
    let (input, mut out) = (values(TOGETHER * d), vec![0.0; d]);
    let (mut keys, rows) = (values(WINDOW * h), values(WINDOW * d));
    let (api, model) = (side.api, side.model);
    let positions = if job == KernelJob::ProjectTogether { TOGETHER } else { 1 };
    // SAFETY: a loaded model; every array has as many rows of the model's width as the function touches.
    Ok(Box::new(move || unsafe {
        match job {
            KernelJob::Project | KernelJob::ProjectTogether => {
                for x in input.chunks(d).take(positions) {
                    // Query, key, value and router of layer 0: the numbers in engine_api.h.
                    for matrix in 3..=6 {
                        (api.matvec.unwrap())(model, matrix, x.as_ptr(), out.as_mut_ptr());
                    }
                }
            }
            KernelJob::LayerNorm => {
                out.copy_from_slice(&input[..d]);
                (api.layer_norm.unwrap())(model, 0, out.as_mut_ptr());
            }
            KernelJob::Attend => {
                let newest = WINDOW as i32 - 1;
                attend(input.as_ptr(), keys.as_mut_ptr(), rows.as_ptr(), newest, out.as_mut_ptr());
            }
            KernelJob::Mix => {
                (api.causal_conv.unwrap())(model, 0, input.as_ptr(), 1, out.as_mut_ptr());
                (api.ssm_forward.unwrap())(model, 0, input.as_ptr(), 1, keys.as_mut_ptr(), out.as_mut_ptr());
            }
        }
        std::hint::black_box(&mut out);
    }))
}

fn engine_call(job: KernelJob, shape: &BenchShape, file: ModelFile) -> Result<Box<dyn FnMut()>> {
    let layer = tiled(Model::new(engine_shape(shape)?, file.model)?).layer(0).context("every model has a layer")?;
    Ok(match job {
        KernelJob::Project => project(layer, shape, 1),
        KernelJob::ProjectTogether => project(layer, shape, TOGETHER),
        KernelJob::LayerNorm => {
            let (input, mut out) = (values(shape.d_model), vec![0.0; shape.d_model]);
            Box::new(move || kernel::layer_norm(&layer.norm(), &input, std::hint::black_box(&mut out)))
        }
        KernelJob::Attend => attend(shape),
        KernelJob::Mix => mix(layer, shape),
    })
}

fn project(layer: impl Layer<'static>, shape: &BenchShape, positions: usize) -> Box<dyn FnMut()> {
    let (d, h) = (shape.d_model, shape.d_head);
    let input = values(positions * d);
    let [mut q, mut k, mut v, mut router] = [h, h, d, PATHWAYS].map(|rows| vec![0.0; positions * rows]);
    let [wq, wk, wv, wr] = [layer.wq(), layer.wk(), layer.wv(), layer.router()];
    Box::new(move || {
        let mut projections = [
            Projection::new(&wq, &mut q),
            Projection::new(&wk, &mut k),
            Projection::new(&wv, &mut v),
            Projection::new(&wr, &mut router),
        ];
        kernel::project(std::hint::black_box(&input), positions, &mut projections);
    })
}

fn attend(shape: &BenchShape) -> Box<dyn FnMut()> {
    let (d, h) = (shape.d_model, shape.d_head);
    let (query, elements, rows) = (values(h), values(h * WINDOW), values(WINDOW * d));
    let (mut scores, mut kept, mut out) = ([0.0; TOP_K], [0; TOP_K], vec![0.0; d]);
    Box::new(move || {
        let keys = Keys { elements: std::hint::black_box(&elements), rows: WINDOW, d_head: h };
        let window = Window { newest: WINDOW - 1, len: WINDOW };
        kernel::attend(&query, &keys, &rows, &window, TopK::new(&mut scores, &mut kept), &mut out);
    })
}

fn mix(layer: impl Layer<'static> + 'static, shape: &BenchShape) -> Box<dyn FnMut()> {
    let d = shape.d_model;
    let (mut history, mut state, gate) = (values((TAPS - 1) * d), values(d), vec![0.5; d]);
    // The residual stream grows with each call, slowly: its values do not change the time.
    let (shares, inputs, attended, mut residual) = (vec![0.001; PATHWAYS], values(d), values(d), values(d));
    Box::new(move || {
        let work = Mix {
            positions: 1,
            block: &layer.pathways(),
            history: &mut history,
            state: &mut state,
            gate: &gate,
            shares: &shares,
            inputs: std::hint::black_box(&inputs),
            attended: &attended,
            residual: &mut residual,
        };
        std::hint::black_box(kernel::mix(work));
    })
}
