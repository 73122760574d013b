//! The service itself: one answer per endpoint.

#![expect(clippy::wildcard_enum_match_arm, reason = "a few of many matter in each place")]

mod query;

use super::{Incoming, World};
use crate::trading212::{
    account::{Account, PlacePlan},
    config::{OrderTypes, Paging},
    endpoint::Endpoint,
    fault::{Fault, plan::Met},
    market::clock::millis,
    order::{Order, Origin},
    wire::{body, json::Json, refusal::Refusal, reply::Reply, show},
};
use query::Query;

/// One request at the service.
struct Call<'a> {
    /// The account's place in the list.
    index: usize,
    endpoint: Endpoint,
    argument: &'a str,
    query: Query,
    body: &'a str,
    met: &'a [Met],
    now_ms: i64,
}

impl Call<'_> {
    fn meets(&self, fault: &Fault) -> bool {
        self.met.iter().any(|met| met.fault == *fault)
    }
}

impl World {
    /// Serves a request that has passed key, scope and limit.
    pub(super) fn serve(
        &mut self,
        index: usize,
        (endpoint, argument): (Endpoint, &str),
        request: &Incoming,
        met: &[Met],
        now_ms: i64,
    ) -> Reply {
        let query = Query::parse(&request.query);
        let call = Call { index, endpoint, argument, query, body: &request.body, met, now_ms };
        let old_style = call.meets(&Fault::LegacyErrors);
        let served = match endpoint {
            Endpoint::PostMarket
            | Endpoint::PostLimit
            | Endpoint::PostStop
            | Endpoint::PostStopLimit => self.place(&call),
            Endpoint::Cancel => self.cancel(&call),
            _ => self.read(&call),
        };
        served.unwrap_or_else(|refusal| refusal.reply(old_style, self.market.next_id()))
    }

    fn place(&mut self, call: &Call<'_>) -> Result<Reply, Refusal> {
        let ticket = body::read(call.endpoint, call.body)?;
        let mut plan = PlacePlan::default();
        for met in call.met {
            match &met.fault {
                Fault::DelayFill(delay) => plan.delay = *delay,
                Fault::StuckNew => plan.held = true,
                Fault::PartialFills(pieces) => plan.pieces = *pieces,
                Fault::RejectAfterAccept => plan.rejected = true,
                _ => {}
            }
        }
        let meaning = self.config.precision;
        let account = self.accounts.get_mut(call.index).ok_or_else(Refusal::invalid)?;
        let placed =
            account.place(&self.market, ticket, (Origin::Api, &plan), meaning, call.now_ms)?;
        Ok(Reply::json(200, self.show(call.index, &placed)))
    }

    fn cancel(&mut self, call: &Call<'_>) -> Result<Reply, Refusal> {
        let id = self.visible(call)?.id;
        let Some(account) = self.accounts.get_mut(call.index) else {
            return Err(Refusal::invalid());
        };
        if account.config.order_types == OrderTypes::MarketOnly {
            return Err(Refusal::not_for_real_money());
        }
        if !call.meets(&Fault::CancelIgnored) {
            account.cancel(&self.market, id, call.now_ms);
        }
        if let Some(order) = account.order_mut(id).filter(|_| call.meets(&Fault::FillWinsCancel)) {
            let halfway = millis(self.market.timing.cancel_latency) / 2;
            order.plan.forced_ms = Some(call.now_ms + halfway);
        }
        Ok(Reply::empty(200))
    }

    fn read(&self, call: &Call<'_>) -> Result<Reply, Refusal> {
        let account = self.accounts.get(call.index).ok_or_else(Refusal::invalid)?;
        let (market, now_ms) = (&self.market, call.now_ms);
        let json = match call.endpoint {
            Endpoint::Summary => account.summary(market, now_ms),
            Endpoint::Positions => self.positions(call)?,
            Endpoint::Orders => {
                Json::List(account.pending().map(|order| self.show(call.index, order)).collect())
            }
            Endpoint::HistoryOrders => self.history(call)?,
            Endpoint::HistoryDividends => {
                paged(Json::List(account.dividends().to_vec()), Json::Null)
            }
            Endpoint::HistoryTransactions => self.transactions(call)?,
            Endpoint::Instruments => {
                Json::List(market.instruments.iter().map(show::listed).collect())
            }
            Endpoint::Exchanges => market.schedule.document(now_ms),
            Endpoint::LegacyCash => account.legacy_cash(market, now_ms),
            Endpoint::LegacyInfo => account.legacy_info(),
            Endpoint::LegacyPortfolio => Json::List(account.legacy_rows(market, now_ms)),
            Endpoint::LegacyPosition => {
                let rows = account.legacy_rows(market, now_ms).into_iter();
                let mut held = rows.filter(|row| of_ticker(row, call.argument));
                held.next().ok_or_else(|| Refusal::unknown_ticker(call.argument))?
            }
            Endpoint::OrderById
            | Endpoint::PostMarket
            | Endpoint::PostLimit
            | Endpoint::PostStop
            | Endpoint::PostStopLimit
            | Endpoint::Cancel => self.show(call.index, self.visible(call)?),
        };
        Ok(Reply::json(200, json))
    }

