//! A desk's configuration for a test: the repository's own, with free ports and a few changes.

use anyhow::Context as _;
use runtime::testing::{free_port, repository};
use serde_json::json;
use std::{collections::BTreeMap, path::Path};

/// The repository's wall: five dashboards of four symbols.
pub const DEFAULT_WALL: [&[&str]; 5] = [
    &["AXSM", "DJT", "WULF", "ONDS"],
    &["NVDA", "TSLA", "AAPL", "MSFT"],
    &["GOOGL", "AMZN", "META", "NFLX"],
    &["AMD", "INTC", "QCOM", "MRVL"],
    &["COIN", "HOOD", "UPST", "SOFI"],
];

/// What is different about a desk under test.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    walls: Vec<Vec<String>>,
    titles: BTreeMap<usize, String>,
    control: bool,
    replacements: Vec<(String, String, String)>,
    variables: BTreeMap<String, String>,
}

/// The ports of a desk.
#[derive(Debug, Clone)]
pub(crate) struct Ports {
    pub(crate) nats: u16,
    pub(crate) monitoring: u16,
    pub(crate) pages: Vec<u16>,
}

impl Setup {
    /// The simulated feed on the repository's wall.
    #[must_use]
    pub fn new() -> Self {
        Self::default().wall(&DEFAULT_WALL)
    }

    /// Other dashboards: the symbols of each.
    #[must_use]
    pub fn wall(mut self, walls: &[&[&str]]) -> Self {
        let owned = |symbols: &&[&str]| symbols.iter().map(|s| (*s).to_owned()).collect();
        self.walls = walls.iter().map(owned).collect();
        self
    }

    /// Names the dashboard at `index`.
    #[must_use]
    pub fn title(mut self, index: usize, title: &str) -> Self {
        self.titles.insert(index, title.to_owned());
        self
    }

    /// Lets pages set the trading state, for whoever knows `token`.
    #[must_use]
    pub fn control(mut self, token: &str) -> Self {
        self.control = true;
        self.variable("DASHBOARD_CONTROL_TOKEN", token)
    }

    /// Sets an environment variable of the desk.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Gives the key at the start of a line of a configuration file another value.
    #[must_use]
    pub fn set(mut self, file: &str, key: &str, value: &str) -> Self {
        self.replacements.push((file.to_owned(), key.to_owned(), value.to_owned()));
        self
    }

    /// Writes the configuration into `home`; gives its ports and the environment.
    pub(crate) fn write(self, home: &Path) -> anyhow::Result<(Ports, BTreeMap<String, String>)> {
        let folder = home.join("config");
        std::fs::create_dir_all(&folder).context("make the configuration folder")?;
        for entry in std::fs::read_dir(repository().join("config")).context("read config/")? {
            let from = entry.context("read config/")?.path();
            let name = from.file_name().context("name of a configuration file")?;
            std::fs::copy(&from, folder.join(name)).context("copy a configuration file")?;
        }
        let mut ports = Ports { nats: free_port()?, monitoring: free_port()?, pages: vec![] };
        for _page in &self.walls {
            ports.pages.push(free_port()?);
        }
        self.write_wall(&folder, &ports)?;
        for service in ["ingest", "strategy", "executor"] {
            // Nobody asks these over HTTP here: any free port will do.
            set(&folder, &format!("{service}.toml"), "listen", "\"127.0.0.1:0\"")?;
        }
        for (file, key, value) in &self.replacements {
            set(&folder, file, key, value)?;
        }
        Ok((ports, self.variables))
    }

    fn write_wall(&self, folder: &Path, ports: &Ports) -> anyhow::Result<()> {
        let slots: Vec<_> = self
            .walls
            .iter()
            .zip(&ports.pages)
            .enumerate()
            .map(|(index, (symbols, port))| {
                let title = self.titles.get(&index).cloned();
                let title = title.unwrap_or_else(|| format!("Dashboard {}", index + 1));
                json!({"id": index + 1, "port": port, "symbols": symbols, "title": title})
            })
            .collect();
        let control = json!({"enabled": self.control});
        let text = json!({ "dashboards": slots, "control": control }).to_string();
        std::fs::write(folder.join("dashboard_config.json"), text).context("write the wall")
    }
}

/// Replaces the value of `key` in every line of `file` that begins with it.
fn set(folder: &Path, file: &str, key: &str, value: &str) -> anyhow::Result<()> {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {file}"))?;
    let begins =
        |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    anyhow::ensure!(text.lines().any(begins), "{file} has no key {key}");
    let replaced: Vec<String> = text
        .lines()
        .map(|line| if begins(line) { format!("{key} = {value}") } else { line.to_owned() })
        .collect();
    std::fs::write(&path, replaced.join("\n")).with_context(|| format!("write {file}"))
}
