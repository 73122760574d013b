//! Refusals: the problem-details bodies of 2026 and the bodies of 2024.

use super::{json::Json, reply::Reply};

/// A request that changed nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub status: u16,
    /// Last part of the problem's `type`, or the code of the old kind.
    pub kind: &'static str,
    pub title: &'static str,
    pub detail: String,
    /// Only ever said in the old way.
    pub legacy: bool,
}

impl Refusal {
    /// An order that was understood and refused.
    pub(crate) fn order(kind: &'static str, detail: impl Into<String>) -> Self {
        let title = "Error while placing the order";
        Self { status: 400, kind, title, detail: detail.into(), legacy: false }
    }

    /// A request that was not understood.
    pub(crate) fn invalid() -> Self {
        Self {
            status: 400,
            kind: "invalid-request",
            title: "The request is invalid",
            detail: "Invalid payload".to_owned(),
            legacy: false,
        }
    }

    /// Something that is not there.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self {
            status: 404,
            kind: "entity-not-found",
            title: "Requested entity not found",
            detail: detail.into(),
            legacy: false,
        }
    }

    pub(crate) fn unknown_ticker(ticker: &str) -> Self {
        Self::not_found(format!("Provided ticker '{ticker}' does not exist"))
    }

    /// What real money was told of everything but market orders.
    pub(crate) fn not_for_real_money() -> Self {
        Self {
            status: 400,
            kind: "NotAvailableForRealMoneyAccounts",
            title: "",
            detail: "Not available for real money accounts".to_owned(),
            legacy: true,
        }
    }

    pub(crate) fn reply(&self, old_style: bool, trace: i64) -> Reply {
        let body = if old_style || self.legacy {
            Json::object([
                ("code", self.old_code().into()),
                ("clarification", self.detail.as_str().into()),
            ])
        } else {
            Json::object([
                ("type", format!("/api-errors/{}", self.kind).into()),
                ("title", self.title.into()),
                ("status", i64::from(self.status).into()),
                ("detail", self.detail.as_str().into()),
                ("traceId", format!("{trace:032x}").into()),
            ])
        };
        Reply::json(self.status, body)
    }

    fn old_code(&self) -> &'static str {
        match self.kind {
            "NotAvailableForRealMoneyAccounts" => self.kind,
            "quantity-precision-mismatch" | "invalid-request" => "InvalidValue",
            "min-quantity-exceeded" => "MinQuantityExceeded",
            "min-value-exceeded" | "min-opened-position-exceeded" => "MinValueExceeded",
            "max-position-quantity-exceeded" => "MaxEquityBuyQuantityExceeded",
            "selling-equity-not-owned" => "SellingEquityNotOwned",
            "insufficient-free-for-stocks-buy" => "InsufficientFreeForStocksBuy",
            "price-too-far" => "PriceTooFar",
            "i-s-a-ineligible-instrument" => "NotEligibleForISA",
            "entity-not-found" => "InstrumentNotFound",
            _ => "UNDEFINED",
        }
    }
}
