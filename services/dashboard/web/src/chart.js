// One chart: candles or a line, volume, averages, markers, price lines, shaded sessions. It draws
// what it is given and remembers only how far it has drawn.

import {
  CandlestickSeries, HistogramSeries, LineSeries, LineStyle, createChart, createSeriesMarkers,
} from "lightweight-charts";
import {
  aggregate, candle, closing, firstFrom, isTorn, series, spanStart, unseenPiece, volume,
} from "./bars.js";
import { missing } from "./holes.js";
import { anchorOf } from "./indicators.js";
import { Layer } from "./layer.js";
import { widened } from "./lines.js";
import { average, candleColors, chartColors, lineOptions, markerShape, staticOptions, viewOptions } from "./look.js";
import { shades } from "./sessions.js";
import { Shade } from "./shade.js";
import { palette } from "./theme.js";

// Pixels from one bar to the next.
const USUAL_SPACING = 6;
// Pixels below which a line's name would cover the bars.
const TITLED_WIDTH = 400;
// Bars that may be added before all are drawn anew without those that nobody keeps any more.
export const MAX_GROWN = 500;
const AVERAGES = ["vwap", "emaFast", "emaSlow"];

export class Chart {
  constructor(element, accent, framed = false) {
    this.accent = accent;
    // In a frame of the wall, and wide enough for names beside its lines.
    this.place = { framed, titled: true };
    this.kind = "candles";
    // Which bars are drawn.
    this.grid = { minutes: 1, sessions: null, gaps: [] };
    this.digits = 2;
    this.lines = [];
    this.drawn = null;
    this.drawing = false;
    this.chart = createChart(element, { autoSize: true, ...staticOptions() });
    this.shade = new Shade(this.chart);
    this.chart.panes()[0].attachPrimitive(this.shade);
    this.volume = new Layer(this.chart.addSeries(HistogramSeries, {
      priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false,
      priceLineVisible: false,
    }));
    this.volume.series.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.averages = Object.fromEntries(
      AVERAGES.map((name) => [name, new Layer(this.chart.addSeries(LineSeries, average(name)))]),
    );
    this.addMain();
    this.applyTheme();
    if (framed) this.setView("full");
    new ResizeObserver((entries) => this.fit(entries.at(-1).contentRect.width)).observe(element);
  }

  fit(width) {
    const titled = width >= TITLED_WIDTH;
    if (titled === this.place.titled) return;
    this.place = { ...this.place, titled };
    this.setLines(this.lines);
  }

