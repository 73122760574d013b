//! Where the bus is, who we are on it, and whom we trust to be it.

use super::REQUEST_TIMEOUT;
use crate::config::{Faults, secret, variable};
use anyhow::Context as _;
use async_nats::{ConnectErrorKind, ConnectOptions, ServerAddr};
use secrecy::{ExposeSecret as _, SecretString};
use std::{path::PathBuf, time::Duration};

/// How long the first connection may take before the process gives up and is restarted.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// How every certificate in a file begins.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Where the bus is and who we are on it.
#[derive(Debug, Clone)]
pub struct BusConfig {
    pub(super) urls: Vec<ServerAddr>,
    pub(super) user: String,
    pub(super) password: SecretString,
    /// The password is the well-known default: good enough for paper money on this machine only.
    pub default_password: bool,
    /// How long the first connection may take.
    pub(super) deadline: Duration,
    /// Every address is `tls://`: nothing is ever said in the clear.
    tls: bool,
    /// The one authority that may vouch for the server; `None` for those of this machine.
    authority: Option<PathBuf>,
}

impl BusConfig {
    /// Reads `NATS_URL` (one or more, separated by commas; `tls://` for an encrypted bus), the
    /// password of `user` from `NATS_<USER>_PASSWORD` or its `_FILE`, and `NATS_CA_FILE`.
    pub fn from_env(user: &str, faults: &Faults) -> Self {
        let given = variable("NATS_URL").unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
        let urls = addresses(&given, faults);
        let encrypted = urls.iter().filter(|url| url.tls_required()).count();
        let tls = encrypted > 0;
        if tls && encrypted < urls.len() {
            faults.add("NATS_URL", "mixes tls:// with unencrypted addresses");
        }
        let authority = variable("NATS_CA_FILE").map(PathBuf::from);
        if let Some(file) = &authority {
            check_authority(file, tls, faults);
        }
        let password = secret(&format!("NATS_{}_PASSWORD", user.to_uppercase()), faults);
        let known = format!("{user}-default");
        let default_password = password.as_ref().is_none_or(|set| set.expose_secret() == known);
        let password = password.unwrap_or_else(|| SecretString::from(known));
        let (user, deadline) = (user.to_owned(), CONNECT_DEADLINE);
        Self { urls, user, password, default_password, deadline, tls, authority }
    }

    /// Whether the server lets `user` in with the default password that everybody knows. Each
    /// address is asked until one gives a plain answer: of several servers one may be away.
    ///
    /// # Errors
    /// When no server says yes or no: then nothing is known.
    pub async fn knows_default_password(&self, user: &str) -> anyhow::Result<bool> {
        let mut silent = None;
        for url in &self.urls {
            let options =
                ConnectOptions::with_user_and_password(user.to_owned(), format!("{user}-default"))
                    .connection_timeout(REQUEST_TIMEOUT);
            match self.secured(options).connect(url.clone()).await {
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == ConnectErrorKind::AuthorizationViolation => {
                    return Ok(false);
                }
                Err(error) => silent = Some(error),
            }
        }
        let silent = silent.context("NATS_URL names no server")?;
        Err(silent).with_context(|| format!("ask the bus whether {user} has the default password"))
    }

    /// `options` that keep to what the addresses promise.
    pub(super) fn secured(&self, options: ConnectOptions) -> ConnectOptions {
        if !self.tls {
            return options;
        }
        crate::tls::install();
        let options = options.require_tls(true);
        match &self.authority {
            // It alone: a file of ours replaces the machine's own authorities.
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        }
    }

    /// What else may be wrong where no connection comes about.
    pub(super) fn tls_hint(&self) -> &'static str {
        match (self.tls, &self.authority) {
            (false, _) => " does it ask for tls://?",
            (true, Some(_)) => " is its certificate made for this address, by NATS_CA_FILE?",
            (true, None) => {
                " is its certificate one this machine trusts, or is NATS_CA_FILE missing?"
            }
        }
    }

    /// For tests: the default password at a known address.
    #[cfg(feature = "testing")]
    pub(crate) fn for_testing(user: &str, url: &str) -> anyhow::Result<Self> {
        let password = SecretString::from(format!("{user}-default"));
        let urls = url.split(',').map(str::parse).collect::<Result<Vec<ServerAddr>, _>>();
        let urls = urls.context("parse the test server's address")?;
        let tls = urls.iter().any(ServerAddr::tls_required);
        let (user, deadline) = (user.to_owned(), CONNECT_DEADLINE);
        Ok(Self { urls, user, password, default_password: true, deadline, tls, authority: None })
    }

    /// For tests: another password.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = SecretString::from(password.to_owned());
        self
    }

    /// For tests: trusts this authority and no other.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn trusting(mut self, authority: PathBuf) -> Self {
        self.authority = Some(authority);
        self
    }

    /// For tests: another deadline of the first connection.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

fn addresses(given: &str, faults: &Faults) -> Vec<ServerAddr> {
    let parse = |url: &str| match url.trim().parse::<ServerAddr>() {
        Ok(address) => Some(address),
        Err(error) => {
            let words = format!("{url:?} is neither nats://HOST:PORT nor tls://HOST:PORT: {error}");
            faults.add("NATS_URL", words);
            None
        }
    };
    given.split(',').filter_map(parse).collect()
}

/// A file of certificates that will be used.
fn check_authority(file: &std::path::Path, tls: bool, faults: &Faults) {
    let shown = file.display();
    if !tls {
        faults
            .add("NATS_CA_FILE", "is set, but NATS_URL is not tls://: nothing would be encrypted");
    }
    match std::fs::read_to_string(file) {
        Ok(text) if text.contains(CERTIFICATE) => {}
        Ok(_) => faults.add("NATS_CA_FILE", format!("{shown} holds no certificate in PEM form")),
        Err(error) => faults.add("NATS_CA_FILE", format!("cannot read {shown}: {error}")),
    }
}
