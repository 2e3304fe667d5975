//! Forks: a new run from any point of another one, without the program that runs them.

use serde_json::{Value, json};
use workflow_core::journal::{Claim, Journal, JournalError, Record, fork_at};

use super::{Answer, Place, open};

/// Begins a run that has behind it what the run `id` had before its fact `at`.
pub(super) async fn fork(
    place: &Place,
    id: &str,
    at: u64,
    fork: Option<String>,
    with: Option<Value>,
) -> Answer {
    let journal = open(place)?;
    let kept = journal.load(id).await?;
    let kept = kept.ok_or_else(|| format!("there is no run `{id}` in `{}`", place.file.display()))?;
    let workflow = kept.workflow.clone();
    let instead = with.map(|event| move |record: &Record| with_event(id, record, &event));
    let opening = fork_at(id, kept, at, instead.as_ref().map(|instead| instead as _))?;
    let fork = fork.unwrap_or_else(|| format!("{id}-{at}"));
    if journal.load(&fork).await?.is_some() {
        return Err(format!("there is a run `{fork}` already: give the new one another id by `--as`").into());
    }
    // Nobody holds it after this, so that whoever resumes the runs of the workflow finds it.
    drop(journal.claim(Claim::new(&fork, &workflow, Some(opening))).await?);
    if place.json {
        return Ok(json!({ "id": fork, "workflow": workflow }).to_string());
    }
    Ok(format!(
        "`{fork}` begins where `{id}` was before fact {at}; a program that resumes runs of `{workflow}` takes it up"
    ))
}

/// The fact with this event in the place of that which came with it.
fn with_event(id: &str, record: &Record, event: &Value) -> Result<Record, JournalError> {
    let unreadable = |error: &str| JournalError::unreadable(id, record, error.to_owned());
    let mut body: Value =
        serde_json::from_str(&record.body).map_err(|error| unreadable(&error.to_string()))?;
    let fact = body.as_object_mut().and_then(|body| body.values_mut().next());
    match fact {
        Some(Value::Object(fact)) if fact.contains_key("event") && fact["event"].is_object() => {
            fact.insert("event".to_owned(), event.clone());
        }
        Some(Value::Object(fact)) if fact.contains_key("emission") => {
            fact.insert("emission".to_owned(), json!({ "One": event }));
        }
        _ => return Err(unreadable("no event came with it that another could take the place of")),
    }
    let mut record = record.clone();
    record.body = body.to_string();
    Ok(record)
}
