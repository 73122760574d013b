//! `[polygon]` of `config/ingest.toml`, and what the environment says instead.

use crate::source::polygon::{Pace, Settings, Wish};
use reqwest::Url;
use runtime::config::{Faults, Rule, Section, between, secret, variable};
use secrecy::SecretString;
use std::time::Duration;

const DEFAULT_BASE_URL: &str = "https://api.massive.com";
/// Sessions back-filled besides today's, unless told otherwise.
const DEFAULT_BACKFILL_DAYS: u32 = 2;

/// The key by its new or its old name.
pub(super) fn read_key(faults: &Faults) -> Option<SecretString> {
    secret("POLYGON_API_KEY", faults).or_else(|| secret("MASSIVE_API_KEY", faults))
}

/// Polygon's settings; `None` after a fault in one of its addresses.
pub(super) fn read(section: &Section<'_>, key: SecretString, faults: &Faults) -> Option<Settings> {
    let interval = section.required("interval", poll_rule());
    let transport: Option<String> = section.optional("transport", transport_rule());
    let days: Option<u32> = section.optional("backfill_days", between(0, 20));
    let configured: Option<String> = section.optional("base_url", Rule::any());
    let base_url = variable("POLYGON_BASE_URL").or(configured);
    let base_url = base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let configured: Option<String> = section.optional("ws_url", Rule::any());
    let ws_url = variable("POLYGON_WS_URL").or(configured);
    let told = |variable: &str, key: &str, fault: String| {
        faults.add(format!("{variable} (or [polygon] {key})"), fault);
    };
    let base_url = parse_address(&base_url, ["http", "https"])
        .map_err(|fault| told("POLYGON_BASE_URL", "base_url", fault));
    let ws_url = ws_url
        .map(|text| parse_address(&text, ["ws", "wss"]))
        .transpose()
        .map_err(|fault| told("POLYGON_WS_URL", "ws_url", fault));
    Some(Settings {
        key,
        base_url: base_url.ok()?,
        ws_url: ws_url.ok()?,
        interval,
        transport: transport.as_deref().and_then(wish).unwrap_or_default(),
        backfill_days: days.unwrap_or(DEFAULT_BACKFILL_DAYS),
        pace: Pace::default(),
    })
}

fn poll_rule() -> Rule<Duration> {
    let (least, most) = (Duration::from_secs(1), Duration::from_hours(1));
    Rule::new(move |interval: &Duration| {
        let outside = *interval < least || *interval > most;
        outside.then(|| format!("must be from 1s to 1h, not {interval:?}"))
    })
}

fn transport_rule() -> Rule<String> {
    Rule::new(|text: &String| {
        wish(text).is_none().then(|| format!("must be poll, stream or auto, not {text:?}"))
    })
}

fn wish(text: &str) -> Option<Wish> {
    match text {
        "auto" => Some(Wish::Auto),
        "poll" => Some(Wish::Poll),
        "stream" => Some(Wish::Stream),
        _ => None,
    }
}

/// An address of one of two schemes and nothing else: a key has no place in it.
fn parse_address(text: &str, schemes: [&str; 2]) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    let fits = schemes.contains(&url.scheme()) && url.host_str().is_some();
    let secret = !url.username().is_empty() || url.password().is_some();
    if !fits || url.query().is_some() || url.fragment().is_some() || secret {
        let [plain, _] = schemes;
        return Err(format!("must be {plain}(s)://HOST[:PORT][/PATH] without user or query"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::config::with_toml;

    fn read_text(text: &str) -> (Option<Settings>, Faults) {
        let faults = Faults::default();
        let key = SecretString::from("k".to_owned());
        let settings =
            with_toml("ingest.toml", text, &faults, |section| read(section, key, &faults));
        (settings, faults)
    }

    #[test]
    fn an_address_holds_no_secrets() {
        let http = |text| parse_address(text, ["http", "https"]);
        assert!(http("https://api.massive.com").is_ok());
        assert!(http("http://127.0.0.1:8080/fake/").is_ok());
        for bad in ["", "api.massive.com", "ftp://a", "https://me:key@a", "https://a?apiKey=1"] {
            assert!(http(bad).is_err(), "{bad}");
        }
        assert!(parse_address("wss://socket.massive.com/stocks", ["ws", "wss"]).is_ok());
        assert!(parse_address("https://socket.massive.com/stocks", ["ws", "wss"]).is_err());
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let (settings, faults) = read_text("interval = \"30s\"");
        let settings = settings.unwrap();
        assert!(faults.is_empty());
        assert_eq!((settings.transport, settings.backfill_days), (Wish::Auto, 2));
        assert_eq!(settings.base_url.as_str(), "https://api.massive.com/");
        assert!(settings.ws_url.is_none());
    }

    #[test]
    fn every_fault_of_the_section_is_told() {
        let (settings, faults) = read_text(
            "interval = \"1ms\"\ntransport = \"fax\"\nbackfill_days = 99\nws_url = \"http://a\"",
        );
        assert!(settings.is_none());
        let refused = faults.into_result(()).unwrap_err();
        assert_eq!(refused.faults().len(), 4, "{refused}");
    }
}
