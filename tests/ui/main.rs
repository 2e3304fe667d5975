//! What a wrong workflow gets, word for word, and what must not be taken for wrong.
//!
//! Each file in `fail` is one mistake; its `.stderr` is all that a user sees. Each file in `pass` is a near
//! miss, and runs. The two stay apart: without a `pass` among them, the files in `fail` are only checked,
//! so that whatever they find is found by `cargo check`.

#[test]
fn each_mistake_is_one_error_at_the_token_to_edit() {
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}

#[test]
fn near_misses_compile_and_run() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}
