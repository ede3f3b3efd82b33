//! What the back ends without vectors share.

pub(super) mod mix;
