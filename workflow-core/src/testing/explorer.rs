//! Explorer: goes through the schedules of a check, and makes the one that breaks a claim as short as it can.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::broken::{Broken, Claim};
use super::chance::Chance;
use super::check::Check;
use super::explored::Explored;
use super::progress::Progress;
use super::schedule::{Names, Noted, Path, Scripted};
use super::search::{Search, Way};
use crate::driver::play::{Choice, Director, End, Played, Stage, play, words};
use crate::machine::Token;
use crate::{Recording, RunError, StepPanicked, Workflow};

/// One check that is under way.
pub(super) struct Explorer<'a, W: Workflow> {
    check: Check<'a, W>,
    names: Names,
    began: Instant,
    progress: Progress,
    /// The outcome of the first schedule, and that schedule.
    first: Option<(String, Path)>,
    outcomes: HashSet<String>,
    schedules: u64,
    crashed: u64,
    unordered: u64,
    longest: usize,
}

/// How many schedules are played to make a failing one shorter.
const SHORTENING: u64 = 20_000;

impl<'a, W: Workflow> Explorer<'a, W>
where
    W::Input: Clone,
{
    pub(super) fn new(check: Check<'a, W>) -> Self {
        let names = Names { graph: W::graph(), events: check.events.iter().map(Token::kind).collect() };
        Self {
            check,
            names,
            began: Instant::now(),
            progress: Progress::new(W::NAME),
            first: None,
            outcomes: HashSet::new(),
            schedules: 0,
            crashed: 0,
            unordered: 0,
            longest: 0,
        }
    }

    pub(super) fn run(mut self) -> Result<Explored, Box<Broken>> {
        assert!(
            tokio::runtime::Handle::try_current().is_err(),
            "a check has a runtime of its own: call it from a plain `#[test]`, not from `#[tokio::test]`"
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.expect("a runtime on this thread needs nothing that could be missing");
        // Without that, what steps do with tokio would be held up after each so many polls.
        runtime.block_on(tokio::task::unconstrained(async { self.explore().await }))
    }

    async fn explore(&mut self) -> Result<Explored, Box<Broken>> {
        if let Some(line) = self.check.line.take() {
            return self.replay(&line).await;
        }
        let way = match (self.check.crashes > 0, self.check.reduces) {
            (true, true) => Way::Pruned(HashSet::new()),
            (false, true) => Way::Reduced,
            (_, false) => Way::Whole,
        };
        let mut search = Search::new(way);
        let mut path = Path::default();
        let mut is_complete = true;
        loop {
            let played = self.play(&mut search, &mut path, false).await;
            if search.has_diverged() {
                return Err(self.broken(Claim::Repeats, &path, None, false).await);
            }
            if let Some(claim) = self.judge(played, &path) {
                return Err(self.shorten(claim, path, None).await);
            }
            if !search.advance() {
                break;
            }
            if self.schedules >= self.check.most_schedules || self.began.elapsed() > self.check.most_time {
                is_complete = false;
                break;
            }
            self.progress.show(self.schedules);
        }
        let mut random = None;
        if !is_complete && self.check.random > 0 {
            let seed = self.check.seed.unwrap_or_else(seed);
            random = Some((self.check.random, seed));
            let mut chance = Chance::new(seed, self.longest as u64);
            for _ in 0..self.check.random {
                chance.advance(self.check.crashes);
                let played = self.play(&mut chance, &mut path, false).await;
                if let Some(claim) = self.judge(played, &path) {
                    return Err(self.shorten(claim, path, Some(seed)).await);
                }
                self.progress.show(self.schedules);
            }
        }
        Ok(self.explored(is_complete, random, search.left()))
    }

    fn explored(&self, is_complete: bool, random: Option<(u64, u64)>, left: u64) -> Explored {
        Explored {
            workflow: W::NAME,
            schedules: self.schedules,
            crashed: self.crashed,
            left,
            longest: self.longest,
            is_complete,
            random,
            unordered: self.unordered,
            outcomes: self.outcomes.len(),
            took: self.began.elapsed(),
        }
    }

    /// Plays one schedule; `path` is then what was chosen.
    async fn play(&self, director: &mut dyn Director, path: &mut Path, records: bool) -> Played<W> {
        *path = Path::default();
        let flow = (self.check.flow)();
        let stage = Stage {
            cast: &self.check.cast,
            events: &self.check.events,
            always: self.check.always.as_deref(),
            crashes: self.check.crashes,
            is_opaque: !self.check.shares_nothing,
            records,
            most_moves: self.check.most_moves,
        };
        let mut noted = Noted { director, path };
        match W::open(self.check.input.clone()) {
            Ok(start) => play(&flow, start, &mut noted, &stage).await,
            Err(error) => Played::refused(error),
        }
    }

    /// Counts a play, and says which claim it breaks.
    fn judge(&mut self, played: Played<W>, path: &Path) -> Option<Claim> {
        self.unordered += played.unordered;
        if let End::Left = played.end {
            return None;
        }
        self.schedules += 1;
        self.longest = self.longest.max(path.choices.len());
        let crashes = path.choices.iter().any(|choice| matches!(choice, Choice::Crash | Choice::CrashIn(_)));
        self.crashed += u64::from(crashes);
        if let End::Over(_, text) = &played.end {
            if self.first.is_none() {
                self.first = Some((text.clone(), path.clone()));
            }
            if !self.outcomes.contains(text) {
                self.outcomes.insert(text.clone());
            }
        }
        self.claim(played.end)
    }

    /// Which claim a play breaks.
    fn claim(&self, end: End<W>) -> Option<Claim> {
        let (outcome, text) = match end {
            End::Left => return None,
            End::Stuck(why) => return Some(Claim::Stalls(why)),
            End::Broken => return Some(Claim::Always),
            End::Endless => return Some(Claim::Endless(self.check.most_moves)),
            End::Twice(what) => return Some(Claim::DeliversTwice(what)),
            End::Unwritable(error) => return Some(Claim::Resumes(words(&error))),
            End::Unreadable(error) => return Some(Claim::Resumes(words(&error))),
            End::Over(outcome, text) => (outcome, text),
        };
        if let Some(expect) = &self.check.expect {
            if !expect(&outcome) {
                return Some(Claim::Expect(text));
            }
        } else {
            match &outcome {
                Err(RunError::Stalled(why)) => return Some(Claim::Stalls(why.to_string())),
                Err(error) if error.step_error::<StepPanicked>().is_some() => {
                    return Some(Claim::Panics(text));
                }
                _ => (),
            }
        }
        let (first, path) = self.first.as_ref().filter(|_| self.check.is_deterministic)?;
        (*first != text).then(|| Claim::Deterministic {
            first: (first.clone(), self.names.line(path.trimmed())),
            other: text,
        })
    }

    async fn replay(&mut self, line: &str) -> Result<Explored, Box<Broken>> {
        let path = self.names.read(line).unwrap_or_else(|unknown| panic!("{unknown}"));
        let mut done = Path::default();
        if self.check.is_deterministic {
            let mut ordinary = Scripted::new(&[], false);
            let played = self.play(&mut ordinary, &mut done, false).await;
            self.judge(played, &done);
        }
        let mut scripted = Scripted::new(&path, false);
        let played = self.play(&mut scripted, &mut done, false).await;
        if let Some((wanted, choices)) = scripted.misfit {
            let choices: Vec<String> = choices.iter().map(|choice| self.names.line(&[*choice])).collect();
            panic!(
                "the schedule does not fit the flow any more: after \"{}\" it says `{}`, and there is {}",
                self.names.line(&done.choices),
                self.names.line(&[wanted]),
                choices.join(", ")
            );
        }
        match self.judge(played, &done) {
            Some(claim) => Err(self.broken(claim, &done, None, false).await),
            None => Ok(self.explored(false, None, 0)),
        }
    }

    /// Plays shorter schedules than the one that breaks a claim, as long as they break it too.
    async fn shorten(&mut self, claim: Claim, path: Path, seed: Option<u64>) -> Box<Broken> {
        let found = self.schedules;
        if let Claim::Endless(_) = claim {
            return self.broken(claim, &path, seed, false).await;
        }
        let (mut best, mut kind) = (path, claim);
        let mut left = SHORTENING;
        let mut done = Path::default();
        // Leave out one choice after the other, from the end on.
        let mut at = best.choices.len();
        while at > 0 && left > 0 {
            at -= 1;
            let mut shorter = best.choices.clone();
            shorter.remove(at);
            left -= 1;
            let mut scripted = Scripted::new(&shorter, true);
            let played = self.play(&mut scripted, &mut done, false).await;
            if let Some(claim) = self.claim(played.end)
                && same_kind(&claim, &kind)
                && done.cost() < best.cost()
            {
                (best, kind) = (done.clone(), claim);
                at = at.min(best.choices.len());
            }
        }
        // Then all that leave the ordinary way less often, or as often and sooner.
        let most = best.cost().0 as u32;
        let mut is_shortest = true;
        'fewer: for detours in 0..=most {
            let mut search = Search::new(Way::Detours(detours));
            let mut is_found = false;
            loop {
                if left == 0 {
                    is_shortest = false;
                    break 'fewer;
                }
                left -= 1;
                let played = self.play(&mut search, &mut done, false).await;
                if let Some(claim) = self.claim(played.end)
                    && same_kind(&claim, &kind)
                    && done.trimmed_cost() < best.trimmed_cost()
                {
                    (best, kind, is_found) = (done.clone(), claim, true);
                }
                if !search.advance() {
                    break;
                }
            }
            if is_found {
                break;
            }
        }
        self.schedules = found;
        self.broken(kind, &best, seed, is_shortest).await
    }

    /// The report.
    async fn broken(&self, claim: Claim, path: &Path, seed: Option<u64>, is_shortest: bool) -> Box<Broken> {
        let mut done = Path::default();
        let mut scripted = Scripted::new(&path.choices, true);
        let played = self.play(&mut scripted, &mut done, true).await;
        let path = path.trimmed();
        let picture = played.recordings.last().and_then(|recording| save(recording, &self.names.line(path)));
        Box::new(Broken {
            workflow: W::NAME,
            claim,
            line: self.names.line(path),
            sentences: path.iter().map(|choice| self.names.sentence(*choice)).collect(),
            recordings: played.recordings,
            schedules: self.schedules,
            seed,
            is_shortest,
            picture,
        })
    }
}

fn same_kind(one: &Claim, other: &Claim) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// A seed that nobody has chosen.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or(Duration::ZERO).as_nanos() as u64 & 0xffff_ffff
}

/// Saves the picture where it can be opened; `None` where that cannot be.
fn save(recording: &Recording, line: &str) -> Option<std::path::PathBuf> {
    let name = format!("{}-{:08x}.html", recording.workflow(), crate::hash::fnv_1a(line.as_bytes()) as u32);
    let path = std::env::temp_dir().join(name);
    recording.draw().save(&path).ok().map(|()| path)
}
