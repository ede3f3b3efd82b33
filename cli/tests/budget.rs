//! `atome budget`: sizes and verdicts.

mod common;

use atome_engine::{c99_state_bytes, integer, Dims, Layout, Model, Plan, Shape};
use common::*;

#[test]
fn sizes_are_the_engines() {
    let report = json(atome().arg("budget").args(["--d-model", "32", "--max-seq", "20"]));
    let shape = Shape::new(Dims { d_model: 32, ..Dims::DEFAULT }).unwrap();
    let state = |plan| Layout::new(shape, 20, plan).unwrap().bytes();
    assert_eq!(report["flash_bytes"], Model::blob_len(&shape));
    assert_eq!(report["state_bytes"]["lean"], state(Plan::Lean));
    assert_eq!(report["state_bytes"]["partial"], state(Plan::Partial));
    assert_eq!(report["state_bytes"]["cached"], state(Plan::Cached));
    assert_eq!(report["state_bytes"]["c99"], c99_state_bytes(&shape, 20));
    assert_eq!((&report["sources"]["d_model"], &report["sources"]["d_head"]), (&"flag".into(), &"default".into()));
}

#[test]
fn the_default_is_the_headers_shape() {
    let report = json(atome().arg("budget"));
    assert_eq!(report["flash_bytes"], 20_575);
    assert_eq!(report["shape"]["max_seq"], 32);
    assert_eq!(report["state_bytes"]["c99"], 53_824);
    // 4 layers of 88 bytes and 40 around them.
    assert_eq!(report["model_struct_bytes"], 392);
}

#[test]
fn plans_say_what_a_token_costs() {
    let flags = ["--d-model", "12", "--n-layers", "9", "--d-head", "4", "--max-seq", "20"];
    let report = json(atome().arg("budget").args(flags));
    let shape = Shape::new(Dims { d_model: 12, n_layers: 9, d_head: 4, ..Dims::DEFAULT }).unwrap();
    assert_eq!(report["auto_plan"], "partial");
    for (index, (name, plan)) in
        [("lean", Plan::Lean), ("partial", Plan::Partial), ("cached", Plan::Cached)].into_iter().enumerate()
    {
        let layout = Layout::new(shape, 20, plan).unwrap();
        let plan = &report["plans"][index];
        assert_eq!((&plan["plan"], &plan["state_bytes"]), (&name.into(), &layout.bytes().into()));
        assert_eq!(plan["one_position_up_to"], layout.held().whole);
        assert_eq!(plan["first_that_stay"], layout.held().first);
        for work in plan["work"].as_array().unwrap() {
            let (n, positions) = (work["tokens"].as_u64().unwrap(), work["positions"].as_u64().unwrap());
            assert_eq!(positions as usize, layout.held().work(n as usize));
            assert_eq!(work["share"].as_f64().unwrap(), positions as f64 / n as f64);
        }
    }
    let text = success(atome().arg("budget").args(flags));
    assert!(text.contains("partial plan holds texts of up to"), "{text}");
}

#[test]
fn verdicts_follow_from_the_sizes() {
    let report = json(atome().arg("budget").args(["--reserve-ram", "8", "--reserve-flash", "16"]));
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    let beside = 8 * 1024 + number(&report["model_struct_bytes"]);
    let mut verdicts = [0, 0];
    for chip in report["chips"].as_array().unwrap() {
        let integer = &chip["integer"];
        for plan in ["lean", "cached"] {
            let need = number(&report["integer_state_bytes"][plan]) + beside;
            assert_eq!(integer[plan]["fits"].as_bool(), Some(need <= number(&chip["ram_kib"]) * 1024), "{chip} {plan}");
            let longest = |states: &serde_json::Value| number(&states[format!("{plan}_longest_max_seq")]);
            assert!(longest(integer) >= longest(chip).min(4096), "{chip}");
        }
        for plan in ["lean", "cached", "c99"] {
            let need = number(&report["state_bytes"][plan]) + beside;
            let ram = number(&chip["ram_kib"]) * 1024;
            let fits = chip[plan]["fits"].as_bool().unwrap();
            assert_eq!(fits, need <= ram, "{chip} {plan}");
            assert_eq!(chip[plan]["missing_bytes"].as_u64(), need.checked_sub(ram).filter(|&missing| missing > 0));
            verdicts[usize::from(fits)] += 1;
            if plan != "c99" {
                let longest = number(&chip[format!("{plan}_longest_max_seq")]);
                assert_eq!(fits, longest >= 32, "{chip} {plan}");
            }
        }
        let room = number(&chip["flash_kib"]) * 1024;
        assert_eq!(chip["model"]["fits"].as_bool(), Some(20_575 + 16 * 1024 <= room));
    }
    assert!(verdicts[0] > 0 && verdicts[1] > 0, "{verdicts:?}");
}

#[test]
fn integers_have_a_table_of_their_own() {
    let flags = ["--d-model", "32", "--max-seq", "20"];
    let report = json(atome().arg("budget").args(flags));
    let shape = Shape::new(Dims { d_model: 32, ..Dims::DEFAULT }).unwrap();
    let state = |plan| integer::Layout::new(shape, 20, plan).unwrap().bytes();
    let [lean, cached] = [Plan::Lean, Plan::Cached].map(state);
    assert_eq!(report["integer_state_bytes"], serde_json::json!({ "lean": lean, "cached": cached }));
    let table = success(atome().arg("budget").args(flags).arg("--integer"));
    assert!(table.contains("RAM: integers, cached plan") && table.contains("Plans of the integer"), "{table}");
    let row = |table: &str| table.lines().find(|line| line.starts_with("nRF51822")).unwrap().to_owned();
    assert_ne!(row(&table), row(&success(atome().arg("budget").args(flags))));

    let wide = ["--d-model", "1028", "--n-layers", "1"];
    let report = json(atome().arg("budget").args(wide));
    assert!(report["integer_state_bytes"].is_null() && report["chips"][0]["integer"].is_null(), "{report}");
    assert!(success(atome().arg("budget").args(wide)).contains("No state in integers: d_model is 1028"));
    let message = failure(atome().arg("budget").args(wide).arg("--integer"), 1);
    assert!(message.contains("--integer: d_model is 1028, expected"), "{message}");
}

#[test]
fn a_model_file_gives_the_shape() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let report = json(atome().arg("budget").arg(&model).args(["--max-seq", "16"]));
    assert_eq!(report["flash_bytes"], std::fs::metadata(&model).unwrap().len());
    assert_eq!(report["shape"]["d_model"], 16);
    let table = success(atome().arg("budget").arg(&model));
    let rows: Vec<&str> = table.lines().filter(|line| line.contains("Cortex") || line.contains("RV32")).collect();
    assert!(rows.len() >= 15, "{table}");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "columns are not aligned:\n{table}");
}
