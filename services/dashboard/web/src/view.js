// How much of the page is shown: all of it, compact (heads and curves), or TV (large, to be read from
// afar, without controls). In the address, so that a screen can be set up once.

import { showTheme } from "./theme.js";

export const VIEWS = ["full", "compact", "tv"];
export const nextView = (view) => VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length];
export const asView = (text) => (VIEWS.includes(text) ? text : "full");

export function bindView(panes) {
  const root = document.documentElement;
  const embedded = "embedded" in root.dataset;
  let shown = "full";

  function set(view) {
    if (view === shown) return;
    shown = view;
    root.dataset.view = view;
    // Seen from afar a tile of the wall has room for a curve only.
    for (const pane of panes) pane.setView(embedded && view === "tv" ? "compact" : view);
    const address = new URL(location.href);
    if (view === "full") address.searchParams.delete("view");
    else address.searchParams.set("view", view);
    history.replaceState(null, "", address);
  }

  root.dataset.view = shown;
  set(asView(new URLSearchParams(location.search).get("view")));
  // The wall says how its tiles look. Nobody else can have this page in a frame.
  addEventListener("message", ({ source, data }) => {
    if (source !== parent || parent === window || data?.type !== "look") return;
    set(asView(data.view));
    if (data.theme) showTheme(data.theme);
  });
  return {
    set,
    next: () => set(nextView(shown)),
    toggle: () => set(shown === "full" ? "compact" : "full"),
    current: () => shown,
  };
}
