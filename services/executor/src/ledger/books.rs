//! Whose books a ledger keeps.

use proto::{BrokerMode, OrderEvent, OrderState, Venue};

/// One account at one broker; or paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// Whose money it is.
    pub mode: BrokerMode,
    /// The account at the broker; empty on paper.
    pub account_id: String,
    /// ISO code of the account's currency.
    pub currency: String,
}

impl Books {
    /// The books of the paper broker.
    pub fn paper(currency: &str) -> Self {
        let (account_id, currency) = (String::new(), currency.to_owned());
        Self { mode: BrokerMode::Paper, account_id, currency }
    }

    /// Whether the order that `first` begins is in these books. A refusal, which moves nothing, is
    /// in all.
    ///
    /// # Errors
    /// A sentence, when it belongs to another account of the same kind, or the account has changed
    /// its currency: these books cannot be added up.
    pub fn hold(&self, first: &OrderEvent) -> Result<bool, String> {
        let Some(venue) = &first.venue else {
            return Ok(self.mode == BrokerMode::Paper || first.state == OrderState::Refused);
        };
        if venue.mode != self.mode {
            return Ok(false);
        }
        if venue.account_id == self.account_id && venue.currency == self.currency {
            return Ok(true);
        }
        Err(self.complaint(venue))
    }

    fn complaint(&self, venue: &Venue) -> String {
        format!(
            "the journal was written with {:?} account {} in {}, the key given is for account {} \
             in {}; use that account's key, or keep another journal for this one",
            self.mode, venue.account_id, venue.currency, self.account_id, self.currency
        )
    }
}
