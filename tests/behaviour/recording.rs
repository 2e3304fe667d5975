//! Recording: what a run has done, as data.

use std::time::Duration;

use workflow_core::prelude::*;
use workflow_core::recording::{Ended, Execution, Outcome, Passed, Recording, WaitEnded};

#[event]
struct Part(u32);
#[event]
struct Done(u32);
#[event]
struct Sum(u32);
#[event]
struct Asked(u32);
#[event]
struct Approval(u32);
#[event(transient)]
struct Handle(fn() -> u32);

#[derive(Debug, thiserror::Error)]
#[error("part {0} is broken")]
struct Broken(u32);

/// Works on parts, side by side; the one with the number 2 fails at first, or always.
#[derive(Clone, Default)]
struct Factory {
    always: bool,
}

#[workflow(publishes(Asked), receives(Approval))]
impl Factory {
    #[step]
    async fn split(&self, count: StartEvent<u32>) -> Vec<Part> {
        (1..=count.0).map(Part).collect()
    }

    #[step(workers = 2, retry(attempts = 2, wait = "5s"))]
    async fn work(&self, ctx: &Context<Self>, part: Part) -> Result<Done, Broken> {
        ctx.sleep(Duration::from_secs(part.0.into())).await;
        if part.0 == 2 && (self.always || ctx.attempt().number == 1) {
            Err(Broken(2))
        } else {
            Ok(Done(part.0))
        }
    }

    #[step(waits(Approval))]
    async fn gather(&self, ctx: &Context<Self>, done: Vec<Done>) -> Sum {
        ctx.publish(Asked(done.len() as u32));
        let approval = ctx.wait_for::<Approval>().timeout(Duration::from_secs(60)).await;
        Sum(approval.map_or(0, |approval| approval.0) + done.iter().map(|done| done.0).sum::<u32>())
    }

