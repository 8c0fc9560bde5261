//! A function over many items, on all cores, with results in the order of the items: how many
//! threads there are never shows.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs a function over all items on as many threads as there are cores; results in order.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (work, next) = (&work, &next);
        let take = || {
            let i = next.fetch_add(1, Ordering::Relaxed);
            items.get(i).map(|item| (i, work(item)))
        };
        let handles: Vec<_> = (0..threads)
            .map(|_| scope.spawn(move || std::iter::from_fn(take).collect::<Vec<_>>()))
            .collect();
        for handle in handles {
            match handle.join() {
                Ok(done) => done.into_iter().for_each(|(i, r)| results[i] = Some(r)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    results.into_iter().flatten().collect()
}
