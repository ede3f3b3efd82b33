//! Trains Atome LM models and the GPT baseline they are compared with.

pub mod checkpoint;
pub mod export;
pub mod pytorch;
pub mod config;
pub mod float;
pub mod layout;
mod matmul;
pub mod model;
pub mod quantise;
pub mod rng;
mod simd;
mod vector;
pub mod weights;
mod batches;
pub mod corpus;
pub mod evaluate;
pub mod optimiser;
pub mod recipe;
pub mod schedule;
mod shards;
pub mod teacher;
pub mod trainer;
