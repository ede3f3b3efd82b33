//! Files of examples with their classes.

use atome_train::classes::{class_of, parse, Inputs, LEVELS};
use atome_train::pairs::Form;

/// A file is refused with a reason, or each of its examples has a class that it names, and each number a level, whatever the
/// constants were fitted on; examples of equal inputs are on one side of a split.
pub fn classes(data: &[u8]) {
    for extension in [None, Some("csv"), Some("tsv"), Some("jsonl")] {
        let Ok(examples) = parse(data, extension) else { continue };
        let count = examples.classes.len();
        assert!(count > 0 && !examples.is_empty());
        let lines: Vec<u64> = (0..6).collect();
        let columns = examples.fit(&lines);
        let pairs = examples.pairs(&columns);
        assert_eq!(pairs.all().len(), examples.len());
        for (index, pair) in pairs.all().iter().enumerate() {
            assert_eq!(class_of(&pair.answer, count), Some(examples.label(index)));
        }
        let halves = pairs.split(&Form::of(pairs.all()), 0.3, 1);
        assert_eq!(halves.train.len() + halves.held_out.len(), examples.len());
        if let Inputs::Rows { values, .. } = &examples.inputs {
            for (row, pair) in values.iter().zip(pairs.all()) {
                assert_eq!(pair.prompt.len(), row.len());
                assert!(row.iter().zip(&columns).all(|(&value, column)| column.level(value) < LEVELS));
            }
        }
    }
}
