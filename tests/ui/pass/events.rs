//! Events: with the attribute, with the derive alone, generic, and in one name with a type parameter.

use serde::{Deserialize, Serialize};
use workflow_core::{Event, prelude::*};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
struct ByHand {
    text: String,
}

#[event]
#[derive(PartialEq)]
enum Kind {
    Empty,
    Tuple(u32, String),
    Named { value: Option<u8> },
}

#[event]
struct Wrapped<T>
where
    T: Default,
{
    inner: T,
}

#[event]
struct Pair<A, B>(A, B);

struct Flow;

#[workflow]
impl Flow {
    #[step]
    async fn begin(&self, start: StartEvent<Kind>) -> (ByHand, Wrapped<u8>) {
        (ByHand { text: format!("{:?}", *start) }, Wrapped { inner: 1 })
    }

    #[step]
    async fn pair(&self, by_hand: ByHand, wrapped: Wrapped<u8>) -> Pair<ByHand, u8> {
        Pair(by_hand, wrapped.inner)
    }

    #[step]
    async fn end(&self, Pair(by_hand, number): Pair<ByHand, u8>) -> StopEvent<Pair<String, u8>> {
        StopEvent(Pair(by_hand.text, number))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let Pair(text, number) = Flow.run(Kind::Named { value: Some(1) }).await?;
    assert_eq!((text.as_str(), number), ("Named { value: Some(1) }", 1));
    assert_eq!(Kind::Empty.clone(), Kind::Empty);
    assert_ne!(Kind::Empty, Kind::Tuple(1, String::new()));
    assert_eq!(ByHand::NAME, "ByHand");
    Ok(())
}
