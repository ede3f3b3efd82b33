//! Loading containers whose signature is right: cargo feature `signed`.
//!
//! Ed25519 is ed25519-compact's. It checks indices as it goes; none of those checks can fail, but the compiler does not
//! see that, so this feature brings code into the archive that would stop in an endless loop.

use core::ffi::c_int;
use core::hint::black_box;
use core::ops::Range;
use core::slice;

use atome_engine::container::{Container, SIGNATURE_LEN};
use atome_engine::Shape;
use ed25519_compact::{PublicKey, Signature};

use crate::arithmetic::{Chosen, Exact};
use crate::codes::{ATOME_ERR_CONFIG, ATOME_ERR_INVALID, ATOME_ERR_SIGNATURE};
use crate::container::{bytes, code};
use crate::load::{load_classifier_file, load_file};
use crate::types::{atome_classifier_t, atome_model_t};

/// The most public keys that one call takes.
pub const ATOME_MAX_KEYS: usize = 8;

/// A public key as C has it.
type Key = [u8; PublicKey::BYTES];

/// What a program asks of a signed container.
#[derive(Clone, Copy)]
struct Wanted<'k> {
    /// One of these keys has to have signed it.
    keys: &'k [Key],
    /// The product, and the lowest version that will do; `None` where any will.
    identity: Option<(u32, u32)>,
}

/// What a container claims, before anybody believes it.
struct Claim<'d> {
    message: &'d [u8],
    signature: &'d [u8; SIGNATURE_LEN],
    /// Bit n: key n may have signed it.
    signers: u8,
    /// Whether product and version are those that are wanted; a code where they are not.
    identity: Result<(), c_int>,
    /// Where the model file lies.
    file: Range<usize>,
}

/// Reads a container of this shape: its checksum and its header are right.
#[inline(never)] // a description is large: it is gone from the stack when the signature is checked
fn claim<'d>(shape: &Shape, data: &'d [u8], wanted: &Wanted) -> Result<Claim<'d>, c_int> {
    let container = Container::open(data).map_err(code)?;
    let len = container.payload_for(shape).map_err(code)?.len();
    let signature = container.signature().ok_or(ATOME_ERR_SIGNATURE)?;
    let may_be = |(n, key)| u8::from(container.may_be_signed_by(key)) << n;
    let signers = (0..ATOME_MAX_KEYS).zip(wanted.keys).map(may_be).fold(0, |signers, bit| signers | bit);
    let identity = wanted
        .identity
        .map_or(Ok(()), |(product, min_version)| container.check_identity(product, min_version).map_err(code));
    let start = container.payload_offset();
    Ok(Claim { message: container.signed_part(), signature, signers, identity, file: start..start + len })
}

/// Where in `data` the model file lies that `wanted` allows: signature, checksum, header, product and version are right; its
/// sections were not looked at.
#[inline(never)] // called twice, see `agreed`
fn checked(shape: &Shape, data: &[u8], wanted: &Wanted) -> Result<Range<usize>, c_int> {
    let Claim { message, signature, signers, identity, file } = claim(shape, data, wanted)?;
    let mut keys = (0..ATOME_MAX_KEYS).zip(wanted.keys);
    if !keys.any(|(n, key)| signers >> n & 1 == 1 && has_signed(key, message, signature)) {
        return Err(ATOME_ERR_SIGNATURE);
    }
    identity.map(|()| file)
}

#[inline(never)] // its frame is a large one, and inlined it would be larger
fn has_signed(key: &Key, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
    // The state stays where it is made: `PublicKey::verify` would have it twice on the stack.
    match &mut PublicKey::new(*key).verify_incremental(&Signature::new(*signature)) {
        Ok(state) => {
            state.absorb(message);
            state.verify().is_ok()
        }
        Err(_) => false,
    }
}

/// What two runs of a check say, where they say one thing. A branch that a fault of the chip sends the wrong way (a dip of its
/// voltage, a flipped bit of a register) decides only one of them, and memory that is not the same both times is noticed.
pub(crate) fn agreed<T: PartialEq>(mut check: impl FnMut() -> Result<T, c_int>) -> Result<T, c_int> {
    let first = check()?;
    let second = check()?;
    if first == second {
        Ok(second)
    } else {
        Err(ATOME_ERR_SIGNATURE)
    }
}

