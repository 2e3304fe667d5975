//! An example as a program: started in a folder of its own, with nothing of the environment.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Output;

use tempfile::TempDir;
use tokio::process::Command;

/// One of the examples, and the folder in which it is started.
pub(crate) struct Program {
    name: &'static str,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Program {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, folder: tempfile::tempdir().unwrap(), settings: Vec::new() }
    }

    /// The same, with this variable of the environment.
    pub(crate) fn set(mut self, name: &'static str, value: String) -> Self {
        self.settings.push((name, value));
        self
    }

    /// The program, ready to be started with these arguments. It dies with its handle.
    pub(crate) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let tests = std::env::current_exe().unwrap();
        let built = tests.ancestors().nth(2).unwrap().join("examples");
        let mut command = Command::new(built.join(self.name));
        command.args(arguments).current_dir(&self.folder).kill_on_drop(true);
        for name in ["OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL", "WORKFLOW_LOG"] {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What the program printed, when it ended well.
    pub(crate) async fn prints(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let output = self.ends(arguments).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What the program said of its failure, without the `error: ` before it.
    pub(crate) async fn fails(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let output = self.ends(arguments).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stdout));
        assert_eq!(said.lines().count(), 1, "{said}");
        said.trim_end().strip_prefix("error: ").unwrap().to_owned()
    }

    async fn ends(&self, arguments: &[impl AsRef<OsStr>]) -> Output {
        self.command(arguments).output().await.unwrap()
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

/// What each program says first when no model is configured.
pub(crate) fn says_that_replies_are_canned(printed: &str) {
    let first = printed.lines().next().unwrap();
    for word in ["canned", "OPENAI_BASE_URL", "--features local-model"] {
        assert!(first.contains(word), "{first}");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
