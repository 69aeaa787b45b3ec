//! What `docs/conformance.md` and `SECURITY.md` name as shown by tests: each of these tests is there and is run, and where there is none
//! the page says so.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../docs/conformance.md");
const SECURITY: &str = include_str!("../SECURITY.md");

/// How `SECURITY.md` begins to say what no test shows.
const UNTESTED: &str = "No test: ";

/// What a requirement can be (the page's first table).
const STATES: [&str; 4] = ["met", "by design", "partly", "not"];

/// The tests that a text names, each as its file and its function: all between backticks that has a `.rs` or a `::`.
fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines();
    let quoted = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted.filter(|quoted| quoted.contains(".rs") || quoted.contains("::"))
}

/// Whether a file has a function of this name that `cargo test` runs.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let functions = lines.iter().enumerate().filter(|(_, line)| {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        function.and_then(|rest| rest.split('(').next()) == Some(name)
    });
    functions
        .map(|(at, _)| {
            let above = lines[..at].iter().rev();
            above.take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        })
        .any(|mut above| {
            let is_test = |line: &&str| *line == "#[test]" || line.starts_with("#[tokio::test");
            let is_ignored = |line: &&str| line.starts_with("#[ignore");
            above.clone().any(is_test) && !above.any(is_ignored)
        })
}

/// Why a test that is named is none; `None` where it is one.
fn missing(named: &str) -> Option<String> {
    let Some((path, function)) = named.split_once("::") else {
        return Some(format!("{named} is no file with a function"));
    };
    match fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)) {
        Ok(source) if has_test(&source, function) => None,
        Ok(_) => Some(format!("{path} has no test {function} that is run")),
        Err(error) => Some(format!("{path}: {error}")),
    }
}

/// What is under a heading, up to the next one.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).expect(heading);
    rest.split_once("\n#").map_or(rest, |(section, _)| section)
}

/// Each access in the table of `SECURITY.md`.
fn accesses() -> Vec<&'static str> {
    let rows = section(SECURITY, "## Who can do what").lines();
    let rows = rows.filter_map(|line| line.strip_prefix("| ")).skip(1);
    let access = |row: &'static str| {
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() == 3 && !cells.contains(&""), "not three cells: {row}");
        cells[0]
    };
    rows.map(access).collect()
}

/// What backs each, as its access and the claims under it in the list of `SECURITY.md`.
fn backed() -> Vec<(&'static str, Vec<&'static str>)> {
    let list = section(SECURITY, "### What backs each row");
    let entries = list.split("\n- **").skip(1);
    let of = |entry: &'static str| {
        let mut parts = entry.split("\n  - ");
        let access = parts.next().and_then(|first| first.trim_end().strip_suffix("**"));
        let access = access.unwrap_or_else(|| panic!("of no access: {entry}"));
        (access, parts.collect())
    };
    entries.map(of).collect()
}

#[test]
fn each_test_that_is_named_is_there_and_is_run() {
    for page in [PAGE, SECURITY] {
        assert!(tests_in(page).next().is_some(), "the page names no test");
        let missing: Vec<String> = tests_in(page).filter_map(missing).collect();
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }
}

#[test]
fn each_access_is_backed_by_tests_or_by_words_that_say_there_are_none() {
    let (accesses, backed) = (accesses(), backed());
    assert!(!accesses.is_empty(), "the page has no accesses");
    let of: Vec<&str> = backed.iter().map(|(access, _)| *access).collect();
    assert_eq!(accesses, of, "the rows, and what backs each, in their order");
    for (access, claims) in backed {
        assert!(!claims.is_empty(), "backed by nothing: {access}");
        for claim in claims {
            assert!(
                claim.starts_with(UNTESTED) != tests_in(claim).next().is_some(),
                "{access}: either tests or {UNTESTED:?}: {claim}"
            );
        }
    }
}

#[test]
fn each_requirement_has_its_state_and_each_that_is_met_names_a_test() {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| "));
    let requirements = rows.filter(|row| row.starts_with(|first: char| first.is_ascii_digit()));
    let mut count = 0;
    for row in requirements {
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        let [_, _, state, why] = cells[..] else {
            panic!("not four cells: {row}");
        };
        assert!(STATES.contains(&state), "{state} is no state: {row}");
        assert!(
            state != "met" || tests_in(why).next().is_some(),
            "met by no test: {row}"
        );
        count += 1;
    }
    assert!(count > 0, "the page has no requirements");
}

#[test]
fn a_function_is_a_test_by_its_attribute() {
    let source = "#[test]\nfn a() {}\n/// One more.\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn b() {}\n\
                  fn c() {}\n#[test]\n#[ignore = \"slow\"]\nfn d() {}\n// #[test]\nfn e() {}";
    for (name, is_one) in [
        ("a", true),
        ("b", true),
        ("c", false),
        ("d", false),
        ("e", false),
        ("f", false),
    ] {
        assert_eq!(has_test(source, name), is_one, "{name}");
    }
}
