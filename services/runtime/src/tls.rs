//! One TLS stack: rustls with ring.

/// Makes ring the process's cryptography, for every TLS client. Safe to call again.
pub fn install() {
    // An error only says that a provider is already there: this very one.
    drop(rustls::crypto::ring::default_provider().install_default());
}
