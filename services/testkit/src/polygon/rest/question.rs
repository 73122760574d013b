//! A request as it came in, and its parameters. Pure.

use crate::polygon::world::Auth;

/// A request.
#[derive(Debug, Clone)]
pub(in crate::polygon) struct Question {
    pub method: String,
    pub path: String,
    pub query: String,
    /// The query taken apart, in its order.
    pub parameters: Vec<(String, String)>,
    pub authorization: Option<String>,
    pub gzip: bool,
}

impl Question {
    /// The parameter of a name; the first of several.
    pub(in crate::polygon) fn parameter(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(in crate::polygon) fn all<'q>(
        &'q self,
        name: &str,
    ) -> impl DoubleEndedIterator<Item = &'q str> {
        let named = self.parameters.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// A number, within bounds; the default where it is no number.
    pub(in crate::polygon) fn limit(&self, default: usize, most: usize) -> usize {
        let asked = self.parameter("limit").and_then(|text| text.parse().ok());
        asked.unwrap_or(default).clamp(1, most)
    }

    /// The key, and how it came.
    pub(in crate::polygon) fn key(&self) -> (Option<&str>, Auth) {
        let bearer = self.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        match (bearer, self.parameter("apiKey")) {
            (Some(key), _) => (Some(key), Auth::Bearer),
            (None, Some(key)) => (Some(key), Auth::Query),
            (None, None) => (None, Auth::None),
        }
    }
}
