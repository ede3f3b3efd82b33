//! The harness without an archive: the engine against the reference, and the harness against itself.

use std::path::Path;

use atome_engine::math::{self, MODE};

use crate::checks;
use crate::correctly_rounded::{atome_test_expf, atome_test_tanhf};
use crate::real_model;
use crate::runner::{self, Plan};
use crate::wild_calls::Classes;

#[test]
fn tables_lead_where_they_should_and_a_changed_weight_is_seen() {
    checks::tables(None).unwrap();
    checks::changed_weights_are_seen(None).unwrap();
}

#[test]
fn the_engine_equals_the_reference() {
    let report =
        runner::run(&Plan { cases: 4000, seed: 1, jobs: 2, shape: None, archive: None, asked: Classes::default() });
    if let Some((case, failure)) = report.failure {
        panic!("{failure}\nreplay: cargo run --release -p atome-c-tests -- --replay '{case}'");
    }
    assert_eq!(report.tally.cases, 4000);
    // Were most of it NaN, little would have been compared.
    assert!(report.tally.nans * 2 < report.tally.values, "{:?}", report.tally);
}

#[test]
fn the_number_of_threads_does_not_change_the_cases() {
    let tally = |jobs| {
        runner::run(&Plan { cases: 700, seed: 5, jobs, shape: None, archive: None, asked: Classes::default() }).tally
    };
    assert_eq!(tally(1), tally(3));
}

#[test]
fn exp_and_tanh_are_the_ones_that_the_mode_names() {
    let arguments: Vec<f32> = (0..4000).map(|step| step as f32 * -0.005).collect();
    let agree =
        arguments.iter().filter(|&&x| math::exp(x) == atome_test_expf(x) && math::tanh(x) == atome_test_tanhf(x));
    if MODE == "portable" {
        assert_eq!(agree.count(), arguments.len());
    } else {
        // A C library whose functions all round correctly would make the modes one; none is known.
        assert!(agree.count() < arguments.len());
    }
}

#[test]
fn the_real_model_writes_its_text() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/atome_944k.bin");
    if !path.exists() {
        println!("skipped: ../shared/data/atome_944k.bin is not there");
        return;
    }
    let sequence = real_model::checked_text(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(sequence.len(), 128);
}
