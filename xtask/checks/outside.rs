//! A program of somebody else: it has the engine's package and nothing of this workspace.

use atome_engine::{predict_next, self_test, Dims, Layout, Model, Plan, Shape, Workspace};

fn main() {
    let shape = Shape::new(Dims { d_model: 40, d_head: 8, n_layers: 2, ..Dims::DEFAULT }).unwrap();
    let mut blob = vec![0; Model::blob_len(&shape)];
    blob[..7].copy_from_slice(b"ATOME01");
    let model = Model::new(shape, &blob).unwrap();
    for plan in [Plan::Lean, Plan::Partial, Plan::Cached] {
        let layout = Layout::new(shape, 12, plan).unwrap();
        let (mut floats, mut words) = (vec![0.0; layout.floats()], vec![0; layout.words()]);
        let mut workspace = Workspace::new(&layout, &mut floats, &mut words).unwrap();
        assert_eq!(predict_next(&model, &mut workspace, [7, 3]).unwrap(), 0);
    }
    self_test().unwrap();
    println!("exact");
}
