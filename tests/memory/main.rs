//! Memory: what a run holds does not grow with what it has done, and nothing of it is left when it is gone.
//!
//! The allocator counts for the whole process, so this is a binary of its own without the usual harness, of
//! which other threads allocate too. `cargo test --release --test memory -- --ignored` runs the long ones;
//! any other argument is a part of the names to run.

mod fans;
mod loops;
mod rests;
mod runs;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// One claim.
struct Test {
    name: &'static str,
    run: fn(),
    is_long: bool,
}

macro_rules! tests {
    ($($module:ident::$name:ident $($long:ident)?),* $(,)?) => {
        &[$(Test { name: stringify!($name), run: $module::$name, is_long: !concat!($(stringify!($long))?).is_empty() }),*]
    };
}

const TESTS: &[Test] = tests![
    fans::a_batch_and_its_results_take_the_room_of_its_members,
    loops::a_long_loop_holds_its_memory,
    loops::a_long_loop_that_can_be_written_down_holds_its_memory,
    loops::a_long_loop_of_calls_and_spawned_steps_holds_its_memory,
    loops::a_long_loop_that_is_watched_holds_its_memory,
    loops::a_snapshot_is_as_long_after_a_long_loop_as_after_a_short_one,
    loops::a_very_long_loop_holds_its_memory long,
    rests::a_run_at_rest_is_small,
    rests::a_run_that_waits_for_an_event_is_small,
    rests::a_run_that_has_waited_gives_its_memory_back,
    runs::nothing_is_left_of_many_runs_of_which_half_were_cancelled,
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_long = arguments.iter().any(|argument| argument == "--ignored");
    let is_all = arguments.iter().any(|argument| argument == "--include-ignored");
    let part = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    for test in TESTS {
        if test.name.contains(part) && (is_all || test.is_long == is_long) {
            println!("test {} ...", test.name);
            (test.run)();
        }
    }
}
