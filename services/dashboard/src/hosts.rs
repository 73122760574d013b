//! The names by which a browser may call this port.
//!
//! A page of another site whose name is made to lead here (DNS rebinding) has our origin as far as its
//! browser knows: only the name gives it away. So every request must come under a name of this
//! machine or one of `public_hosts`. An address is nobody's name: it cannot be made to lead elsewhere.

use crate::routes;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

const NAMELESS: &str = "a browser shows no frames of an IPv6 address: call this dashboard by a name; \
                        whoever runs it can add one to public_hosts in dashboard_config.json";
const REFUSAL: &str = "this dashboard does not go by that name; whoever runs it can add the name to \
                       public_hosts in dashboard_config.json";

/// The names.
#[derive(Debug)]
pub(crate) struct Hosts {
    names: BTreeSet<String>,
}

impl Hosts {
    /// This machine itself, and `public`.
    pub(crate) fn new(public: &[String]) -> Self {
        let own = std::iter::once("localhost".to_owned());
        Self { names: own.chain(public.iter().cloned()).collect() }
    }

    /// Whether a request for `host` (with its port, as in the header) is for us.
    pub(crate) fn allows(&self, host: Option<&str>) -> bool {
        let Some(host) = host else { return false };
        if let Some(literal) = host.strip_prefix('[') {
            let Some((address, port)) = literal.split_once(']') else { return false };
            return address.parse::<Ipv6Addr>().is_ok() && is_port(port);
        }
        let (name, port) = host.split_at(host.find(':').unwrap_or(host.len()));
        let known = self.names.contains(&name.to_ascii_lowercase());
        (known || name.parse::<Ipv4Addr>().is_ok()) && is_port(port)
    }
}

/// Where a page asked for under `host` and `path` should be asked for instead: the policies of our
/// pages can name no IPv6 literal. `None` when it can be shown; the refusal, when no other name is known.
pub(crate) fn elsewhere(host: Option<&str>, path: &str) -> Option<Response> {
    let (address, port) = host?.strip_prefix('[')?.split_once(']')?;
    let address: Ipv6Addr = address.parse().ok()?;
    if address.is_loopback() {
        return Some(Redirect::temporary(&format!("http://localhost{port}{path}")).into_response());
    }
    Some((StatusCode::MISDIRECTED_REQUEST, NAMELESS).into_response())
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

/// Answers 403 to whoever calls us by another name.
pub(crate) async fn refuse_others(
    State(hosts): State<Arc<Hosts>>,
    request: Request,
    next: Next,
) -> Response {
    if hosts.allows(routes::host(request.headers())) {
        return next.run(request).await;
    }
    metrics::counter!("dashboard_foreign_hosts_total").increment(1);
    (StatusCode::FORBIDDEN, REFUSAL).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_addresses_and_configured_names_are_ours() {
        let hosts = Hosts::new(&["desk.example.org".to_owned()]);
        let ours = ["localhost:8000", "LocalHost", "127.0.0.1:8000", "10.0.0.7:8000", "[::1]:8000"];
        for host in ours.iter().chain(&["[::1]", "desk.example.org:443", "Desk.Example.org"]) {
            assert!(hosts.allows(Some(host)), "{host}");
        }
    }

    #[test]
    fn pages_are_not_shown_under_an_ipv6_address() {
        let answer = |host| elsewhere(Some(host), "/wall?tv=1");
        let sent = answer("[::1]:8000").unwrap();
        assert_eq!(sent.status(), StatusCode::TEMPORARY_REDIRECT);
        let to = sent.headers().get("location").unwrap();
        assert_eq!(to, "http://localhost:8000/wall?tv=1");
        let refused = answer("[fe80::1]:8000").unwrap();
        assert_eq!(refused.status(), StatusCode::MISDIRECTED_REQUEST);
        assert!(NAMELESS.contains("public_hosts"));
        for shown in ["localhost:8000", "127.0.0.1:8000", "desk.example.org"] {
            assert!(answer(shown).is_none(), "{shown}");
        }
        assert!(elsewhere(None, "/").is_none());
    }

    #[test]
    fn any_other_name_is_refused() {
        let hosts = Hosts::new(&["desk.example.org".to_owned()]);
        let others = ["evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example:8000"];
        let broken =
            ["", "localhost:", "localhost:x", "localhost:8000@evil", "[::1", "[x]:1", "127.1:1"];
        for host in others.iter().chain(&broken) {
            assert!(!hosts.allows(Some(host)), "{host}");
        }
        assert!(!hosts.allows(None));
    }
}
