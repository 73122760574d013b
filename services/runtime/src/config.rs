//! Reading configuration: every fault is collected, named by place and mend, and told at once.
//!
//! 1. Nothing is opened before the whole configuration is sound.
//! 2. An unknown key is a fault: a typing error must not become a default.
//! 3. Secrets come from the environment or from the file that `<NAME>_FILE` names, never from TOML.
//!
//! A service reads its file through [`Section`]s into a plain struct and ends with
//! [`Faults::into_result`].

mod section;
mod value;

pub use section::Section;
pub use value::{FromValue, Rule, above, at_least, between, not_empty, positive};

use secrecy::SecretString;
use std::{
    cell::RefCell,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The exit code of a refused configuration: `EX_USAGE`, as `sysexits.h` has it.
pub const EXIT_CONFIG: u8 = 64;

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults(RefCell<Vec<String>>);

/// A configuration that is not sound: all of its faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(Vec<String>);

impl Faults {
    /// Notes a fault: where it is, what it is, how to mend it.
    pub fn add(&self, place: impl fmt::Display, fault: impl fmt::Display) {
        self.0.borrow_mut().push(format!("{place}: {fault}"));
    }

    /// No fault so far.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The value, if there was no fault.
    ///
    /// # Errors
    /// All faults.
    pub fn into_result<T>(self, value: T) -> Result<T, Refused> {
        let faults = self.0.into_inner();
        if faults.is_empty() { Ok(value) } else { Err(Refused(faults)) }
    }
}

impl Refused {
    /// A refusal for one reason that only shows once something was looked up.
    pub fn because(reason: impl fmt::Display) -> Self {
        Self(vec![reason.to_string()])
    }

    /// The faults, one a line.
    pub fn faults(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "configuration refused, {} fault(s):", self.0.len())?;
        self.0.iter().try_for_each(|fault| write!(out, "\n  {fault}"))
    }
}

impl std::error::Error for Refused {}

/// Tells every fault on standard error and gives exit code 64.
#[expect(
    clippy::print_stderr,
    reason = "a refusal is for the person at the terminal, in any log format"
)]
pub fn refuse(refused: &Refused) -> ExitCode {
    eprintln!("{refused}");
    ExitCode::from(EXIT_CONFIG)
}

/// The folder of configuration files: `CONFIG_DIR`, or `config`.
pub fn directory() -> PathBuf {
    variable("CONFIG_DIR").map_or_else(|| PathBuf::from("config"), PathBuf::from)
}

/// An environment variable; set but empty counts as unset.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// A secret from `NAME`, or from the file that `NAME_FILE` names; `None` when neither is set. White
/// space around it is no part of it: what a file ends with stays where others make a variable of it.
pub fn secret(name: &str, faults: &Faults) -> Option<SecretString> {
    secret_of(name, variable(name), variable(&format!("{name}_FILE")), faults)
}

fn secret_of(
    name: &str,
    value: Option<String>,
    file: Option<String>,
    faults: &Faults,
) -> Option<SecretString> {
    match (value, file) {
        (Some(_), Some(_)) => {
            faults.add(name, format!("set either {name} or {name}_FILE, not both"));
            None
        }
        (Some(value), None) => Some(SecretString::from(value.trim().to_owned())),
        (None, Some(path)) => read_secret(name, Path::new(&path), faults),
        (None, None) => None,
    }
}

fn read_secret(name: &str, path: &Path, faults: &Faults) -> Option<SecretString> {
    match std::fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => Some(SecretString::from(text.trim().to_owned())),
        Ok(_) => {
            faults.add(format!("{name}_FILE"), format!("{} is empty", path.display()));
            None
        }
        Err(error) => {
            faults.add(format!("{name}_FILE"), format!("{}: {error}", path.display()));
            None
        }
    }
}

/// Reads the TOML file `name` of [`directory`] as a section. A file that cannot be read or parsed is
/// one fault, with line and column, and reads as empty.
pub fn toml_file<'f>(name: &str, faults: &'f Faults) -> Section<'f> {
    let path = directory().join(name);
    let parsed = std::fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()));
    root(name, &path, parsed, faults)
}

/// Reads the JSON file `name` of [`directory`] as a section, as [`toml_file`] does.
pub fn json_file<'f>(name: &str, faults: &'f Faults) -> Section<'f> {
    let path = directory().join(name);
    let parsed = std::fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    root(name, &path, parsed, faults)
}

/// For tests: reads `text` as the TOML file `name` would be.
#[cfg(feature = "testing")]
pub fn with_toml<T>(
    name: &str,
    text: &str,
    faults: &Faults,
    read: impl FnOnce(&Section<'_>) -> T,
) -> T {
    let parsed = toml::from_str(text).map_err(|error| error.to_string());
    read(&root(name, Path::new(name), parsed, faults))
}

/// Reads the file `name` of [`directory`] with a parser of its own, which gives all of its faults;
/// `None`, and the faults, when it cannot be read or parsed.
pub fn parsed_file<T>(
    name: &str,
    faults: &Faults,
    parse: impl FnOnce(&str) -> Result<T, Vec<String>>,
) -> Option<T> {
    let path = directory().join(name);
    let text = std::fs::read_to_string(&path).map_err(|error| faults.add(path.display(), error));
    let told = |found: &Vec<String>| found.iter().for_each(|fault| faults.add(name, fault));
    parse(&text.ok()?).inspect_err(told).ok()
}

fn root<'f>(
    name: &str,
    path: &Path,
    parsed: Result<serde_json::Value, String>,
    faults: &'f Faults,
) -> Section<'f> {
    match parsed {
        Ok(serde_json::Value::Object(table)) => Section::new(name.to_owned(), table, faults),
        Ok(_) => {
            faults.add(path.display(), "must hold a table at the top");
            Section::absent(name.to_owned(), faults)
        }
        Err(error) => {
            faults.add(path.display(), error.trim().replace('\n', "\n    "));
            Section::absent(name.to_owned(), faults)
        }
    }
}

/// Where a service answers `/healthz` and `/metrics`: the variable `HEALTH_LISTEN`, or else
/// `[health] listen` of its file.
pub fn health_listen(file: &Section<'_>, faults: &Faults) -> SocketAddr {
    let configured = file.section("health").required("listen", Rule::any());
    health_variable(faults).unwrap_or(configured)
}

/// The variable `HEALTH_LISTEN`, an address with its port.
pub fn health_variable(faults: &Faults) -> Option<SocketAddr> {
    let text = variable("HEALTH_LISTEN")?;
    let parsed = text.trim().parse();
    let fault = || faults.add("HEALTH_LISTEN", format!("{text:?} is not ADDRESS:PORT"));
    parsed.map_err(|_| fault()).ok()
}

#[cfg(test)]
mod tests;