  addMain() {
    const options = {
      priceFormat: this.priceFormat(), autoscaleInfoProvider: (base) => this.widen(base()),
      priceLineStyle: LineStyle.Dotted,
    };
    const type = this.kind === "candles" ? CandlestickSeries : LineSeries;
    this.main = new Layer(this.chart.addSeries(type, options));
    this.main.series.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.2 } });
    this.markers = this.addMarkers(this.main.series);
    this.priceLines = new Map();
    this.drawn = null;
  }

  // Markers ask for a whole new layout of the chart at every change of its data, which then is drawn
  // twice. Our own changes draw them anyway.
  addMarkers(series) {
    const attach = series.attachPrimitive;
    series.attachPrimitive = (primitive) => {
      const attached = primitive.attached.bind(primitive);
      primitive.attached = (given) => attached({
        ...given, requestUpdate: () => this.drawing || given.requestUpdate(),
      });
      attach.call(series, primitive);
    };
    const markers = createSeriesMarkers(series, []);
    series.attachPrimitive = attach;
    return markers;
  }

  // Draws what has changed: `since` is the start of the oldest changed bar. What is drawn already is
  // kept where it can be; a bar in the midst of it has all drawn again, in place. `true` when it did.
  draw(derived, { sessions, gaps }, shown, since) {
    const { rows } = derived;
    this.grid = { minutes: this.minutes, sessions, gaps };
    if (since === Infinity && this.drawn !== null) return false;
    const start = Number.isFinite(since) ? spanStart(since, this.grid) : -Infinity;
    const from = this.drawn === null ? 0 : firstFrom(rows, this.drawn);
    const grown = this.main.grown + rows.length - from;
    const whole = this.drawn === null || start < this.drawn || grown > MAX_GROWN;
    const first = whole ? 0 : from;
    const wide = aggregate(rows.slice(first), this.grid);
    const main = this.kind === "candles"
      ? series(wide, this.grid, candle)
      : series(wide, this.grid, closing, unseenPiece);
    this.drawing = true;
    this.main.draw(main, whole);
    this.drawing = false;
    this.volume.draw(series(wide, this.grid, (row) => this.volumePoint(row)), whole);
    for (const name of AVERAGES) {
      const points = shown[name] ? this.averagePoints(derived, name, first, sessions) : [];
      this.averages[name].draw(points, whole);
    }
    this.drawn = wide.at(-1)?.[0] ?? null;
    if (whole || wide.length > 1) this.shadeBehind(rows, sessions, shown);
    return whole;
  }

  // The value that held at the end of each span. A line is cut where its session or the bars end.
  averagePoints(derived, name, first, sessions) {
    const { rows } = derived;
    const values = derived[name];
    const points = [];
    for (let index = first; index < values.length; index += 1) {
      const value = values[index];
      if (value === null) continue;
      const time = spanStart(rows[index][0], this.grid);
      const last = points.at(-1);
      if (last?.time === time) last.value = value;
      else points.push({ time, value, anchor: name === "vwap" ? anchorOf(rows[index][0], sessions) : null });
    }
    return points.map(({ time, value, anchor }, index) => {
      const next = points[index + 1];
      const cut = next && (next.anchor !== anchor || isTorn(time, next.time, this.grid));
      return cut ? unseenPiece({ time, value }) : { time, value };
    });
  }

  // By all points from the first on: the library's own list leaves out those without a value.
  shadeBehind(rows, sessions, shown) {
    const points = series(aggregate(rows, this.grid), this.grid, closing);
    const runs = shades(points, sessions, (hole) => missing(hole, this.grid));
    this.shade.set(runs.filter(({ kind }) => kind === "missing" || shown.sessions), this.colors.shade);
  }

  volumePoint(row) {
    const { time, value, rising } = volume(row);
    return { time, value, color: rising ? this.colors.upVolume : this.colors.downVolume };
  }

  setMarkers(markers) {
    this.markers.setMarkers(markers.map((marker) => markerShape(marker, this.colors, this.grid)));
  }

  // Draws these lines and no others.
  setLines(lines) {
    this.lines = lines;
    for (const [key, line] of this.priceLines) {
      if (lines.some((wanted) => wanted.key === key)) continue;
      this.main.series.removePriceLine(line);
      this.priceLines.delete(key);
    }
    for (const wanted of lines) {
      const options = lineOptions(wanted, this.colors, this.place);
      const present = this.priceLines.get(wanted.key);
      if (!present) this.priceLines.set(wanted.key, this.main.series.createPriceLine(options));
      else if (present.options().price !== wanted.price || present.options().title !== options.title) {
        present.applyOptions(options);
      }
    }
  }

  setDigits(digits) {
    if (digits === this.digits) return;
    this.digits = digits;
    this.main.series.applyOptions({ priceFormat: this.priceFormat() });
  }

  setKind(kind) {
    if (kind === this.kind) return;
    this.kind = kind;
    this.chart.removeSeries(this.main.series);
    this.addMain();
    this.applyTheme();
  }

  get minutes() {
    return this.grid.minutes;
  }

  setTimeframe(minutes) {
    this.grid = { ...this.grid, minutes };
    this.drawn = null;
  }

  // Takes the theme's colours. All must be drawn again after it.
  applyTheme() {
    const colors = palette();
    this.colors = colors;
    this.chart.applyOptions(chartColors(colors));
    this.main.series.applyOptions(this.kind === "candles" ? candleColors(colors) : {
      color: this.accent ?? colors.strong, lineWidth: 2,
    });
    for (const name of AVERAGES) this.averages[name].series.applyOptions({ color: colors[name] });
    for (const line of this.priceLines.values()) this.main.series.removePriceLine(line);
    this.priceLines.clear();
    this.setLines(this.lines);
    this.drawn = null;
  }

  setView(view) {
    this.chart.applyOptions(viewOptions(view, this.place.framed));
    this.volume.series.applyOptions({ visible: view !== "compact" });
  }

  // Back to now, at the usual width of a bar; a few bars are drawn wider, to fill the room.
  resetZoom() {
    const scale = this.chart.timeScale();
    scale.resetTimeScale();
    if (this.main.series.data().length * USUAL_SPACING < scale.width()) scale.fitContent();
    this.main.series.priceScale().applyOptions({ autoScale: true });
  }

  onCrosshair(listener) {
    this.chart.subscribeCrosshairMove((event) => listener(event.time ?? null, Boolean(event.sourceEvent)));
  }

  // Shows the crosshair of another pane here, at the same time.
  pointAt(time, price) {
    if (time === null || price === null) this.chart.clearCrosshairPosition();
    else this.chart.setCrosshairPosition(price, time, this.main.series);
  }

  picture() {
    return this.chart.takeScreenshot(true, false);
  }

  priceFormat() {
    return { type: "price", precision: this.digits, minMove: 1 / 10 ** this.digits };
  }

  widen(info) {
    if (!info?.priceRange) return info;
    return { ...info, priceRange: widened(info.priceRange, this.lines) };
  }
}
