//! The page's pure modules, under node's own test runner.

use std::process::Command;

#[test]
fn the_tests_of_the_page_pass() {
    let web = concat!(env!("CARGO_MANIFEST_DIR"), "/web");
    let run = Command::new("node").arg("--test").current_dir(web).output();
    let run = run.expect("node is needed to test the page, as npm is to build it");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}
