//! Only engines that do the same work can be compared: each of them has to answer as C does, and to do so again.

use atome_benches::engines;
use atome_benches::interleave::Contender;
use atome_benches::jobs::{Job, Task, GENERATED, TIMED};
use atome_benches::models::ModelFile;
use atome_benches::shapes::DEFAULT;

#[test]
fn every_engine_answers_as_c_does() {
    let file = ModelFile::of(&DEFAULT).expect("a random model");
    let mut sides = engines::all(&DEFAULT, file, None).expect("engines of this shape");
    assert!(sides.iter().filter(|side| side.keeps_positions()).count() >= 1);
    for job in TIMED {
        let mut expected: Option<Vec<i32>> = None;
        // C is given another call for one position.
        for side in sides.iter_mut().filter(|side| !(side.is_reference() && matches!(job, Job::Position(_)))) {
            let mut task = Task::new(side.as_mut(), job);
            for _ in 0..2 {
                task.prepare();
                task.run();
                assert!(job != Job::Generation || task.result.len() == GENERATED);
                let expected = expected.get_or_insert_with(|| task.result.clone());
                assert_eq!(task.result, *expected, "{job} by {}", task.name());
            }
        }
    }
}
