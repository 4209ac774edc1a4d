//! Waiting for what the registry brings about by itself: releases, bundles, public pages.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How long a test waits before it gives up: far longer than the registry may take, so that a busy
/// machine fails no test.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// Asks again and again until the answer `holds`, and gives that answer.
///
/// # Panics
/// With `what` was waited for and the last answer, when it does not come about.
pub async fn eventually<T: Debug>(
    what: &str,
    mut ask: impl AsyncFnMut() -> T,
    holds: impl Fn(&T) -> bool,
) -> T {
    let began = Instant::now();
    loop {
        let answer = ask().await;
        if holds(&answer) {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come about, at last:\n{answer:#?}");
        sleep(POLL).await;
    }
}
