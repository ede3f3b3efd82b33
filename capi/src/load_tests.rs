//! Where loading points the structs' members, compared with the format's table over a grid of shapes.

use core::slice;
use std::mem::{offset_of, size_of};
use std::vec::Vec;

use atome_engine::format::{sections_packed, Part, Section, SectionKind};
use atome_engine::{Dims, Packing, Shape};

use crate::config::model_size;
use crate::sections::fill;
use crate::tests::Memory;
use crate::types::*;

/// The layer, the part, its first byte in the body, and what the struct says of its extent.
type Seen = (Option<usize>, Part, usize, Extent);

/// Rows of a matrix, and its columns where they are no mark; values of floats where the struct has a member for them.
type Extent = (Option<u16>, Option<u16>);

/// What `model` says of a body of which `body` is the first byte.
fn seen(model: &atome_model_t, blocks: &[atome_block_t], body: *const u8, is_coded: bool) -> Vec<Seen> {
    let mut seen = Vec::new();
    let place = |pointer: *const u8| pointer as usize - body as usize;
    let mut matrix = |layer, part, matrix: &atome_ternary_t| {
        let cols = (!is_coded).then_some(matrix.cols);
        seen.push((layer, part, place(matrix.packed) - 4, (Some(matrix.rows), cols)));
    };
    let floats = |layer, part, floats: *const f32, count| (layer, part, place(floats.cast()), (count, None));
    let mut vectors = Vec::new();
    matrix(None, Part::Embed, &model.embed);
    for (layer, block) in blocks.iter().enumerate() {
        let (layer, channels) = (Some(layer), Some(block.ssm.channels));
        vectors.push(floats(layer, Part::NormGamma, block.norm.gamma, None));
        vectors.push(floats(layer, Part::NormBeta, block.norm.beta, None));
        matrix(layer, Part::ConvTaps, block.local_conv.as_matrix());
        vectors.push(floats(layer, Part::SsmA, block.ssm.a, channels));
        vectors.push(floats(layer, Part::SsmB, block.ssm.b, channels));
        vectors.push(floats(layer, Part::SsmC, block.ssm.c_out, channels));
        matrix(layer, Part::Wq, &block.attn.Wq);
        matrix(layer, Part::Wk, &block.attn.Wk);
        matrix(layer, Part::Wv, &block.attn.Wv);
        matrix(layer, Part::Router, &block.router);
    }
    vectors.push(floats(None, Part::FinalGamma, model.final_norm.gamma, None));
    vectors.push(floats(None, Part::FinalBeta, model.final_norm.beta, None));
    matrix(None, Part::Unembed, &model.unembed);
    seen.extend(vectors);
    seen.sort_by_key(|&(_, _, at, _)| at);
    seen
}

fn of_table(section: Section, is_coded: bool) -> Seen {
    let extent = match section.kind {
        SectionKind::Matrix { rows, cols } => (Some(rows as u16), (!is_coded).then_some(cols as u16)),
        SectionKind::Floats { count } => {
            let is_counted = matches!(section.part, Part::SsmA | Part::SsmB | Part::SsmC);
            (is_counted.then_some(count as u16), None)
        }
    };
    (section.layer, section.part, section.offset, extent)
}

#[test]
fn loading_points_every_member_at_its_section() {
    let sizes = (1..=if cfg!(miri) { 2 } else { 6 }).flat_map(|d_model| [1, 3, 4, 6].map(|d_head| (d_model, d_head)));
    let shapes = sizes.flat_map(|(d_model, d_head)| {
        [(1, 1, 3, 1), (2, 3, 4, 5), (3, 5, 8, 11)].map(|(n_layers, kernel_size, n_pathways, vocab_size)| Dims {
            d_model,
            n_layers,
            d_head,
            kernel_size,
            n_pathways,
            vocab_size,
            top_k: 2,
        })
    });
    for (dims, packing) in shapes.flat_map(|dims| Packing::ALL.map(|packing| (dims, packing))) {
        let shape = Shape::new(dims).unwrap();
        let (codec, is_coded) = (packing.codec(), packing != Packing::TwoBits);
        let sections: Vec<Section> = sections_packed(shape, packing, None).collect();
        let body = vec![0; sections.last().unwrap().end()];
        let size = model_size(&shape).max(size_of::<atome_model_t>());
        let mut memory = Memory::new(size);
        let model: *mut atome_model_t = memory.at();
        // SAFETY: memory of the struct's size, with as many blocks as layers, and a body of that shape.
        let seen = unsafe {
            fill(model, &shape, &body, codec);
            let blocks = model.byte_add(offset_of!(atome_model_t, blocks)).cast::<atome_block_t>();
            seen(&*model, slice::from_raw_parts(blocks, dims.n_layers), body.as_ptr(), is_coded)
        };
        let expected: Vec<Seen> = sections.into_iter().map(|section| of_table(section, is_coded)).collect();
        assert_eq!(seen, expected, "{dims:?}, {packing:?}");
    }
}
