//! Work for all processors.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use crate::progress;

/// How many things can be asked for at a time.
pub const RANGE: RangeInclusive<u64> = 1..=1024;

/// How many threads keep the processors busy.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does `work` to all items, begun in their order, on `threads` threads; the results are in their order too.
pub fn all<T: Sync, R: Send>(items: &[T], threads: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let parts = progress::board().parts(items.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(index) else { return };
                let result = work(item);
                parts.done();
                done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// [`all`] for work that can fail.
///
/// # Errors
/// The first item's that failed; those that had not begun by then are left out.
pub fn try_all<T: Sync, R: Send>(items: &[T], threads: usize, work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let failed = AtomicUsize::new(0);
    let results = all(items, threads, |item| {
        if failed.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let result = work(item);
        if result.is_err() {
            failed.fetch_add(1, Ordering::Relaxed);
        }
        Some(result)
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;
    use std::time::{Duration, Instant};

    #[test]
    fn work_is_done_side_by_side_and_reported_in_order() {
        let begun = AtomicUsize::new(0);
        let results = all(&[3, 5], 2, |&number| {
            begun.fetch_add(1, Ordering::Relaxed);
            let start = Instant::now();
            while begun.load(Ordering::Relaxed) < 2 && start.elapsed() < Duration::from_secs(20) {
                thread::yield_now();
            }
            (number, begun.load(Ordering::Relaxed))
        });
        assert_eq!(results, [(3, 2), (5, 2)]);
    }

    #[test]
    fn nothing_begins_after_a_failure() {
        let done = Mutex::new(Vec::new());
        let results = try_all(&[1, 2, 3], 1, |&number| {
            done.lock().unwrap().push(number);
            if number == 2 {
                bail!("two")
            }
            Ok(number)
        });
        assert_eq!(results.unwrap_err().to_string(), "two");
        assert_eq!(done.into_inner().unwrap(), [1, 2]);
    }
}
