//! The repository's own rules, which no compiler checks. All faults are told at once.
//!
//! 1. Pure modules know neither the async runtime, the bus, HTTP nor the clock.
//! 2. Subjects are written in `proto` and nowhere else.
//! 3. Every file says first what it is for, and stays short enough to be read.
//! 4. Arrows run one way: services never depend on each other.
//! 5. The README names every service.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use runtime::testing::repository;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Lines of a file at most, and of a `main.rs`.
const MAX_LINES: usize = 400;
const MAX_MAIN_LINES: usize = 49;

/// Pure modules: a file, or what a folder holds. `a/b` is both `a/b.rs` and `a/b/`. Besides these,
/// every file whose own first lines say `Pure.` or `Pure:` is held to it.
const PURE: [&str; 45] = [
    "proto/src",
    "services/market/src",
    "services/ingest/src/normalize",
    "services/ingest/src/source/sim/walk",
    "services/ingest/src/source/sim/history",
    "services/ingest/src/source/replay/flatfile",
    "services/ingest/src/source/replay/expand",
    "services/ingest/src/source/replay/order",
    "services/ingest/src/source/replay/rows",
    "services/ingest/src/source/polygon/aggregates",
    "services/ingest/src/source/polygon/choice",
    "services/ingest/src/source/polygon/gaps",
    "services/ingest/src/source/polygon/models",
    "services/ingest/src/source/polygon/number",
    "services/ingest/src/source/polygon/plan",
    "services/ingest/src/source/polygon/stream/frames",
    "services/ingest/src/source/polygon/stream/session",
    "services/ingest/src/source/polygon/stream/shape",
    "services/ingest/src/source/polygon/stream/watchdog",
    "services/ingest/src/publish/joints",
    "services/ingest/src/record/row",
    "services/ingest/src/resume",
    "services/strategy/src/engine",
    "services/strategy/src/trader",
    "services/strategy/src/signals",
    "services/strategy/src/exits",
    "services/strategy/src/indicator",
    "services/strategy/src/gate",
    "services/strategy/src/params",
    "services/executor/src/risk",
    "services/executor/src/ledger",
    "services/executor/src/orders",
    "services/executor/src/reconcile",
    "services/dashboard/src/chart",
    "services/dashboard/src/control/said",
    "services/dashboard/src/control/tries",
    "services/dashboard/src/credit",
    "services/dashboard/src/hub",
    "services/dashboard/src/journal",
    "services/dashboard/src/pane",
    "services/dashboard/src/stamp",
    "services/dashboard/src/view",
    "services/desk/src/render",
    "services/desk/src/status",
    "services/desk/src/text",
];

/// Names that have no place in a pure module.
const IMPURE: [&str; 7] =
    ["tokio", "async_nats", "Bus", "reqwest", "axum", "SystemTime", "Instant"];
/// Ways to ask the time that are no single name.
const ASKS_TIME: [&str; 5] =
    ["runtime::clock", "clock::now_", "now_ms()", "now_ns()", "Timestamp::now"];

/// How a subject begins, as a literal.
const SUBJECTS: [&str; 5] = ["\"ticks.", "\"bars.", "\"intents.", "\"orders.", "\"$KV."];
/// Where keys become subjects, by the bucket's name.
const KV: &str = "services/runtime/src/bus/kv.rs";

/// Crates that are no service: everybody may stand on them, in this order.
const FLOOR: [&str; 3] = ["proto", "market", "runtime"];

/// A Rust source file of a program or library.
struct Source {
    /// Its path from the top of the repository.
    path: String,
    text: String,
}

impl Source {
    /// What runs in production: no comments, no test module at the end.
    fn code(&self) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        let opens_tests = |pair: &[&str]| matches!(pair, ["#[cfg(test)]", module] if module.starts_with("mod ") && module.ends_with('{'));
        let end = lines.windows(2).position(opens_tests).unwrap_or(lines.len());
        let code = lines.into_iter().take(end).filter(|line| !line.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    }