/// The model file in a container that `wanted` allows, and its shape.
///
/// # Safety
/// `data` is NULL or leads to `len` bytes, `keys` is NULL or leads to `n_keys` keys, readable and unchanged for `'d`.
unsafe fn signed_file<'d, C: Chosen>(
    data: *const u8,
    len: usize,
    keys: *const Key,
    n_keys: usize,
    identity: Option<(u32, u32)>,
) -> Result<(&'static Shape, &'d [u8]), c_int> {
    let layout = C::layout().ok_or(ATOME_ERR_CONFIG)?;
    if keys.is_null() || !(1..=ATOME_MAX_KEYS).contains(&n_keys) {
        return Err(ATOME_ERR_INVALID);
    }
    // SAFETY: as the caller promises; keys are not NULL, and bytes need no alignment.
    let (data, keys) = unsafe { (bytes(data, len), slice::from_raw_parts(keys, n_keys)) };
    let (data, shape) = (data.ok_or(ATOME_ERR_INVALID)?, C::shape(layout));
    let wanted = Wanted { keys, identity };
    // Without the black boxes the compiler might take the second result from the first.
    let file = agreed(|| checked(black_box(shape), black_box(data), black_box(&wanted)))?;
    Ok((shape, data.get(file).ok_or(ATOME_ERR_SIGNATURE)?))
}

/// atome_load of a container that bears a valid signature; public_key has 32 bytes (`atome keygen` makes it, `atome sign`
/// signs). Nothing of the model is used before the signature of all of it is found right, twice: no single branch decides. Any
/// model that was ever signed by this key loads, old ones and those of other products, too: see
/// atome_load_signed_at_least. Only in archives that are built with `--signed`; define ATOME_SIGNED before the include.
///
/// Returns what atome_load returns; also ATOME_ERR_INVALID (-1) for data that are no container, and ATOME_ERR_SIGNATURE (-8)
/// when the container is not signed, or by another key, or was changed after signing.
///
/// # Safety
/// `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_key` is NULL or leads to 32.
#[no_mangle]
pub unsafe extern "C" fn atome_load_signed(
    model: *mut atome_model_t,
    data: *const u8,
    len: usize,
    public_key: *const u8,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { load_signed::<Exact>(model, data, len, public_key) }
}

/// # Safety
/// As `atome_load_signed`.
#[inline(always)]
pub(crate) unsafe fn load_signed<C: Chosen>(
    model: *mut atome_model_t,
    data: *const u8,
    len: usize,
    public_key: *const u8,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { load::<C>(model, signed_file::<C>(data, len, public_key.cast(), 1, None)) }
}

/// atome_load_signed of a model for one product and of one version or a later one. It refuses what a signature alone
/// lets pass: a model of yesterday, with its faults, and another product's model of the same shape.
///
/// public_keys are n_keys keys of 32 bytes, 1 to ATOME_MAX_KEYS; any of them may have signed, so that two can live side by side
/// while one is retired. A container that names its key (`atome sign` does where the container names a product or a version)
/// is checked with that one alone, others with each in turn. product is the number of `atome pack --product`, and 0
/// takes containers that name none; min_version is compared with the number of `--model-version`. A program that learns of
/// newer models keeps the highest version that it loaded where an attacker cannot write: atome_container_info tells it.
///
/// Returns what atome_load_signed returns; also ATOME_ERR_INVALID (-1) when n_keys is out of range, ATOME_ERR_PRODUCT (-9)
/// for another product's model and ATOME_ERR_OUTDATED (-10) for an older one, both with a right signature.
///
/// # Safety
/// `model` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_keys` is NULL or leads to
/// `n_keys` times 32.
#[no_mangle]
pub unsafe extern "C" fn atome_load_signed_at_least(
    model: *mut atome_model_t,
    data: *const u8,
    len: usize,
    public_keys: *const [u8; 32],
    n_keys: usize,
    product: u32,
    min_version: u32,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { load_signed_at_least::<Exact>(model, data, len, public_keys, n_keys, product, min_version) }
}

