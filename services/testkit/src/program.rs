//! The program's command line, and what it says when it is up.

use clap::Parser;
use rust_decimal::Decimal;
use std::{io::Write as _, net::SocketAddr};
use testkit::trading212::{AccountConfig, ApiKey, Fake, FakeConfig, Hours, PriceSource};

/// A fake Trading212 practice account.
#[derive(Debug, Parser)]
#[command(name = "fake-trading212", version)]
pub(crate) struct Cli {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:8212")]
    pub(crate) listen: SocketAddr,
    /// Currency of the account
    #[arg(long, default_value = "USD")]
    currency: String,
    /// Cash of the account
    #[arg(long, default_value = "100000")]
    cash: Decimal,
    /// Another seed, other prices
    #[arg(long, default_value_t = 20_260_101)]
    seed: u64,
    /// Faults by chance, by this seed
    #[arg(long)]
    pub(crate) faults: Option<u64>,
    /// Follow the desk's ticks at `NATS_URL`, as the operator
    #[arg(long)]
    pub(crate) nats: bool,
    /// Open and close as the exchanges do; else always open, like the simulated feed
    #[arg(long)]
    hours: bool,
}

impl Cli {
    /// The fake a person asked for.
    pub(crate) fn config(&self) -> FakeConfig {
        let mut account = AccountConfig::demo().with_cash(self.cash, &self.currency);
        account.keys = vec![ApiKey::new("fake-key", "fake-secret")];
        FakeConfig {
            listen: self.listen,
            accounts: vec![account],
            hours: if self.hours { Hours::Exchange } else { Hours::AlwaysOpen },
            prices: PriceSource::Walk(self.seed),
            admin: true,
            ..FakeConfig::default()
        }
    }
}

/// The variables are what a person copies. That nobody reads them is no reason to stop.
pub(crate) fn say(fake: &Fake) {
    let text = format!(
        "TRADING212_BASE_URL={}\nTRADING212_API_KEY=fake-key\nTRADING212_API_SECRET=fake-secret\n\
         # steer it at {}, see the documentation of its admin module\n",
        fake.url(),
        fake.admin_url()
    );
    if let Err(error) = std::io::stdout().write_all(text.as_bytes()) {
        tracing::debug!("nobody reads what the desk needs: {error}");
    }
}
