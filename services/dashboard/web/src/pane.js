// One symbol on the page: its head, its chart, what the crosshair points at. Reads the model, writes
// the document.

import {
  TIMEFRAMES, aggregate, firstFrom, nextSpan, nextTimeframe, spanStart, timeframeName, withForming,
} from "./bars.js";
import { Chart } from "./chart.js";
import { barsCsv } from "./csv.js";
import { createDerived, derive } from "./derived.js";
import { attribute, part, show, text } from "./dom.js";
import { saveCsv, savePicture } from "./files.js";
import { Head } from "./head.js";
import { describeAverages, describeBar, describeMarker, summary } from "./legend.js";
import { priceLines } from "./lines.js";
import { pictureOf } from "./picture.js";
import { onSight } from "./sight.js";
import { onTheme } from "./theme.js";

// Events under the crosshair that are told; a minute of a wild market may have more.
const MAX_EVENTS = 8;
// The summary is for reading out: it follows calmly.
const SUMMARY_MS = 5_000;
const SHOWN = ["vwap", "emaFast", "emaSlow", "levels", "close", "sessions"];

export class Pane {
  constructor(element, model, settings) {
    this.element = element;
    this.symbol = element.dataset.symbol;
    this.model = model;
    this.settings = settings;
    const accent = element.dataset.accent || null;
    if (accent) element.style.setProperty("--accent", accent);
    this.parts = Object.fromEntries(
      [...element.querySelectorAll("[data-part]")].map((child) => [child.dataset.part, child]),
    );
    this.head = new Head(element, this.parts);
    this.chart = new Chart(part(element, "chart"), accent, "embedded" in document.documentElement.dataset);
    this.derived = createDerived();
    this.view = null;
    this.hovered = null;
    this.compact = false;
    this.toldAt = -Infinity;
    // What the chart has not drawn yet: one that is out of sight waits until it is seen.
    this.owed = null;
    this.seen = true;
    this.refit = false;
    onSight(this.parts.chart, (seen) => this.sight(seen));
    this.restore();
    onTheme(() => this.redraw());
    settings.onChange((name) => SHOWN.includes(name) && this.redraw());
  }

  restore() {
    const { kind, minutes } = this.settings.pane(this.symbol);
    if (kind === "line") this.chart.setKind("line");
    if (TIMEFRAMES.includes(minutes)) this.chart.setTimeframe(minutes);
    this.paintTools();
  }

  get state() {
    return this.model.symbols.get(this.symbol);
  }

  get shown() {
    return Object.fromEntries(SHOWN.map((name) => [name, !this.compact && this.settings.get(name)]));
  }

  // Draws what has changed.
  paint(dirty) {
    const { state } = this;
    this.view = derive(this.derived, state, this.model.sessions);
    this.head.paint(state, this.view.day);
    show(this.parts.empty, this.view.rows.length === 0);
    this.owed = owing(this.owed, dirty);
    if (this.seen) this.drawChart();
  }

  drawChart() {
    const { state, shown, owed: dirty } = this;
    if (dirty === null) return;
    this.owed = null;
    const { sessions } = this.model;
    if (state.quote) this.chart.setDigits(state.quote.digits);
    const since = this.sessions !== sessions || dirty.levels ? this.sinceEvent(dirty, sessions) : dirty.since;
    const whole = this.chart.draw(this.view, { sessions, gaps: state.gaps }, shown, since);
    if (dirty.markers || whole) this.drawMarkers();
    this.chart.setLines(priceLines(state, shown));
    if (this.refit) this.chart.resetZoom();
    this.refit = false;
    this.drawLegend();
  }

  sight(seen) {
    this.seen = seen;
    if (seen) this.drawChart();
  }

  // Other sessions or other averages: all is drawn again. New stops and targets are lines only.
  sinceEvent(dirty, sessions) {
    const { levels } = this.state;
    const periods = `${levels?.ema_fast} ${levels?.ema_slow}`;
    const same = this.sessions === sessions && this.periods === periods;
    [this.sessions, this.periods] = [sessions, periods];
    return same ? dirty.since : -Infinity;
  }

  drawMarkers() {
    const first = this.state.bars[0]?.[0] ?? 0;
    const drawn = [...this.state.markers.values()]
      .filter((marker) => marker.time_s >= first)
      .sort((a, b) => a.time_s - b.time_s);
    this.chart.setMarkers(drawn);
  }