    /// A pending order by its id: not at once, and never after its end.
    fn visible(&self, call: &Call<'_>) -> Result<&Order, Refusal> {
        let missing = || Refusal::not_found(format!("Order {} does not exist", call.argument));
        let id: i64 = call.argument.parse().map_err(|_| missing())?;
        let delay = millis(self.market.timing.visibility_delay);
        let account = self.accounts.get(call.index);
        let mut pending = account.into_iter().flat_map(Account::pending);
        let found = pending.find(|order| order.id == id && order.created_ms + delay <= call.now_ms);
        found.filter(|_| !call.meets(&Fault::HiddenById)).ok_or_else(missing)
    }

    fn positions(&self, call: &Call<'_>) -> Result<Json, Refusal> {
        let account = self.accounts.get(call.index).ok_or_else(Refusal::invalid)?;
        let stale = call.met.iter().find(|met| met.fault == Fault::StalePositions);
        let stale = stale.and_then(|met| met.positions.get(&account.config.id)).cloned();
        let mut rows = stale.unwrap_or_else(|| account.position_rows(&self.market, call.now_ms));
        if let Some(ticker) = call.query.get("ticker") {
            self.market.instruments.get(ticker).ok_or_else(|| Refusal::unknown_ticker(ticker))?;
            rows.retain(|row| of_ticker(row, ticker));
        }
        Ok(Json::List(rows))
    }

    fn history(&self, call: &Call<'_>) -> Result<Json, Refusal> {
        let account = self.accounts.get(call.index).ok_or_else(Refusal::invalid)?;
        let (limit, cursor) = (call.query.limit()?, call.query.integer("cursor")?);
        let ticker = call.query.get("ticker");
        if let Some(ticker) = ticker {
            self.market.instruments.get(ticker).ok_or_else(|| Refusal::unknown_ticker(ticker))?;
        }
        let lag = call.met.iter().find_map(|met| match &met.fault {
            Fault::HistoryLag(lag) => Some(millis(*lag)),
            _ => None,
        });
        let page = account.history(ticker, (limit, cursor), lag.unwrap_or_default(), call.now_ms);
        let style = self.style(&account.config.currency);
        let rows = page.rows.iter().map(|(order, fill)| show::history_item(*order, *fill, style));
        let filter = ticker.map(|ticker| format!("&ticker={ticker}")).unwrap_or_default();
        let next = page.next.map(|cursor| format!("limit={limit}&cursor={cursor}{filter}"));
        Ok(paged(Json::List(rows.collect()), self.next_page("/equity/history/orders", next)))
    }

    fn transactions(&self, call: &Call<'_>) -> Result<Json, Refusal> {
        let account = self.accounts.get(call.index).ok_or_else(Refusal::invalid)?;
        let (limit, time) = (call.query.limit()?, call.query.get("time").is_some());
        let page = account.transactions(limit, call.query.get("cursor"), time)?;
        let next = page.next.map(|query| format!("limit={limit}&{query}"));
        let next = self.next_page("/equity/history/transactions", next);
        Ok(paged(Json::List(page.items), next))
    }

    fn next_page(&self, path: &str, query: Option<String>) -> Json {
        let full = |query| format!("/api/v0{path}?{query}");
        match (self.config.paging, query) {
            (Paging::BareQuery, Some(query)) => query.into(),
            (Paging::ForeignOrigin, Some(query)) => {
                format!("https://elsewhere.invalid{}", full(query)).into()
            }
            (_, Some(query)) => full(query).into(),
            (Paging::EmptyEnd, None) => "".into(),
            (Paging::NullTextEnd, None) => "null?limit=20".into(),
            (_, None) => Json::Null,
        }
    }

    fn show(&self, index: usize, order: &Order) -> Json {
        let currency = self.accounts.get(index).map_or("", |a| a.config.currency.as_str());
        show::order(order, self.style(currency))
    }

    fn style<'a>(&'a self, currency: &'a str) -> show::Style<'a> {
        show::Style { market: &self.market, currency, signs: self.config.signs }
    }
}

fn paged(items: Json, next: Json) -> Json {
    Json::object([("items", items), ("nextPagePath", next)])
}

/// Whether a row is of a ticker, which stands in it or in its instrument.
fn of_ticker(row: &Json, ticker: &str) -> bool {
    let Json::Object(fields) = row else { return false };
    fields.iter().any(|(key, value)| match *key {
        "ticker" => *value == Json::from(ticker),
        "instrument" => of_ticker(value, ticker),
        _ => false,
    })
}
