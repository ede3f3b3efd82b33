//! What the steps share: the toolchain, the settings and the archives, each built once a run.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{anyhow, Result};

use crate::archive::{self, Archive, Mode, Request};
use crate::toolchain::Toolchain;
use crate::workspace;

/// Target, mode, and whether signatures are checked.
type Key = (Option<&'static str>, Mode, bool);

/// One run of the gate.
pub struct Context {
    /// The Rust toolchain.
    pub toolchain: Toolchain,
    /// Cases of one differential run.
    pub cases: u64,
    archives: RefCell<HashMap<Key, Result<Rc<Archive>, String>>>,
}

impl Context {
    /// With no archive built yet.
    pub fn new(cases: u64) -> Result<Context> {
        Ok(Context { toolchain: Toolchain::find()?, cases, archives: RefCell::default() })
    }

    /// The archive of this source tree; built on first use, outside `dist/`, which is the user's.
    pub fn archive(&self, target: Option<&'static str>, mode: Mode) -> Result<Rc<Archive>> {
        self.build((target, mode, false))
    }

    /// The archive that checks signatures, in portable mode.
    pub fn signed_archive(&self, target: Option<&'static str>) -> Result<Rc<Archive>> {
        self.build((target, Mode::Portable, true))
    }

    fn build(&self, key: Key) -> Result<Rc<Archive>> {
        let (target, mode, signed) = key;
        let mut archives = self.archives.borrow_mut();
        let built = archives.entry(key).or_insert_with(|| {
            let folder = workspace::scratch().join("test").join(target.unwrap_or("host"));
            let folder = folder.join(if signed { "signed".to_string() } else { mode.to_string() });
            let request = Request { out: folder, signed, ..Request::new(target.map(String::from), mode) };
            archive::build(&self.toolchain, &request).map(Rc::new).map_err(|error| format!("{error:#}"))
        });
        built.clone().map_err(|message| anyhow!("no archive to test\n{message}"))
    }
}