    #[step]
    async fn finish(&self, sum: Sum) -> StopEvent<u32> {
        StopEvent(sum.0)
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Each execution as: step, number, try, when it began, how long it took.
fn rows(recording: &Recording) -> Vec<(&str, u64, u32, u64, u64)> {
    let row = |one: &'_ Execution| (one.began().as_secs(), one.lasted().as_secs());
    let all = recording.executions().iter();
    all.map(|one| (one.step(), one.invocation(), one.attempt(), row(one).0, row(one).1)).collect()
}

#[tokio::test(start_paused = true)]
async fn each_try_of_each_step_is_there_with_its_time_and_order() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).id("order-42").record();
    run.send(Approval(100)).unwrap();
    assert_eq!((&mut run).await.unwrap(), 106);
    let recording = run.recording();
    assert_eq!((recording.workflow(), recording.run_id()), ("Factory", "order-42"));
    assert_eq!(
        rows(&recording),
        [
            ("split", 0, 1, 0, 0),
            ("work", 1, 1, 0, 1),
            ("work", 2, 1, 0, 2),
            ("work", 3, 1, 1, 3),
            ("work", 2, 2, 7, 2),
            ("gather", 4, 1, 9, 0),
            ("finish", 5, 1, 9, 0),
        ]
    );
    assert_eq!(recording.lasted(), secs(9));
    assert!(matches!(recording.outcome(), Outcome::Stopped(event) if event.json() == Some("106")));
    for text in [recording.to_string(), recording.draw().to_string()] {
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{text}");
        assert!(text.contains("work, try 2"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_knows_what_it_took_and_gave_and_from_which_others_it_follows() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).record();
    run.send(Approval(100)).unwrap();
    (&mut run).await.unwrap();
    let recording = run.recording();
    let told = |one: &Execution| {
        let events = |events: &[Passed]| -> Vec<String> {
            let words = |one: &Passed| format!("{} {} {:?}", one.event(), one.json().unwrap(), one.how());
            events.iter().map(words).collect()
        };
        (events(one.took()), events(one.gave()), one.follows().to_vec(), one.batch())
    };
    let all: Vec<_> = recording.executions().iter().map(told).collect();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let members = words(&["Part 1 Member", "Part 2 Member", "Part 3 Member"]);
    assert_eq!(all[0], (words(&["StartEvent<u32> 3 Taken"]), members, vec![], None));
    assert_eq!(all[1], (words(&["Part 1 Taken"]), words(&["Done 1 Returned"]), vec![0], Some(0)));
    assert_eq!(all[2], (words(&["Part 2 Taken"]), vec![], vec![0], Some(0)));
    assert_eq!(all[4], (words(&["Part 2 Taken"]), words(&["Done 2 Returned"]), vec![0], Some(0)));
    let done = words(&["Done 1 Taken", "Done 3 Taken", "Done 2 Taken"]);
    assert_eq!(all[5], (done, words(&["Asked 3 Published", "Sum 106 Returned"]), vec![1, 3, 2], None));
    assert_eq!(all[6], (words(&["Sum 106 Taken"]), words(&["StopEvent<u32> 106 Returned"]), vec![4], None));
}

#[tokio::test(start_paused = true)]
async fn a_failure_has_its_words_and_how_long_until_the_next_try() {
    let flow = Factory { always: true };
    let mut run = flow.run(2u32).record();
    assert!((&mut run).await.is_err());
    let recording = run.recording();
    let failed: Vec<_> =
        recording.executions().iter().filter(|one| one.took()[0].json() == Some("2")).skip(1).collect();
    let error = "part 2 is broken";
    let is = |one: &Execution, wait: Option<Duration>| match one.ended() {
        Ended::Failed { error: said, again, .. } => (&**said, *again) == (error, wait),
        _ => false,
    };
    assert!(is(failed[0], Some(secs(5))) && is(failed[1], None), "{recording}");
    assert!(
        matches!(recording.outcome(), Outcome::Failed { step, attempts: 2, error: said, .. } if step == "work" && said == error)
    );
    assert_eq!((recording.times("work"), recording.failures("work"), recording.times("gather")), (2, 2, 0));
    assert!(recording.draw().mermaid().contains("class s1 gaveup"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_a_span_of_its_execution_and_says_what_came() {
    for approves in [true, false] {
        let flow = Factory::default();
        let mut run = flow.run(1u32).record();
        let handle = run.handle();
        let person = async {
            tokio::time::sleep(secs(31)).await;
            if approves {
                handle.send(Approval(7)).unwrap();
            }
        };
        tokio::join!(&mut run, person).0.unwrap();
        let recording = run.recording();
        let gather = &recording.executions()[2];
        let wait = &gather.waits()[0];
        assert_eq!((wait.event(), wait.began()), ("Approval", secs(1)));
        match wait.ended() {
            WaitEnded::Got(event) if approves => {
                assert_eq!((event.json(), wait.lasted(), gather.lasted()), (Some("7"), secs(30), secs(30)));
            }
            WaitEnded::TimedOut if !approves => assert_eq!(wait.lasted(), secs(60)),
            other => panic!("{other:?}"),
        }
        let woken = recording.paths().find(|(from, to, _)| (&**from, &**to) == ("Approval", "gather"));
        assert_eq!(woken.unwrap().2, u64::from(approves));
    }
}

#[tokio::test(start_paused = true)]
async fn each_line_of_the_graph_knows_how_often_it_was_taken() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).record();
    run.send(Approval(1)).unwrap();
    (&mut run).await.unwrap();
    let taken: Vec<_> =
        run.recording().paths().map(|(from, to, times)| format!("{from} {to} {times}")).collect();
    assert_eq!(
        taken,
        [
            "start StartEvent<u32> 1",
            "split Part 3",
            "work Done 3",
            "gather Sum 1",
            "finish StopEvent<u32> 1",
            "StartEvent<u32> split 1",
            "Part work 3",
            "Done gather 3",
            "Sum finish 1",
            "Asked caller 1",
            "caller Approval 1",
            "Approval gather 1",
            "StopEvent<u32> stop 1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_can_be_asked_before_it_begins_while_it_runs_and_after_it_was_cancelled() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).record();
    assert!(run.recording().executions().is_empty());
    assert_eq!(run.recording().outcome(), &Outcome::Open);
    assert!(tokio::time::timeout(Duration::from_millis(1500), &mut run).await.is_err());
    let recording = run.recording();
    assert_eq!((recording.executions().len(), recording.outcome()), (4, &Outcome::Open));
    let last = &recording.executions()[3];
    assert_eq!((last.ended(), last.lasted()), (&Ended::Running, Duration::from_millis(500)));
    run.cancel();
    assert!((&mut run).await.is_err());
    let recording = run.recording();
    assert_eq!(recording.outcome(), &Outcome::Cancelled);
    assert_eq!(recording.executions()[3].ended(), &Ended::Dropped);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_dropped_is_known_to_its_handle() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).record();
    let handle = run.handle();
    assert!(handle.recording().is_none(), "it has not begun");
    assert!(tokio::time::timeout(Duration::from_millis(1500), &mut run).await.is_err());
    drop(run);
    let recording = handle.recording().unwrap();
    assert_eq!(recording.outcome(), &Outcome::Cancelled);
    assert_eq!(recording.executions()[2].ended(), &Ended::Dropped);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_times_out_names_the_steps_that_were_running() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).timeout(Duration::from_millis(1500)).record();
    assert!((&mut run).await.is_err());
    let recording = run.recording();
    assert!(matches!(recording.outcome(), Outcome::TimedOut { running, .. } if *running == ["work", "work"]));
    assert_eq!(recording.lasted(), Duration::from_millis(1500));
}

#[tokio::test(start_paused = true)]
async fn a_run_on_a_task_of_its_own_is_recorded_too() {
    let flow = std::sync::Arc::new(Factory::default());
    let mut task = flow.start_with(3u32, |run| run.record());
    task.send(Approval(1)).unwrap();
    (&mut task).await.unwrap();
    assert_eq!(task.recording().executions().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_run_is_recorded_from_where_it_goes_on() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).id("a").resumable();
    assert!(tokio::time::timeout(Duration::from_millis(1500), &mut run).await.is_err());
    let snapshot = run.snapshot().unwrap();
    drop(run);
    let mut run = flow.resume(snapshot).unwrap().record();
    run.send(Approval(1)).unwrap();
    (&mut run).await.unwrap();
    let recording = run.recording();
    assert_eq!((recording.run_id(), recording.before()), ("a", Duration::from_millis(1500)));
    let first = &recording.executions()[0];
    assert_eq!((first.step(), first.invocation(), first.began()), ("work", 2, Duration::from_millis(1500)));
    assert_eq!((recording.times("split"), recording.times("gather")), (0, 1));
    assert!(matches!(recording.outcome(), Outcome::Stopped(_)));
}

#[tokio::test(start_paused = true)]
async fn the_first_and_the_last_executions_are_kept_and_all_are_counted() {
    let flow = Factory::default();
    let mut run = flow.run(30u32).record_at_most(10);
    run.send(Approval(1)).unwrap();
    (&mut run).await.unwrap();
    let recording = run.recording();
    assert_eq!((recording.executions().len(), recording.left_out()), (10, 24));
    let numbers: Vec<_> = recording.executions().iter().map(Execution::invocation).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 28, 29, 30, 31, 32]);
    assert_eq!(recording.times("work"), 30);
    assert!(recording.paths().any(|path| path == ("Part".to_owned(), "work".to_owned(), 30)));
    assert!(recording.to_string().contains("… 24 executions more …"), "{recording}");
    assert!(recording.draw().svg().contains("24 executions were not kept"));
    let mut run = flow.run(3u32).record_at_most(0);
    run.send(Approval(1)).unwrap();
    (&mut run).await.unwrap();
    assert_eq!((run.recording().executions().len(), run.recording().left_out()), (0, 7));
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_read_back_and_draws_the_same() {
    let flow = Factory::default();
    let mut run = flow.run(3u32).record();
    run.send(Approval(1)).unwrap();
    (&mut run).await.unwrap();
    let recording = run.recording();
    let text = serde_json::to_string(&recording).unwrap();
    let read: Recording = serde_json::from_str(&text).unwrap();
    assert_eq!(read, recording);
    let forms = |recording: &Recording| {
        let drawing = recording.draw();
        [
            drawing.mermaid(),
            drawing.dot(),
            drawing.svg(),
            drawing.html(),
            drawing.to_string(),
            recording.to_string(),
        ]
    };
    assert!(forms(&read) == forms(&recording));
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    let error = serde_json::from_str::<Recording>(&newer).unwrap_err().to_string();
    assert!(error.contains("the recording has version 2, and 1 is the newest that is known here"), "{error}");
    let mut damaged: serde_json::Value = serde_json::from_str(&text).unwrap();
    damaged["flow"]["lines"][0]["to"] = 99.into();
    let error = serde_json::from_value::<Recording>(damaged).unwrap_err().to_string();
    assert!(error.contains("ends nowhere"), "{error}");
}

#[tokio::test]
async fn without_record_there_is_no_recording() {
    let run = Factory::default();
    let run = run.run(1u32);
    assert!(run.handle().recording().is_none());
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run.recording()));
    let said = asked.unwrap_err().downcast::<String>().map(|said| *said).unwrap_or_default();
    assert!(said.contains("when `.record()` was said before it began"), "{said}");
}

