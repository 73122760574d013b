//! Where the next page is, from the several ways in which the service spells it. Asks nobody: it only
//! works on addresses.

use reqwest::Url;

/// The next page's address, from the address of this one; `None` at the end.
///
/// # Errors
/// A sentence, when it points to another host or page: a key must not be sent there.
pub fn next(page: &Url, next_page_path: Option<&str>) -> Result<Option<Url>, String> {
    let Some(text) = next_page_path.map(str::trim) else {
        return Ok(None);
    };
    if text.is_empty() || text.starts_with("null") {
        return Ok(None);
    }
    let mut next = page.clone();
    let query = if text.contains("://") || text.starts_with("//") || text.starts_with('/') {
        let elsewhere = page.join(text).map_err(|error| format!("{error} in {text:.80}"))?;
        if elsewhere.origin() != page.origin() || !same_path(page.path(), elsewhere.path()) {
            return Err(format!("the next page is elsewhere: {text:.80}"));
        }
        elsewhere.query().map(str::to_owned)
    } else {
        Some(bare_query(page, text)?)
    };
    next.set_query(query.as_deref());
    next.set_fragment(None);
    if next.as_str() == page.as_str() {
        return Err("the next page is this page".to_owned());
    }
    Ok(Some(next))
}

/// The same page, with or without the prefix of the base address.
fn same_path(page: &str, other: &str) -> bool {
    let (page, other) = (page.trim_matches('/'), other.trim_matches('/'));
    page == other || (!other.is_empty() && page.ends_with(&format!("/{other}")))
}

/// `limit=50&cursor=1`, `?limit=50&cursor=1`, or the same after a relative path.
fn bare_query(page: &Url, text: &str) -> Result<String, String> {
    let (path, query) = text.split_once('?').unwrap_or(("", text));
    if !same_path(page.path(), path) && !path.is_empty() {
        return Err(format!("the next page is elsewhere: {text:.80}"));
    }
    if !query.contains('=') {
        return Err(format!("the next page is no page: {text:.80}"));
    }
    Ok(query.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://demo.trading212.com/api/v0/equity/history/orders?limit=50";

    fn check(text: &str) -> Result<Option<String>, String> {
        let found = next(&Url::parse(PAGE).unwrap(), Some(text))?;
        Ok(found.map(|url| url.to_string()))
    }

    #[test]
    fn every_spelling_leads_to_the_same_page() {
        let wanted = format!("{PAGE}&cursor=1760346100000");
        let query = "limit=50&cursor=1760346100000";
        for text in [
            format!("/api/v0/equity/history/orders?{query}"),
            format!("/equity/history/orders?{query}"),
            format!("equity/history/orders?{query}"),
            format!("https://demo.trading212.com/api/v0/equity/history/orders?{query}"),
            format!("?{query}"),
            query.to_owned(),
        ] {
            assert_eq!(check(&text), Ok(Some(wanted.clone())), "{text}");
        }
    }

    #[test]
    fn the_end_is_the_end_however_it_is_spelled() {
        for text in ["", " ", "null", "null?limit=50"] {
            assert_eq!(check(text), Ok(None), "{text}");
        }
        assert_eq!(next(&Url::parse(PAGE).unwrap(), None), Ok(None));
    }

    #[test]
    fn no_other_host_scheme_or_page_is_followed() {
        for text in [
            "https://evil.example/api/v0/equity/history/orders?cursor=1",
            "//evil.example/api/v0/equity/history/orders?cursor=1",
            "http://demo.trading212.com/api/v0/equity/history/orders?cursor=1",
            "https://demo.trading212.com:444/api/v0/equity/history/orders?cursor=1",
            "/api/v0/equity/pies?cursor=1",
            "/api/v0/equity/history/orders/../../pies?cursor=1",
            "orders",
            "/?cursor=1",
            "equity/pies?cursor=1",
            "?limit=50",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
