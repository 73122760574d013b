// What the crosshair points at, in one line of words. Pure.

import { arrow, compact, fullTime, minuteTime, number, percent, shares, signed, stampTime, words } from "./format.js";

export function describeBar(bar, digits, dated) {
  const [time, open, high, low, close, volume] = bar;
  const move = open > 0 ? ((close - open) / open) * 100 : 0;
  const prices = [["O", open], ["H", high], ["L", low], ["C", close]]
    .map(([name, value]) => `${name} ${number(value, digits)}`)
    .join("  ");
  return `${dated ? fullTime(time) : minuteTime(time)}  ${prices}  V ${compact(volume)}  ${percent(move)}`;
}

// `[part, words]` of every average; no words where it is not drawn or not known.
export function describeAverages(values, levels, digits, shown) {
  const names = { vwap: "VWAP", emaFast: `EMA ${levels?.ema_fast ?? ""}`, emaSlow: `EMA ${levels?.ema_slow ?? ""}` };
  return Object.entries(names).map(([key, name]) => {
    const known = shown[key] && Number.isFinite(values[key]);
    return [`legend-${key}`, known ? `${name} ${number(values[key], digits)}` : ""];
  });
}

export function describeMarker(marker, digits) {
  const quantity = shares(marker.quantity);
  if (marker.kind === "fill") {
    const side = marker.side === "buy" ? "BOUGHT" : "SOLD";
    const why = marker.reason ? ` · ${words(marker.reason)}` : "";
    return `${side} ${quantity} @ ${number(marker.price, digits)}${why}`;
  }
  const kind = words(marker.kind).toUpperCase();
  const why = [words(marker.rule ?? ""), marker.message ?? ""].filter(Boolean).join(": ");
  return `${kind} ${marker.side} ${quantity}${why ? ` · ${why}` : ""}`;
}

// What stands above a saved picture: symbol, bars, last price, and when that was.
export function caption({ symbol, timeframe, quote }) {
  if (!quote) return `${symbol} · ${timeframe}`;
  const move = quote.change === null ? "" : `  ${arrow(quote.change)} ${signed(quote.change, quote.digits)} (${percent(quote.change_percent)})`;
  return `${symbol} · ${timeframe} · ${number(quote.price, quote.digits)}${move} · ${stampTime(quote.time_ms)} ET`;
}

// What a pane's profit is made of, and since when it is counted.
export function profitTitle({ unrealised, realised, fees }) {
  return `Since the desk's journal of orders began, not of today alone: realised ${signed(realised)} after fees of ${number(fees)}, and unrealised ${signed(unrealised)} of what is held at the last price`;
}

// One sentence for those who do not see the chart.
export function summary(symbol, pane, day = null) {
  const { quote, position, bars, markers } = pane;
  if (!quote) return `${symbol}: no price yet.`;
  const change = quote.change === null ? "" : `, ${signed(quote.change, quote.digits)} (${percent(quote.change_percent)}) from the previous close`;
  const range = day ? ` Today between ${number(day.low, quote.digits)} and ${number(day.high, quote.digits)}.` : "";
  const holding = position && position.quantity !== 0
    ? `Holding ${shares(position.quantity)} at ${number(position.average_price, quote.digits)}, profit ${signed(position.total)}.`
    : "No position.";
  const fills = [...markers.values()].filter((marker) => marker.kind === "fill").length;
  return `${symbol}: ${number(quote.price, quote.digits)} dollars${change}.${range} ${holding} ${bars.length} minutes and ${fills} fills on the chart.`;
}