    /// Only compiled for tests.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        matches!(name, "tests.rs" | "property_tests.rs" | "test_support.rs" | "testing.rs")
    }

    fn is_pure(&self) -> bool {
        let stem = self.path.trim_end_matches(".rs");
        let within = |place: &&str| stem == *place || stem.starts_with(&format!("{place}/"));
        let head = self.text.lines().take_while(|line| line.starts_with("//!"));
        let head = head.collect::<Vec<_>>().join("\n");
        PURE.iter().any(within) || head.contains("Pure.") || head.contains("Pure:")
    }
}

#[test]
fn the_repository_keeps_its_own_rules() {
    let sources = sources();
    let mut faults = Vec::new();
    for source in &sources {
        pure_modules_stay_pure(source, &mut faults);
        subjects_stand_in_one_place(source, &mut faults);
        files_open_with_their_purpose_and_are_short(source, &mut faults);
    }
    for place in PURE {
        let there = |source: &Source| source.is_pure() && source.path.starts_with(place);
        if !sources.iter().any(there) {
            faults.push(format!("{place}: is listed as pure and is not there; mend the list"));
        }
    }
    arrows_run_one_way(&mut faults);
    the_readme_names_every_service(&mut faults);
    assert!(faults.is_empty(), "{} fault(s):\n  {}", faults.len(), faults.join("\n  "));
}

fn pure_modules_stay_pure(source: &Source, faults: &mut Vec<String>) {
    if !source.is_pure() || source.is_test() {
        return;
    }
    let code = source.code();
    let names: BTreeSet<&str> =
        code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let found = IMPURE.iter().filter(|name| names.contains(*name));
    for name in found.chain(ASKS_TIME.iter().filter(|way| code.contains(*way))) {
        faults.push(format!("{}: is pure and must not know {name}", source.path));
    }
}

fn subjects_stand_in_one_place(source: &Source, faults: &mut Vec<String>) {
    if source.path.starts_with("proto/src/") || source.is_test() {
        return;
    }
    let code = source.code();
    for subject in SUBJECTS {
        let excused = source.path == KV && subject == "\"$KV.";
        if code.contains(subject) && !excused {
            let path = &source.path;
            faults.push(format!(
                "{path}: writes a subject, {subject}...\"; take it from proto::subject"
            ));
        }
    }
}

fn files_open_with_their_purpose_and_are_short(source: &Source, faults: &mut Vec<String>) {
    let Source { path, text } = source;
    if !text.starts_with("//! ") {
        faults.push(format!("{path}: must open with `//!` and what it is for"));
    }
    if source.is_test() {
        return;
    }
    let lines = text.lines().count();
    let most = if path.ends_with("/main.rs") { MAX_MAIN_LINES } else { MAX_LINES };
    if lines > most {
        faults.push(format!("{path}: has {lines} lines, at most {most} are allowed"));
    }
}

fn arrows_run_one_way(faults: &mut Vec<String>) {
    let services = services();
    let ours: BTreeSet<&str> =
        FLOOR.iter().copied().chain(services.iter().map(String::as_str)).collect();
    for name in &ours {
        let path = if *name == "proto" { "proto".to_owned() } else { format!("services/{name}") };
        // One of the floor stands on what is below it, a service on the whole floor.
        let below = FLOOR.iter().position(|floor| floor == name).unwrap_or(FLOOR.len());
        let manifest = repository().join(&path).join("Cargo.toml");
        let mut needs = dependencies(&manifest, &["dependencies", "build-dependencies"]);
        let tested_with = dependencies(&manifest, &["dev-dependencies"]);
        // Tests may meet the stand-ins of the outside world, and those of the whole desk its services;
        // nothing that ships does.
        let whole = *name == "e2e";
        needs.extend(tested_with.into_iter().filter(|need| !whole && need != "testkit"));
        for need in needs.iter().filter(|need| ours.contains(need.as_str()) && need != name) {
            if !FLOOR.iter().take(below).any(|floor| floor == need) {
                faults.push(format!("{path}/Cargo.toml: must not depend on {need}"));
            }
        }
        let carried = ["tokio", "async-nats", "reqwest", "axum"];
        for need in carried.iter().filter(|need| below < 2 && needs.contains(**need)) {
            faults.push(format!("{path}/Cargo.toml: is pure and must not depend on {need}"));
        }
    }
}

