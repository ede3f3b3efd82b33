//! Secret keys and who can read them.
#![cfg(unix)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use common::*;

#[test]
fn a_secret_that_others_can_read_is_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let model = small_model(folder.path());
    let call = |words: &[&str]| {
        let output = atome().current_dir(folder.path()).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        stderr(&output)
    };
    call(&["pack", &model.display().to_string(), "--attn-top-k", "4", "--max-seq", "8", "--out", "model.box"]);
    call(&["keygen", "maker"]);
    let secret = folder.path().join("maker.secret");
    let sign = ["sign", "model.box", "--key", "maker.secret"];
    for (mode, is_told) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o660, true)] {
        fs::set_permissions(&secret, Permissions::from_mode(mode)).unwrap();
        let told = call(&sign);
        assert_eq!(
            told.contains(&format!("warning: maker.secret: others can read it (mode {mode:04o})")),
            is_told,
            "{told}"
        );
    }
}
