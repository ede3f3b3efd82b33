//! The integer reference behind a safe interface.

use std::ffi::{c_int, CStr};

use crate::engine_api::engine_integers;
use crate::integer_tables::INTEGERS;
use crate::memory::Memory;
use crate::shapes::{TestShape, INTEGER_SHAPES, SHAPES};

/// A model as integers, and the state that it is computed in.
pub struct IntegerModel<'f> {
    table: &'static engine_integers,
    /// The constants point to it.
    model: Memory,
    constants: Memory,
    state: Memory,
    outputs: usize,
    /// The model points to it.
    _file: &'f [u8],
}

/// The greatest size that a quantity had, beside its bound.
#[derive(Debug)]
pub struct Bound {
    pub name: String,
    pub largest: i64,
    pub limit: i64,
}

/// The shape of that name in both lists, with its place there.
pub fn shape_named(name: &str) -> (usize, &'static TestShape) {
    let mut all = SHAPES.iter().chain(&INTEGER_SHAPES).enumerate();
    all.find(|(_, shape)| shape.name == name).expect("a shape of one of the lists")
}

/// Whether the bounds hold for these sizes: d, S, h, k, K and P.
pub fn is_inside_limits(sizes: &[c_int; 6]) -> bool {
    // SAFETY: six sizes.
    unsafe { (INTEGERS[0].0.is_inside_limits.unwrap())(sizes.as_ptr()) == 1 }
}

impl<'f> IntegerModel<'f> {
    /// Loads a model or classifier file of the shape at `place`, or gives the code of the refusal.
    pub fn load(place: usize, file: &'f [u8]) -> Result<Self, i32> {
        Self::load_with(place, file, None)
    }

    /// Loads a model file with feed-forward sublayers, which are a part of its container.
    pub fn load_whole(place: usize, file: &'f [u8], part: &'f [u8]) -> Result<Self, i32> {
        Self::load_with(place, file, Some(part))
    }

    fn load_with(place: usize, file: &'f [u8], part: Option<&'f [u8]>) -> Result<Self, i32> {
        let (table, loader) = INTEGERS[place];
        let is_classifier = file.starts_with(b"ATOMECL01");
        let size = if is_classifier { loader.classifier_size } else { loader.model_size };
        let (mut model, mut constants) = (Memory::new(size, 0), Memory::new(table.constants_size, 0));
        let mut state = Memory::new(table.state_size, 0);
        let load = if is_classifier { loader.classifier_load } else { loader.load };
        // SAFETY: memory of the sizes that the tables tell; the file is as long as said, the part as its count says, and both outlive
        // the model.
        let (loaded, code) = unsafe {
            let loaded = (load.unwrap())(model.pointer(), file.as_ptr(), file.len());
            let prepare = if is_classifier { table.load_classifier } else { table.load };
            let code = match part {
                _ if loaded != 0 => 0,
                Some(part) => (table.load_whole.unwrap())(constants.pointer(), model.pointer(), part.as_ptr()),
                None => (prepare.unwrap())(constants.pointer(), model.pointer()),
            };
            (loaded, code)
        };
        assert_eq!(loaded, 0, "the file is one of another shape");
        if code != 0 {
            return Err(code);
        }
        // SAFETY: memory of that size.
        unsafe { (table.init.unwrap())(state.pointer()) };
        let outputs = if is_classifier { usize::from(file[9]) } else { loader.shape.vocab_size as usize };
        Ok(Self { table, model, constants, state, outputs, _file: file })
    }

    /// The sums of the head at the positions from `from` on, and the greedy token of the last.
    pub fn predict(&mut self, tokens: &[i32], from: usize) -> (Vec<i32>, i32) {
        let mut sums = vec![0; (tokens.len() - from) * self.outputs];
        let (n, from) = (tokens.len() as c_int, from as c_int);
        // SAFETY: the constants are those of a load; there are n tokens, and room for the sums of n - from positions.
        let token = unsafe {
            let (constants, state) = (self.constants.pointer(), self.state.pointer());
            (self.table.predict.unwrap())(constants, state, tokens.as_ptr(), n, from, sums.as_mut_ptr())
        };
        assert!(self.model.is_guard_intact() && self.constants.is_guard_intact() && self.state.is_guard_intact());
        (sums, token)
    }

    /// The bits of the logit that a sum stands for.
    pub fn logit(&mut self, sum: i32) -> u32 {
        // SAFETY: the constants are those of a load.
        unsafe { (self.table.logit.unwrap())(self.constants.pointer(), sum) }
    }

    /// The router's share of a pathway in a layer, at the last position that was computed, in units of 2^-15.
    pub fn share(&mut self, layer: usize, pathway: usize) -> i64 {
        // SAFETY: the state is one of this table.
        unsafe { (self.table.share.unwrap())(self.state.pointer(), layer as c_int, pathway as c_int) }
    }

    /// FX: one unit of the residual stream is 2^-FX.
    pub fn residual_unit(&mut self) -> i32 {
        // SAFETY: the constants are those of a load.
        unsafe { (self.table.residual_unit.unwrap())(self.constants.pointer()) }
    }

    /// EU of a layer's norm, or of the final norm from the last layer on.
    pub fn norm_unit(&mut self, norm: usize) -> i32 {
        // SAFETY: as above.
        unsafe { (self.table.norm_unit.unwrap())(self.constants.pointer(), norm as c_int) }
    }

    /// How many values were beyond their bounds, of all predictions so far.
    pub fn bounds_exceeded(&mut self) -> u32 {
        // SAFETY: the state is one of this table.
        unsafe { (self.table.bounds_exceeded.unwrap())(self.state.pointer()) }
    }

    /// Every quantity, with its bound for weights up to 9 or up to 1.
    pub fn bounds(&mut self, has_powers_of_3: bool) -> Vec<Bound> {
        let state = self.state.pointer();
        let bound = |quantity| {
            // SAFETY: the state is one of this table; the name is a constant string.
            let (found, name) = unsafe {
                let found = (self.table.bound.unwrap())(state, quantity);
                (found, CStr::from_ptr(found.name))
            };
            let limit = if has_powers_of_3 { found.powers_of_3 } else { found.ternary };
            Bound { name: name.to_string_lossy().into_owned(), largest: found.largest, limit }
        };
        (0..self.table.quantities).map(bound).collect()
    }
}
