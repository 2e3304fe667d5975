//! A join that believes its batch to come in the order in which it was sent out.

use workflow_core::prelude::*;

use super::{found, holds};

#[event]
struct Part {
    place: usize,
    text: String,
}
#[event]
struct Translated {
    place: usize,
    text: String,
}

fn parts(text: &str) -> Vec<Part> {
    text.split(' ').enumerate().map(|(place, text)| Part { place, text: text.to_owned() }).collect()
}

struct Trusting;

#[workflow]
impl Trusting {
    #[step]
    async fn split(&self, text: StartEvent<String>) -> Vec<Part> {
        parts(&text)
    }
    #[step]
    async fn translate(&self, part: Part) -> Translated {
        Translated { place: part.place, text: part.text.to_uppercase() }
    }
    #[step]
    async fn put_together(&self, parts: Vec<Translated>) -> StopEvent<String> {
        StopEvent(parts.into_iter().map(|part| part.text).collect::<Vec<_>>().join(" "))
    }
}

struct Sorting;

#[workflow]
impl Sorting {
    #[step]
    async fn split(&self, text: StartEvent<String>) -> Vec<Part> {
        parts(&text)
    }
    #[step]
    async fn translate(&self, part: Part) -> Translated {
        Translated { place: part.place, text: part.text.to_uppercase() }
    }
    #[step]
    async fn put_together(&self, mut parts: Vec<Translated>) -> StopEvent<String> {
        parts.sort_by_key(|part| part.place);
        StopEvent(parts.into_iter().map(|part| part.text).collect::<Vec<_>>().join(" "))
    }
}

#[test]
fn a_join_that_trusts_an_order_is_found() {
    let broken = found(
        || Trusting,
        "to be or".to_owned(),
        |check| check.expect(|text| text.as_ref().is_ok_and(|text| text == "TO BE OR")),
    );
    assert_eq!(broken.schedules(), 2);
    let explored = holds(
        || Sorting,
        "to be or".to_owned(),
        |check| check.expect(|text| text.as_ref().is_ok_and(|text| text == "TO BE OR")),
    );
    assert_eq!(explored.schedules, 6);
}
