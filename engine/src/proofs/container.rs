//! The header of a container.

use super::fields::LEN;
use super::header::{description, file_len, places, Description, WeightFormat};
use crate::container::TAIL_LEN;
use crate::proofs::symbolic::{any_u16, any_u32, any_usize, one_of};
use crate::{Dims, Shape};

/// A header of any bytes.
#[inline(always)]
fn any_header() -> [u8; LEN] {
    let mut header = [0; LEN];
    for four in header.as_chunks_mut::<4>().0 {
        *four = any_u32("four bytes").to_le_bytes();
    }
    header
}

/// For any 96 bytes: header, notes, payload, and signature with checksum follow each other within the file, or it is
/// refused.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(25))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_parts_of_a_container_are_disjoint() {
    let Ok(places) = places(&any_header()) else { return };
    assert!(LEN + places.notes_len <= places.payload);
    assert!(places.payload + places.payload_len + TAIL_LEN == places.file_len);
}

/// For any 96 bytes: a file's length has room for header and tail, or it is refused.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(25))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_container_has_room_for_its_ends() {
    let Ok(len) = file_len(&any_header()) else { return };
    assert!(len >= LEN + TAIL_LEN);
}

/// For any 96 bytes: what a header says of its model is in range, or it is refused.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(kani, kani::unwind(25))]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_description_is_in_range() {
    let Ok(about) = description(&any_header()) else { return };
    assert!((about.window >= 1) & (about.alignment >= 1) & (about.alignment <= 4096));
    assert!(crate::Shape::new(about.shape.dims()).is_ok());
}

/// For every alignment, and notes that end anywhere: the payload is behind them, and its first section is aligned, or
/// there is no such address.
#[cfg_attr(kani, kani::proof)]
#[cfg_attr(atome_proofs, no_mangle)]
pub fn prove_a_payload_is_aligned() {
    const SHAPE: Shape = match Shape::new(Dims::DEFAULT) {
        Ok(shape) => shape,
        Err(_) => panic!("checked by the compiler"),
    };
    let mut about = Description::new(SHAPE, 1, WeightFormat::TwoBits);
    about.n_classes = any_u16("n_classes");
    about.alignment = 1 << one_of("alignment, as a power of 2", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    let end = any_usize("end of the notes");
    let (Some(start), Some(head)) = (about.payload_start(end), about.body_start()) else { return };
    assert!(start >= end);
    assert!((start + head) & usize::from(about.alignment - 1) == 0);
}
