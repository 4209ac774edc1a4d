//! Work that takes long or takes much memory: off the asynchronous runtime, a few at a time.

use std::time::Duration;

use tokio::sync::{AcquireError, Semaphore};
use tokio::time::timeout;

use super::problem::Problem;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for a permit, though not for ever.
///
/// # Errors
/// [`Problem::Busy`] when its turn does not come in time.
pub async fn turn<P>(permit: impl Future<Output = Result<P, AcquireError>>) -> Result<P, Problem> {
    let permit = timeout(PATIENCE, permit).await.map_err(|_| Problem::Busy)?;
    permit.map_err(Problem::internal)
}

/// Runs off the asynchronous runtime. The work holds its permit to its end, whether or not the request still waits.
///
/// # Errors
/// [`Problem::Busy`] when its turn does not come in time.
pub async fn off_the_runtime<T: Send + 'static>(
    permits: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let permit = turn(permits.acquire()).await?;
    let work = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Asserts that work waits while all permits are taken, and is done once they are given back. What does not wait
    /// is done before `alike`, work of the same cost, was done three times.
    pub(crate) async fn waits_for_its_turn<T>(
        permits: &'static Semaphore,
        number: u32,
        work: impl Future<Output = Result<T, Problem>>,
        alike: fn(),
    ) -> T {
        let taken = permits.acquire_many(number).await.expect("the permits are never closed");
        let mut work = std::pin::pin!(work);
        for _ in 0..3 {
            tokio::select! {
                _ = &mut work => panic!("it waited for no permit"),
                done = tokio::task::spawn_blocking(alike) => done.expect("work alike"),
            }
        }
        drop(taken);
        work.await.expect("its turn comes")
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_still_holds_its_permit() {
        static PERMITS: Semaphore = Semaphore::const_new(1);
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let request = tokio::spawn(off_the_runtime(&PERMITS, move || {
            begun.send(()).expect("the test waits for the beginning");
            may_end.recv().expect("the test says when to end");
        }));
        has_begun.await.expect("the work begins");

        // Whoever asked hangs up; the memory is taken all the same until the work is done.
        request.abort();
        assert!(request.await.expect_err("the request is gone").is_cancelled());
        assert_eq!(PERMITS.available_permits(), 0);

        end.send(()).expect("the work is still at it");
        let permit = PERMITS.acquire().await.expect("the permits are never closed");
        drop(permit);
    }
}
