//! Point: where a play is: what waits, how it ended, and a key that tells it from all other points.

use super::life::{Live, Play};
use super::{End, World, words};
use crate::Workflow;
use crate::hash::fnv_1a;
use crate::machine::Outcome;

impl<W: Workflow> Play<'_, W> {
    pub(super) fn finish(&mut self, outcome: Outcome<W::Event>) -> End<W> {
        let text = match &outcome {
            Outcome::Stopped(event) => serde_json::to_string(event).ok(),
            _ => None,
        };
        let result = self.fork.finish(outcome).map_err(|error| *error);
        self.core.close();
        let text = text.unwrap_or_else(|| match &result {
            Ok(_) => "a result that cannot be written down".to_owned(),
            Err(error) => words(error),
        });
        End::Over(result, text)
    }

    /// What the run waits for that will never come.
    pub(super) fn what_waits(&self) -> String {
        let step = |live: &Live<'_, W::Event>| {
            let number = live.invocation.number;
            let waits = self.core.if_rest(|rest| rest.waiting.only_waits_for(number)).flatten();
            let step = W::graph().steps[usize::from(live.name.step)].name;
            match waits {
                Some(event) => format!("`{step}` waits for `{}`", W::graph().event_name(event)),
                None => format!("`{step}` waits for something that never comes"),
            }
        };
        let steps: Vec<String> = self.lives.iter().map(step).collect();
        match &steps[..] {
            [] => "the run waits for an event from outside".to_owned(),
            steps => steps.join(", "),
        }
    }

    /// Where the run is, with all that decides how it goes on.
    pub(super) fn key(&self, world: &World) -> u128 {
        let mut bytes = Vec::with_capacity(512);
        let core = self.core;
        {
            let machine = core.machine();
            let checkpoint = machine.as_ref().map(|machine| machine.checkpoint());
            // What cannot be written down is refused when the process dies.
            let _ = serde_json::to_writer(&mut bytes, &checkpoint);
        }
        let _ = serde_json::to_writer(&mut bytes, &*core.state());
        core.if_memory(|memory| {
            let _ = serde_json::to_writer(&mut bytes, &(&memory.values, &memory.collected));
        });
        let mut note = |number: u64| bytes.extend(number.to_le_bytes());
        for live in &self.lives {
            note(live.invocation.number);
            note(u64::from(live.polls) << 1 | u64::from(live.bell.rings()));
            note(live.seen);
        }
        note(world.unseen);
        note(u64::from(world.crashes));
        note(self.fork.driver.now().as_nanos() as u64);
        world.to_come.iter().for_each(|place| note(u64::from(*place)));
        world.fails.iter().for_each(|fails| note(u64::from(*fails)));
        let low = fnv_1a(&bytes);
        bytes.extend(low.to_le_bytes());
        u128::from(low) << 64 | u128::from(fnv_1a(&bytes).rotate_left(17) ^ bytes.len() as u64)
    }
}
