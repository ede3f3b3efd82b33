//! Calls about containers: loading signed ones, and asking what one is.

use std::ffi::c_int;
use std::mem::size_of;
use std::sync::OnceLock;

use atome::api::*;
use atome_engine::container::{put_signature, Container};
use ed25519_compact::{KeyPair, Seed};

use super::{maybe_changed, Session};
use crate::container::written;
use crate::input::{longest_blob, Input};
use crate::program::Struct;

/// The bytes of an `explain` that is never cut.
const ENOUGH: usize = 256;

/// Our key pair, whose public half the program has, and that of somebody else.
fn keys() -> &'static [KeyPair; 2] {
    static KEYS: OnceLock<[KeyPair; 2]> = OnceLock::new();
    KEYS.get_or_init(|| [1, 2].map(|seed| KeyPair::from_seed(Seed::new([seed; 32]))))
}

impl Session<'_> {
    /// Nothing loads but what we signed, and that as we signed it.
    pub(super) fn load_signed(&mut self, input: &mut Input) {
        let shape = self.shape_of_container(input);
        let Some((_, mut file)) = written(input, shape) else { return };
        let [ours, theirs] = keys();
        let (signer, names_key) =
            [(Some(ours), false), (Some(ours), true), (Some(theirs), true), (None, false)][input.below(4)];
        if let Some(signer) = signer {
            let id = if names_key { *signer.pk.first_chunk().expect("32 bytes") } else { [0; 4] };
            let _ = put_signature(&mut file, id, |message| *signer.sk.sign(message, None));
        }
        let as_signed = file.clone();
        maybe_changed(input, &mut file);
        let is_genuine = signer.is_some_and(|signer| signer.pk == ours.pk) && file == as_signed;
        let (data, len) = self.keep(input, &file);
        let code = match input.below(3) {
            0 => self.load_signed_classifier(data, len, ours),
            _ => self.load_signed_model(data, len, ours),
        };
        match code {
            ATOME_OK => assert!(is_genuine, "a model of unknown origin was loaded"),
            ATOME_ERR_SIGNATURE => assert!(!is_genuine && !self.refuses, "a good signature was refused"),
            _ => self.check_load(code),
        }
    }

    fn load_signed_model(&mut self, data: *const u8, len: usize, key: &KeyPair) -> c_int {
        let before = self.model.bytes();
        // SAFETY: a struct of the program's, so many bytes, and a key of 32.
        let code = unsafe { atome_load_signed(self.model.at(), data, len, key.pk.as_ptr()) };
        // It is for no product and of no version: who asks for that gets it, and who asks for more does not.
        let asked = |model: &Struct, product, min_version| {
            let keys = key.pk.as_ptr().cast();
            // SAFETY: as before, and a list of one key.
            unsafe { atome_load_signed_at_least(model.at(), data, len, keys, 1, product, min_version) }
        };
        let other = Struct::new(before.len());
        assert_eq!(asked(&other, 0, 0), code);
        for (refused, expected) in [(asked(&other, 1, 0), ATOME_ERR_PRODUCT), (asked(&other, 0, 1), ATOME_ERR_OUTDATED)]
        {
            assert!(if code == ATOME_OK { refused == expected } else { refused < 0 });
        }
        match code {
            ATOME_OK => self.is_loaded = true,
            _ => assert_eq!(self.model.bytes(), before, "a refused load changed the model"),
        }
        code
    }

    fn load_signed_classifier(&mut self, data: *const u8, len: usize, key: &KeyPair) -> c_int {
        let before = self.classifier.bytes();
        // SAFETY: a struct of the program's, so many bytes, and a key of 32.
        let code = unsafe { atome_classifier_load_signed(self.classifier.at(), data, len, key.pk.as_ptr()) };
        match code {
            ATOME_OK => self.count_classes(),
            _ => assert_eq!(self.classifier.bytes(), before, "a refused load changed the classifier"),
        }
        code
    }

    /// What a container says of itself and why it does not load agree with each other, and with the engine.
    pub(super) fn ask(&mut self, input: &mut Input) {
        let (data, len) = self.file(input, longest_blob(self.program.shape()));
        let info = Struct::new(size_of::<atome_container_info_t>());
        // SAFETY: so many bytes, and memory of the struct's size.
        let code = unsafe { atome_container_info(data, len, info.at()) };
        // SAFETY: the bytes that `file` kept.
        let opened = Container::open(unsafe { std::slice::from_raw_parts(data, len) });
        assert_eq!(code == ATOME_OK, opened.is_ok());
        if code != ATOME_OK {
            assert!(info.bytes().iter().all(|&byte| byte == 0), "written in spite of an error");
        }
        let fits = opened.is_ok_and(|container| container.about().shape == *self.program.shape());
        let expected = match code {
            _ if self.refuses => ATOME_ERR_CONFIG,
            ATOME_OK if !fits => ATOME_ERR_SHAPE,
            code => code,
        };
        let size = input.below(ENOUGH + 1);
        let mut text = vec![0xff_u8; size];
        // SAFETY: so many bytes each.
        let explained = unsafe { atome_container_explain(data, len, text.as_mut_ptr().cast(), size) };
        if size == 0 {
            return assert_eq!(explained, ATOME_ERR_INVALID);
        }
        assert_eq!(explained, expected);
        let (end, _) = text.iter().enumerate().find(|(_, &byte)| byte == 0).expect("a C string");
        assert!(text[..end].iter().all(|byte| byte.is_ascii_graphic() || *byte == b' '));
    }
}
