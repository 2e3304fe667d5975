//! Durable: the example bakes each loaf once, although it is killed in the middle.
//!
//! Cargo builds the programs for the tests of the whole package, not for one of them alone.

use std::process::Command;

#[test]
fn the_example_goes_on_where_it_was_killed() {
    let own = std::env::current_exe().unwrap();
    let example = own.parent().and_then(|deps| deps.parent()).unwrap().join("examples/durable");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bakery.db");
    let told = Command::new(example).args(["--kill-after", "2", "--file"]).arg(&file).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let text = String::from_utf8(told.stdout).unwrap();
    let (before, after) = text.split_once("is killed").unwrap();
    for loaf in 1..=6 {
        let is_baked = |text: &str| text.matches(&format!("loaf {loaf} is baked")).count();
        // A loaf that was just out of the oven, and not yet written down, is baked again.
        let is_in_between = loaf == 2 || loaf == 3;
        let baked = is_baked(before) + is_baked(after);
        assert!(baked == 1 || (is_in_between && baked == 2), "{text}");
    }
    assert!(after.contains("6 loaves are sold"), "{text}");
    assert!(file.exists());
}