/// The crates a manifest asks for, in these tables.
fn dependencies(manifest: &Path, tables: &[&str]) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
    tables
        .iter()
        .filter_map(|kind| manifest.get(*kind)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

fn the_readme_names_every_service(faults: &mut Vec<String>) {
    let Ok(readme) = fs::read_to_string(repository().join("README.md")) else {
        faults.push("README.md: is missing".to_owned());
        return;
    };
    for name in services() {
        if !readme.contains(&format!("`{name}`")) && !readme.contains(&format!("services/{name}")) {
            faults.push(format!("README.md: must name the service `{name}`"));
        }
    }
}

/// The folders of `services/` that hold a crate, the floor excepted.
fn services() -> Vec<String> {
    let folders = fs::read_dir(repository().join("services")).unwrap();
    let crates = folders.map(|folder| folder.unwrap().path());
    let crates = crates.filter(|folder| folder.join("Cargo.toml").exists());
    let names = crates.map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| !FLOOR.contains(&name.as_str())).collect();
    names.sort();
    names
}

/// Every file of every `src` folder, in order.
fn sources() -> Vec<Source> {
    let top = repository();
    let mut paths = Vec::new();
    collect(&top.join("proto/src"), &mut paths);
    for name in services().iter().map(String::as_str).chain(["market", "runtime"]) {
        collect(&top.join("services").join(name).join("src"), &mut paths);
    }
    paths.sort();
    let read = |path: PathBuf| Source {
        text: fs::read_to_string(&path).unwrap(),
        path: path.strip_prefix(&top).unwrap().to_string_lossy().into_owned(),
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// The faults that one rule finds in a file of this content.
fn faults_of(rule: fn(&Source, &mut Vec<String>), path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    rule(&Source { path: path.to_owned(), text: text.to_owned() }, &mut faults);
    faults
}

#[test]
fn a_pure_module_is_caught_with_every_impure_name_it_knows() {
    let check = |path, text| faults_of(pure_modules_stay_pure, path, text).len();
    let listed = "services/executor/src/risk/rules.rs";
    assert_eq!(check(listed, "use std::time::{Duration, Instant};\nuse tokio::sync;"), 2);
    assert_eq!(check(listed, "use runtime::{clock, wall};\nlet now = clock::now_ms();"), 2);
    assert_eq!(check("services/executor/src/other.rs", "use tokio::sync;"), 0);
    assert_eq!(check("services/executor/src/other.rs", "//! Sums. Pure.\nuse tokio::sync;"), 1);
    assert_eq!(check(listed, "// tokio is for others\nlet tokio_free = now_ms;"), 0);
    assert_eq!(check(listed, "fn a() {}\n#[cfg(test)]\nmod tests {\nuse tokio::sync;\n}"), 0);
}

#[test]
fn a_subject_is_caught_outside_the_wire_and_its_tests() {
    let check = |path, text| faults_of(subjects_stand_in_one_place, path, text).len();
    let text = r#"let subject = format!("ticks.{}", token);"#;
    assert_eq!(check("services/ingest/src/publish.rs", text), 1);
    assert_eq!(check("services/ingest/src/tests.rs", text), 0);
    assert_eq!(check("proto/src/subject.rs", text), 0);
    assert_eq!(check(KV, r#"format!("$KV.{}", bucket)"#), 0);
    assert_eq!(check("services/ingest/src/publish.rs", r#"format!("$KV.{}", bucket)"#), 1);
}

#[test]
fn a_file_without_its_purpose_or_an_end_is_caught() {
    let check =
        |path, text: &str| faults_of(files_open_with_their_purpose_and_are_short, path, text).len();
    assert_eq!(check("services/ingest/src/a.rs", "//! Prices.\n"), 0);
    assert_eq!(check("services/ingest/src/a.rs", "use proto::Tick;\n"), 1);
    assert_eq!(check("services/ingest/src/a.rs", &"//! Prices.\n".repeat(401)), 1);
    assert_eq!(check("services/ingest/src/main.rs", &"//! Prices.\n".repeat(50)), 1);
}
