//! Scripts, style and licences of the page, built into the program.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::{borrow::Cow, sync::LazyLock};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Web;

/// Fingerprint of all assets: stands in their addresses, so that these can be kept for ever.
pub(crate) fn build() -> &'static str {
    static BUILD: LazyLock<String> = LazyLock::new(|| {
        let mut names: Vec<_> = Web::iter().collect();
        names.sort();
        let files = names.iter().filter_map(|name| Web::get(name));
        let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let sum = files.fold(0xcbf2_9ce4_8422_2325, |sum, file| {
            file.metadata.sha256_hash().iter().fold(sum, mix)
        });
        format!("{sum:016x}")
    });
    &BUILD
}

/// `GET /assets/{name}`.
pub(crate) async fn asset(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(file) = Web::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = tag(&file);
    let current = query.as_deref() == Some(build());
    let caching = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|have| *have == tag);
    let answer = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type(&name))),
        (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        (header::ETAG, tag),
    ];
    if unchanged {
        return (StatusCode::NOT_MODIFIED, answer).into_response();
    }
    let body = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    (answer, body).into_response()
}

fn tag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let hex: Vec<String> = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let quoted = format!("\"{}\"", hex.concat());
    HeaderValue::from_str(&quoted).unwrap_or(HeaderValue::from_static("\"\""))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
