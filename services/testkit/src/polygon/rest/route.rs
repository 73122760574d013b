//! From a path to a page, from a page to its answer.

use super::{
    Answer, Delivery, Question, Refusal, aggregates, bars, last, snapshot, spoil, status, unified,
};
use crate::polygon::{
    event::Cluster,
    fault::{Fault, Page, Stage},
    json::Json,
    plan::{Data, Plan},
    world::{Seen, World},
};

/// What answers a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    pub question: &'a Question,
    pub plan: Plan,
    pub now_ns: i64,
    /// 32 digits, the same in body and header.
    pub id: &'a str,
    /// A number no other request has.
    pub number: u64,
}

impl Asking<'_> {
    /// How the plan sees the market.
    pub(super) fn cluster(&self) -> Cluster {
        self.plan.recency()
    }

    /// The word for success on pages that say how old they are.
    pub(super) fn status(&self) -> Json {
        Json::text(if self.cluster() == Cluster::Delayed { "DELAYED" } else { "OK" })
    }
}

impl World {
    /// Answers a request, and remembers it.
    pub(in crate::polygon) fn answer(&mut self, question: &Question, now_ns: i64) -> Answer {
        self.pump(now_ns);
        self.asked += 1;
        let id = format!("{:032x}", u128::from(self.asked) * 0x9e37_79b9_7f4a_7c15_f39c_c060);
        let segments: Vec<&str> =
            question.path.split('/').filter(|part| !part.is_empty()).collect();
        let page = page(&segments).filter(|_| question.method == "GET");
        let faults = match page {
            Some(_) => self.faults.fire(Stage::Reply, page),
            None => Vec::new(),
        };
        let answer = self.answer_with((question, page, &segments), &faults, &id, now_ns);
        let (key, auth) = question.key();
        let arrives = matches!(answer.delivery, Delivery::Whole | Delivery::CutOff);
        self.remember(Seen {
            time_ns: now_ns,
            method: question.method.clone(),
            path: question.path.clone(),
            query: question.query.clone(),
            page,
            key: key.map(str::to_owned),
            auth,
            gzip: question.gzip,
            status: arrives.then_some(answer.status),
        });
        answer
    }

    fn answer_with(
        &mut self,
        (question, page, segments): (&Question, Option<Page>, &[&str]),
        faults: &[Fault],
        id: &str,
        now_ns: i64,
    ) -> Answer {
        let Some(page) = page else { return Answer::no_route() };
        for fault in faults {
            if let Fault::Status { status, kind, body, retry_after } = fault {
                return Answer::edge(*status, kind.clone(), body.clone(), *retry_after);
            }
        }
        let told = self.page(question, page, segments, (id, now_ns));
        let mut answer = match told {
            Ok(mut json) => {
                spoil::content(&mut json, faults, &self.address(question));
                Answer::json(200, &json, self.numbers, id)
            }
            Err(Refusal::NoRoute) => Answer::no_route(),
            Err(refusal) => Answer::json(refusal.status(), &refusal.json(id), self.numbers, id),
        };
        spoil::delivery(&mut answer, faults, question.gzip);
        answer
    }

    fn page(
        &mut self,
        question: &Question,
        page: Page,
        segments: &[&str],
        (id, now_ns): (&str, i64),
    ) -> Result<Json, Refusal> {
        let key = question.key().0.ok_or(Refusal::NoKey)?;
        let plan = *self.keys.get(key).ok_or(Refusal::UnknownKey)?;
        if plan.calls_per_minute().is_some() {
            let (most, refused) = (self.config.calls_per_minute, self.config.refused_count);
            if !self.limiter.passes(key, most, refused, now_ns) {
                return Err(Refusal::TooMany);
            }
        }
        if !plan.has(needs(page)) {
            return Err(Refusal::NotEntitled);
        }
        let asking = Asking { question, plan, now_ns, id, number: self.asked };
        match (page, segments) {
            (Page::Snapshots, _) => Ok(snapshot::many(self, asking)),
            (Page::Snapshot, [.., ticker]) => snapshot::one(self, asking, ticker),
            (Page::Unified, _) => unified::page(self, asking),
            (Page::Grouped, [.., date]) => aggregates::grouped(self, asking, date),
            (Page::Previous, [.., ticker, _]) => Ok(aggregates::previous(self, asking, ticker)),
            (Page::Bars, [_, _, _, ticker, _, multiple, span, from, to]) => {
                let range = bars::Range { ticker, multiple, span, from, to };
                bars::page(self, asking, range)
            }
            (Page::Now, _) => Ok(status::now(&self.market.cycle, now_ns)),
            (Page::Upcoming, _) => Ok(status::upcoming(&self.market.cycle, now_ns)),
            (Page::LastTrade, [.., ticker]) => last::trade(self, asking, ticker),
            (Page::LastQuote, [.., ticker]) => last::quote(self, asking, ticker),
            _ => Err(Refusal::NoRoute),
        }
    }

    fn address(&self, question: &Question) -> String {
        let mut query = question.parameters.clone();
        query.retain(|(name, _)| name != "apiKey");
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}{}?{}", self.rest_url, question.path, query.join("&"))
    }
}

fn page(segments: &[&str]) -> Option<Page> {
    match segments {
        ["v2", "snapshot", "locale", "us", "markets", "stocks", "tickers"] => Some(Page::Snapshots),
        ["v2", "snapshot", "locale", "us", "markets", "stocks", "tickers", _] => {
            Some(Page::Snapshot)
        }
        ["v3", "snapshot"] => Some(Page::Unified),
        ["v2", "aggs", "grouped", "locale", "us", "market", "stocks", _] => Some(Page::Grouped),
        ["v2", "aggs", "ticker", _, "prev"] => Some(Page::Previous),
        ["v2", "aggs", "ticker", _, "range", _, _, _, _] => Some(Page::Bars),
        ["v1", "marketstatus", "now"] => Some(Page::Now),
        ["v1", "marketstatus", "upcoming"] => Some(Page::Upcoming),
        ["v2", "last", "trade", _] => Some(Page::LastTrade),
        ["v2", "last", "nbbo", _] => Some(Page::LastQuote),
        _ => None,
    }
}

fn needs(page: Page) -> Data {
    match page {
        Page::Snapshots | Page::Snapshot | Page::Unified => Data::Snapshots,
        Page::Grouped | Page::Previous | Page::Bars | Page::Now | Page::Upcoming => Data::Daily,
        Page::LastTrade => Data::Trades,
        Page::LastQuote => Data::Quotes,
    }
}
