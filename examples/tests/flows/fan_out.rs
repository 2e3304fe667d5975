//! The example `fan_out`: every file comes to one end, whatever the server does.

use crate::program::Program;

/// The rows of the table: the end, the tries, the files.
fn rows(printed: &str) -> Vec<(String, u32, u32)> {
    let cells = |line: &str| {
        let cells: Vec<_> = line.trim_matches('│').split('┆').map(|cell| cell.trim().to_owned()).collect();
        let [end, tries, files] = cells.try_into().ok()?;
        Some((end, tries.parse().ok()?, files.parse().ok()?))
    };
    printed.lines().filter_map(cells).collect()
}

/// How often the server did that.
fn times(printed: &str, answer: &str) -> u32 {
    let line = printed.lines().find_map(|line| line.strip_prefix(&format!("the server {answer} ")));
    line.map_or(0, |times| times.trim_end_matches(" times").parse().unwrap())
}

#[tokio::test]
async fn each_of_200_files_is_downloaded_or_given_up_whatever_the_server_does() {
    let fan_out = Program::new("fan_out");
    let printed = fan_out.prints(&["--picture", "fan_out.svg"]).await;
    let first = printed.lines().next().unwrap();
    assert_eq!(first, "no model: a server in this program that fails at random, seed 7");
    for answer in ["was busy", "said nothing", "cut the connection", "had no such file"] {
        assert!(times(&printed, answer) > 0, "the server never {answer}: {printed}");
    }

    let rows = rows(&printed);
    assert_eq!(rows.iter().map(|(_, _, files)| files).sum::<u32>(), 200, "{printed}");
    let downloaded = |min: u32| {
        let rows = rows.iter().filter(move |(end, tries, _)| end == "downloaded" && *tries >= min);
        rows.map(|(_, _, files)| files).sum::<u32>()
    };
    assert!(downloaded(1) > 150 && downloaded(2) > 0, "{printed}");
    let given_up = 200 - downloaded(1);
    let said = format!("\n{} files downloaded, ", downloaded(1));
    assert!(
        printed.contains(&said) && printed.contains(&format!(" KiB; {given_up} given up\n")),
        "{printed}"
    );
    assert!(fan_out.file("fan_out.svg").contains("give_up"));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_asked_for_again_and_a_busy_server_five_times() {
    let printed = Program::new("fan_out").prints(&[] as &[&str]).await;
    let tries_of = |wanted: &str| {
        let rows = rows(&printed).into_iter().filter(|(end, ..)| end.contains(wanted));
        rows.map(|(_, tries, _)| tries).collect::<Vec<_>>()
    };
    assert_eq!(tries_of("404"), [1], "{printed}");
    assert_eq!(tries_of("503"), [5], "{printed}");
    let missing = rows(&printed).into_iter().find(|(end, ..)| end.contains("404")).unwrap().2;
    assert_eq!(times(&printed, "had no such file"), missing);
}

#[tokio::test]
async fn a_number_of_files_out_of_range_is_one_clear_line() {
    let said = Program::new("fan_out").fails(&["--files", "0"]).await;
    assert_eq!(said, "invalid value '0' for '--files <FILES>': 0 is not in 1..=10000; see --help");
}
