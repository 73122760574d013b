//! What is worth keeping between runs: the list of instruments, learned decimals. Files in a folder.
//!
//! Losing them costs a slow start and a refused order, never money: a file that cannot be read is
//! as good as none.

use super::models::{Instrument, Rows};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// The list of instruments with its age.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// When it was fetched, milliseconds since 1970 UTC.
    pub fetched_ms: i64,
    /// The list.
    pub rows: Vec<Instrument>,
}

/// A folder of files, of one environment.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Option<PathBuf>,
    environment: &'static str,
}

impl Cache {
    /// Files of `environment` in `folder`; nothing is kept without a folder.
    pub fn new(folder: Option<PathBuf>, environment: &'static str) -> Self {
        Self { folder, environment }
    }

    /// The list of instruments, if there is one.
    pub async fn instruments(&self) -> Option<Listed> {
        self.load("instruments").await
    }

    /// Keeps the list of instruments.
    pub async fn keep_instruments(&self, listed: &Listed) {
        self.keep("instruments", listed).await;
    }

    /// Decimals that quantities may have, by ticker.
    pub async fn decimals(&self) -> BTreeMap<String, u32> {
        self.load("decimals").await.unwrap_or_default()
    }

    /// Keeps the decimals.
    pub async fn keep_decimals(&self, decimals: &BTreeMap<String, u32>) {
        self.keep("decimals", decimals).await;
    }

    fn path(&self, what: &str) -> Option<PathBuf> {
        let name = format!("trading212-{}-{what}.json", self.environment);
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    async fn load<T: DeserializeOwned>(&self, what: &str) -> Option<T> {
        let path = self.path(what)?;
        let bytes = tokio::fs::read(&path).await.ok()?;
        let parsed = serde_json::from_slice(&bytes);
        parsed
            .inspect_err(|error| {
                tracing::warn!(path = %path.display(), "a kept file is left aside: {error}");
            })
            .ok()
    }

    async fn keep<T: Serialize>(&self, what: &str, value: &T) {
        let Some(path) = self.path(what) else {
            return;
        };
        if let Err(error) = write(&path, value).await {
            tracing::warn!(path = %path.display(), "a file could not be kept: {error}");
        }
    }
}

/// Whole or not at all: a reader never sees half a file.
async fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let bytes = serde_json::to_vec(value)?;
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let part = path.with_extension(format!("{}.part", std::process::id()));
    tokio::fs::write(&part, bytes).await?;
    tokio::fs::rename(&part, path).await
}

impl Listed {
    /// A list fetched at `now_ms`.
    pub fn new(rows: Rows<Instrument>, now_ms: i64) -> Self {
        Self { fetched_ms: now_ms, rows: rows.items }
    }

    /// Its age at `now_ms`, milliseconds; a list from the future is as old as can be.
    pub fn age_ms(&self, now_ms: i64) -> i64 {
        let age = now_ms - self.fetched_ms;
        if age < 0 { i64::MAX } else { age }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::instruments::tests::rows, *};

    #[tokio::test]
    async fn what_is_kept_is_there_for_the_same_environment_only() {
        let folder = tempfile::tempdir().unwrap();
        let at = |environment| Cache::new(Some(folder.path().join("deep/er")), environment);
        let listed = Listed { fetched_ms: 5, rows: rows() };
        at("demo").keep_instruments(&listed).await;
        assert_eq!(at("demo").instruments().await, Some(listed));
        assert_eq!(at("live").instruments().await, None);
        let decimals = BTreeMap::from([("INTC_US_EQ".to_owned(), 3)]);
        at("live").keep_decimals(&decimals).await;
        assert_eq!(at("live").decimals().await, decimals);
    }

    #[tokio::test]
    async fn a_broken_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()), "demo");
        std::fs::write(cache.path("instruments").unwrap(), "{\"fetched_ms\":").unwrap();
        assert_eq!(cache.instruments().await, None);
    }

    #[test]
    fn a_list_from_the_future_is_old() {
        let listed = Listed { fetched_ms: 5, rows: Vec::new() };
        assert_eq!((listed.age_ms(9), listed.age_ms(4)), (4, i64::MAX));
    }
}
