//! The example `rag`: an index that is kept, and an answer that says where it is from.

use crate::program::{Program, says_that_replies_are_canned};
use crate::scripted::{Reply, ScriptedServer};

const VACUUM: &str =
    "# Vacuum\n\nThe command VACUUM makes the database file smaller after much was deleted.\n";
const LOCKS: &str = "# Locks\n\nA writer locks the database against other writers until it has committed.\n";
const TYPES: &str = "# Types\n\nA column may hold text in one row and a number in another.\n";

/// The program, with a folder `texts` of three files.
fn with_texts() -> Program {
    let rag = Program::new("rag");
    std::fs::create_dir(rag.path("texts")).unwrap();
    for (name, text) in [("vacuum.md", VACUUM), ("locks.txt", LOCKS), ("types.md", TYPES)] {
        std::fs::write(rag.path("texts").join(name), text).unwrap();
    }
    std::fs::write(rag.path("texts/picture.png"), [0xff, 0xfe]).unwrap();
    rag
}

async fn ask(rag: &Program, question: &str) -> String {
    rag.prints(&[question, "--folder", "texts", "--picture", "flow.md"]).await
}

/// The lines that say where the answer is from.
fn sources(printed: &str) -> Vec<&str> {
    printed.lines().filter(|line| line.starts_with('[')).collect()
}

#[tokio::test]
async fn a_question_is_answered_from_the_shipped_texts_and_a_second_run_embeds_nothing() {
    let rag = Program::new("rag");
    let question = "Why does the file not shrink after I delete data?";
    let printed = rag.prints(&[question]).await;
    says_that_replies_are_canned(&printed);
    let second = printed.lines().nth(1).unwrap();
    assert!(second.starts_with("embeddings by a hashed bag of words, no model; "), "{second}");
    let counts = printed.lines().find(|line| line.contains(" passages; ")).unwrap();
    let passages: u32 = counts.split([',', ' ']).nth(3).unwrap().parse().unwrap();
    assert!(passages >= 200, "{counts}");
    assert_eq!(counts, format!("37 files, {passages} passages; files embedded: 37, taken from the index: 0"));
    assert!(
        printed.contains("If you delete a lot of data and want to shrink the database file, run the VACUUM")
    );
    let sources = sources(&printed);
    assert!(sources.len() == 3 && sources[0].starts_with("[1] faq.md (cosine 0."), "{sources:?}");
    assert!(rag.file("rag.html").contains("rerank") && rag.file("rag.ingest.html").contains("gather"));

    let written = rag.file("rag-index.json");
    let again = rag.prints(&[question]).await;
    assert!(
        again.contains(&format!("{passages} passages; files embedded: 0, taken from the index: 37")),
        "{again}"
    );
    assert_eq!(rag.file("rag-index.json"), written);
    assert_eq!(self::sources(&again), sources);
}

#[tokio::test]
async fn a_run_after_a_change_embeds_the_files_that_have_changed_and_forgets_those_that_are_gone() {
    let rag = with_texts();
    let printed = ask(&rag, "What locks the database?").await;
    assert!(
        printed.contains("\n3 files, 3 passages; files embedded: 3, taken from the index: 0\n"),
        "{printed}"
    );
    assert!(sources(&printed)[0].starts_with("[1] locks.txt"), "{printed}");

    std::fs::write(rag.path("texts/types.md"), "# Journals\n\nA journal is kept until the commit.\n")
        .unwrap();
    std::fs::write(rag.path("texts/empty.md"), "").unwrap();
    let printed = ask(&rag, "What is a journal?").await;
    assert!(
        printed.contains("\n3 files, 3 passages; files embedded: 1, taken from the index: 2\n"),
        "{printed}"
    );
    assert!(sources(&printed)[0].starts_with("[1] types.md"), "{printed}");

    std::fs::remove_file(rag.path("texts/types.md")).unwrap();
    let printed = ask(&rag, "What locks the database?").await;
    assert!(
        printed.contains("\n2 files, 2 passages; files embedded: 0, taken from the index: 2\n"),
        "{printed}"
    );
    assert!(!printed.contains("types.md"), "{printed}");
}

#[tokio::test]
async fn a_model_ranks_what_was_found_and_answers_from_the_best() {
    let server = ScriptedServer::start([Reply::Text("2: 9\n3: 4"), Reply::Text("By VACUUM [1].")]).await;
    let rag = with_texts().set("OPENAI_BASE_URL", server.url());
    let printed = ask(&rag, "What makes the locks of a database file smaller?").await;
    assert!(printed.contains("\nBy VACUUM [1].\n\nsources, ranked by the model:\n"), "{printed}");

    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    let (ranking, answer) = (asked[0].prompt(), asked[1].prompt());
    assert!(ranking.contains("Question: What makes the locks of a database file smaller?"), "{ranking}");
    let second = ranking.split("[2] ").nth(1).unwrap().lines().next().unwrap();
    assert!(answer.contains(&format!("[1] {second}\n")), "the second of {ranking} is the first of {answer}");
    let sources = sources(&printed);
    assert!(sources.len() == 2 && sources[0].starts_with(&format!("[1] {second} (cosine ")), "{sources:?}");
}

#[tokio::test]
async fn a_ranking_that_cannot_be_read_leaves_the_order_as_it_was_and_is_said() {
    let server = ScriptedServer::start([Reply::Text("All of them."), Reply::Text("So.")]).await;
    let rag = with_texts().set("OPENAI_BASE_URL", server.url());
    let printed = ask(&rag, "What locks the database?").await;
    let said = "sources, ranked by cosine, since the model's ranking cannot be read:\n[1] locks.txt";
    assert!(printed.contains(said), "{printed}");
}

#[tokio::test]
async fn an_index_of_another_embedder_is_refused_in_one_clear_line() {
    let rag = with_texts();
    ask(&rag, "What locks the database?").await;
    let written = rag.file("rag-index.json");
    let other = written.replacen("\"a hashed bag of words\"", "\"all-MiniLM-L6-v2\"", 1);
    assert_ne!(written, other);
    std::fs::write(rag.path("rag-index.json"), &other).unwrap();
    let said = rag.fails(&["What?", "--folder", "texts"]).await;
    assert_eq!(
        said,
        "index `rag-index.json` was made by all-MiniLM-L6-v2, and is of no use with a hashed bag of words; \
         delete it, or name another by --index"
    );
    assert_eq!(rag.file("rag-index.json"), other, "it stays as it was");
}

#[tokio::test]
async fn what_is_missing_or_cannot_be_read_is_one_clear_line() {
    let rag = with_texts();
    assert!(rag.fails(&["--folder", "texts"]).await.starts_with("no question; ask one: "));
    let said = rag.fails(&["What?", "--folder", "nowhere"]).await;
    assert!(said.starts_with("step `list` failed: nowhere cannot be read: No such file"), "{said}");
    std::fs::create_dir(rag.path("empty")).unwrap();
    let said = rag.fails(&["What?", "--folder", "empty"]).await;
    assert_eq!(said, "step `list` failed: no .md or .txt file in empty");
    std::fs::write(rag.path("texts/binary.txt"), [0xff, 0xfe]).unwrap();
    let said = rag.fails(&["What?", "--folder", "texts"]).await;
    assert!(said.starts_with("step `read` failed: texts/binary.txt cannot be read: "), "{said}");
    std::fs::write(rag.path("rag-index.json"), "{}").unwrap();
    let said = rag.fails(&["What?", "--folder", "texts"]).await;
    assert!(said.starts_with("index `rag-index.json` cannot be read; delete it, "), "{said}");
}
