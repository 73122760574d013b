// The page of a dashboard: frames in, four panes out. Wiring only.

import { part } from "./dom.js";
import { bindKeys } from "./keys.js";
import { openLink } from "./link.js";
import { applyFrame, createModel, takeDirty } from "./model.js";
import { Pane } from "./pane.js";
import { initTheme, onTheme } from "./theme.js";
import { TopBar } from "./topbar.js";

const config = JSON.parse(document.getElementById("config").textContent);
const root = document.documentElement;
if (window.top !== window.self) root.dataset.embedded = "";
if (config.chart_height) root.style.setProperty("--chart-scale", String(config.chart_height / 4));
initTheme(config.theme);

const model = createModel();
const panes = [...document.querySelectorAll("[data-symbol]")].map((element) => new Pane(element, model));
const topBar = new TopBar(part(document, "topbar"), model);
const counts = { frames: 0, paints: 0 };
let clockOffset = 0;
let scheduled = false;

const link = openLink({
  position: () => ({ session: model.session, seq: model.seq }),
  onFrame: receive,
  onState: schedule,
});

function receive(frame) {
  counts.frames += 1;
  if (frame.now_ms) clockOffset = frame.now_ms - Date.now();
  if (frame.type === "hello") {
    // Another build of the page is served now: take it, with its own scripts.
    if (frame.build !== config.build) location.reload();
    return;
  }
  if (frame.type === "heartbeat") return;
  if (applyFrame(model, frame) === "gap") link.resync();
  schedule();
}

// At most one paint per animation frame. A hidden page gets none: it neither paints nor
// acknowledges, so the dashboard holds back, and one delta catches it up when it is seen again.
function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(paint);
}

function paint() {
  scheduled = false;
  counts.paints += 1;
  for (const pane of panes) {
    const dirty = takeDirty(model, pane.symbol);
    if (dirty) pane.paint(dirty);
  }
  if (model.deskDirty) topBar.paint();
  model.deskDirty = false;
  paintTime();
  if (model.session !== null) link.ack(model.seq);
}

function paintTime() {
  const nowMs = Date.now() + clockOffset;
  topBar.paintTime(link, nowMs);
  for (const pane of panes) pane.drawAge(nowMs);
}

function syncCrosshairs() {
  for (const source of panes) {
    source.chart.onCrosshair((time, byHand) => {
      if (!byHand) return;
      for (const pane of panes) {
        pane.point(time);
        if (pane !== source) pane.chart.pointAt(time, pane.barAt(time)?.[4] ?? null);
      }
    });
  }
}

setInterval(() => document.hidden || paintTime(), 250);
onTheme(() => topBar.paint());
syncCrosshairs();
bindKeys(panes, part(document, "help"));

// Read-only, for tests: what has been drawn.
window.__desk = Object.freeze({
  frames: () => counts.frames,
  paints: () => counts.paints,
  seq: () => model.seq,
  level: () => root.dataset.level,
  bars: (symbol) => model.symbols.get(symbol)?.bars.map((bar) => bar[0]) ?? [],
  price: (symbol) => model.symbols.get(symbol)?.quote?.price ?? null,
  markers: (symbol) => [...(model.symbols.get(symbol)?.markers.keys() ?? [])],
});