  drawAge(nowMs) {
    this.head.paintAge(this.state, this.model, nowMs);
    if (nowMs - this.toldAt < SUMMARY_MS || !this.view) return;
    this.toldAt = nowMs;
    text(this.parts.summary, summary(this.symbol, this.state, this.view.day));
  }

  // Compact is the curve alone; what a person has chosen otherwise is kept.
  setView(view) {
    this.compact = view === "compact";
    this.chart.setView(view);
    this.chart.setKind(this.compact ? "line" : (this.settings.pane(this.symbol).kind ?? "candles"));
    this.redraw();
  }

  point(time) {
    if (time === this.hovered) return;
    this.hovered = time;
    this.drawLegend();
  }

  drawLegend() {
    if (!this.view) return;
    const { quote, markers } = this.state;
    const digits = quote?.digits ?? 2;
    const time = this.hovered;
    const row = time === null ? this.lastBar() : this.barAt(time);
    text(this.parts.legend, row ? describeBar(row, digits, time !== null) : "");
    attribute(this.parts.legend, "data-hovered", time === null ? null : "");
    const averages = row ? describeAverages(this.averagesAt(row[0]), this.state.levels, digits, this.shown) : [];
    for (const [name, words] of averages) text(this.parts[name], words);
    const { grid } = this.chart;
    const here = time === null ? [] : [...markers.values()].filter((marker) => spanStart(marker.time_s, grid) === time);
    const told = here.slice(-MAX_EVENTS).map((marker) => describeMarker(marker, digits));
    text(this.parts.events, told.join("\n"));
    show(this.parts.events, told.length > 0);
  }

  lastBar() {
    const { rows } = this.view;
    const last = rows.at(-1);
    return last && this.barAt(spanStart(last[0], this.chart.grid));
  }

  // The bar that is drawn at a time.
  barAt(time) {
    if (time === null || !this.view) return undefined;
    const { grid } = this.chart;
    const { rows } = this.view;
    const from = firstFrom(rows, time);
    const to = firstFrom(rows, nextSpan(time, grid));
    return aggregate(rows.slice(from, to), grid)[0];
  }

  averagesAt(time) {
    const { rows, emaFast, emaSlow, vwap } = this.view;
    const end = nextSpan(time, this.chart.grid);
    let index = rows.length - 1;
    while (index > 0 && rows[index][0] >= end) index -= 1;
    const closed = Math.min(index, emaFast.length - 1);
    return { vwap: vwap[index] ?? null, emaFast: emaFast[closed] ?? null, emaSlow: emaSlow[closed] ?? null };
  }

  // Compact has one kind: what is chosen for the whole page stays as it is.
  setKind(kind) {
    if (this.compact) return;
    this.chart.setKind(kind);
    this.settings.setPane(this.symbol, { kind });
    this.redraw();
  }

  toggleKind() {
    this.setKind(this.chart.kind === "candles" ? "line" : "candles");
  }

  setTimeframe(minutes) {
    this.chart.setTimeframe(minutes);
    this.settings.setPane(this.symbol, { minutes });
    this.hovered = null;
    this.refit = true;
    this.redraw();
  }

  nextTimeframe() {
    this.setTimeframe(nextTimeframe(this.chart.minutes));
  }

  paintTools() {
    for (const button of this.element.querySelectorAll("[data-minutes]")) {
      attribute(button, "aria-pressed", String(Number(button.dataset.minutes) === this.chart.minutes));
    }
    const line = this.element.querySelector("[data-do=kind]");
    attribute(line, "aria-pressed", String(this.chart.kind === "line"));
  }

  redraw() {
    this.chart.applyTheme();
    this.paintTools();
    if (this.state) this.paint({ since: -Infinity, markers: true, levels: false });
  }

  // Bars as they are drawn, the forming one included.
  bars() {
    return this.state ? aggregate(withForming(this.state.bars, this.state.forming), this.chart.grid) : [];
  }

  saveBars() {
    if (!this.state) return;
    const { minutes } = this.chart;
    saveCsv(`tickwall-${this.symbol}-${timeframeName(minutes)}`, barsCsv(this.symbol, this.bars()));
  }

  savePicture() {
    const { quote } = this.state ?? {};
    const words = { symbol: this.symbol, timeframe: timeframeName(this.chart.minutes), quote };
    savePicture(`tickwall-${this.symbol}`, pictureOf(this.chart.picture(), words));
  }
}

// Both changes as one.
function owing(before, { since, markers, levels }) {
  if (before === null) return { since, markers, levels };
  return {
    since: Math.min(before.since, since), markers: before.markers || markers, levels: before.levels || levels,
  };
}
