//! Joins that can run, however their events come together, and batches in batches.

use workflow_core::prelude::*;

#[event]
struct A(u32);

#[event]
struct B(u32);

#[event]
struct Many(u32);

#[derive(OneOf)]
enum Either {
    A(A),
    B(B),
}

/// Both come at once.
struct Tuple;

#[workflow]
impl Tuple {
    #[step]
    async fn begin(&self, start: StartEvent<u32>) -> (A, B) {
        (A(*start), B(*start))
    }

    #[step]
    async fn join(&self, a: A, b: B) -> StopEvent<u32> {
        StopEvent(a.0 + b.0)
    }
}

/// Two steps take one event, and each gives one of both.
struct Fork;

#[workflow]
impl Fork {
    #[step]
    async fn left(&self, start: StartEvent<u32>) -> A {
        A(*start)
    }

    #[step]
    async fn right(&self, start: StartEvent<u32>) -> B {
        B(*start)
    }

    #[step]
    async fn join(&self, a: A, b: B) -> StopEvent<u32> {
        StopEvent(a.0 + b.0)
    }
}

/// One enum gives either, but a batch gives many of it.
struct Batch;

#[workflow]
impl Batch {
    #[step]
    async fn begin(&self, start: StartEvent<u32>) -> Vec<Either> {
        vec![A(*start).into(), B(*start).into()]
    }

    #[step]
    async fn join(&self, a: A, b: B) -> StopEvent<u32> {
        StopEvent(a.0 + b.0)
    }
}

/// One enum gives either, but a loop comes back for the other.
struct Loop;

#[workflow]
impl Loop {
    #[step]
    async fn begin(&self, start: StartEvent<u32>) -> Many {
        Many(*start)
    }

    #[step]
    async fn choose(&self, many: Many) -> Either {
        if many.0 > 0 { A(many.0).into() } else { B(7).into() }
    }

    #[step]
    async fn again(&self, _: A) -> Many {
        Many(0)
    }

    #[step]
    async fn join(&self, a: A, b: B) -> StopEvent<u32> {
        StopEvent(a.0 + b.0)
    }
}

/// The same event twice: a batch brings two.
struct Twice;

#[workflow]
impl Twice {
    #[step]
    async fn begin(&self, _: StartEvent<u32>) -> Vec<A> {
        vec![A(1), A(2)]
    }

    #[step]
    async fn join(&self, a: A, b: A) -> StopEvent<u32> {
        StopEvent(a.0 * 10 + b.0)
    }
}

/// A batch whose members open batches.
struct Nested;

#[workflow]
impl Nested {
    #[step]
    async fn begin(&self, start: StartEvent<u32>) -> Vec<Many> {
        (1..=*start).map(Many).collect()
    }

    #[step]
    async fn split(&self, many: Many) -> Vec<A> {
        (0..many.0).map(A).collect()
    }

    #[step]
    async fn sum(&self, all: Vec<A>) -> B {
        B(all.iter().map(|a| a.0).sum())
    }

    #[step]
    async fn total(&self, all: Vec<B>) -> StopEvent<u32> {
        StopEvent(all.iter().map(|b| b.0).sum())
    }
}

/// Of a batch the first two.
struct First;

#[workflow]
impl First {
    #[step]
    async fn begin(&self, _: StartEvent<u32>) -> Option<Vec<A>> {
        Some(vec![A(1), A(2), A(3)])
    }

    #[step]
    async fn join(&self, #[take(2)] all: Vec<A>) -> StopEvent<usize> {
        StopEvent(all.len())
    }
}

/// Each of two, in one parameter.
struct On;

struct Number(u32);

impl From<A> for Number {
    fn from(a: A) -> Self {
        Self(a.0)
    }
}

impl From<B> for Number {
    fn from(b: B) -> Self {
        Self(b.0 * 2)
    }
}

#[workflow]
impl On {
    #[step]
    async fn begin(&self, start: StartEvent<u32>) -> Either {
        if *start == 0 { A(1).into() } else { B(1).into() }
    }

    #[step(on(A, B))]
    async fn take(&self, number: Number) -> StopEvent<u32> {
        StopEvent(number.0)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    assert_eq!(Tuple.run(2_u32).await?, 4);
    assert_eq!(Fork.run(2_u32).await?, 4);
    assert_eq!(Batch.run(2_u32).await?, 4);
    assert_eq!(Loop.run(2_u32).await?, 9);
    assert_eq!(Twice.run(2_u32).await?, 12);
    assert_eq!(Nested.run(3_u32).await?, 4);
    assert_eq!(First.run(2_u32).await?, 2);
    assert_eq!(On.run(0_u32).await?, 1);
    assert_eq!(On.run(1_u32).await?, 2);
    Ok(())
}
