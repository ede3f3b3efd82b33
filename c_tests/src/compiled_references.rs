//! The C references that the build script compiled: a table of functions for each shape, and whose engine it is.

use crate::engine_api::engine_api;

include!(concat!(env!("OUT_DIR"), "/references.rs"));
