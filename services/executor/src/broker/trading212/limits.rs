//! How many calls are left, per page. Pure: time is an argument.
//!
//! 1. Windows are fixed: so many calls, then none until the window ends. The server's headers are
//!    believed over what is documented.
//! 2. The server's clock is never compared with ours. Each answer narrows how far the two can be
//!    apart, and a window is over when it must be over under the worst of what is left.
//! 3. Calls that are under way count. One call of a window of three or more is kept in reserve.

use super::endpoint::Endpoint;
use std::collections::BTreeMap;

/// How exact the server's `reset` is, milliseconds.
const ROUNDING_MS: i64 = 1_000;

/// What a reply's headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    /// Calls in a window.
    pub limit: u32,
    /// Length of a window, milliseconds.
    pub period_ms: i64,
    /// Calls left in this one.
    pub remaining: u32,
    /// When it ends, on the server's clock, milliseconds since 1970 UTC.
    pub reset_ms: i64,
}

/// How a call ended, as far as its limit is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// When it was sent, milliseconds on our own clock.
    pub sent_ms: i64,
    /// When the answer was there, or was given up.
    pub now_ms: i64,
    /// What the answer said, if anything.
    pub headers: Option<Headers>,
    /// It said that there were too many.
    pub refused: bool,
}

/// What is known of one page's window.
#[derive(Debug, Clone)]
struct Window {
    limit: u32,
    period_ms: i64,
    used: u32,
    under_way: u32,
    /// When it must be over, on our clock; `None` while no call has opened one.
    ends_ms: Option<i64>,
    /// Its end on the server's clock.
    reset_ms: Option<i64>,
}

impl Window {
    fn new(endpoint: Endpoint) -> Self {
        let (limit, period_ms) = endpoint.documented();
        Self { limit, period_ms, used: 0, under_way: 0, ends_ms: None, reset_ms: None }
    }

    /// Calls that may be made in a window.
    fn usable(&self) -> u32 {
        if self.limit >= 3 { self.limit - 1 } else { self.limit.max(1) }
    }

    fn roll(&mut self, now_ms: i64) {
        if self.ends_ms.is_some_and(|ends| now_ms >= ends) {
            self.ends_ms = None;
            // A call under way may fall into the next window.
            self.used = self.under_way;
        }
    }

    fn remaining(&self) -> u32 {
        self.usable().saturating_sub(self.used)
    }
}

/// The windows of all pages of one account.
#[derive(Debug, Clone)]
pub struct Limits {
    windows: BTreeMap<Endpoint, Window>,
    /// Bounds of the server's clock minus ours, milliseconds.
    apart_ms: Option<(i64, i64)>,
}

impl Default for Limits {
    fn default() -> Self {
        let windows = Endpoint::ALL.into_iter().map(|page| (page, Window::new(page))).collect();
        Self { windows, apart_ms: None }
    }
}

impl Limits {
    /// Takes one call of `endpoint`.
    ///
    /// # Errors
    /// The time to ask again, milliseconds on our clock, when none is left.
    pub fn take(&mut self, endpoint: Endpoint, now_ms: i64) -> Result<(), i64> {
        let window = self.window(endpoint);
        window.roll(now_ms);
        if window.remaining() == 0 {
            // Without an end every call of the window is still under way.
            return Err(window.ends_ms.unwrap_or(now_ms + ROUNDING_MS));
        }
        window.used += 1;
        window.under_way += 1;
        // The server opens its window when the call arrives, which is not before it is sent.
        let opened = now_ms + window.period_ms + ROUNDING_MS;
        window.ends_ms.get_or_insert(opened);
        Ok(())
    }

    /// Whether a call of `endpoint` could be made.
    ///
    /// # Errors
    /// The time to ask again, milliseconds on our clock.
    pub fn ready(&mut self, endpoint: Endpoint, now_ms: i64) -> Result<(), i64> {
        let window = self.window(endpoint);
        window.roll(now_ms);
        let free = window.remaining() > 0;
        if free { Ok(()) } else { Err(window.ends_ms.unwrap_or(now_ms + ROUNDING_MS)) }
    }

    /// Gives a call back that was never made.
    pub fn unsent(&mut self, endpoint: Endpoint) {
        let window = self.window(endpoint);
        window.under_way = window.under_way.saturating_sub(1);
        window.used = window.used.saturating_sub(1);
        if window.used == 0 {
            window.ends_ms = None;
        }
    }

    /// Notes how a call ended.
    pub fn replied(&mut self, endpoint: Endpoint, reply: Reply) {
        if let Some(headers) = reply.headers {
            self.narrow(headers, reply);
        }
        let earliest = self.apart_ms.map(|(low, _)| low);
        let window = self.window(endpoint);
        window.roll(reply.now_ms);
        window.under_way = window.under_way.saturating_sub(1);
        if let (Some(headers), Some(low)) = (reply.headers, earliest) {
            Self::believe(window, headers, headers.reset_ms + ROUNDING_MS - low);
        } else {
            // It may have been counted at the last moment.
            let ends = reply.now_ms + window.period_ms + ROUNDING_MS;
            window.ends_ms = Some(window.ends_ms.map_or(ends, |known| known.max(ends)));
        }
        if reply.refused {
            window.used = window.used.max(window.limit);
            let ends = window.ends_ms.unwrap_or(reply.now_ms) - reply.now_ms;
            let period = window.period_ms;
            window.ends_ms = Some(reply.now_ms + ends.clamp(period, 2 * period));
        }
    }

    /// Takes over what the headers say of a window that ends at `ends_ms` at the latest.
    fn believe(window: &mut Window, headers: Headers, ends_ms: i64) {
        window.limit = headers.limit;
        window.period_ms = headers.period_ms;
        let counted = headers.limit.saturating_sub(headers.remaining);
        match window.reset_ms {
            Some(known) if known > headers.reset_ms => return, // an answer that was overtaken
            Some(known) if known == headers.reset_ms => window.used = window.used.max(counted),
            _ => window.used = counted.saturating_add(window.under_way),
        }
        window.reset_ms = Some(headers.reset_ms);
        window.ends_ms = Some(ends_ms);
    }

    /// The server stamped its reply between `sent` and `now`, within the window that ends at
    /// `reset`: its clock minus ours lies between the bounds that follow.
    fn narrow(&mut self, headers: Headers, reply: Reply) {
        let low = headers.reset_ms - ROUNDING_MS - headers.period_ms - reply.now_ms;
        let high = headers.reset_ms + ROUNDING_MS - reply.sent_ms;
        let both = self.apart_ms.map_or((low, high), |(l, h)| (l.max(low), h.min(high)));
        if both.0 <= both.1 {
            self.apart_ms = Some(both);
            return;
        }
        // A clock was set: what was learned before is void.
        self.apart_ms = Some((low, high));
        self.windows.values_mut().for_each(|window| window.reset_ms = None);
    }

    /// Calls that may be made before the window's end.
    pub fn remaining(&mut self, endpoint: Endpoint, now_ms: i64) -> u32 {
        let window = self.window(endpoint);
        window.roll(now_ms);
        window.remaining()
    }

    /// In words, why a call waits.
    pub fn why(&mut self, endpoint: Endpoint) -> String {
        let window = self.window(endpoint);
        let (used, usable, seconds) = (window.used, window.usable(), window.period_ms / 1_000);
        format!("{used} of {usable} calls of {seconds} s are used ({})", endpoint.label())
    }

    fn window(&mut self, endpoint: Endpoint) -> &mut Window {
        self.windows.entry(endpoint).or_insert_with(|| Window::new(endpoint))
    }
}

#[cfg(test)]
mod tests;
