#[test]
fn reader_ends_as_it_was_recorded() {
    // How a test makes the flow. Its steps are not run.
    let flow = || Reader;
    workflow_core::testing::recorded(flow, r#"["StartEvent<u32>",3]"#)
        .gave("open", r#"[["StartEvent<u32>",3]]"#, 0, r#"[["member Page",0],["member Page",1],["member Page",2],["Side",3]]"#)
        .gave("read", r#"[["Page",0]]"#, 30_000_000, r#"[["published Progress",0],["Text",{"page":0,"words":"page #0"}]]"#)
        .failed("read", r#"[["Page",1]]"#, 20_000_000, r#"page 1 is "smudged""#)
        .gave("side", r#"[["Side",3]]"#, 0, r#"[["sent Side",4]]"#)
        .gave("side", r#"[["Side",4]]"#, 0, r#"[["Side2",4]]"#)
        .gave("read", r#"[["Page",2]]"#, 10_000_000, r#"[["published Progress",2]]"#)
        .gave("read", r#"[["Page",1]]"#, 20_000_000, r#"[["published Progress",1],["Text",{"page":1,"words":"page #1"}]]"#)
        .gave("gather", r#"[["Text",{"page":0,"words":"page #0"}],["Text",{"page":1,"words":"page #1"}]]"#, 0, r#"[["All",2]]"#)
        .gave("finish", r#"[["All",2],["Side2",4]]"#, 0, r#"[["StopEvent<u32>",6]]"#)
        .ends(r#"["StopEvent<u32>",6]"#)
        .run();
}
