// How charts look: options of the library made from the theme's colours. Pure, but for the library's
// own constants.

import { ColorType, CrosshairMode, LineStyle } from "lightweight-charts";
import { spanStart } from "./bars.js";
import { fullTime, tickTime } from "./format.js";

export function staticOptions() {
  return {
    layout: {
      attributionLogo: false, fontSize: 11,
      fontFamily: "Inter, system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif",
    },
    rightPriceScale: { borderVisible: false, minimumWidth: 58, entireTextOnly: true },
    timeScale: {
      borderVisible: false, timeVisible: true, secondsVisible: false, rightOffset: 11, barSpacing: 6, maxBarSpacing: 16,
      tickMarkFormatter: (time, type) => tickTime(time, type <= 2),
    },
    localization: { timeFormatter: fullTime, dateFormat: "yyyy-MM-dd" },
    crosshair: { mode: CrosshairMode.Normal },
  };
}

// Compact is a curve without scales, TV is to be read from afar. In a frame of the wall there is less
// room, and nothing stands beside the last price.
export function viewOptions(view, framed = false) {
  const bare = view === "compact";
  const offset = framed ? 3 : 11;
  return {
    layout: { fontSize: view === "tv" ? 16 : framed ? 10 : 11 },
    rightPriceScale: { visible: !bare, minimumWidth: view === "tv" ? 84 : framed ? 40 : 58 },
    timeScale: { visible: !bare, barSpacing: bare ? 2 : framed ? 4 : 6, rightOffset: bare ? Math.min(4, offset) : offset },
    grid: { vertLines: { visible: !bare }, horzLines: { visible: !bare } },
  };
}

export function chartColors(colors) {
  return {
    layout: { background: { type: ColorType.Solid, color: colors.panel }, textColor: colors.text },
    grid: { vertLines: { color: colors.grid }, horzLines: { color: colors.grid } },
    crosshair: {
      vertLine: { color: colors.cross, labelBackgroundColor: colors.label },
      horzLine: { color: colors.cross, labelBackgroundColor: colors.label },
    },
  };
}

export function candleColors({ up, down }) {
  return { upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false };
}

// A line over the bars that never asks for room of its own.
export function average(name) {
  return {
    lineWidth: name === "vwap" ? 2 : 1,
    lineStyle: name === "emaSlow" ? LineStyle.Dashed : LineStyle.Solid,
    lastValueVisible: false, priceLineVisible: false, crosshairMarkerVisible: false,
    autoscaleInfoProvider: () => null,
  };
}

// `titled`: there is room for a line's name; `framed`: in a frame of the wall the close has no tag.
export function lineOptions({ key, price, title, color }, colors, { titled = true, framed = false } = {}) {
  const quiet = key === "close";
  return {
    price, title: titled ? title : "", color: colors[color], lineWidth: 1,
    lineStyle: { close: LineStyle.SparseDotted, entry: LineStyle.Dashed }[key] ?? LineStyle.LargeDashed,
    axisLabelVisible: !(quiet && framed),
    axisLabelColor: quiet ? colors.label : colors[color],
    axisLabelTextColor: quiet ? colors.onLabel : colors.panel,
  };
}

// Meaning comes from the dashboard (`kind`, `side`), colour and shape are chosen here.
export function markerShape(marker, colors, grid) {
  const time = spanStart(marker.time_s, grid);
  const buy = marker.side === "buy";
  const position = buy ? "belowBar" : "aboveBar";
  if (marker.kind !== "fill") {
    return { time, position, shape: "circle", color: colors.text, size: 0.5, id: marker.id };
  }
  return {
    time, id: marker.id, size: 1.2, position,
    shape: buy ? "arrowUp" : "arrowDown",
    color: buy ? colors.up : colors.down,
    text: buy ? "B" : "S",
  };
}
