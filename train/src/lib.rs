//! Trains Atome LM models and the GPT baseline they are compared with.

pub mod checkpoint;
pub mod pytorch;
