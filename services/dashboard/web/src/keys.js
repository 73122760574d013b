// The keyboard: 1-4 focus, F maximise, L line, R reset, T theme, ? help, Escape back.

import { nextTheme } from "./theme.js";

export function bindKeys(panes, help) {
  const focused = () => panes.find((pane) => pane.element.contains(document.activeElement));
  const actions = {
    f: () => maximise(panes, focused() ?? panes[0]),
    l: () => (focused() ? [focused()] : panes).forEach((pane) => pane.toggleKind()),
    r: () => (focused() ? [focused()] : panes).forEach((pane) => pane.chart.resetZoom()),
    t: () => nextTheme(),
    "?": () => (help.open ? help.close() : help.showModal()),
    escape: () => maximise(panes, null),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input, select")) return;
    const key = event.key.toLowerCase();
    const pane = /^[1-9]$/.test(key) ? panes[Number(key) - 1] : null;
    if (pane) focusPane(panes, pane);
    else if (Object.hasOwn(actions, key)) actions[key]();
    else return;
    if (key !== "escape") event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => actions[button.dataset.action]());
  }
  for (const pane of panes) {
    const button = pane.element.querySelector("[data-maximise]");
    button?.addEventListener("click", () => maximise(panes, pane));
  }
}

function focusPane(panes, pane) {
  if (document.body.hasAttribute("data-maximised")) maximise(panes, pane, true);
  pane.element.focus();
}

// One pane over the whole grid; the same again, or none, shows all.
function maximise(panes, pane, keep = false) {
  const already = pane?.element.hasAttribute("data-maximised") && !keep;
  const chosen = already ? null : pane;
  for (const each of panes) each.element.toggleAttribute("data-maximised", each === chosen);
  document.body.toggleAttribute("data-maximised", chosen !== null);
}
