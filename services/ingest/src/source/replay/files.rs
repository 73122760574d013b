//! Which files `FEED=replay:...` names: a file, several with commas, a folder, a pattern with `*`
//! and `?` in its last part.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Endings of the tapes in a folder.
const ENDINGS: [&str; 2] = [".csv", ".csv.gz"];

/// The files that `text` names, in the order of their names where it names several at once.
///
/// # Errors
/// One sentence: nothing is there, or a folder cannot be read.
pub fn named(text: &str) -> Result<Vec<PathBuf>, String> {
    let mut files: Vec<PathBuf> = Vec::new();
    for part in parts(text) {
        for file in one(part)? {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    if files.is_empty() {
        return Err("replay: needs a file, replay:FILE[,FILE...][@SPEED]".to_owned());
    }
    Ok(files)
}

/// A name that has a comma itself and is there is one name.
fn parts(text: &str) -> Vec<&str> {
    if Path::new(text).exists() {
        return vec![text];
    }
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn one(part: &str) -> Result<Vec<PathBuf>, String> {
    let path = Path::new(part);
    if path.is_dir() {
        let tape = |name: &str| ENDINGS.iter().any(|ending| name.ends_with(ending));
        return found(path, tape, "holds no .csv or .csv.gz file");
    }
    let pattern = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if path.exists() || !pattern.contains(['*', '?']) {
        return Ok(vec![path.to_owned()]);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let matched = |name: &str| matches(pattern.as_bytes(), name.as_bytes());
    found(folder.unwrap_or(Path::new(".")), matched, &format!("holds no file {pattern}"))
}

fn found(folder: &Path, wanted: impl Fn(&str) -> bool, none: &str) -> Result<Vec<PathBuf>, String> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // What begins with a dot was not meant.
            if !name.starts_with('.') && wanted(name) && path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    };
    let files = read().map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    if files.is_empty() {
        return Err(format!("{} {none}", folder.display()));
    }
    Ok(files)
}

/// `*` is any letters, `?` is one.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            (0..=name.len()).any(|skipped| matches(rest, name.get(skipped..).unwrap_or_default()))
        }
        (Some((b'?', pattern)), Some((_, name))) => matches(pattern, name),
        (Some((wanted, pattern)), Some((letter, name))) => {
            wanted == letter && matches(pattern, name)
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_a_pattern_and_a_list_name_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["b.csv.gz", "a.csv", "c.csv.gz.unfinished", "x.json", ".d.csv", "e,f.csv"] {
            fs::write(at(name), "").unwrap();
        }
        let text = |name: &str| at(name).display().to_string();
        let all = [at("a.csv"), at("b.csv.gz"), at("e,f.csv")];
        assert_eq!(named(&folder.path().display().to_string()).unwrap(), all);
        assert_eq!(
            named(&text("?.csv*")).unwrap(),
            [at("a.csv"), at("b.csv.gz"), at("c.csv.gz.unfinished")]
        );
        assert_eq!(named(&text("e,f.csv")).unwrap(), [at("e,f.csv")]);
        let list = format!("{}, {}", text("b.csv.gz"), text("*.csv*gz"));
        assert_eq!(named(&list).unwrap(), [at("b.csv.gz")]);
        assert!(named(&text("*.parquet")).unwrap_err().ends_with("holds no file *.parquet"));
        assert!(named(" , ").is_err() && named("").is_err());
        assert_eq!(named("not/there.csv").unwrap(), [PathBuf::from("not/there.csv")]);
    }

    #[test]
    fn a_star_is_any_letters_and_a_question_mark_is_one() {
        for (pattern, name) in
            [("*", ""), ("a*c", "abbc"), ("*.gz", "a.gz.gz"), ("a?", "ab"), ("**", "x")]
        {
            assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "b"), ("a?", "a"), ("*.gz", "a.csv"), ("", "a")] {
            assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }
}
