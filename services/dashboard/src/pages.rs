//! The two pages: a dashboard, and the wall of all of them.

use crate::{assets, desk::Desk};
use askama::Template;
use runtime::wall::Slot;
use serde::Serialize;

/// `/`
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'s> {
    build: &'s str,
    version: &'s str,
    id: u32,
    title: &'s str,
    panes: Vec<PaneSlot<'s>>,
    config: String,
}

struct PaneSlot<'s> {
    number: usize,
    symbol: &'s str,
    accent: &'s str,
}

/// What the page's script is told.
#[derive(Serialize)]
struct PageConfig<'s> {
    build: &'s str,
    dashboard: u32,
    theme: Option<&'s str>,
    chart_height: Option<f64>,
    update_interval_ms: u64,
    /// All dashboards, so that a page can open the others.
    wall: Vec<Tile<'s>>,
}

/// `/wall`
#[derive(Template)]
#[template(path = "wall.html")]
struct WallPage<'s> {
    build: &'s str,
    version: &'s str,
    tiles: Vec<Tile<'s>>,
}

#[derive(Serialize)]
struct Tile<'s> {
    id: u32,
    port: u16,
    title: String,
    symbols: Vec<&'s str>,
}

/// The page of the served slot.
///
/// # Errors
/// When the template cannot be rendered.
pub(crate) fn page(desk: &Desk) -> Result<String, askama::Error> {
    let slot = &desk.slot;
    let build = assets::build();
    let config = PageConfig {
        build,
        dashboard: slot.id,
        theme: slot.theme.as_deref(),
        chart_height: slot.chart_height,
        update_interval_ms: u64::try_from(slot.update_interval.as_millis()).unwrap_or(0),
        wall: tiles(desk),
    };
    let panes = slot.symbols.iter().enumerate().map(|(index, symbol)| PaneSlot {
        number: index + 1,
        symbol: symbol.as_str(),
        accent: slot.colors.get(index).map_or("", String::as_str),
    });
    let page = Page {
        build,
        version: env!("CARGO_PKG_VERSION"),
        id: slot.id,
        title: &title(slot),
        panes: panes.collect(),
        config: script_json(&config),
    };
    page.render()
}

/// The wall.
///
/// # Errors
/// When the template cannot be rendered.
pub(crate) fn wall(desk: &Desk) -> Result<String, askama::Error> {
    let (build, version) = (assets::build(), env!("CARGO_PKG_VERSION"));
    WallPage { build, version, tiles: tiles(desk) }.render()
}

fn tiles(desk: &Desk) -> Vec<Tile<'_>> {
    let tiles = desk.wall.slots.iter().map(|slot| Tile {
        id: slot.id,
        port: slot.port,
        title: title(slot),
        symbols: slot.symbols.iter().map(proto::Symbol::as_str).collect(),
    });
    tiles.collect()
}

fn title(slot: &Slot) -> String {
    slot.title.clone().unwrap_or_else(|| format!("Dashboard {}", slot.id))
}

/// JSON that can stand inside a script element: nothing in it can end the element.
fn script_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_configuration_cannot_end_the_script_element() {
        let json = script_json(&"</script><script>alert(1)</script>");
        assert!(!json.contains('<'), "{json}");
        let back: String = serde_json::from_str(&json).unwrap();
        assert!(back.starts_with("</script>"));
    }
}
