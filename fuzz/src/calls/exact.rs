//! Loading files of exactly the program's length, and what is said of those that are not.

use std::ffi::{c_int, CStr};

use atome::api::*;

use super::Session;

/// The bytes of an explanation that is never cut.
const ENOUGH: usize = 512;

impl Session<'_> {
    /// What loads exactly loads, too; what does not is refused for its length or as before; and the words agree with one of
    /// the two functions.
    pub(super) fn compare_exact(&self, data: *const u8, len: usize) {
        let (model, classifier) = (self.program.model(), self.program.classifier());
        // SAFETY: fresh structs of the program's, and so many bytes.
        let exact = unsafe {
            [atome_load_exact(model.at(), data, len), atome_classifier_load_exact(classifier.at(), data, len)]
        };
        let (model, classifier) = (self.program.model(), self.program.classifier());
        // SAFETY: as above.
        let usual = unsafe { [atome_load(model.at(), data, len), atome_classifier_load(classifier.at(), data, len)] };
        for (exact, usual) in exact.into_iter().zip(usual) {
            self.check_load(exact);
            assert!(exact == usual || exact == ATOME_ERR_SHAPE, "{exact} for {usual}");
        }
        let (code, text) = explained(data, len);
        assert!(exact.contains(&code), "{code} is none of {exact:?}: {text}");
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{text:?}");
    }
}

fn explained(data: *const u8, len: usize) -> (c_int, String) {
    let mut text = [0x7f_u8; ENOUGH];
    // SAFETY: so many bytes each.
    let code = unsafe { atome_explain(data, len, text.as_mut_ptr().cast(), text.len()) };
    let text = CStr::from_bytes_until_nul(&text).expect("a C string");
    assert!(text.count_bytes() + 1 < ENOUGH, "cut");
    (code, text.to_str().expect("ASCII").to_string())
}
