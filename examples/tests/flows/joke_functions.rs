//! The example `joke_functions`: the same as `joke`.

use crate::program::{Program, says_that_replies_are_canned};

#[tokio::test]
async fn free_functions_tell_what_the_block_tells() {
    let functions = Program::new("joke_functions").prints(&["pirates", "--picture", "flow.md"]).await;
    says_that_replies_are_canned(&functions);
    let block = Program::new("joke").prints(&["pirates", "--picture", "flow.md"]).await;
    assert_eq!(functions, block);
}

#[tokio::test]
async fn the_picture_of_free_functions_is_that_of_the_block() {
    let (functions, block) = (Program::new("joke_functions"), Program::new("joke"));
    functions.prints(&["pirates", "--picture", "flow.md"]).await;
    block.prints(&["pirates", "--picture", "flow.md"]).await;
    assert_eq!(functions.file("flow.md"), block.file("flow.md"));
}
