//! Return codes.

use core::ffi::c_int;

/// Success.
pub const ATOME_OK: c_int = 0;
/// A NULL pointer, a number out of range, a model that was never loaded, or data that is not of the expected format.
pub const ATOME_ERR_INVALID: c_int = -1;
/// The data ends before the model of this program's shape does.
pub const ATOME_ERR_TRUNCATED: c_int = -2;
/// The program was compiled with an atome.h that this libatome.a does not understand, or with shape macros out of range.
pub const ATOME_ERR_CONFIG: c_int = -3;
/// The function needs the cached memory plan, and the program was compiled with another: see ATOME_PLAN.
pub const ATOME_ERR_PLAN: c_int = -4;
/// The data is of a known format, but a byte of its weights stands for no weights (ATOME02, ATOMEP3).
pub const ATOME_ERR_MALFORMED: c_int = -5;
/// The model is of another shape than the program's: a container says so, or atome_load_exact found more bytes than a model
/// of the program's shape has. atome_explain names both shapes.
pub const ATOME_ERR_SHAPE: c_int = -6;
/// The container's checksum is wrong, or its header contradicts itself; or the table of a grammar or vocabulary does.
pub const ATOME_ERR_DAMAGED: c_int = -7;
/// The container is not signed, or not by the owner of a key of the program's, or was changed since.
pub const ATOME_ERR_SIGNATURE: c_int = -8;
/// The container is signed by this key, and its model is for another product than the program asked for.
pub const ATOME_ERR_PRODUCT: c_int = -9;
/// The container is signed by this key, and its model is of a lower version than the program asked for.
pub const ATOME_ERR_OUTDATED: c_int = -10;
/// The integer arithmetic does not take the model: one of its numbers is an infinity or NaN, or what its layers may add dwarfs
/// the embedding. atome_explain says which. Only in programs that define ATOME_ARITHMETIC as ATOME_INTEGER.
pub const ATOME_ERR_ARITHMETIC: c_int = -11;
/// No text of the grammar has room here, none can be copied from this prompt, or the grammar has a byte that the model has no
/// token for or that ends its answers.
pub const ATOME_ERR_GRAMMAR: c_int = -12;
