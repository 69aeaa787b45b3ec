//! What `docs/conformance.md` names as shown by tests: each of these tests is there and is run.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../docs/conformance.md");

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

#[test]
fn each_test_that_is_named_is_there_and_is_run() {
    assert!(tests_in(PAGE).next().is_some(), "the page names no test");
    let missing: Vec<String> = tests_in(PAGE).filter_map(missing).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
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
