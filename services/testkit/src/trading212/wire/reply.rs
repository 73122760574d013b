//! A reply before it is sent, so that faults can still change it.

use super::json::Json;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub status: u16,
    pub body: Body,
    pub headers: Vec<(&'static str, String)>,
}

/// What a reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Empty,
    Json(Json),
    Text(String),
    Html(String),
    /// JSON that is none any more.
    Broken(String),
}

impl Reply {
    pub(crate) fn json(status: u16, body: Json) -> Self {
        Self { status, body: Body::Json(body), headers: Vec::new() }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: Body::Empty, headers: Vec::new() }
    }

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self { status, body: Body::Text(text.to_owned()), headers: Vec::new() }
    }

    /// A page of the edge in front of the service.
    pub(crate) fn html(status: u16) -> Self {
        let page = format!(
            "<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center>\
             <hr><center>edge</center></body></html>"
        );
        Self { status, body: Body::Html(page), headers: Vec::new() }
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        let mut reply = Self::html(status);
        reply.headers.push(("location", location.to_owned()));
        reply
    }

    pub(crate) fn content_type(&self) -> Option<&'static str> {
        match &self.body {
            Body::Empty => None,
            Body::Json(_) | Body::Broken(_) => Some("application/json"),
            Body::Text(_) => Some("text/plain; charset=utf-8"),
            Body::Html(_) => Some("text/html"),
        }
    }

    pub(crate) fn bytes(&self) -> String {
        match &self.body {
            Body::Empty => String::new(),
            Body::Json(json) => json.to_string(),
            Body::Text(text) | Body::Html(text) | Body::Broken(text) => text.clone(),
        }
    }
}
