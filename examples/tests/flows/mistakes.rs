//! What all of the flows do with wrong input: one clear line, and exit code 1. And what they do with `--help`.

use crate::program::Program;

const ALL: [&str; 5] = ["joke_functions", "stepwise", "approval", "fan_out", "rag"];

#[tokio::test]
async fn help_says_what_the_program_does_and_what_its_options_are() {
    for name in ALL {
        let help = Program::new(name).prints(&["--help"]).await;
        for word in ["Usage:", "--picture", name] {
            assert!(help.contains(word), "{name}: {help}");
        }
    }
}

#[tokio::test]
async fn an_option_that_does_not_exist_is_one_clear_line() {
    for name in ALL {
        let said = Program::new(name).fails(&["--colour"]).await;
        assert_eq!(said, "unexpected argument '--colour' found; see --help", "{name}");
    }
}

#[tokio::test]
async fn a_value_that_is_no_number_is_one_clear_line_that_names_the_option() {
    for (name, option) in [("stepwise", "--revisions"), ("fan_out", "--files")] {
        let said = Program::new(name).fails(&[option, "many"]).await;
        assert!(said.starts_with(&format!("invalid value 'many' for '{option}")), "{said}");
    }
}

#[tokio::test]
async fn a_topic_that_is_missing_is_one_clear_line_with_what_to_write() {
    for name in ["joke_functions", "stepwise", "approval"] {
        for arguments in [&[][..], &["  "]] {
            let said = Program::new(name).fails(arguments).await;
            assert!(said.starts_with("no topic; ") && said.contains(&format!("--example {name}")), "{said}");
        }
    }
}

#[tokio::test]
async fn a_picture_of_an_unknown_form_is_one_clear_line() {
    let said = Program::new("stepwise").fails(&["pirates", "--picture", "flow.bmp"]).await;
    assert!(said.starts_with("`flow.bmp` cannot be drawn: the known extensions are"), "{said}");
}
