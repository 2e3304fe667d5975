//! Files: what is no journal, or none that may be written to, is refused and left as it is.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use workflow_core::Workflow;
use workflow_sqlite::{SqliteError, SqliteJournal};

use crate::orders::{ITEMS, RESULT, Shop};
use crate::runs::{Folder, finish};

fn refused(path: impl AsRef<Path>) -> SqliteError {
    SqliteJournal::open(path).expect_err("the file is refused")
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let text = "orders of the year, one a line\n".repeat(400);
    std::fs::write(folder.file(), &text).unwrap();
    let error = refused(folder.file());
    assert!(matches!(error, SqliteError::NotADatabase { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("`{}` is no SQLite database", folder.file().display()));
    assert_eq!(std::fs::read_to_string(folder.file()).unwrap(), text);
}

#[test]
fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    for made in ["CREATE TABLE notes (text)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"] {
        let folder = Folder::new();
        folder.sql().execute_batch(made).unwrap();
        let before = std::fs::read(folder.file()).unwrap();
        let error = refused(folder.file());
        assert!(matches!(error, SqliteError::OtherProgram { .. }), "{made}: {error:?}");
        assert_eq!(std::fs::read(folder.file()).unwrap(), before, "{made}");
    }
}

#[test]
fn a_file_from_the_future_is_refused() {
    let folder = Folder::new();
    drop(folder.journal());
    folder.sql().pragma_update(None, "user_version", 99).unwrap();
    let error = refused(folder.file());
    assert!(matches!(error, SqliteError::FromTheFuture { found: 99, known: 2, .. }), "{error:?}");
}

#[test]
fn a_folder_that_is_not_there_and_a_folder_in_place_of_a_file_are_refused() {
    let folder = Folder::new();
    let error = refused(folder.file().join("not/there.db"));
    assert!(matches!(error, SqliteError::NotOpened { .. }), "{error:?}");
    let error = refused(folder.file().parent().unwrap());
    assert!(matches!(error, SqliteError::NotOpened { .. }), "{error:?}");
}

#[tokio::test]
async fn an_empty_file_is_a_new_journal() {
    let folder = Folder::new();
    std::fs::write(folder.file(), "").unwrap();
    assert_eq!(folder.journal().runs().await.unwrap(), []);
}

#[test]
fn any_number_may_make_the_file_at_once() {
    for _ in 0..5 {
        let folder = Folder::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| folder.journal());
            }
        });
    }
}

/// Opens the file that the environment names, as a user who may not write to it.
#[test]
#[ignore = "a part of `a_file_and_a_folder_that_may_only_be_read_are_refused`"]
fn open_to_report() {
    if let Ok(file) = std::env::var("JOURNAL") {
        println!("{:?}", refused(file));
    }
}

#[tokio::test]
async fn a_file_and_a_folder_that_may_only_be_read_are_refused() {
    let folder = Folder::new();
    drop(folder.journal());
    let parent = folder.file().parent().unwrap().to_owned();
    let allow = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&folder.file(), 0o444);
    allow(&parent, 0o555);
    // Who may do everything may write there all the same, so somebody else has to try.
    let tries = |file: &Path| {
        let mut own = std::process::Command::new(std::env::current_exe().unwrap());
        own.args(["--exact", "files::open_to_report", "--ignored", "--nocapture"]).env("JOURNAL", file);
        if rustix::process::geteuid().is_root() {
            own.uid(65_534).gid(65_534);
        }
        String::from_utf8(own.output().unwrap().stdout).unwrap()
    };
    let (present, new) = (tries(&folder.file()), tries(&parent.join("new.db")));
    allow(&parent, 0o755);
    allow(&folder.file(), 0o644);
    assert!(present.contains("ReadOnly { path"), "{present}");
    assert!(new.contains("NotOpened { path"), "{new}");
    let shop = Shop::new();
    let journal = folder.journal();
    assert_eq!(finish(shop.run(ITEMS).id("order-1").journal(&journal)).await.unwrap(), RESULT);
}
