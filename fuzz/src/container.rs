//! Opening a container, and loading what is in it.

use atome_engine::container::{
    Container, ContainerError, Contents, Description, PartFault, PartKind, Tokenizer, WeightFormat, PART_ALIGNMENT,
};
use atome_engine::{Classifier, Model, Shape, WholeModel};

use crate::input::{blob, longest_blob, Input};

/// A container either opens, and then all it says can be read and lies inside it, or is refused. What was written opens as
/// what it is; what was changed behind the checksum's back is never mistaken for it.
pub fn container(data: &[u8]) {
    let mut input = Input::new(data);
    match input.below(3) {
        0 => look_into(input.rest()),
        way => {
            let shape = input.shape();
            let Some((about, mut bytes)) = written(&mut input, shape) else { return };
            if let Ok(container) = Container::open_whole(&bytes) {
                assert_eq!(*container.about(), about);
                assert_eq!(container.len(), bytes.len());
            }
            let changes = change(&mut input, &mut bytes);
            if way == 1 && changes {
                assert!(Container::open_whole(&bytes).is_err(), "a change went unnoticed");
            }
            seal(&mut bytes);
            look_into(&bytes);
        }
    }
}

/// A container of the fuzzer's choice around a model of this shape.
pub(crate) fn written(input: &mut Input, shape: Shape) -> Option<(Description, Vec<u8>)> {
    let weights = [WeightFormat::TwoBits, WeightFormat::BaseThree, WeightFormat::PowersOfThree][input.below(3)];
    let mut about = Description::new(shape, 1 + u16::from(input.byte()), weights);
    about.n_classes = input.below(3) as u16;
    about.alignment = 1 << input.below(8);
    let texts: Vec<_> = (0..2 * input.below(3)).map(|_| String::from_utf8_lossy(input.slice(9)).into_owned()).collect();
    let notes: Vec<_> = texts.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let mut payload = about.weights.magic(about.n_classes)?.to_vec();
    if about.n_classes > 0 {
        payload.extend(u32::from(about.n_classes).to_le_bytes());
    }
    payload.extend(blob(input.slice(99), true, longest_blob(&shape)));
    let last = input.byte();
    // One half of the last parts are sublayers.
    let last = if last % 2 == 1 { PartKind::FEED_FORWARD } else { PartKind::new(0x8000 + u16::from(last)) };
    let kinds = [PartKind::VOCABULARY, PartKind::GRAMMAR, last];
    let parts: Vec<_> = (0..input.below(4)).map(|index| (kinds[index], input.slice(30))).collect();
    if !parts.is_empty() {
        about.tokenizer = Tokenizer::Vocabulary;
    }
    let contents = Contents { about: &about, notes: &notes, parts: &parts, payload: &payload };
    let mut bytes = vec![0; contents.file_len()?];
    contents.write(&mut bytes)?;
    if let Ok(container) = Container::open_whole(&bytes) {
        assert!(container.parts().eq(parts.iter().copied()), "other parts than were written");
    }
    Some((about, bytes))
}

/// Sets up to four bytes anew. Returns whether exactly one of them is another now: a checksum tells that for certain.
pub(crate) fn change(input: &mut Input, bytes: &mut [u8]) -> bool {
    let before = bytes.to_vec();
    for _ in 0..1 + input.below(4) {
        let at = u16::from_le_bytes(input.bytes());
        let at = usize::from(at) % bytes.len();
        bytes[at] = input.byte();
    }
    before.iter().zip(&*bytes).filter(|(before, now)| before != now).count() == 1
}

/// Makes the checksum right again: no fuzzer guesses one.
pub(crate) fn seal(bytes: &mut [u8]) {
    let Some((checked, checksum)) = bytes.split_last_chunk_mut::<4>() else { return };
    *checksum = (!checked.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)))
    }))
    .to_le_bytes();
}

fn look_into(bytes: &[u8]) {
    let container = match Container::open_whole(bytes) {
        Ok(container) => container,
        Err(ContainerError::Truncated { len, needed }) => return assert!(len == bytes.len() && len < needed),
        Err(ContainerError::Checksum { found, computed }) => return assert_ne!(found, computed),
        Err(_) => return,
    };
    assert!(container.len() <= bytes.len());
    assert!(container.payload_offset() + container.payload().len() <= container.len());
    assert!(container.notes().count() <= container.len());
    assert_eq!(container.signature().is_some(), container.is_signed());
    for (_, part) in container.parts() {
        let offset = part.as_ptr().addr() - bytes.as_ptr().addr();
        assert!(offset.is_multiple_of(PART_ALIGNMENT) && offset + part.len() <= container.payload_offset());
    }
    // Who computes no sublayers does not come by a model that has some.
    let refused = Container::open(bytes).err();
    let is_whole = container.part(PartKind::FEED_FORWARD).is_none();
    assert_eq!(refused.is_none(), is_whole);
    assert!(matches!(refused, None | Some(ContainerError::Part { fault: PartFault::FeedForward, .. })));
    let shape = container.about().shape;
    let payload = container.payload_for(&shape).expect("its own shape");
    if container.about().n_classes > 0 {
        let classifier = Classifier::new(shape, payload, usize::from(container.about().n_classes));
        let _ = classifier.map(|classifier| WholeModel::of_container(classifier.base, &container));
    } else {
        let _ = Model::new(shape, payload).map(|model| WholeModel::of_container(model, &container));
    }
}
