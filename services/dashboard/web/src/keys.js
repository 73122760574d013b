// The keyboard and the buttons that do the same: 1-4 focus, F maximise, L line, T timeframe, R reset,
// D drawer, M colours, C crosshair, B bars as a table, V view, H control, ? help, Escape back.

export function bindKeys(panes, { help, drawer, settings, windows, preferences, theme, control, table, view }) {
  const focused = () => panes.find((pane) => pane.element.contains(document.activeElement));
  const concerned = () => (focused() ? [focused()] : panes);
  const actions = {
    f: () => maximise(panes, focused() ?? panes[0]),
    l: () => toggleKinds(concerned()),
    t: () => stepTimeframes(concerned()),
    r: () => concerned().forEach((pane) => pane.chart.resetZoom()),
    d: () => drawer.open(),
    m: () => theme(),
    c: () => settings.set("crosshair", !settings.get("crosshair")),
    s: () => toggle(preferences),
    w: () => toggle(windows),
    b: () => table.open(focused() ?? panes[0]),
    v: () => view.next(),
    view: () => view.toggle(),
    h: () => control.open(),
    "?": () => toggle(help),
    escape: () => back(panes, drawer, view),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches?.("input:not([type=checkbox]), select, textarea")) return;
    const key = event.key.toLowerCase();
    // An open dialog has the keys to itself: it closes by Escape, or by the key that opened it.
    if (document.querySelector("dialog[open]") && !["?", "s", "w"].includes(key)) return;
    const pane = /^[1-9]$/.test(key) ? panes[Number(key) - 1] : null;
    if (pane) focusPane(panes, pane);
    else if (Object.hasOwn(actions, key)) actions[key]();
    else return;
    if (key !== "escape") event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => actions[button.dataset.action]());
  }
  for (const pane of panes) bindTools(panes, pane, drawer, table);
}

function bindTools(panes, pane, drawer, table) {
  const actions = {
    maximise: () => maximise(panes, pane),
    kind: () => pane.toggleKind(),
    reset: () => pane.chart.resetZoom(),
    table: () => table.open(pane),
    csv: () => pane.saveBars(),
    png: () => pane.savePicture(),
    refused: () => drawer.show("refusals"),
    unresolved: () => drawer.show("unresolved"),
  };
  pane.element.addEventListener("click", (event) => {
    const { dataset } = event.target.closest("button") ?? {};
    if (dataset?.minutes) pane.setTimeframe(Number(dataset.minutes));
    else if (dataset?.do) actions[dataset.do]?.();
  });
}

// All to the same: what the first of them is not. Compact panes have one kind only.
export function toggleKinds(all) {
  const panes = all.filter((pane) => !pane.compact);
  const kind = panes[0]?.chart.kind === "candles" ? "line" : "candles";
  for (const pane of panes) pane.setKind(kind);
}

function stepTimeframes(panes) {
  const [first, ...others] = panes;
  first?.nextTimeframe();
  for (const pane of others) pane.setTimeframe(first.chart.minutes);
}

function toggle(dialog) {
  if (dialog.open) dialog.close();
  else if (!document.querySelector("dialog[open]")) dialog.showModal();
}

// One step back: from one pane to all, then from the drawer, then to the whole page.
function back(panes, drawer, view) {
  if (document.body.hasAttribute("data-maximised")) maximise(panes, null);
  else if (drawer.isOpen) drawer.open(false);
  else view.set("full");
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