/// Passes what cannot be written down, and what is long.
#[derive(Clone)]
struct Strange;

#[workflow]
impl Strange {
    #[step]
    async fn begin(&self, text: StartEvent<String>) -> (Handle, Long) {
        (Handle(|| 7), Long(text.0))
    }

    #[step]
    async fn end(&self, handle: Handle, long: Long) -> StopEvent<u32> {
        StopEvent((handle.0)() + long.0.len() as u32)
    }
}

#[event]
struct Long(String);

#[tokio::test]
async fn a_transient_event_shows_its_name_and_a_long_one_its_beginning() {
    let mut run = Strange.run("ü".repeat(500)).record();
    (&mut run).await.unwrap();
    let recording = run.recording();
    let [handle, long] = recording.executions()[1].took() else { panic!("{recording}") };
    assert_eq!((handle.event(), handle.json()), ("Handle", None));
    let json = long.json().unwrap();
    assert!(json.len() <= 400 && json.starts_with("\"ü"), "{json}");
    assert_eq!(json.len() + long.cut(), 1002);
}

/// Calls another workflow for each of a batch.
#[derive(Clone)]
struct Caller(Factory);

#[workflow]
impl Caller {
    #[step]
    async fn open(&self, count: StartEvent<u32>) -> Vec<Part> {
        (1..=count.0).map(Part).collect()
    }

