//! A request's way: edge, key, scope, limit, service, and the faults between them.

#![expect(clippy::wildcard_enum_match_arm, reason = "a few of many matter in each place")]

use super::{Answer, Delivery, Incoming, LoggedRequest, World, auth, limiter::Quota};
use crate::trading212::{
    endpoint::{Endpoint, Route, route},
    fault::{Fault, plan::Met, rewrite::rewrite},
    wire::{json::Json, refusal::Refusal, reply::Reply},
};
use jiff::Timestamp;
use std::time::Duration;

impl Answer {
    fn whole(reply: Reply) -> Self {
        Self { reply, delivery: Delivery::Whole, wait: Duration::ZERO }
    }

    fn lost(delivery: Delivery) -> Self {
        Self { reply: Reply::empty(200), delivery, wait: Duration::ZERO }
    }
}

impl World {
    /// Answers a request as of `now_ms`.
    pub(in crate::trading212) fn answer(&mut self, request: &Incoming, now_ms: i64) -> Answer {
        self.advance(now_ms);
        let mut entry = LoggedRequest {
            time_ms: now_ms,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: request.body.clone(),
            endpoint: None,
            account: None,
            status: None,
            limited: false,
            faults: Vec::new(),
        };
        let answer = self.routed(request, &mut entry, now_ms);
        entry.status = match answer.delivery {
            Delivery::Whole | Delivery::CutOff => Some(answer.reply.status),
            Delivery::Dropped | Delivery::Never => None,
        };
        self.remember(entry);
        answer
    }

    fn routed(&mut self, request: &Incoming, entry: &mut LoggedRequest, now_ms: i64) -> Answer {
        let path = request.path.strip_prefix("/api/v0").unwrap_or_default();
        let (endpoint, argument) = match route(&request.method, path) {
            Route::To(endpoint, argument) => (endpoint, argument),
            Route::WrongMethod => return Answer::whole(Reply::text(405, "405 method not allowed")),
            Route::Nothing => return Answer::whole(Reply::text(404, "404 page not found")),
        };
        entry.endpoint = Some(endpoint);
        let drawn = self.faults.draw(endpoint);
        if let Some(fault) = self.faults.before(endpoint, drawn.as_ref(), now_ms) {
            entry.faults.push(fault.clone());
            return self.before(&fault, request, endpoint, now_ms);
        }
        let authorization = request.authorization.as_deref();
        let Some((index, key)) = auth::find(&self.accounts, request.environment, authorization)
        else {
            return Answer::whole(Reply::empty(401));
        };
        let allowed = key.scopes.contains(&endpoint.scope());
        let account = self.accounts.get(index).map_or(0, |account| account.config.id);
        entry.account = Some(account);
        if !allowed {
            let quota = self.limiter.peek(account, endpoint, now_ms);
            return Answer::whole(with_headers(self.missing_scope(endpoint), quota, 0, now_ms));
        }
        let quota = self.limiter.take(account, endpoint, now_ms);
        if !quota.allowed {
            entry.limited = true;
            return Answer::whole(with_headers(over_limit(quota), quota, 0, now_ms));
        }
        let met = self.faults.within(endpoint, drawn, now_ms);
        entry.faults.extend(met.iter().map(|met| met.fault.clone()));
        let reply = self.serve(index, (endpoint, &argument), request, &met, now_ms);
        changed(reply, request, &met, quota, now_ms)
    }

    /// What a fault answers in place of the service.
    fn before(&self, fault: &Fault, request: &Incoming, endpoint: Endpoint, now_ms: i64) -> Answer {
        match fault {
            Fault::DropBeforeAccept => Answer::lost(Delivery::Dropped),
            Fault::TimeoutBeforeAccept => Answer::lost(Delivery::Never),
            Fault::StatusBeforeAccept(status) => Answer::whole(Reply::html(*status)),
            Fault::Redirect(status) => Answer::whole(Reply::redirect(*status, &request.path)),
            Fault::ForbiddenHtml => Answer::whole(Reply::html(403)),
            Fault::RateLimited => {
                let authorization = request.authorization.as_deref();
                let key = auth::find(&self.accounts, request.environment, authorization);
                let account = key.and_then(|(index, _)| self.accounts.get(index));
                let account = account.map_or(0, |account| account.config.id);
                let quota = exhausted(self.limiter.peek(account, endpoint, now_ms));
                Answer::whole(with_headers(over_limit(quota), quota, 0, now_ms))
            }
            _ => Answer::whole(Reply::empty(401)),
        }
    }

    fn missing_scope(&self, endpoint: Endpoint) -> Reply {
        let refusal = Refusal {
            status: 403,
            kind: "forbidden",
            title: "Forbidden",
            detail: format!("Scope( {} ) missing for API key", endpoint.scope().name()),
            legacy: false,
        };
        refusal.reply(false, self.market.next_id())
    }
}

/// What the faults make of the service's reply.
fn changed(
    mut reply: Reply,
    request: &Incoming,
    met: &[Met],
    mut quota: Quota,
    now_ms: i64,
) -> Answer {
    let (mut delivery, mut wait, mut skew_s) = (Delivery::Whole, Duration::ZERO, 0);
    // The last word is with what cuts the text short.
    let (cuts, words): (Vec<&Met>, Vec<&Met>) =
        met.iter().partition(|met| matches!(met.fault, Fault::Truncated | Fault::Empty));
    for Met { fault, .. } in words.into_iter().chain(cuts) {
        rewrite(fault, &mut reply);
        match fault {
            Fault::AcceptThenDrop => delivery = Delivery::Dropped,
            Fault::AcceptThenTimeout => delivery = Delivery::Never,
            Fault::CutOff => delivery = Delivery::CutOff,
            Fault::AcceptThenStatus(status) => reply = Reply::html(*status),
            Fault::AcceptThenRedirect(status) => reply = Reply::redirect(*status, &request.path),
            Fault::AcceptThenRateLimited => {
                quota = exhausted(quota);
                reply = over_limit(quota);
            }
            Fault::SlowReply(time) => wait = *time,
            Fault::ClockSkew(seconds) => skew_s = *seconds,
            _ => {}
        }
    }
    Answer { reply: with_headers(reply, quota, skew_s, now_ms), delivery, wait }
}

fn exhausted(quota: Quota) -> Quota {
    Quota { used: quota.limit.count, ..quota }
}

/// The body is not documented and says little.
fn over_limit(quota: Quota) -> Reply {
    let said = format!("Limited: {} / {}s", quota.limit.count, quota.limit.period_s);
    Reply::json(429, Json::object([("errorMessage", said.into())]))
}

fn with_headers(mut reply: Reply, quota: Quota, skew_s: i64, now_ms: i64) -> Reply {
    let remaining = quota.limit.count.saturating_sub(quota.used);
    let date = Timestamp::from_second(now_ms.div_euclid(1_000) + skew_s).unwrap_or_default();
    reply.headers.extend([
        ("x-ratelimit-limit", quota.limit.count.to_string()),
        ("x-ratelimit-period", quota.limit.period_s.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset", (quota.reset_s + skew_s).to_string()),
        ("x-ratelimit-used", quota.used.to_string()),
        ("date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
    ]);
    reply
}
