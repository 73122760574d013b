// Bars as the chart library wants them, with a hole shown as a hole. Pure.

import { newYorkDate } from "./format.js";

const MINUTE = 60;

// Points for the missing minutes between two bars of one New York day: without them the chart would
// draw an outage as if no time had passed. Nights and weekends stay folded.
export function missingMinutes(before, after) {
  if (after - before <= MINUTE || newYorkDate(before) !== newYorkDate(after)) return [];
  const points = [];
  for (let time = before + MINUTE; time < after; time += MINUTE) points.push({ time });
  return points;
}

export const candle = ([time, open, high, low, close]) => ({ time, open, high, low, close });
export const closing = ([time, , , , close]) => ({ time, value: close });
export const volume = ([time, open, , , close, value]) => ({ time, value, rising: close >= open });

// All points of a series: `shape` turns a bar into one, `endOfLine` the last point before a hole.
export function series(bars, shape, endOfLine = (point) => point) {
  const points = [];
  let before = null;
  for (const bar of bars) {
    const missing = before === null ? [] : missingMinutes(before, bar[0]);
    if (missing.length > 0) points.push(endOfLine(points.pop()), ...missing);
    points.push(shape(bar));
    before = bar[0];
  }
  return points;
}

// A line must not run straight across a hole: the piece that begins at this point is not seen.
export const unseenPiece = (point) => ({ ...point, color: "transparent" });

// Closed bars and the one being formed, which is left out when a closed one already stands there.
export function withForming(bars, forming) {
  const last = bars.at(-1);
  if (!forming || (last && forming[0] <= last[0])) return bars;
  return [...bars, forming];
}
