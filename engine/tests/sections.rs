//! What is read and counted without a walk through the table of sections, compared with the table.

mod common;

use atome_engine::format::{sections_packed, unchecked_body, Part, Section, SectionKind};
use atome_engine::{Classifier, Floats, Matrix, Model, Packing, Shape, Weights};
use common::{classifier_blob, grid, packed_blob, shape};

fn shapes() -> impl Iterator<Item = Shape> {
    grid().map(shape)
}

/// What a reader says of a section: what it holds, and where its first value lies from the start of the file.
type Seen = (Option<usize>, Part, SectionKind, usize);

/// Notes what the views of a file say, one after the other.
struct Views<'b> {
    file: &'b [u8],
    seen: Vec<Seen>,
}

impl Views<'_> {
    fn place(&self, bytes: &[u8]) -> usize {
        bytes.as_ptr() as usize - self.file.as_ptr() as usize
    }

    /// The scale in front of the weights has to be this matrix's.
    fn matrix(&mut self, layer: Option<usize>, part: Part, matrix: &Matrix) {
        let at = self.place(matrix.packed());
        assert_eq!(matrix.scale().to_le_bytes(), self.file[at - 4..at], "{part:?} of layer {layer:?}");
        let kind = SectionKind::Matrix { rows: matrix.rows(), cols: matrix.cols() };
        self.seen.push((layer, part, kind, at - 4));
    }

    fn floats(&mut self, layer: Option<usize>, part: Part, floats: &Floats) {
        let kind = SectionKind::Floats { count: floats.len() };
        self.seen.push((layer, part, kind, self.place(floats.bytes())));
    }

    fn model(&mut self, model: &Model) {
        self.matrix(None, Part::Embed, &model.embed());
        for layer in 0..model.shape().n_layers() {
            let (block, layer) = (model.block(layer).expect("a layer of the shape"), Some(layer));
            self.floats(layer, Part::NormGamma, &block.norm.gamma);
            self.floats(layer, Part::NormBeta, &block.norm.beta);
            self.matrix(layer, Part::ConvTaps, &block.conv.taps);
            self.floats(layer, Part::SsmA, &block.ssm.a_raw);
            self.floats(layer, Part::SsmB, &block.ssm.b);
            self.floats(layer, Part::SsmC, &block.ssm.c_out);
            self.matrix(layer, Part::Wq, &block.attention.wq);
            self.matrix(layer, Part::Wk, &block.attention.wk);
            self.matrix(layer, Part::Wv, &block.attention.wv);
            self.matrix(layer, Part::Router, &block.router);
        }
        self.floats(None, Part::FinalGamma, &model.final_norm().gamma);
        self.floats(None, Part::FinalBeta, &model.final_norm().beta);
        self.matrix(None, Part::Unembed, &model.unembed());
    }
}

fn of_table(sections: impl Iterator<Item = Section>, header: usize) -> Vec<Seen> {
    sections.map(|section| (section.layer, section.part, section.kind, header + section.offset)).collect()
}

#[test]
fn a_model_sees_every_section_where_the_table_has_it() {
    for (shape, packing) in shapes().flat_map(|shape| Packing::ALL.map(|packing| (shape, packing))) {
        let file = packed_blob(packing, shape, 3);
        let mut views = Views { file: &file, seen: Vec::new() };
        views.model(&Model::new(shape, &file).expect("a whole model"));
        assert_eq!(views.seen, of_table(sections_packed(shape, packing, None), 7), "{shape:?}, {packing:?}");
    }
}

#[test]
fn a_classifier_sees_every_section_where_the_table_has_it() {
    for shape in shapes() {
        let file = classifier_blob(shape, 3, 3);
        let classifier = Classifier::new(shape, &file, 16).expect("a whole classifier");
        let mut views = Views { file: &file, seen: Vec::new() };
        views.model(&classifier.base);
        views.matrix(None, Part::Head, &classifier.head);
        assert_eq!(views.seen, of_table(sections_packed(shape, Packing::TwoBits, Some(3)), 13), "{shape:?}");
    }
}

#[test]
fn lengths_are_those_of_the_table() {
    for (shape, packing) in shapes().flat_map(|shape| Packing::ALL.map(|packing| (shape, packing))) {
        let mut end = 0;
        for section in sections_packed(shape, packing, None) {
            assert_eq!(section.offset, end, "{section}, {shape:?}, {packing:?}");
            let bytes = match section.kind {
                SectionKind::Matrix { rows, cols } => 4 + packing.len(rows * cols),
                SectionKind::Floats { count } => 4 * count,
            };
            assert_eq!(section.bytes, bytes, "{section}, {shape:?}, {packing:?}");
            end = section.end();
        }
        assert_eq!(7 + end, Model::packed_blob_len(&shape, packing), "{shape:?}, {packing:?}");
        // What finds the end of a file whose weights have codes of their own is a sum by itself.
        if packing != Packing::TwoBits {
            let file = packed_blob(packing, shape, 3);
            assert_eq!(
                unchecked_body(&shape, &file).map(|body| body.file_len()),
                Ok(7 + end),
                "{shape:?}, {packing:?}"
            );
        }
    }
}

#[test]
fn lengths_of_classifiers_are_those_of_the_table() {
    for shape in shapes() {
        let head = sections_packed(shape, Packing::TwoBits, Some(3)).last().expect("a head");
        assert_eq!(13 + head.end(), Classifier::blob_len(&shape, 3), "{shape:?}");
    }
}
