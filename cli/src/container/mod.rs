//! Containers: `atome pack` and `atome unpack`, and what other commands need of them.

mod args;
mod pack;
mod read;
mod unpack;
mod wrap;

pub use args::{IdentityArgs, PackArgs, UnpackArgs};
pub use pack::pack;
pub use read::read;
pub use unpack::unpack;
pub use wrap::{check_notes, description, digest, rewrapped, weight_format, wrap};