/// # Safety
/// As `atome_load_signed_at_least`.
#[inline(always)]
pub(crate) unsafe fn load_signed_at_least<C: Chosen>(
    model: *mut atome_model_t,
    data: *const u8,
    len: usize,
    public_keys: *const [u8; 32],
    n_keys: usize,
    product: u32,
    min_version: u32,
) -> c_int {
    let identity = Some((product, min_version));
    // SAFETY: as the caller promises.
    unsafe { load::<C>(model, signed_file::<C>(data, len, public_keys, n_keys, identity)) }
}

/// Loads what [`signed_file`] found.
///
/// # Safety
/// `model` is NULL or writable.
#[inline(never)] // for both functions above
unsafe fn load<C: Chosen>(model: *mut atome_model_t, found: Result<(&Shape, &[u8]), c_int>) -> c_int {
    match found {
        // SAFETY: not NULL; the caller vouches for the struct.
        Ok((shape, file)) if !model.is_null() => unsafe { load_file::<C>(model, shape, file) },
        Ok(_) => ATOME_ERR_INVALID,
        Err(code) => code,
    }
}

/// atome_classifier_load of a container that bears a valid signature; everything said of atome_load_signed holds.
///
/// Returns what atome_classifier_load returns; also ATOME_ERR_INVALID (-1) for data that are no container, and
/// ATOME_ERR_SIGNATURE (-8) when the container is not signed, or by another key, or was changed after signing.
///
/// # Safety
/// `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_key` is NULL or leads to 32.
#[no_mangle]
pub unsafe extern "C" fn atome_classifier_load_signed(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
    public_key: *const u8,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { classifier_load_signed::<Exact>(clf, data, len, public_key) }
}

/// # Safety
/// As `atome_classifier_load_signed`.
#[inline(always)]
pub(crate) unsafe fn classifier_load_signed<C: Chosen>(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
    public_key: *const u8,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { load_classifier::<C>(clf, signed_file::<C>(data, len, public_key.cast(), 1, None)) }
}

/// atome_classifier_load_signed of a classifier for one product and of one version or a later one; everything said of
/// atome_load_signed_at_least holds.
///
/// Returns what atome_classifier_load_signed returns; also ATOME_ERR_INVALID (-1) when n_keys is out of range,
/// ATOME_ERR_PRODUCT (-9) for another product's model and ATOME_ERR_OUTDATED (-10) for an older one, both with a right
/// signature.
///
/// # Safety
/// `clf` is NULL or writable; `data` is NULL or leads to `len` readable bytes, `public_keys` is NULL or leads to `n_keys`
/// times 32.
#[no_mangle]
pub unsafe extern "C" fn atome_classifier_load_signed_at_least(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
    public_keys: *const [u8; 32],
    n_keys: usize,
    product: u32,
    min_version: u32,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { classifier_load_signed_at_least::<Exact>(clf, data, len, public_keys, n_keys, product, min_version) }
}

/// # Safety
/// As `atome_classifier_load_signed_at_least`.
#[inline(always)]
pub(crate) unsafe fn classifier_load_signed_at_least<C: Chosen>(
    clf: *mut atome_classifier_t,
    data: *const u8,
    len: usize,
    public_keys: *const [u8; 32],
    n_keys: usize,
    product: u32,
    min_version: u32,
) -> c_int {
    let identity = Some((product, min_version));
    // SAFETY: as the caller promises.
    unsafe { load_classifier::<C>(clf, signed_file::<C>(data, len, public_keys, n_keys, identity)) }
}

/// Loads what [`signed_file`] found.
///
/// # Safety
/// `clf` is NULL or writable.
#[inline(never)] // as `load`
unsafe fn load_classifier<C: Chosen>(clf: *mut atome_classifier_t, found: Result<(&Shape, &[u8]), c_int>) -> c_int {
    match found {
        // SAFETY: not NULL; the caller vouches for the struct.
        Ok((shape, file)) if !clf.is_null() => unsafe { load_classifier_file::<C>(clf, shape, file) },
        Ok(_) => ATOME_ERR_INVALID,
        Err(code) => code,
    }
}
