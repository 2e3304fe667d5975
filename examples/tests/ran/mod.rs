//! Ran: an example that was run as a program, and what came of it.
//!
//! Cargo builds the programs for the tests of the whole package, not for one of them alone.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::process::Output;

use tempfile::TempDir;
use tokio::process::Command;

/// What an example did: what it printed, and the folder that it ran in.
pub(crate) struct Ran {
    output: Output,
    folder: TempDir,
}

impl Ran {
    /// Runs the example in a folder of its own, with no model but the one at `url`.
    pub(crate) async fn example(name: &str, arguments: &[&str], url: Option<&str>) -> Self {
        Self::example_with(name, arguments, url, &[]).await
    }

    /// The same with these variables.
    pub(crate) async fn example_with(
        name: &str,
        arguments: &[&str],
        url: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Self {
        let tests = std::env::current_exe().unwrap();
        let program = tests.ancestors().nth(2).unwrap().join("examples").join(name);
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&folder);
        for setting in ["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"] {
            command.env_remove(setting);
        }
        if let Some(url) = url {
            command.env("OPENAI_BASE_URL", url).env("OPENAI_MODEL", "m");
        }
        command.envs(variables.iter().copied());
        Self { output: command.output().await.unwrap(), folder }
    }

    /// What it printed, if it went well.
    #[track_caller]
    pub(crate) fn printed(&self) -> String {
        assert!(self.output.status.success(), "{}", text(&self.output.stderr));
        text(&self.output.stdout)
    }

    /// The one line that it failed with.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        assert_eq!(self.output.status.code(), Some(1), "{}", text(&self.output.stdout));
        let printed = text(&self.output.stderr);
        assert_eq!(printed.lines().count(), 1, "{printed}");
        printed.trim_end().to_owned()
    }

    pub(crate) fn picture(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
