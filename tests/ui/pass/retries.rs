//! Every way to spell `retry`, and the policy that comes of it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use workflow_core::RetryPolicy;
use workflow_core::prelude::*;
use workflow_core::retry::Failure;

mod policies {
    use super::*;

    pub fn patient<const ATTEMPTS: u32>() -> RetryPolicy {
        RetryPolicy::new().attempts(ATTEMPTS)
    }

    pub fn is_busy(error: &super::Refused) -> bool {
        error.status == 503
    }
}

#[derive(Debug)]
struct Refused {
    status: u16,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.status)
    }
}

impl Error for Refused {}

struct Flow;

#[event]
struct Next<const NUMBER: usize>;

#[workflow]
impl Flow {
    #[step(retry)]
    async fn bare(&self, _: StartEvent) -> Next<1> {
        Next
    }

    #[step(retry())]
    async fn empty(&self, _: Next<1>) -> Next<2> {
        Next
    }

    #[step(retry(attempts = 5, wait = "1s"))]
    async fn fixed(&self, _: Next<2>) -> Next<3> {
        Next
    }

    #[step(retry(attempts = 5, base = "100ms", multiplier = 3, max = "500ms"))]
    async fn growing(&self, _: Next<3>) -> Next<4> {
        Next
    }

    #[step(retry(base = "1s", multiplier = 1.5))]
    async fn growing_slowly(&self, _: Next<4>) -> Next<5> {
        Next
    }

    #[step(retry(base = "1s"))]
    async fn doubling(&self, _: Next<5>) -> Next<6> {
        Next
    }

    #[step(retry(jitter))]
    async fn shaken(&self, _: Next<6>) -> Next<7> {
        Next
    }

    #[step(retry(base = "100ms", max = "10s", jitter))]
    async fn growing_and_shaken(&self, _: Next<7>) -> Next<8> {
        Next
    }

    #[step(retry(within = "1m"))]
    async fn for_a_minute(&self, _: Next<8>) -> Next<9> {
        Next
    }

    #[step(retry(on = Refused))]
    async fn after_one_error(&self, _: Next<9>) -> Next<10> {
        Next
    }

    #[step(retry(on(Refused, fmt::Error)))]
    async fn after_two_errors(&self, _: Next<10>) -> Next<11> {
        Next
    }

    #[step(retry(on = fmt::Error, when = policies::is_busy))]
    async fn after_what_a_function_says(&self, _: Next<11>) -> Next<12> {
        Next
    }

    #[step(retry = policies::patient::<9>, timeout = "1s")]
    async fn by_a_function(&self, _: Next<12>) -> StopEvent<u32> {
        StopEvent(1)
    }
}

fn verdict(step: u16, failures: u32, error: impl Error + Send + Sync + 'static) -> Option<Duration> {
    let failure = Failure::new("run", "step", failures, Duration::from_secs(20), &error);
    Flow::retry(step).expect("each step has a policy").verdict(&failure)
}

fn main() {
    let (secs, ms) = (Duration::from_secs, Duration::from_millis);
    for step in [0, 1] {
        assert_eq!([1, 2, 3].map(|n| verdict(step, n, fmt::Error)), [Some(secs(5)), Some(secs(5)), None]);
    }
    assert_eq!([4, 5].map(|n| verdict(2, n, fmt::Error)), [Some(secs(1)), None]);
    let growing = [Some(ms(100)), Some(ms(300)), Some(ms(500)), Some(ms(500)), None];
    assert_eq!([1, 2, 3, 4, 5].map(|n| verdict(3, n, fmt::Error)), growing);
    assert_eq!(verdict(4, 2, fmt::Error), Some(ms(1500)));
    assert_eq!(verdict(5, 2, fmt::Error), Some(secs(2)));
    assert!(verdict(6, 2, fmt::Error).is_some_and(|wait| wait <= secs(5)));
    assert!(verdict(7, 2, fmt::Error).is_some_and(|wait| wait <= ms(200)));
    assert_eq!(verdict(8, 100, fmt::Error), Some(secs(5)));
    assert_eq!(verdict(9, 1, fmt::Error), None);
    assert_eq!(verdict(9, 1, Refused { status: 404 }), Some(secs(5)));
    assert_eq!(verdict(10, 1, fmt::Error), Some(secs(5)));
    assert_eq!(verdict(11, 1, fmt::Error), Some(secs(5)));
    assert_eq!(verdict(11, 1, Refused { status: 404 }), None);
    assert_eq!(verdict(11, 1, Refused { status: 503 }), Some(secs(5)));
    assert_eq!([8, 9].map(|n| verdict(12, n, fmt::Error)), [Some(secs(5)), None]);
    assert!(Flow::retry(13).is_none());
    assert!(Flow::graph().steps.iter().all(|step| step.retries));
}
