//! What a page may load, and who may show it in a frame. Pure.
//!
//! No inline script, no inline style, nothing from elsewhere. The wall shows the pages of the other
//! ports of this host, and these let themselves be shown by it.

/// The policy of a dashboard's page.
pub(crate) fn page(host: Option<&str>, ports: &[u16]) -> String {
    policy("", &format!("'self'{}", siblings(host, ports)))
}

/// The policy of the wall. It asks the siblings whether they are alive.
pub(crate) fn wall(host: Option<&str>, ports: &[u16]) -> String {
    policy(&siblings(host, ports), "'none'")
}

/// Whether a request from a page of `origin` may open the socket of `host` (with its port).
///
/// A browser always sends `Origin` when a page opens a socket; a client without one is not a page.
pub(crate) fn same_origin(origin: Option<&str>, host: Option<&str>) -> bool {
    let Some(origin) = origin else { return true };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some() && authority == host
}

fn policy(siblings: &str, ancestors: &str) -> String {
    let frames = if siblings.is_empty() { " 'none'" } else { siblings };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'{siblings}; font-src 'self'; frame-src{frames}; base-uri 'none'; \
         form-action 'none'; frame-ancestors {ancestors}"
    )
}

/// The other dashboards at the host name that the viewer used. A name that a policy cannot express
/// (an IPv6 literal, or nothing a host may be called) has none.
fn siblings(host: Option<&str>, ports: &[u16]) -> String {
    let name = host.and_then(|host| host.split(':').next()).unwrap_or_default();
    let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    if name.is_empty() || !name.bytes().all(sound) {
        return String::new();
    }
    let sources: Vec<String> = ports.iter().map(|port| format!(" {name}:{port}")).collect();
    sources.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_named_by_the_host_the_viewer_used() {
        let policy = page(Some("desk.local:8000"), &[8000, 8001]);
        assert!(policy.ends_with("frame-ancestors 'self' desk.local:8000 desk.local:8001"));
        assert!(policy.contains("frame-src 'none'"));
        let policy = wall(Some("desk.local:8000"), &[8000, 8001]);
        assert!(policy.contains("frame-src desk.local:8000 desk.local:8001;"));
        assert!(policy.contains("connect-src 'self' desk.local:8000 desk.local:8001;"));
        assert!(policy.ends_with("frame-ancestors 'none'"));
    }

    #[test]
    fn a_forged_host_adds_nothing_to_the_policy() {
        for host in ["*", "a b:1", "x;script-src *", "[::1]:8000", ""] {
            assert_eq!(page(Some(host), &[8000]), page(None, &[8000]), "{host}");
        }
    }

    #[test]
    fn only_pages_of_the_same_host_and_port_may_open_the_socket() {
        let host = Some("localhost:8000");
        assert!(same_origin(Some("http://localhost:8000"), host));
        assert!(same_origin(None, host));
        for foreign in ["http://localhost:8001", "http://evil.example", "null", "file://", ""] {
            assert!(!same_origin(Some(foreign), host), "{foreign}");
        }
        assert!(!same_origin(Some("http://localhost:8000"), None));
    }
}