    #[step]
    async fn call(&self, ctx: &Context<Self>, part: Part) -> Result<Done, RunError> {
        ctx.sleep(secs(1)).await;
        Ok(Done(ctx.call(&self.0, part.0).await?))
    }

    #[step]
    async fn close(&self, done: Vec<Done>) -> StopEvent<u32> {
        StopEvent(done.len() as u32)
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_step_calls_is_recorded_under_it_and_shares_its_room() {
    for resumable in [false, true] {
        let flow = Caller(Factory::default());
        let mut run = flow.run(2u32).id("top").record();
        if resumable {
            run = run.resumable();
        }
        (&mut run).await.unwrap();
        let recording = run.recording();
        let call = &recording.executions()[1];
        let called: Vec<Recording> = recording.called_by(call).collect();
        assert_eq!((called[0].workflow(), called[0].run_id()), ("Factory", "top/1.0"));
        assert_eq!(called[0].executions().len(), 4);
        assert!(called[0].draw().mermaid().contains("gather"));
        assert!(recording.to_string().contains("  gather"), "{recording}");
    }
    let flow = Caller(Factory::default());
    let mut run = flow.run(40u32).record_at_most(30);
    (&mut run).await.unwrap();
    let recording = run.recording();
    let called: usize = recording
        .executions()
        .iter()
        .flat_map(|one| recording.called_by(one))
        .map(|run| 1 + run.executions().len())
        .sum();
    assert!(recording.executions().len() + called <= 30, "{} {called}", recording.executions().len());
    assert_eq!(recording.times("call"), 40);
}

/// A batch in a batch, of which all inner ones look alike at their end.
#[derive(Clone)]
struct Nested;

#[event]
struct Chapter(u32);
#[event]
struct Page(u32);
#[event]
struct Words(u32);
#[event]
struct Count(u32);

#[workflow]
impl Nested {
    #[step]
    async fn chapters(&self, count: StartEvent<u32>) -> Vec<Chapter> {
        (0..count.0).map(Chapter).collect()
    }

    #[step]
    async fn pages(&self, chapter: Chapter) -> Vec<Page> {
        (0..chapter.0).map(|page| Page(chapter.0 * 10 + page)).collect()
    }

    #[step(workers = 9)]
    async fn words(&self, ctx: &Context<Self>, page: Page) -> Words {
        ctx.sleep(secs(u64::from(9 - page.0 / 10))).await;
        Words(page.0)
    }

    #[step]
    async fn sum(&self, words: Vec<Words>) -> Count {
        Count(words.len() as u32)
    }

    #[step]
    async fn total(&self, counts: Vec<Count>) -> StopEvent<u32> {
        StopEvent(counts.iter().map(|count| count.0).sum())
    }
}

#[tokio::test(start_paused = true)]
async fn of_batches_in_batches_each_join_follows_from_the_members_of_its_own() {
    let mut run = Nested.run(4u32).record();
    assert_eq!((&mut run).await.unwrap(), 6);
    let recording = run.recording();
    let of =
        |step: &str| recording.executions().iter().filter(move |one| one.step() == step).collect::<Vec<_>>();
    let by_number =
        |number: u64| recording.executions().iter().find(|one| one.invocation() == number).unwrap();
    for sum in of("sum") {
        let taken: Vec<_> = sum.took().iter().map(|event| event.json().unwrap()).collect();
        let given: Vec<_> = sum.follows().iter().map(|from| by_number(*from)).collect();
        match taken.is_empty() {
            true => assert_eq!(given[0].step(), "pages", "an empty batch follows from what opened it"),
            false => {
                assert_eq!(given.iter().map(|one| one.gave()[0].json().unwrap()).collect::<Vec<_>>(), taken)
            }
        }
        assert_eq!(sum.batch(), Some(0), "what it gives belongs to the batch around");
    }
    assert_eq!(of("total")[0].follows().len(), 4);
    assert_eq!(of("words").iter().filter(|one| one.batch() == Some(4)).count(), 3);
}
