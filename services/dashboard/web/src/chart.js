// One chart: candles or a line, volume, markers, the average-entry line. It draws what it is given.

import {
  CandlestickSeries, ColorType, CrosshairMode, HistogramSeries, LineSeries, LineStyle, createChart,
  createSeriesMarkers,
} from "lightweight-charts";
import { candle, closing, missingMinutes, series, unseenPiece, volume, withForming } from "./bars.js";
import { dayTime, fullTime, minuteTime } from "./format.js";
import { palette } from "./theme.js";

// The entry line widens the scale only this far beyond the bars; a far one must not flatten them.
const WIDEST = 0.6;

export class Chart {
  constructor(element, accent) {
    this.accent = accent;
    this.kind = "candles";
    this.entry = null;
    this.entryLine = null;
    this.last = null;
    this.digits = 2;
    this.chart = createChart(element, { autoSize: true, ...staticOptions() });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.addMain();
    this.applyTheme();
  }

  addMain() {
    const options = {
      priceFormat: this.priceFormat(), autoscaleInfoProvider: (base) => this.widen(base()),
      priceLineStyle: LineStyle.Dotted,
    };
    const type = this.kind === "candles" ? CandlestickSeries : LineSeries;
    this.main = this.chart.addSeries(type, options);
    this.main.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.2 } });
    this.markers = createSeriesMarkers(this.main, []);
    this.entryLine = null;
  }

  // Draws everything anew from closed bars and the forming one.
  reset(bars, forming) {
    const all = withForming(bars, forming);
    this.main.setData(this.kind === "candles" ? series(all, candle) : series(all, closing, unseenPiece));
    this.volume.setData(series(all, (bar) => this.volumePoint(bar)));
    this.last = all.at(-1) ?? null;
  }

  // Adds or changes the newest bar. Returns false when it is older than what is drawn.
  update(bar) {
    if (this.last !== null && bar[0] < this.last[0]) return false;
    if (this.last !== null) this.leaveHole(missingMinutes(this.last[0], bar[0]));
    this.main.update(this.kind === "candles" ? candle(bar) : closing(bar));
    this.volume.update(this.volumePoint(bar));
    this.last = bar;
    return true;
  }

  leaveHole(missing) {
    if (missing.length > 0 && this.kind === "line") this.main.update(unseenPiece(closing(this.last)));
    for (const point of missing) {
      this.main.update(point);
      this.volume.update(point);
    }
  }

  volumePoint(bar) {
    const { time, value, rising } = volume(bar);
    return { time, value, color: rising ? this.colors.upVolume : this.colors.downVolume };
  }

  setMarkers(markers) {
    this.markers.setMarkers(markers.map((marker) => markerShape(marker, this.colors)));
  }

  setEntry(price) {
    if (price === this.entry && (price === null) === (this.entryLine === null)) return;
    this.entry = price;
    if (price === null) {
      if (this.entryLine) this.main.removePriceLine(this.entryLine);
      this.entryLine = null;
      return;
    }
    const options = {
      price, title: "entry", color: this.colors.line, lineWidth: 1, lineStyle: LineStyle.Dashed,
      axisLabelVisible: true, axisLabelColor: this.colors.line, axisLabelTextColor: this.colors.panel,
    };
    if (this.entryLine) this.entryLine.applyOptions(options);
    else this.entryLine = this.main.createPriceLine(options);
  }

  setDigits(digits) {
    if (digits === this.digits) return;
    this.digits = digits;
    this.main.applyOptions({ priceFormat: this.priceFormat() });
  }

  setKind(kind) {
    this.kind = kind;
    this.chart.removeSeries(this.main);
    this.addMain();
    this.applyTheme();
  }

  applyTheme() {
    const colors = palette();
    this.colors = colors;
    this.chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colors.panel }, textColor: colors.text,
      },
      grid: { vertLines: { color: colors.grid }, horzLines: { color: colors.grid } },
      crosshair: {
        vertLine: { color: colors.edge, labelBackgroundColor: colors.label },
        horzLine: { color: colors.edge, labelBackgroundColor: colors.label },
      },
    });
    this.main.applyOptions(this.kind === "candles" ? candleColors(colors) : {
      color: this.accent ?? colors.strong, lineWidth: 2,
    });
    const entry = this.entry;
    this.setEntry(null);
    this.setEntry(entry);
  }

  resetZoom() {
    this.chart.timeScale().resetTimeScale();
    this.main.priceScale().applyOptions({ autoScale: true });
  }

  onCrosshair(listener) {
    this.chart.subscribeCrosshairMove((event) => listener(event.time ?? null, Boolean(event.sourceEvent)));
  }

  // Shows the crosshair of another pane here, at the same minute.
  pointAt(time, price) {
    if (time === null || price === null) this.chart.clearCrosshairPosition();
    else this.chart.setCrosshairPosition(price, time, this.main);
  }

  priceFormat() {
    return { type: "price", precision: this.digits, minMove: 1 / 10 ** this.digits };
  }

  widen(info) {
    if (!info?.priceRange || this.entry === null) return info;
    const { minValue, maxValue } = info.priceRange;
    const room = Math.max(maxValue - minValue, maxValue * 0.001) * WIDEST;
    if (this.entry < minValue - room || this.entry > maxValue + room) return info;
    const priceRange = {
      minValue: Math.min(minValue, this.entry), maxValue: Math.max(maxValue, this.entry),
    };
    return { ...info, priceRange };
  }
}

function staticOptions() {
  const tick = (time, type) => (type <= 2 ? dayTime(time) : minuteTime(time));
  return {
    layout: {
      attributionLogo: false, fontSize: 11,
      fontFamily: "Inter, system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif",
    },
    rightPriceScale: { borderVisible: false, minimumWidth: 58 },
    timeScale: {
      borderVisible: false, timeVisible: true, secondsVisible: false, rightOffset: 8, barSpacing: 6,
      tickMarkFormatter: tick,
    },
    localization: { timeFormatter: fullTime, dateFormat: "yyyy-MM-dd" },
    crosshair: { mode: CrosshairMode.Normal },
  };
}

function candleColors({ up, down }) {
  return {
    upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false,
  };
}

// Meaning comes from the dashboard (`kind`, `side`), colour and shape are chosen here.
function markerShape(marker, colors) {
  const time = marker.time_s;
  if (marker.kind !== "fill") {
    const position = marker.side === "buy" ? "belowBar" : "aboveBar";
    return { time, position, shape: "circle", color: colors.text, size: 0.6, id: marker.id };
  }
  const buy = marker.side === "buy";
  return {
    time, id: marker.id, size: 1.2,
    position: buy ? "belowBar" : "aboveBar",
    shape: buy ? "arrowUp" : "arrowDown",
    color: buy ? colors.up : colors.down,
    text: buy ? "B" : "S",
  };
}
