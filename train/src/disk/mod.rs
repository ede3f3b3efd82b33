//! What files need before they have their bytes: a place, a lock, a temporary name.

mod lock;
mod place;
mod temporary;

pub use lock::{Lock, Patience};
pub use place::place;

pub(crate) use place::{folder, sync_folder};
pub(crate) use temporary::{claimed, link_to};
