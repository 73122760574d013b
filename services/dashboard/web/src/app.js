// The page of a dashboard: frames in, four panes out. Wiring only.

import { allow, tellFill, wakeOnTouch } from "./alerts.js";
import { BarTable } from "./bartable.js";
import { ControlDialog } from "./control.js";
import { syncCrosshairs } from "./crosshair.js";
import { part } from "./dom.js";
import { Drawer } from "./drawer.js";
import { clockTime } from "./format.js";
import { bindKeys } from "./keys.js";
import { describeMarker } from "./legend.js";
import { openLink } from "./link.js";
import { Log } from "./log.js";
import { applyFrame, createModel, takeDirty, takeNews } from "./model.js";
import { Painter } from "./painter.js";
import { Pane } from "./pane.js";
import { Settings, bindSettings, bindToggle } from "./settings.js";
import { chooseTheme, initTheme, onTheme, themeChoice } from "./theme.js";
import { Timing } from "./timing.js";
import { TopBar } from "./topbar.js";
import { bindView } from "./view.js";
import { bindWindows } from "./windows.js";

const config = JSON.parse(document.getElementById("config").textContent);
const root = document.documentElement;
if (window.top !== window.self) root.dataset.embedded = "";
if (config.chart_height) root.style.setProperty("--chart-scale", String(config.chart_height / 4));
initTheme(config.theme);

const model = createModel();
const settings = new Settings(config.dashboard);
const panes = [...document.querySelectorAll("[data-symbol]")].map((element) => new Pane(element, model, settings));
const topBar = new TopBar(part(document, "topbar"), model);
const log = new Log();
const drawer = new Drawer(part(document, "drawer"), model, log, settings, panes.map((pane) => pane.symbol));
const control = new ControlDialog(part(document, "control"), part(document, "control-open"), model);
const timing = new Timing();
const counts = { frames: 0, paints: 0 };
const painter = new Painter({
  interval: config.update_interval_ms,
  draw: paint,
  shown: () => model.session !== null && link.ack(painted),
  seen: () => timing.seen(),
});
let painted = 0;

const link = openLink({
  position: () => ({ session: model.session, seq: model.seq }),
  onFrame: receive,
  onState: linkChanged,
});

function receive(frame) {
  if (frame.type === "pong") return timing.answered(frame);
  counts.frames += 1;
  timing.roughly(frame.now_ms);
  if (frame.type === "hello") {
    // Another build of the page is served now: take it, with its own scripts.
    if (frame.build !== config.build) location.reload();
    control.enable(frame.control === true);
    return;
  }
  if (frame.type === "heartbeat") return;
  if (frame.type === "snapshot") timing.catchingUp = true;
  if (applyFrame(model, frame) === "gap") link.resync();
  takeNews(model).forEach(tell);
  schedule();
}

function linkChanged(state) {
  timing.catchingUp = true;
  log.add(timing.now(), "link", state === "open" ? "connected to the dashboard" : "no connection to the dashboard");
  schedule();
}

function tell(news) {
  const digits = (symbol) => model.symbols.get(symbol)?.quote?.digits ?? 2;
  log.take(news, timing.now(), digits);
  if (news.kind === "marker" && news.marker.kind === "fill" && news.recent) {
    tellFill(settings, news, describeMarker(news.marker, digits(news.symbol)));
  }
}

// A hidden page neither paints nor acknowledges, so the dashboard holds back, and one delta catches it
// up when it is seen again. Only one that has been asked to tell of fills goes on listening.
function schedule() {
  const listens = document.hidden && (settings.get("sound") || settings.get("notify"));
  if (listens && model.session !== null) link.ack(model.seq);
  painter.request();
}

function paint() {
  counts.paints += 1;
  painted = model.seq;
  for (const pane of panes) {
    const dirty = takeDirty(model, pane.symbol);
    if (dirty) pane.paint(dirty);
  }
  if (model.deskDirty) {
    topBar.paint();
    control.paint();
  }
  model.deskDirty = false;
  drawer.paint();
  paintTime();
  timing.paintedQuotes(model.symbols);
}

function paintTime() {
  const nowMs = timing.now();
  const { level, why, silent } = topBar.paintTime(link, nowMs);
  if (level !== paintTime.level) log.add(nowMs, "link", `prices ${level}: ${why}`);
  paintTime.level = level;
  tellSilence(silent, nowMs);
  for (const pane of panes) pane.drawAge(nowMs);
}

// `since`: when the executor last wrote, if it does not any more.
function tellSilence(since, nowMs) {
  const before = tellSilence.since ?? null;
  tellSilence.since = since;
  if (since === before) return;
  const words = `the executor is silent since ${clockTime(since)} ET: account and trading state are as of then`;
  log.add(nowMs, "trading", since === null ? "the executor writes again" : words);
}

function paintLatency() {
  topBar.paintLatency(timing.delays.summary(), timing.skew.best(), config.update_interval_ms);
}

function nextTheme() {
  chooseTheme();
  part(document, "theme-choice").value = themeChoice();
}

setInterval(() => {
  if (document.hidden) return;
  paintTime();
  drawer.paint();
}, 250);
setInterval(() => document.hidden || paintLatency(), 1_000);
onTheme(() => topBar.paint());
timing.start(link);
syncCrosshairs(panes, settings);
wakeOnTouch(settings);
const preferences = part(document, "preferences");
bindSettings(preferences, settings, allow);
bindToggle(document.querySelector("[data-action=c]"), settings, "crosshair");
part(preferences, "theme-choice").value = themeChoice();
part(preferences, "theme-choice").addEventListener("change", (event) => chooseTheme(event.target.value));
const windows = part(document, "windows");
bindWindows(windows, config.wall);
const view = bindView(panes);
const table = new BarTable(part(document, "bars"));
bindKeys(panes, {
  help: part(document, "help"), drawer, settings, windows, preferences, theme: nextTheme, control, table, view,
});

// Read-only, for tests: what has been drawn.
const state = (symbol) => model.symbols.get(symbol);
const paneOf = (symbol) => panes.find((pane) => pane.symbol === symbol);
window.__desk = Object.freeze({
  frames: () => counts.frames,
  paints: () => counts.paints,
  seq: () => model.seq,
  level: () => root.dataset.level,
  bars: (symbol) => state(symbol)?.bars.map((bar) => bar[0]) ?? [],
  price: (symbol) => state(symbol)?.quote?.price ?? null,
  markers: (symbol) => [...(state(symbol)?.markers.keys() ?? [])],
  drawn: (symbol) => paneOf(symbol)?.chart.main.series.data() ?? [],
  draws: (symbol) => paneOf(symbol)?.chart.shade.draws ?? 0,
  missing: (symbol) => paneOf(symbol)?.chart.shade.runs.filter(({ kind }) => kind === "missing") ?? [],
  shaded: (symbol) => paneOf(symbol)?.chart.shade.runs.map(({ kind }) => kind) ?? [],
  averaged: (symbol, name) => paneOf(symbol)?.chart.averages[name].series.data().length ?? 0,
  range: (symbol) => paneOf(symbol)?.chart.chart.timeScale().getVisibleLogicalRange() ?? null,
  x: (symbol, time) => paneOf(symbol)?.chart.chart.timeScale().timeToCoordinate(time) ?? null,
  marked: (symbol) => paneOf(symbol)?.chart.markers.markers().length ?? 0,
  lines: (symbol) => paneOf(symbol)?.chart.main.series.priceLines().map((line) => line.options().title) ?? [],
  latency: () => timing.delays.summary(),
  view: () => view.current(),
  log: () => log.lines.map((line) => line.text),
});
